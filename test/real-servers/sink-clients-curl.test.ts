/** curl against the sink: the client that everyone has, with the certificate verified. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { selfSignedPair } from '../../src/sink/self-signed.js';
import type { RunningSink } from '../../src/sink/sink.js';
import type { ClientRun } from '../support/real-client-process.js';
import { missingClient, runClient, temporaryFolder } from '../support/real-client-process.js';
import {
  commandsOf,
  contentsOf,
  NOTHING,
  openSinkForClient,
  openTlsSink,
  openUnixSink,
  seenBy,
} from '../support/real-client-sink.js';
import { needServer } from '../support/real-servers.js';

const missing = missingClient('curl');

const SENDER = 'a@sender.test';
const RECIPIENT = 'u1@example.test';
const USER = 'load';
const PASSWORD = 'p4ss w\u00f6rd';
const USERS = { [USER]: PASSWORD };
const CONTENT = 'Subject: curl\r\n\r\n.\r\n..\r\n.dot\r\nlast\r\n';
const ONE_MESSAGE = { ...NOTHING, connections: 1, messages: 1, recipients: 1, commands: commandsOf(1, 1, 1) };

/** The exit codes that curl documents. */
const EXIT = { sendFailed: 55, certificate: 60, noTls: 64, loginDenied: 67 };

/** A path behind the address is the name for EHLO. Without `--disable` first, curl obeys a file of its user. */
const curl = (sink: RunningSink, ...args: string[]): Promise<ClientRun> =>
  runClient('curl', ['--disable', '-sS', '--noproxy', '*', '--max-time', '20', ...args, `${sink.url}/client.test`]);
const envelope = (...recipients: string[]): string[] => [
  '--mail-from',
  SENDER,
  ...recipients.flatMap((recipient) => ['--mail-rcpt', recipient]),
];
const upload = (content = CONTENT): string[] => {
  const file = join(temporaryFolder(), 'message.eml');
  writeFileSync(file, content);
  return ['--upload-file', file];
};

describe('curl against the sink', () => {
  beforeEach((context) => needServer(context, missing));

  test.each([1, 3, 100])('uploads a file for %i recipients, whose leading dots arrive as they were', async (count) => {
    const sink = await openSinkForClient();
    const recipients = Array.from({ length: count }, (_, index) => `u${index + 1}@example.test`);
    expect(await curl(sink, ...envelope(...recipients), ...upload())).toEqual({ exitCode: 0, output: '' });
    expect(await seenBy(sink)).toEqual({ ...ONE_MESSAGE, recipients: count, commands: commandsOf(1, 1, count) });
    expect(sink.messages()).toMatchObject([{ reversePath: SENDER, forwardPaths: recipients, isSecure: false }]);
    expect(contentsOf(sink)).toEqual([CONTENT]);
  });

  test('uploads 1.5 MB, every octet of which arrives', async () => {
    const sink = await openSinkForClient();
    const content = `Subject: large\r\n\r\n${`.${'x'.repeat(72)}\r\n`.repeat(20_000)}`;
    expect((await curl(sink, ...envelope(RECIPIENT), ...upload(content))).exitCode).toBe(0);
    expect(await seenBy(sink)).toEqual(ONE_MESSAGE);
    expect(contentsOf(sink)[0] === content).toBe(true);
  });

  test('sends several files over one connection', async () => {
    const sink = await openSinkForClient();
    const rest = Array.from({ length: 4 }, () => [...upload(), `${sink.url}/client.test`]).flat();
    expect((await curl(sink, ...envelope(RECIPIENT), ...rest, ...upload())).exitCode).toBe(0);
    expect(await seenBy(sink)).toEqual({
      ...ONE_MESSAGE,
      messages: 5,
      recipients: 5,
      commands: commandsOf(1, 5, 5),
    });
  });

  test('sends to a mailbox with a name that is not ASCII', async () => {
    const sink = await openSinkForClient();
    const recipient = 'm\u00fcller@example.test';
    const run = await curl(sink, '-v', ...envelope(recipient), ...upload());
    expect(run.exitCode).toBe(0);
    expect(run.output).toMatch(/> MAIL FROM:<a@sender\.test>.* SMTPUTF8/);
    expect(await seenBy(sink)).toEqual(ONE_MESSAGE);
    expect(sink.messages()[0]?.forwardPaths).toEqual([recipient]);
  });

  test('stops at a refused recipient, and goes on when it may', async () => {
    const sink = await openSinkForClient();
    const recipients = envelope(RECIPIENT, 'reject@example.test');
    const refused = await curl(sink, ...recipients, ...upload());
    expect(refused.exitCode).toBe(EXIT.sendFailed);
    expect(refused.output).toContain('RCPT failed: 550');
    expect((await curl(sink, ...recipients, '--mail-rcpt-allowfails', ...upload())).exitCode).toBe(0);
    expect(await seenBy(sink)).toEqual({
      ...ONE_MESSAGE,
      connections: 2,
      commands: { ...commandsOf(2, 2, 4), data: 1, endOfData: 1 },
      refusals: { 'rcpt 550': 2 },
    });
  });

  test('fails when the content is too big for the sink', async () => {
    const sink = await openSinkForClient({ maxSize: 10 });
    const run = await curl(sink, ...envelope(RECIPIENT), ...upload());
    expect(run.exitCode).toBe(EXIT.sendFailed);
    // Its MAIL says how big, with SIZE.
    expect(await seenBy(sink)).toEqual({
      ...NOTHING,
      connections: 1,
      commands: { ehlo: 1, mail: 1, quit: 1 },
      refusals: { 'mail 552': 1 },
    });
  });

  test.each([
    ['VRFY', 'vrfy', [], 252],
    ['EXPN', 'expn', ['--request', 'EXPN'], 252],
    ['HELP', 'help', ['--request', 'HELP'], 214],
    ['NOOP', 'noop', ['--request', 'NOOP'], 250],
  ] as const)('prints the reply to %s', async (verb, step, args, code) => {
    const sink = await openSinkForClient();
    const run = await curl(sink, ...(verb === 'VRFY' || verb === 'EXPN' ? ['--mail-rcpt', RECIPIENT] : []), ...args);
    expect(run).toEqual({ exitCode: 0, output: expect.stringMatching(`^${code} 2\\.`) as string });
    expect(await seenBy(sink)).toEqual({ ...NOTHING, connections: 1, commands: { ehlo: 1, [step]: 1, quit: 1 } });
  });

  test('sends over a unix socket', async () => {
    const { sink, path } = await openUnixSink('smtp');
    const flags = ['--unix-socket', path, ...envelope(RECIPIENT), ...upload()];
    expect((await curl({ ...sink, url: 'smtp://127.0.0.1' }, ...flags)).exitCode).toBe(0);
    expect(await seenBy(sink)).toEqual(ONE_MESSAGE);
  });
});

describe('curl against the AUTH of the sink', () => {
  beforeEach((context) => needServer(context, missing));

  const WITH_PASSWORD = ['PLAIN', 'LOGIN', 'CRAM-MD5'];
  const login = (mechanism: string, secret = PASSWORD): string[] =>
    mechanism.includes('OAUTH')
      ? ['--login-options', `AUTH=${mechanism}`, '--user', USER, '--oauth2-bearer', secret]
      : ['--login-options', `AUTH=${mechanism}`, '--user', `${USER}:${secret}`];

  /** With a token curl takes OAUTHBEARER where it can, whatever it was told. */
  const withholdFor = (mechanism: string): string[] => (mechanism === 'XOAUTH2' ? ['OAUTHBEARER'] : []);

  test.each([
    ...[...WITH_PASSWORD, 'XOAUTH2', 'OAUTHBEARER'].map((mechanism) => [mechanism, []] as const),
    // With an initial response: CRAM-MD5 has none.
    ...['PLAIN', 'LOGIN', 'XOAUTH2', 'OAUTHBEARER'].map((mechanism) => [mechanism, ['--sasl-ir']] as const),
  ])('authenticates with %s, %j', async (mechanism, flags) => {
    const sink = await openSinkForClient({ users: USERS, requireAuth: true, withhold: withholdFor(mechanism) });
    const run = await curl(sink, '-v', ...login(mechanism), ...flags, ...envelope(RECIPIENT), ...upload());
    expect(run.exitCode).toBe(0);
    expect(run.output).toMatch(new RegExp(`> AUTH ${mechanism}${flags.length > 0 ? ' \\S+' : ''}\\r?\\n`));
    const commands = { ...ONE_MESSAGE.commands, auth: 1 };
    expect(await seenBy(sink)).toEqual({ ...ONE_MESSAGE, authenticated: 1, commands });
    expect(sink.messages()[0]?.user).toBe(USER);
  });

  test('chooses a mechanism by itself, and CRAM-MD5 before those that show the password', async () => {
    const sink = await openSinkForClient({ users: USERS, withhold: ['SCRAM-SHA-256'] });
    const run = await curl(sink, '-v', '--user', `${USER}:${PASSWORD}`, ...envelope(RECIPIENT), ...upload());
    expect(run.exitCode).toBe(0);
    expect(run.output).toContain('> AUTH CRAM-MD5');
    const commands = { ...ONE_MESSAGE.commands, auth: 1 };
    expect(await seenBy(sink)).toEqual({ ...ONE_MESSAGE, authenticated: 1, commands });
  });

  test.each([...WITH_PASSWORD, 'XOAUTH2', 'OAUTHBEARER'])('is denied with a wrong secret of %s', async (mechanism) => {
    const sink = await openSinkForClient({ users: USERS, withhold: withholdFor(mechanism) });
    const run = await curl(sink, ...login(mechanism, 'wrong'), ...envelope(RECIPIENT), ...upload());
    expect(run.exitCode).toBe(EXIT.loginDenied);
    expect(await seenBy(sink)).toEqual({
      ...NOTHING,
      connections: 1,
      commands: { ehlo: 1, auth: 1 },
      // The reason of XOAUTH2 comes in a 334 first, and there curl hangs up.
      refusals: mechanism === 'XOAUTH2' ? {} : { 'auth 535': 1 },
    });
  });
});

describe('curl against the TLS of the sink', () => {
  beforeEach((context) => needServer(context, missing));

  const SCHEMES: readonly (readonly [name: string, listen: string, flags: readonly string[], seen: object])[] = [
    ['STARTTLS', 'smtp://127.0.0.1:0', ['--ssl-reqd'], { ehlo: 2, starttls: 1 }],
    ['smtps://', 'smtps://127.0.0.1:0', [], {}],
  ];

  test.each(SCHEMES)('verifies the certificate and sends: %s', async (_, listen, flags, seen) => {
    const { sink, certificateFile } = await openTlsSink({ listen: [listen], users: USERS, requireAuth: true });
    const login = ['--user', `${USER}:${PASSWORD}`, '--login-options', 'AUTH=PLAIN'];
    const sent = [...envelope(RECIPIENT, 'u2@example.test'), ...upload()];
    const run = await curl(sink, ...flags, '--cacert', certificateFile, ...login, ...sent);
    expect(run).toEqual({ exitCode: 0, output: '' });
    expect(await seenBy(sink)).toEqual({
      ...ONE_MESSAGE,
      recipients: 2,
      tlsSessions: 1,
      authenticated: 1,
      commands: { ...commandsOf(1, 1, 2), auth: 1, ...seen },
    });
    expect(sink.messages()).toMatchObject([{ isSecure: true, user: USER, content: Buffer.from(CONTENT) }]);
  });

  test.each(SCHEMES)('sends nothing when it trusts another certificate: %s', async (_, listen, flags) => {
    const { sink } = await openTlsSink({ listen: [listen] });
    const other = join(temporaryFolder(), 'other.pem');
    writeFileSync(other, (await selfSignedPair('localhost')).cert);
    const run = await curl(sink, ...flags, '--cacert', other, ...envelope(RECIPIENT), ...upload());
    expect(run.exitCode).toBe(EXIT.certificate);
    expect(await seenBy(sink)).toMatchObject({ connections: 1, messages: 0, tlsSessions: 0, socketErrors: 1 });
  });

  test('sends nothing with --ssl-reqd where STARTTLS is not offered', async () => {
    const sink = await openSinkForClient();
    expect((await curl(sink, '--ssl-reqd', ...envelope(RECIPIENT), ...upload())).exitCode).toBe(EXIT.noTls);
    expect(await seenBy(sink)).toEqual({ ...NOTHING, connections: 1, commands: { ehlo: 1 } });
  });
});
