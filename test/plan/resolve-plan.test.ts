/** From options to a plan, or to every problem with them. */
import { describe, expect, test } from 'vitest';
import { PostrushError } from '../../src/errors.js';
import type { ConfigIssue } from '../../src/errors.js';
import { firstLane } from '../../src/plan/lane-plan.js';
import type { LoadPlan, ScenarioPlan } from '../../src/plan/load-plan.js';
import { DEFAULTS } from '../../src/plan/options.js';
import type { LoadTestOptions } from '../../src/plan/options.js';
import { redactPlan } from '../../src/plan/redact-plan.js';
import { resolvePlan } from '../../src/plan/resolve-plan.js';

const TARGET = 'smtp://127.0.0.1:2525';
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const KEY = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n';
const CERTIFICATE = { tlsCert: PEM, tlsKey: KEY };
const NO_TOKEN = '--password-file: takes a token alone on one line: letters, digits and -._~+/, then = (RFC 6750)';
const CORES = 4;
const NEEDS_TLS = 'needs TLS: give --tls required, --tls opportunistic or smtps://';

const resolve = (options: Partial<LoadTestOptions> = {}, cores = CORES): LoadPlan =>
  resolvePlan({ target: TARGET, ...options }, cores);

const scenarioOf = (options: Partial<LoadTestOptions>): ScenarioPlan => resolve(options).scenarios[0];

/** `--flag: message, got 'received'`, as the command line prints them. */
function problemsOf(options: Record<string, unknown>): string[] {
  return issuesOf(options).map(({ path, message, received }) =>
    received === undefined ? `${path}: ${message}` : `${path}: ${message}, got '${received}'`,
  );
}

function issuesOf(options: Record<string, unknown>): readonly ConfigIssue[] {
  try {
    resolve(options);
  } catch (error) {
    expect(error).toBeInstanceOf(PostrushError);
    expect(error).toMatchObject({ code: 'E_CONFIG' });
    return (error as PostrushError).issues;
  }
  return [];
}

describe('a plan from nothing but a target', () => {
  test('holds the defaults', () => {
    expect(resolve()).toEqual({
      targets: [{ url: TARGET, protocol: 'smtp', host: '127.0.0.1', port: 2525, path: null, isMx: false, weight: 1 }],
      feeders: [],
      functions: null,
      arrivals: null,
      rampMs: 0,
      thinkMs: 0,
      scenarios: [
        {
          name: 'default',
          weight: 1,
          tls: {
            mode: 'off',
            verify: true,
            serverName: null,
            caPem: null,
            clientCertificate: null,
            minVersion: 'TLSv1.2',
            maxVersion: 'TLSv1.3',
            ciphers: null,
            groups: null,
            sharePercent: 100,
            resumePercent: 0,
          },
          auth: null,
          pipelining: 'auto',
          localAddresses: [],
          proxy: null,
          close: 'fin',
          session: { steps: null, xclient: null, xforward: null },
          extensions: {
            isChunked: false,
            chunkBytes: null,
            declareSize: false,
            eightBitMime: false,
            smtpUtf8: false,
            requireTls: false,
            dsnMail: '',
            dsnRcpt: '',
          },
          messagesPerSession: 1,
          recipients: 1,
          addresses: 100_000,
          from: 'sender%d@example.test',
          to: 'user%d@example.test',
          helo: 'postrush.test',
          message: { sizeBytes: 1024, content: null, subject: 'postrush load test', corpus: null },
          retry: null,
          timeoutsMs: {
            connect: 10_000,
            tls: 30_000,
            greeting: 30_000,
            ehlo: 30_000,
            starttls: 30_000,
            auth: 30_000,
            xclient: 30_000,
            xforward: 30_000,
            mail: 30_000,
            rcpt: 30_000,
            data: 30_000,
            bdat: 30_000,
            transfer: 30_000,
            endOfData: 60_000,
            rset: 30_000,
            noop: 30_000,
            vrfy: 30_000,
            expn: 30_000,
            help: 30_000,
            raw: 30_000,
            quit: 30_000,
          },
        },
      ],
      sessions: 20,
      durationMs: 10_000,
      messages: null,
      connections: null,
      warmupMs: 0,
      isWarmupAuto: false,
      drainMs: 5000,
      giveUpMs: 30_000,
      objectives: [],
      abortOnFail: false,
      gates: [],
      seed: 1,
      workers: 4,
      connectLimit: 256,
      allowTargets: [],
      authClear: false,
    });
  });

  test('is frozen through and through', () => {
    const plan = resolve({ auth: 'plain', user: 'u', password: 'p', allowTargets: ['x.test'] });
    const { targets, scenarios, allowTargets } = plan;
    const { tls, auth, message, timeoutsMs } = scenarios[0];
    for (const part of [plan, ...targets, ...scenarios, tls, auth, message, timeoutsMs, allowTargets]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('survives the way to another thread', () => {
    expect(structuredClone(resolve())).toEqual(resolve());
  });

  test.each([
    [4, 20, 4],
    [64, 20, 20],
    [4, 1, 1],
    [1000, 100_000, 256],
    [0, 20, 1],
  ])('on %d cores with %d sessions has %d workers', (cores, sessions, workers) => {
    expect(resolve({ sessions }, cores).workers).toBe(workers);
  });
});

test.each<[Partial<LoadTestOptions>, string]>([
  [{ tls: 'required', tlsMin: 'TLSv1.1' }, "--tls-min: takes TLSv1.2 or TLSv1.3, got 'TLSv1.1'"],
  [{ tls: 'required', tlsMax: '3' }, "--tls-max: takes TLSv1.2 or TLSv1.3, got '3'"],
  [{ tls: 'required', tlsMin: '1.3', tlsMax: '1.2' }, "--tls-min: is above --tls-max (TLSv1.2), got 'TLSv1.3'"],
  [
    { tls: 'required', tlsCiphers: 'A B' },
    "--tls-ciphers: takes names as OpenSSL has them, separated by ':', got 'A B'",
  ],
  [{ tls: 'required', tlsGroups: '' }, "--tls-groups: takes names as OpenSSL has them, separated by ':', got ''"],
  [{ tls: 'required', tlsResume: '101' }, "--tls-resume: takes off, on or a percentage from 0 to 100, got '101'"],
  [{ tls: 'required', tlsResume: 'always' }, "--tls-resume: takes off, on or a percentage from 0 to 100, got 'always'"],
  [{ tls: 'required', tlsShare: 0 }, "--tls-share: takes a percentage from 1 to 100, got '0'"],
  [{ tls: 'required', tlsShare: '101%' }, "--tls-share: takes a percentage from 1 to 100, got '101%'"],
  [
    { target: 'smtps://127.0.0.1', tlsShare: 30 },
    "--tls-share: is for STARTTLS, and smtps:// is TLS from the start, got '30'",
  ],
  [
    { target: 'smtp://10.0.0.1', tls: 'required', tlsShare: '30%', auth: 'plain', user: 'u', password: 'p' },
    '--auth: would send the password in clear to 10.0.0.1, which is not this machine: leave --tls-share out, or give --auth-clear if that is what you want',
  ],
  [{ tlsShare: '30' }, `--tls-share: ${NEEDS_TLS}`],
  [{ tlsMin: '1.2' }, `--tls-min: ${NEEDS_TLS}`],
  [{ tlsMax: '1.2' }, `--tls-max: ${NEEDS_TLS}`],
  [{ tlsCiphers: 'AES' }, `--tls-ciphers: ${NEEDS_TLS}`],
  [{ tlsGroups: 'P-256' }, `--tls-groups: ${NEEDS_TLS}`],
  [{ tlsResume: 'on' }, `--tls-resume: ${NEEDS_TLS}`],
])('how TLS is spoken: %j is refused', (options, problem) => {
  expect(problemsOf(options)).toEqual([problem]);
});

test.each<[Partial<LoadTestOptions>, string]>([
  [
    { localAddresses: 'localhost' },
    "--local-address: takes addresses, ranges (127.0.0.2-127.0.0.50) and CIDR blocks (127.0.0.0/28), separated by commas, got 'localhost'",
  ],
  [
    { localAddresses: ['127.0.0.1', '::1'] },
    "--local-address: takes addresses, ranges (127.0.0.2-127.0.0.50) and CIDR blocks (127.0.0.0/28), separated by commas, all of one IP version, got '127.0.0.1,::1'",
  ],
  [{ localAddresses: '::1' }, "--local-address: takes addresses of the target's IP version (IPv4), got '::1'"],
  [
    { target: 'smtp+unix:/run/mail.sock', localAddresses: '127.0.0.2' },
    '--local-address: needs a host as TARGET: a unix socket has no addresses',
  ],
  [{ close: 'abort' }, "--close: takes fin or rst, got 'abort'"],
  [{ target: 'smtp+unix:/run/mail.sock', close: 'rst' }, "--close: needs TCP: a unix socket has no reset, got 'rst'"],
  [{ proxy: 'v3' }, "--proxy: takes v1 or v2, got 'v3'"],
  [{ proxySources: '192.0.2.1' }, '--proxy-source: needs --proxy v1 or --proxy v2'],
  [
    { proxy: 'v2', proxySources: '2001:db8::1' },
    "--proxy-source: takes addresses of the target's IP version (IPv4), got '2001:db8::1'",
  ],
  [
    { target: 'smtp+unix:/run/mail.sock', proxy: 'v2' },
    "--proxy: needs a host as TARGET: its header names two addresses, got 'v2'",
  ],
])('where connections come from: %j is refused', (options, problem) => {
  expect(problemsOf(options)).toEqual([problem]);
});

describe('options that are taken', () => {
  test.each<[string, Partial<LoadTestOptions>, object]>([
    ['counts as text', { sessions: '50', messages: '20000' }, { sessions: 50, messages: 20_000, durationMs: null }],
    ['a duration and a number of messages', { duration: '1m', messages: 5 }, { durationMs: 60_000, messages: 5 }],
    ['a duration alone', { duration: '1m30s' }, { durationMs: 90_000, messages: null }],
    ['one connection for all messages', { messagesPerSession: 'all' }, { messagesPerSession: null }],
    ['messages per session as a number', { messagesPerSession: 10 }, { messagesPerSession: 10 }],
    [
      'a unix socket',
      { target: 'smtp+unix:/run/mail.sock' },
      { target: { host: '', port: 0, path: '/run/mail.sock' } },
    ],
    [
      'a password in clear over a unix socket',
      { target: 'smtp+unix:/run/mail.sock', auth: 'plain', user: 'u', password: 'p' },
      { authClear: false },
    ],
    [
      'addresses to connect from',
      { localAddresses: '127.0.0.2,127.0.0.8/29' },
      { localAddresses: ['127.0.0.2,127.0.0.8/29'] },
    ],
    [
      'a PROXY header with addresses of their own',
      { proxy: 'V1', proxySources: ['198.51.100.0/24', '203.0.113.1'] },
      { proxy: { version: 'v1', sources: ['198.51.100.0/24', '203.0.113.1'] } },
    ],
    [
      'how TLS is spoken',
      {
        tls: 'required',
        tlsMin: '1.3',
        tlsMax: 'tlsv1.3',
        tlsCiphers: 'TLS_AES_128_GCM_SHA256:!aNULL',
        tlsGroups: 'X25519,P-256',
      },
      {
        tls: {
          minVersion: 'TLSv1.3',
          maxVersion: 'TLSv1.3',
          ciphers: 'TLS_AES_128_GCM_SHA256:!aNULL',
          groups: 'X25519:P-256',
        },
      },
    ],
    ['STARTTLS for a share', { tls: 'required', tlsShare: 30 }, { tls: { sharePercent: 30 } }],
    ['TLS resumption for all', { tls: 'required', tlsResume: 'On' }, { tls: { resumePercent: 100 } }],
    ['TLS resumption for a share', { tls: 'required', tlsResume: '30%' }, { tls: { resumePercent: 30 } }],
    ['TLS resumption for a share as a number', { tls: 'required', tlsResume: 30 }, { tls: { resumePercent: 30 } }],
    ['no TLS resumption', { tls: 'required', tlsResume: 'off' }, { tls: { resumePercent: 0 } }],
    ['a reset at the end', { close: 'RST' }, { close: 'rst' }],
    [
      'addresses to connect from for a name, of either IP version',
      { target: 'smtp://mail.lab.test', localAddresses: ['::1'] },
      { localAddresses: ['::1'] },
    ],
    ['a size with a unit', { size: '10KiB' }, { message: { sizeBytes: 10_240, content: null } }],
    ['a size as a number', { size: 2000 }, { message: { sizeBytes: 2000 } }],
    ['the null reverse-path', { from: '<>' }, { from: '' }],
    ['the empty reverse-path', { from: '' }, { from: '' }],
    ['addresses in brackets', { from: '<a@b.test>', to: '<u%d@b.test>' }, { from: 'a@b.test', to: 'u%d@b.test' }],
    ['a HELO literal', { helo: '[127.0.0.1]' }, { helo: '[127.0.0.1]' }],
    ['the longest HELO literal', { helo: `[${'1'.repeat(253)}]` }, { helo: `[${'1'.repeat(253)}]` }],
    ['the longest password', { auth: 'plain', user: 'u', password: 'p'.repeat(4096) }, {}],
    ['a longer token', { auth: 'oauthbearer', password: 't'.repeat(8192) }, { auth: { user: '' } }],
    [
      'a token of any alphabet',
      { auth: 'xoauth2', user: 'u', password: 'aZ09-._~+/==' },
      { auth: { mechanism: 'xoauth2', user: 'u', password: 'aZ09-._~+/==' } },
    ],
    [
      'a certificate in place of a password',
      { auth: 'external', tls: 'required', ...CERTIFICATE },
      {
        auth: { mechanism: 'external', user: '', password: '' },
        tls: { clientCertificate: { certPem: PEM, keyPem: KEY } },
      },
    ],
    [
      'whom to act as, beside a certificate',
      { target: 'smtps://127.0.0.1', auth: 'external', user: 'fred', ...CERTIFICATE },
      { auth: { mechanism: 'external', user: 'fred', password: '' } },
    ],
    [
      'auto with a certificate alone',
      { auth: 'auto', tls: 'required', ...CERTIFICATE },
      { auth: { mechanism: 'auto' } },
    ],
    [
      'auto with a certificate and a password',
      { auth: 'auto', user: 'u', password: 'p', tls: 'opportunistic', ...CERTIFICATE },
      { auth: { mechanism: 'auto', user: 'u', password: 'p' } },
    ],
    [
      'a certificate that nobody authenticates with',
      { tls: 'opportunistic', tlsCert: PEM, tlsKey: KEY.replaceAll('PRIVATE', 'EC PRIVATE') },
      { auth: null, tls: { clientCertificate: { certPem: PEM } } },
    ],
    ['words in any case', { auth: 'PLAIN', user: 'u', password: 'p' }, { auth: { mechanism: 'plain' } }],
    ['TLS from the start', { target: 'smtps://127.0.0.1' }, { tls: { mode: 'implicit', verify: true } }],
    [
      'TLS with all its settings',
      { tls: 'required', tlsCa: PEM, tlsServername: 'mail.lab.test' },
      { tls: { mode: 'required', verify: true, serverName: 'mail.lab.test', caPem: PEM } },
    ],
    ['TLS unverified', { tls: 'opportunistic', tlsInsecure: true }, { tls: { mode: 'opportunistic', verify: false } }],
    ['a deadline for all steps', { timeouts: '5s' }, { timeoutsMs: { connect: 5000, endOfData: 5000, quit: 5000 } }],
    [
      'a deadline for one step, whatever the order',
      { timeouts: ['endOfData=2m', '5s'] },
      { timeoutsMs: { connect: 5000, endOfData: 120_000 } },
    ],
    ['no warm-up and no drain', { warmup: '0s', drain: '0s' }, { warmupMs: 0, drainMs: 0 }],
    ['a public target with consent', { target: 'smtp://203.0.113.9', allowTargets: '203.0.113.9' }, {}],
    ['a domain with consent', { to: 'u%d@h%d.lab.internal', allowDomains: ['lab.internal'] }, {}],
    ['a domain of more than ASCII with consent', { to: 'u@lab.bücher', smtpUtf8: true, allowDomains: ['bücher'] }, {}],
    ['a name as target, judged once it is resolved', { target: 'smtp://mail.elsewhere.net' }, {}],
    ['many recipients', { recipients: 1000, to: 'u%d@b.test' }, { recipients: 1000 }],
    ['what is undefined as not given', { size: undefined, message: 'a' } as unknown as Partial<LoadTestOptions>, {}],
  ])('%s', (_, options, expected) => {
    const plan = resolve(options);
    expect({ ...firstLane(plan), ...plan }).toMatchObject(expected);
  });

  test('a message, with CRLF at the end of every line', () => {
    const { message } = scenarioOf({ message: 'Subject: ä\n\none\rtwo\r\nthree' });
    expect(message.content).toBe('Subject: \xc3\xa4\r\n\r\none\r\ntwo\r\nthree\r\n');
    expect(message.sizeBytes).toBe(message.content?.length);
  });

  test('a message of any octets', () => {
    const octets = Uint8Array.from({ length: 256 }, (_, index) => index).filter(
      (octet) => octet !== 10 && octet !== 13,
    );
    const { content } = scenarioOf({ message: octets }).message;
    expect(Buffer.from(content ?? '', 'latin1')).toEqual(Buffer.from([...octets, 13, 10]));
  });

  test('a default size that grows when the headers need it', () => {
    const subject = 's'.repeat(900);
    expect(scenarioOf({ subject }).message.sizeBytes).toBe(123 + 25 + 23 + 900);
  });
});

const TIME = 'with its unit (ms, s, m, h), such as 10s or 1m30s';

describe('options that are refused', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ sessions: '-5' }, "--sessions: takes a whole number from 1 to 100000, got '-5'"],
    [{ sessions: 0 }, "--sessions: takes a whole number from 1 to 100000, got '0'"],
    [{ sessions: 100_001 }, "--sessions: takes a whole number from 1 to 100000, got '100001'"],
    [{ sessions: {} }, "--sessions: takes a whole number from 1 to 100000, got 'object'"],
    [{ duration: '10' }, `--duration: takes a time from 1ms to 500h ${TIME}, got '10'`],
    [{ duration: '0s' }, `--duration: takes a time from 1ms to 500h ${TIME}, got '0s'`],
    [{ duration: 10 }, `--duration: takes a time from 1ms to 500h ${TIME}, got '10'`],
    [{ duration: '-1s' }, `--duration: takes a time from 1ms to 500h ${TIME}, got '-1s'`],
    [{ messages: '0' }, "--messages: takes a whole number from 1 to 1000000000000, got '0'"],
    [
      { messagesPerSession: 'any' },
      "--messages-per-session: takes a whole number from 1 to 1000000000000, or all, got 'any'",
    ],
    [{ recipients: 1001 }, "--rcpt: takes a whole number from 1 to 1000, got '1001'"],
    [
      { recipients: 3, to: 'user@example.test' },
      "--rcpt: needs %d in --to when a message has more than one recipient, got '3'",
    ],
    [{ recipients: 10, addresses: 5 }, "--addresses: takes at least as many as --rcpt (10), got '5'"],
    [{ addresses: 0 }, "--addresses: takes a whole number from 1 to 1000000000, got '0'"],
    [
      { size: '1k' },
      "--size: takes a size from 189B to 64MiB in octets or with a unit (B, KB, KiB, MB, MiB), got '1k'",
    ],
    [
      { size: '65MiB' },
      "--size: takes a size from 189B to 64MiB in octets or with a unit (B, KB, KiB, MB, MiB), got '65MiB'",
    ],
    [{ size: 10 }, "--size: takes at least 189 octets: the headers need them, got '10'"],
    [{ size: '1KiB', message: 'a' }, '--size: contradicts --message, which has a size of its own'],
    [{ subject: 'x', message: 'a' }, '--subject: contradicts --message, which has a subject of its own'],
    [{ message: '' }, '--message: takes a message, and this one is empty'],
    [{ message: 5 }, "--message: takes text or octets, got '5'"],
    [
      { from: 'a@b.test\r\nRSET' },
      "--from: takes an address in printable ASCII on one line, got 'a@b.test\\x0d\\x0aRSET'",
    ],
    [{ to: 'a\0@b.test' }, "--to: takes an address in printable ASCII on one line, got 'a\\x00@b.test'"],
    [{ to: '' }, "--to: takes an address: only the sender may be empty, got ''"],
    [{ to: '<>' }, "--to: takes an address: only the sender may be empty, got '<>'"],
    [
      { to: 'u%d@elsewhere.net' },
      "--to: names elsewhere.net, a domain that is not reserved for tests: if mail may go there, give --allow-domain elsewhere.net, got 'u%d@elsewhere.net'",
    ],
    [
      { to: 'u@h%d.elsewhere.net' },
      "--to: names h%d.elsewhere.net, a domain that is not reserved for tests: if mail may go there, give --allow-domain elsewhere.net, got 'u@h%d.elsewhere.net'",
    ],
    [
      { from: 'u%elsewhere.net@relay.test' },
      "--from: names elsewhere.net, a domain that is not reserved for tests: if mail may go there, give --allow-domain elsewhere.net, got 'u%elsewhere.net@relay.test'",
    ],
    [{ helo: 'a b' }, "--helo: takes a domain or an address literal such as [127.0.0.1], got 'a b'"],
    [
      { helo: `[${'1'.repeat(254)}]` },
      `--helo: takes a domain or an address literal such as [127.0.0.1], got '[${'1'.repeat(79)}…'`,
    ],
    [{ helo: '' }, "--helo: takes a domain or an address literal such as [127.0.0.1], got ''"],
    [
      { helo: 'x.test\r\nMAIL' },
      "--helo: takes a domain or an address literal such as [127.0.0.1], got 'x.test\\x0d\\x0aMAIL'",
    ],
    [
      { subject: 'a\nBcc: x@y.test' },
      "--subject: takes printable ASCII on one line, at most 900 octets, got 'a\\x0aBcc: x@y.test'",
    ],
    [{ subject: 'ä' }, "--subject: takes printable ASCII on one line, at most 900 octets, got 'ä'"],
    [
      { auth: 'gssapi', user: 'u', password: 'p' },
      "--auth: takes plain, plain-late, login, cram-md5, scram-sha-1, scram-sha-256, xoauth2, oauthbearer, external or auto, got 'gssapi'",
    ],
    [{ auth: 'xoauth2', password: 'p' }, '--auth: needs --user'],
    [{ auth: 'scram-sha-256', password: 'p' }, '--auth: needs --user'],
    [{ auth: 'auto', password: 'p' }, '--auth: needs --user'],
    [{ auth: 'auto', password: 'p', tls: 'required', ...CERTIFICATE }, '--auth: needs --user'],
    [{ auth: 'auto', user: 'u' }, '--auth: needs a password: give --password-file or set POSTRUSH_PASSWORD'],
    [{ auth: 'oauthbearer' }, '--auth: needs a token: give --password-file or set POSTRUSH_PASSWORD'],
    [{ auth: 'xoauth2', user: 'u', password: 'Bearer ya29' }, NO_TOKEN],
    [{ auth: 'oauthbearer', password: 'ya=29' }, NO_TOKEN],
    [{ auth: 'oauthbearer', password: '' }, NO_TOKEN],
    [{ auth: 'oauthbearer', password: 't'.repeat(8193) }, NO_TOKEN],
    [{ auth: 'external', tls: 'required' }, '--auth: external needs --tls-cert and --tls-key'],
    [{ auth: 'external', tls: 'opportunistic', ...CERTIFICATE }, '--auth: external needs --tls required or smtps://'],
    [
      { auth: 'external', tls: 'required', password: 'p', ...CERTIFICATE },
      '--password-file: is not for --auth external, which has no password',
    ],
    [
      { auth: 'external', tls: 'required', user: 'a\nb', ...CERTIFICATE },
      "--user: takes a name without control characters, got 'a\\x0ab'",
    ],
    [{ auth: 'plain', password: 'p' }, '--auth: needs --user'],
    [{ auth: 'plain', user: 'u' }, '--auth: needs a password: give --password-file or set POSTRUSH_PASSWORD'],
    [{ user: 'u' }, '--user: needs --auth'],
    [{ password: 'p' }, '--password-file: needs --auth'],
    [{ auth: 'plain', user: '', password: 'p' }, "--user: takes a name without control characters, got ''"],
    [{ auth: 'plain', user: 'a\0b', password: 'p' }, "--user: takes a name without control characters, got 'a\\x00b'"],
    [
      { auth: 'plain', user: 'u', password: 'secret\n' },
      '--password-file: takes a password on one line, without control characters',
    ],
    [
      { auth: 'plain', user: 'u', password: '' },
      '--password-file: takes a password on one line, without control characters',
    ],
    [{ tls: 'yes' }, "--tls: takes off, opportunistic or required, got 'yes'"],
    [
      { target: 'smtps://127.0.0.1', tls: 'off' },
      "--tls: contradicts smtps://, which is TLS from the start: leave one of the two out, got 'off'",
    ],
    [
      { target: 'smtps://127.0.0.1', tls: 'required' },
      "--tls: is for STARTTLS, and smtps:// is TLS from the start already: leave --tls out, got 'required'",
    ],
    [{ tlsCa: PEM }, `--tls-ca: ${NEEDS_TLS}`],
    [CERTIFICATE, `--tls-cert: ${NEEDS_TLS}`],
    [{ tls: 'required', tlsCert: PEM }, '--tls-cert: needs --tls-key'],
    [{ tls: 'required', tlsKey: KEY }, '--tls-key: needs --tls-cert'],
    [{ tls: 'required', tlsCert: KEY, tlsKey: KEY }, '--tls-cert: takes a PEM file, and this one holds no certificate'],
    [{ tls: 'required', tlsCert: PEM, tlsKey: PEM }, '--tls-key: takes a PEM file, and this one holds no private key'],
    [{ tls: 'required', tlsCa: 'hello' }, '--tls-ca: takes a PEM file, and this one holds no certificate'],
    [{ tlsServername: 'a.test' }, `--tls-servername: ${NEEDS_TLS}`],
    [{ tls: 'required', tlsServername: '127.0.0.1' }, "--tls-servername: takes a host name, got '127.0.0.1'"],
    [{ tlsInsecure: true, tls: 'off' }, `--tls-insecure: ${NEEDS_TLS}`],
    [{ tlsInsecure: 'yes' }, "--tls-insecure: takes true or false, got 'yes'"],
    [
      { tls: 'required', tlsInsecure: true, tlsCa: PEM },
      '--tls-insecure: contradicts --tls-ca: without verification there is nothing to trust',
    ],
    [{ pipelining: 'maybe' }, "--pipelining: takes auto, on, off, across or force, got 'maybe'"],
    [{ timeouts: ['0s'] }, `--timeout: takes a time from 1ms to 1h ${TIME}, or step=time, got '0s'`],
    [{ timeouts: ['connect=5'] }, `--timeout: takes a time from 1ms to 1h ${TIME}, or step=time, got 'connect=5'`],
    [
      { timeouts: ['nope=5s'] },
      "--timeout: knows the steps connect, tls, greeting, ehlo, starttls, auth, xclient, xforward, mail, rcpt, data, bdat, transfer, endOfData, rset, noop, vrfy, expn, help, raw or quit, got 'nope=5s'",
    ],
    [{ timeouts: 5 }, "--timeout: takes text, or a list of texts, got '5'"],
    [{ warmup: '5' }, `--warmup: takes a time from 0s to 500h ${TIME}, or auto, got '5'`],
    [{ drain: '1d' }, `--drain: takes a time from 0s to 500h ${TIME}, got '1d'`],
    [{ giveUp: '0s' }, `--give-up: takes a time from 1ms to 500h ${TIME}, got '0s'`],
    [
      { dropAfter: 'rcpt', messagesPerSession: 5 },
      '--messages-per-session: contradicts --drop-after, --auth-only and --hold: their sessions send one message or none',
    ],
    [
      { steps: 'ehlo nope' },
      "--steps: knows the steps ehlo, helo, starttls, auth, mail, rcpt, data, rset, noop, vrfy, expn, help, raw, hold, quit, drop, and not 'nope', got 'ehlo nope'",
    ],
    [{ steps: 'ehlo data' }, "--steps: needs rcpt before data, got 'ehlo data'"],
    [{ steps: 'ehlo quit noop' }, "--steps: has steps behind quit, which ends the session, got 'ehlo quit noop'"],
    [{ steps: 'ehlo vrfy' }, "--steps: needs something behind vrfy, as in vrfy:postmaster, got 'ehlo vrfy'"],
    [{ steps: 'ehlo starttls' }, '--steps: has starttls, which needs --tls required or opportunistic'],
    [{ steps: 'ehlo', messages: 5 }, '--messages: ends no run whose sessions send no mail: give -d or --connections'],
    [{ connections: 5 }, '--connections: is for sessions that send no mail: give -m for messages'],
    [{ authOnly: true, duration: '1s' }, '--auth-only: needs --auth'],
    [{ dsn: 'RET=SOME' }, "--dsn: takes RET=FULL or RET=HDRS, got 'RET=SOME'"],
    [{ dsn: 'ORCPT=x' }, "--dsn: takes ORCPT=rfc822;address, + as +2B; %d is a number, got 'ORCPT=x'"],
    [
      { xclient: 'WEATHER=fine' },
      "--xclient: takes NAME=value with a name of NAME, ADDR, PORT, PROTO, HELO, LOGIN, DESTADDR, DESTPORT, got 'WEATHER=fine'",
    ],
    [{ seed: '-1' }, "--seed: takes a whole number from 0 to 4294967295, got '-1'"],
    [{ workers: 257, sessions: 300 }, "--workers: takes a whole number from 1 to 256, got '257'"],
    [{ workers: 5, sessions: 4 }, "--workers: takes at most as many as --sessions (4), got '5'"],
    [{ connectLimit: 0 }, "--connect-limit: takes a whole number from 1 to 65535, got '0'"],
    [{ allowTargets: ['a.test:25'] }, "--allow-target: takes a host name or address, no port, got 'a.test:25'"],
    [{ allowDomains: ['@a.test'] }, "--allow-domain: takes a domain, got '@a.test'"],
    [
      { target: 'http://127.0.0.1' },
      "TARGET: takes smtp://host[:port], smtps://host[:port], lmtp://host[:port], smtp+unix:/path, lmtp+unix:/path, smtp+mx://domain[:port] or host:port; other schemes are not supported, got 'http://127.0.0.1'",
    ],
    [
      { target: undefined },
      'TARGET: takes smtp://host[:port], smtps://host[:port], lmtp://host[:port], smtp+unix:/path, lmtp+unix:/path, smtp+mx://domain[:port] or host:port',
    ],
    [
      { target: 'smtp://203.0.113.9' },
      'TARGET: 203.0.113.9 is neither loopback nor private: if its owner agrees to the load, give --allow-target 203.0.113.9',
    ],
    [
      { target: 'smtp://10.0.0.1', auth: 'plain', user: 'u', password: 'p' },
      '--auth: would send the password in clear to 10.0.0.1, which is not this machine: use --tls required or smtps://, or give --auth-clear if that is what you want',
    ],
    [{ sesions: 5 }, 'sesions: is not an option'],
    [{ constructor: 5 }, 'constructor: is not an option'],
  ])('%j', (options, problem) => {
    expect(problemsOf(options)).toEqual([problem]);
  });

  test.each([
    ['as it is', 'a'],
    ['because its line ends become CRLF', '\n'],
  ])('hold a message that is too large %s', (_, character) => {
    const octets = Buffer.alloc(64 * 1_048_576 - (character === 'a' ? -1 : 0), character);
    expect(problemsOf({ message: octets })).toEqual([
      expect.stringMatching(/^--message: takes a message of at most 64MiB, got '\d+ octets'$/),
    ]);
  });

  test('are named all at once', () => {
    const paths = issuesOf({
      target: 'smtp://203.0.113.9:x',
      sessions: '-1',
      duration: '10',
      recipients: 'many',
      size: '1',
      from: 'a b',
      to: 'u@elsewhere.net',
      tls: 'maybe',
      timeouts: ['x', 'y=1s'],
      workers: 'all',
      seed: 'dice',
    }).map((issue) => issue.path);
    expect(paths.sort()).toEqual(
      [
        'TARGET',
        '--sessions',
        '--duration',
        '--rcpt',
        '--size',
        '--from',
        '--to',
        '--tls',
        '--timeout',
        '--timeout',
        '--workers',
        '--seed',
      ].sort(),
    );
  });

  test('are never shown when they may be secrets', () => {
    const issues = issuesOf({ target: 'smtp://load:hunter2@127.0.0.1', auth: 'plain', password: 'hunter2\0' });
    expect(issues).toHaveLength(3);
    expect(JSON.stringify(issues)).not.toContain('hunter2');
  });

  test('are cut short where they are shown', () => {
    expect(issuesOf({ sessions: '9'.repeat(10_000) })[0]?.received).toBe(`${'9'.repeat(80)}…`);
  });

  test('are listed in the message of the error for those who only print that', () => {
    expect(() => resolve({ sessions: 0, seed: 'x' })).toThrow(
      'these options are unusable: --sessions takes a whole number from 1 to 100000; --seed takes a whole number from 0 to 4294967295',
    );
  });
});

test('the defaults are values that a user could have given', () => {
  const { from, to, helo, subject, pipelining, sessions, recipients, seed, connectLimit, addresses } = DEFAULTS;
  const given = { from, to, helo, subject, pipelining, sessions, recipients, seed, connectLimit, addresses };
  expect(resolve({ ...given, size: DEFAULTS.messageBytes, duration: `${DEFAULTS.durationMs}ms` })).toEqual(resolve());
});

describe('a redacted plan', () => {
  const plan = resolve({
    ...{ auth: 'login', user: 'load', password: 'hunter2', tls: 'required', tlsCa: PEM, ...CERTIFICATE },
    message: 'Subject: private matters\n\nhello',
  });

  test('tells nothing secret and holds no file', () => {
    const text = JSON.stringify(redactPlan(plan));
    for (const secret of ['hunter2', 'BEGIN CERTIFICATE', 'PRIVATE KEY', 'MIIB', 'private matters'])
      expect(text).not.toContain(secret);
  });

  test('tells all the rest', () => {
    const { message, timeoutsMs } = plan.scenarios[0];
    expect(redactPlan(plan)).toMatchObject({
      targets: plan.targets,
      scenarios: [
        {
          auth: { mechanism: 'login', user: 'load' },
          tls: { mode: 'required', verify: true, serverName: null, ownCa: true, clientCertificate: true },
          message: { sizeBytes: message.sizeBytes, generated: false },
          timeoutsMs,
        },
      ],
      sessions: 20,
    });
  });

  test('of a plan without credentials says so', () => {
    expect(redactPlan(resolve())).toMatchObject({
      scenarios: [{ auth: null, tls: { ownCa: false, clientCertificate: false }, message: { generated: true } }],
    });
  });
});

describe('arrivals by plan', () => {
  test('allow 1,000 sessions, and last 10 s where nothing else is said', () => {
    expect(resolve({ rate: '200/s' })).toMatchObject({
      sessions: 1000,
      durationMs: 10_000,
      arrivals: { written: '200/s', endMs: 10_000, pattern: 'even', onFull: 'drop', isReusing: false },
    });
    expect(resolve({ rate: '30/min', messages: 9 })).toMatchObject({ durationMs: null, arrivals: { endMs: null } });
    expect(resolve({ rate: '1/s', duration: '1m', warmup: '5s' })).toMatchObject({ arrivals: { endMs: 65_000 } });
  });

  test('end with their profile, whose first part is the warm-up', () => {
    const profile = '0/s ->(10s) 100/s; 100/s for 50s';
    expect(resolve({ profile, warmup: '10s' })).toMatchObject({ durationMs: 50_000, arrivals: { endMs: 60_000 } });
    expect(resolve({ profile, duration: '20s' })).toMatchObject({ durationMs: 20_000, arrivals: { endMs: 20_000 } });
  });

  test('begin with a warm-up that ends by itself, within a minute behind the ramp', () => {
    expect(resolve({ rate: '9/s', warmup: 'auto', duration: '5s' })).toMatchObject({
      warmupMs: 60_000,
      isWarmupAuto: true,
      arrivals: { endMs: 65_000 },
    });
    expect(resolve({ warmup: 'Auto', ramp: '30s' })).toMatchObject({ warmupMs: 90_000, isWarmupAuto: true });
    expect(resolve({ warmup: '5s' }).isWarmupAuto).toBe(false);
    expect(issuesOf({ profile: '9/s for 9s', warmup: 'auto' }).map(({ message }) => message)).toEqual([
      'takes a time with --profile, whose rates say nothing of when it is warm',
    ]);
  });

  test('keep connections where messages arrive for them', () => {
    expect(resolve({ rate: '9/s', reuse: true }).scenarios[0].messagesPerSession).toBeNull();
    expect(resolve({ rate: '9/s', reuse: true, messagesPerSession: 5 }).scenarios[0].messagesPerSession).toBe(5);
  });

  test('a profile that cannot be read is told once', () => {
    expect(issuesOf({ profile: '9/s ->(1x) 3/s', warmup: '1s', duration: '5s' })).toHaveLength(1);
    expect(issuesOf({ profile: '9/s ->(1x) 3/s' })[0]?.frame).toBe('  9/s ->(1x) 3/s\n         ^');
  });

  test('closed load has ramps and times to think instead', () => {
    expect(resolve({ ramp: '30s', think: '2s' })).toMatchObject({ rampMs: 30_000, thinkMs: 2000 });
    expect(resolve({ think: 'exponential 2s' }).thinkMs).toEqual({ shape: 'exponential', meanMs: 2000 });
    expect(resolve({ think: 'uniform 1s..3s' }).thinkMs).toEqual({ shape: 'uniform', minMs: 1000, maxMs: 3000 });
    for (const think of ['2', 'uniform 3s..1s', 'uniform 1s', 'exponential 0s', 'gauss 1s', '']) {
      expect(() => resolve({ think })).toThrow('--think takes a time such as 2s');
    }
  });

  test.each<[LoadTestOptions, string]>([
    [{ rate: '9/s', ramp: '1s' }, '--ramp is for closed load'],
    [{ rate: '9/s', think: '1s' }, '--think is for closed load'],
    [{ rate: '200' }, '--rate takes a rate'],
    [{ rate: '0/s' }, '--rate takes a rate'],
    [{ rate: '9/s', profile: '9/s for 1s' }, '--rate contradicts --profile'],
    [{ profile: '9/s ->(1x) 3/s' }, '--profile expects a time such as 30s at character 8; it takes parts with'],
    [{ profile: '9/s for 1s', warmup: '1s' }, '--warmup takes less than --profile, which lasts 1s'],
    [
      { profile: '9/s for 9s', warmup: '1s', duration: '9s' },
      '--duration takes at most what --profile has behind the warm-up, 8s',
    ],
    [{ arrivals: 'poisson' }, '--arrivals is for arrivals by plan'],
    [{ onFull: 'queue' }, '--on-full is for arrivals by plan'],
    [{ reuse: true }, '--reuse is for arrivals by plan'],
    [{ rate: '9/s', onFull: 'wait' }, '--on-full takes drop or queue'],
    [{ rate: '9/s', messagesPerSession: 'all' }, '--messages-per-session takes a number where clients arrive by plan'],
    [
      { rate: '9/s', reuse: true, targets: ['127.0.0.1:1', '127.0.0.1:2'] },
      '--reuse takes one scenario and one target',
    ],
    [
      { rate: '9/s', messages: 9, steps: 'ehlo mail rcpt data quit' },
      '--messages needs arrivals that bring equally many',
    ],
    [{ rate: '9/s', reuse: true, authOnly: true }, '--reuse is for sessions that send mail'],
  ])('%j is refused: %s', (options, message) => {
    expect(() => resolve(options)).toThrow(message);
  });
});
