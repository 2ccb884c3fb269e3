import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { LoadTestOptions } from '../../src/plan/options.js';
import type { SinkOptions } from '../../src/sink/sink.js';
import { testCertificate } from '../support/certificate.js';
import { run } from '../support/integration-build.js';
import { loadOptions, openSink, runLoad } from '../support/integration-run.js';

const { key, cert } = await testCertificate();

interface PreflightTest {
  readonly what: string;
  readonly options?: Partial<LoadTestOptions>;
  readonly sink?: SinkOptions;
  /** What the sentence says behind the target, and what it says to try. */
  readonly problem: RegExp;
  readonly advice: RegExp;
  readonly connections?: number;
  readonly commands: Readonly<Record<string, number>>;
}

const TARGETS: readonly PreflightTest[] = [
  {
    what: 'greets with 554',
    sink: { faults: [{ on: 'connect', reply: '554 5.7.1 not from there' }] },
    problem: /greeted with '554 5\.7\.1 not from there'/,
    advice: /whether this machine may talk to it/,
    commands: { quit: 1 },
  },
  {
    what: 'greets with 421 three times',
    sink: { faults: [{ on: 'connect', reply: '421 4.3.2 too busy', then: 'close' }] },
    problem: /greeted 3 times with '421 4\.3\.2 too busy'/,
    advice: /try again/,
    connections: 3,
    commands: {},
  },
  {
    what: 'does not offer STARTTLS',
    options: { tls: 'required', tlsCa: cert },
    problem: /does not offer STARTTLS/,
    advice: /--tls opportunistic/,
    commands: { ehlo: 1, quit: 1 },
  },
  {
    what: 'refuses STARTTLS',
    options: { tls: 'required', tlsCa: cert },
    sink: { tls: { key, cert }, faults: [{ on: 'starttls', reply: '454 4.7.0 not now' }] },
    problem: /refused STARTTLS: '454 4\.7\.0 not now'/,
    advice: /--tls opportunistic or off/,
    commands: { ehlo: 1, starttls: 1, quit: 1 },
  },
  {
    what: 'injects octets behind STARTTLS',
    options: { tls: 'required', tlsCa: cert },
    sink: { tls: { key, cert }, faults: [{ on: 'starttls', raw: '220 go\r\n250 injected\r\n' }] },
    problem: /data in clear behind the 220 of STARTTLS/,
    advice: /./,
    commands: { ehlo: 1, starttls: 1 },
  },
  {
    what: 'does not offer AUTH',
    options: { auth: 'plain', user: 'load', password: 'secret' },
    problem: /does not offer what --auth asks for/,
    advice: /--tls required/,
    commands: { ehlo: 1, quit: 1 },
  },
  {
    what: 'refuses XCLIENT',
    options: { xclient: 'ADDR=192.0.2.1' },
    problem: /refused XCLIENT: '500 5\.5\.2 /,
    advice: /whether it trusts this machine, or leave out --xclient/,
    commands: { ehlo: 1, unknown: 1, quit: 1 },
  },
  ...['plain', 'login'].map((auth) => ({
    what: `knows another password (${auth})`,
    options: { auth, user: 'load', password: 'wrong-guess' },
    sink: { users: { load: 'secret' } },
    problem: /refused the credentials: '535 5\.7\.8 /,
    advice: /--user, the password and --auth/,
    commands: { ehlo: 1, auth: 1, quit: 1 },
  })),
  {
    what: 'sends a challenge that makes no sense',
    options: { auth: 'cram-md5', user: 'load', password: 'secret' },
    sink: { users: { load: 'secret' }, faults: [{ on: 'auth', reply: '334 not-base64' }] },
    problem: /does not authenticate as it should: a challenge is not base64: '334 not-base64'/,
    advice: /whether it is the right server, or try another --auth/,
    commands: { ehlo: 1, auth: 1, quit: 1 },
  },
  {
    what: 'accepts a login before it has heard the password',
    options: { auth: 'login', user: 'load', password: 'secret' },
    sink: { users: { load: 'secret' }, faults: [{ on: 'auth', reply: '235 2.7.0 welcome' }] },
    problem: /does not authenticate as it should: 235 2\.7\.0 welcome/,
    advice: /whether it is the right server, or try another --auth/,
    commands: { ehlo: 1, auth: 1 },
  },
  {
    what: 'does not offer PIPELINING',
    options: { pipelining: 'on' },
    sink: { withhold: ['PIPELINING'] },
    problem: /does not offer PIPELINING/,
    advice: /--pipelining auto, or force/,
    commands: { ehlo: 1, quit: 1 },
  },
  {
    what: 'says nothing',
    options: { timeouts: 'greeting=300ms' },
    sink: { faults: [{ on: 'connect', then: 'silence' }] },
    problem: /gave no answer to greeting/,
    advice: /--timeout greeting=/,
    commands: {},
  },
  {
    what: 'is no SMTP server',
    sink: { faults: [{ on: 'connect', raw: 'HTTP/1.1 400 Bad Request\r\n\r\n', then: 'close' }] },
    problem: /malformed.*HTTP\/1\.1 400/,
    advice: /whether it is an SMTP server/,
    commands: {},
  },
  {
    what: 'closes the connection without a word',
    sink: { faults: [{ on: 'connect', then: 'close' }] },
    problem: /broke off at greeting \(closed\)/,
    advice: /whether it is an SMTP server/,
    commands: {},
  },
  {
    what: 'knows neither EHLO nor HELO',
    sink: { withhold: ['EHLO'], faults: [{ on: 'helo', reply: '502 5.5.1 what?' }] },
    problem: /answered ehlo with '502 5\.5\.1 what\?'/,
    advice: /./,
    commands: { ehlo: 2, quit: 1 },
  },
];

test.each(TARGETS)('a target that $what ends the run before it begins', async (row) => {
  const sink = await openSink(row.sink);
  const problem: unknown = await run(loadOptions(sink.url, { messages: 4, ...row.options })).catch(
    (error: unknown) => error,
  );
  expect(problem).toMatchObject({ code: 'E_TARGET' });
  const { message } = problem as Error;
  expect(message.startsWith(`${sink.url} `)).toBe(true);
  const [what = '', advice = ''] = message.split('; ');
  expect(what).toMatch(row.problem);
  expect(advice).toMatch(row.advice);
  expect(message).not.toContain('wrong-guess');
  const { connections, commands } = sink.stats();
  expect(connections).toBe(row.connections ?? 1);
  expect(Object.fromEntries(Object.entries(commands).filter(([, count]) => count > 0))).toEqual(row.commands);
});

test('a target where nothing listens ends the run before it begins', async () => {
  const sink = await openSink();
  await sink.close();
  await expect(run(loadOptions(sink.url, { messages: 4 }))).rejects.toMatchObject({
    code: 'E_TARGET',
    message: expect.stringMatching(`^${sink.url} .*nothing listens.*; start the server`),
  });
});

test('a host that does not resolve ends the run before it begins', async () => {
  await expect(run(loadOptions('smtp://nowhere.invalid:2525', { messages: 4 }))).rejects.toMatchObject({
    code: 'E_TARGET',
    message: expect.stringMatching(/^smtp:\/\/nowhere\.invalid:2525.*does not resolve/),
  });
});

test('TLS from the start to a port that speaks plain SMTP ends the run before it begins', async () => {
  const sink = await openSink();
  const target = sink.url.replace('smtp:', 'smtps:');
  await expect(run(loadOptions(target, { messages: 4, tlsCa: cert }))).rejects.toMatchObject({
    code: 'E_TARGET',
    message: expect.stringMatching(`^${target} .*no TLS session`),
  });
});

test('a server that is busy for a moment is asked again', async () => {
  const { result } = await runLoad({
    options: { messages: 4 },
    sink: { faults: [{ on: 'connect', nth: 1, reply: '421 4.3.2 too busy', then: 'close' }] },
  });
  expect(result.preflight).toEqual({ connections: 2, commands: 2 });
  expect(result.target.greeting).toMatch(/^220 /);
  expect(result.messages.accepted).toBe(4);
});

test('a name is resolved once, and the result says to what', async () => {
  const sink = await openSink();
  const result = await run(loadOptions(`smtp://localhost:${sink.port}`, { messages: 4 }));
  expect(result.target).toMatchObject({ host: 'localhost', address: '127.0.0.1', family: 4, port: sink.port });
  expect(result.messages.accepted).toBe(4);
});

const fileLimit = Number(/^Max open files\s+(\d+)/m.exec(limitsOfThisProcess())?.[1] ?? Infinity);
const MOST_SESSIONS = 65_000;

test('is not begun when the sessions need more open files than the process may have', async (context) => {
  context.skip(fileLimit >= MOST_SESSIONS, `this process may open ${fileLimit} files`);
  const sink = await openSink();
  await expect(run(loadOptions(sink.url, { sessions: fileLimit }))).rejects.toMatchObject({
    code: 'E_LIMIT',
    message: expect.stringMatching(
      new RegExp(
        `^${sink.url}: ${fileLimit} sessions need about \\d+ open files, but this process may have ${fileLimit}; raise the limit \\(ulimit -n \\d+\\) or use fewer sessions \\(-s\\)$`,
      ),
    ) as string,
  });
  expect(sink.stats().connections).toBe(0);
});

function limitsOfThisProcess(): string {
  return existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'latin1') : '';
}
