import { expect, test } from 'vitest';
import { ERROR_KIND_NAMES } from '../../src/metrics/outcome.js';
import type { LoadTestOptions } from '../../src/plan/options.js';
import type { FaultRow, RunningSink, SinkOptions } from '../../src/sink/sink.js';
import { testCertificate } from '../support/certificate.js';
import {
  errorsOf,
  outcomesOf,
  reasonsOf,
  repliesOf,
  runLoad,
  type Hidden,
  type Outcome,
} from '../support/integration-run.js';

const { key, cert } = await testCertificate();
const USERS = { load: 'secret' };
const CREDENTIALS = { auth: 'plain', user: 'load', password: 'secret' };
const EHLO_WITHOUT_TLS_AND_AUTH = '250-sink.test\r\n250 SIZE 1000000';
/** More than two sockets' buffers hold. */
const SIZE_THAT_STALLS = 12_000_000;

/** Closes the sink as soon as the pre-flight session has said QUIT. */
function closeAfterPreflight(sink: RunningSink): object {
  const timer = setInterval(() => {
    if (sink.stats().commands['quit'] === 0) return;
    clearInterval(timer);
    void sink.close();
  }, 1);
  return {};
}

interface FaultTest {
  /** What the server does. */
  readonly server: string;
  readonly kind: (typeof ERROR_KIND_NAMES)[number];
  readonly options?: Partial<LoadTestOptions>;
  readonly sink?: SinkOptions;
  readonly faults?: readonly FaultRow[];
  readonly hooks?: (sink: RunningSink) => object;
  readonly hidden?: readonly Hidden[];
  readonly errors: Readonly<Record<string, number>>;
  readonly messages: Readonly<Record<string, number>>;
}

/**
 * Every kind has a row, four messages in four sessions each; the pre-flight session is spared with `after`.
 *
 * One kind cannot be produced on loopback without root: `unreachable` needs a host or a network that is not there.
 * The other `limit`, file descriptors, is refused before the run; see `pre-flight`.
 */
const FAULTS: readonly FaultTest[] = [
  {
    server: 'is gone after the pre-flight',
    kind: 'refused',
    hooks: closeAfterPreflight,
    errors: { 'connect refused': 4 },
    messages: { failed: 4 },
  },
  {
    server: 'resets the connection at MAIL',
    kind: 'reset',
    faults: [{ on: 'mail', then: 'reset' }],
    errors: { 'mail reset': 4 },
    messages: { failed: 4 },
  },
  {
    server: 'closes the connection at RCPT',
    kind: 'closed',
    faults: [{ on: 'rcpt', then: 'close' }],
    errors: { 'rcpt closed': 4 },
    messages: { failed: 4 },
  },
  {
    server: 'closes the connection within a reply',
    kind: 'closed',
    faults: [{ on: 'mail', raw: '250-ok\r\n25', then: 'close' }],
    hidden: ['replies'],
    errors: { 'mail closed': 4 },
    messages: { failed: 4 },
  },
  {
    server: 'closes the connection within the content',
    kind: 'closed',
    faults: [{ on: 'content', then: 'close' }],
    hidden: ['commands'],
    errors: { 'endOfData closed': 4 },
    messages: { failed: 4 },
  },
  {
    server: 'never answers MAIL',
    kind: 'timeout',
    options: { timeouts: 'mail=300ms' },
    faults: [{ on: 'mail', then: 'silence' }],
    errors: { 'mail timeout': 4 },
    messages: { failed: 4 },
  },
  {
    server: 'drips its reply to RCPT too slowly',
    kind: 'timeout',
    options: { timeouts: 'rcpt=300ms' },
    faults: [{ on: 'rcpt', reply: '250 2.1.5 recipient ok', dripMs: 100 }],
    hidden: ['replies'],
    errors: { 'rcpt timeout': 4 },
    messages: { failed: 4 },
  },
  {
    server: 'stops reading the content',
    kind: 'timeout',
    options: { timeouts: 'transfer=500ms', size: SIZE_THAT_STALLS },
    faults: [{ on: 'content', stopReading: true }],
    hidden: ['commands'],
    errors: { 'transfer timeout': 4 },
    messages: { failed: 4 },
  },
  {
    server: 'answers the handshake with text',
    kind: 'tls',
    options: { tls: 'required', tlsCa: cert },
    sink: { tls: { key, cert } },
    faults: [{ on: 'tls', after: 1, raw: 'this is no handshake\r\n' }],
    errors: { 'tls tls': 4 },
    messages: { failed: 4 },
  },
  {
    server: 'no longer offers STARTTLS',
    kind: 'tlsNotOffered',
    options: { tls: 'required', tlsCa: cert },
    sink: { tls: { key, cert } },
    faults: [{ on: 'ehlo', after: 2, reply: EHLO_WITHOUT_TLS_AND_AUTH }],
    hidden: ['commands'],
    errors: { 'starttls tlsNotOffered': 4 },
    messages: { failed: 4 },
  },
  {
    server: 'no longer offers AUTH',
    kind: 'authNotOffered',
    options: CREDENTIALS,
    sink: { users: USERS },
    faults: [{ on: 'ehlo', after: 1, reply: EHLO_WITHOUT_TLS_AND_AUTH }],
    hidden: ['commands'],
    errors: { 'auth authNotOffered': 4 },
    messages: { failed: 4 },
  },
  {
    server: 'no longer offers what the messages need',
    kind: 'notOffered',
    options: { eightBitMime: true },
    faults: [{ on: 'ehlo', after: 1, reply: EHLO_WITHOUT_TLS_AND_AUTH }],
    hidden: ['commands'],
    errors: { 'mail notOffered': 4 },
    messages: { failed: 4 },
  },
  {
    server: 'answers MAIL with something that is no reply',
    kind: 'malformed',
    faults: [{ on: 'mail', raw: 'hello, who is there?\r\n' }],
    errors: { 'mail malformed': 4 },
    messages: { failed: 4 },
  },
  {
    server: 'answers MAIL with a line of 10 MB',
    kind: 'overlong',
    faults: [{ on: 'mail', raw: `250 ${'x'.repeat(10_000_000)}\r\n` }],
    hidden: ['replies'],
    errors: { 'mail overlong': 4 },
    messages: { failed: 4 },
  },
  {
    server: 'answers MAIL with lines without end',
    kind: 'limit',
    faults: [{ on: 'mail', raw: '250-and so on\r\n'.repeat(5000) }],
    hidden: ['replies'],
    errors: { 'mail limit': 4 },
    messages: { failed: 4 },
  },
  {
    server: 'answers DATA with 250',
    kind: 'unexpectedCode',
    faults: [{ on: 'data', reply: '250 2.0.0 what content?' }],
    errors: { 'data unexpectedCode': 4 },
    messages: { failed: 4 },
  },
  {
    server: 'says something behind its last word',
    kind: 'unaskedReply',
    faults: [{ on: 'quit', after: 1, raw: '221 2.0.0 bye\r\n250 2.0.0 one thing more\r\n' }],
    hidden: ['replies'],
    errors: { 'session unaskedReply': 4 },
    messages: { accepted: 4 },
  },
  {
    server: 'refuses the content before it has it',
    kind: 'earlyReply',
    options: { size: SIZE_THAT_STALLS },
    faults: [{ on: 'content', reply: '552 5.3.4 far too big', stopReading: true }],
    hidden: ['commands'],
    errors: { 'transfer earlyReply': 4 },
    messages: { rejected: 4 },
  },
];

test('every kind of error that loopback can show has a row in the table', () => {
  const shown = new Set(FAULTS.map(({ kind }) => kind));
  expect(ERROR_KIND_NAMES.filter((kind) => !shown.has(kind))).toEqual(['unreachable', 'crossedReply']);
});

test('tells of replies that name another message, and takes them as they stand', async () => {
  const { result } = await runLoad({
    options: { messages: 4 },
    sink: { faults: [{ on: 'rcpt', reply: '250 2.1.5 <user99@example.test> is welcome' }] },
  });
  expect(errorsOf(result)).toEqual({ 'session crossedReply': 4 });
  expect(outcomesOf(result.messages)).toEqual({ accepted: 4 });
});

test.each(FAULTS)('counts $kind where a server $server', async ({ errors, messages, ...row }) => {
  const { result } = await runLoad({
    options: { messages: 4, sessions: 4, pipelining: 'off', ...row.options },
    sink: { ...row.sink, faults: row.faults ?? [] },
    ...(row.hooks === undefined ? {} : { hooks: row.hooks }),
    hidden: row.hidden ?? [],
  });
  expect(errorsOf(result)).toEqual(errors);
  expect(outcomesOf(result.messages)).toEqual(messages);
  expect(outcomesOf(result.recipients)).toEqual(messages);
  expect(result.sessions).toMatchObject({ started: 4, failed: 4 });
  expect(result.errors.every(({ sample }) => sample !== '')).toBe(true);
  expect(result).toMatchObject({ endedBy: 'plan', complete: true });
  expect(reasonsOf(result)).toEqual([]);
});

/** A TLS session with AUTH: every step there is, each hit once, in a session of its own. */
async function oneFaultPerStep(fault: Pick<FaultRow, 'then'>, timeouts: string): Promise<Outcome> {
  return runLoad({
    options: {
      messages: 12,
      sessions: 12,
      pipelining: 'off',
      tls: 'required',
      tlsCa: cert,
      timeouts,
      ...CREDENTIALS,
    },
    sink: {
      tls: { key, cert },
      users: USERS,
      faults: [
        // Not at once: an RST right behind the SYN-ACK is a connect() that failed.
        { on: 'connect', after: 1, nth: 1, delayMs: 100, ...fault },
        ...(['starttls', 'tls', 'auth', 'quit'] as const).map((on) => ({ on, after: 1, nth: 1, ...fault })),
        { on: 'ehlo', after: 2, nth: 1, ...fault },
        ...(['mail', 'rcpt', 'data'] as const).map((on) => ({ on, nth: 1, ...fault })),
        // Not while the client is still writing: the write would take the RST, and the read see an end.
        { on: 'endOfData', nth: 1, delayMs: 50, ...fault },
      ],
    },
  });
}

/** One error of `kind` at each step. */
function oneErrorPerStep(kind: string): Record<string, number> {
  const steps = ['greeting', 'ehlo', 'starttls', 'tls', 'auth', 'mail', 'rcpt', 'data', 'endOfData', 'quit'];
  return Object.fromEntries(steps.map((step) => [`${step} ${kind}`, 1]));
}

test.each([
  ['closes the connection', 'closed', { then: 'close' }, '30s'],
  ['resets the connection', 'reset', { then: 'reset' }, '30s'],
  ['falls silent', 'timeout', { then: 'silence' }, '1s'],
] as const)('names the step at which a server %s', async (_what, kind, fault, timeout) => {
  const { result } = await oneFaultPerStep(fault, timeout);
  expect(errorsOf(result)).toEqual(oneErrorPerStep(kind));
  // A QUIT without an answer takes nothing from its message.
  expect(outcomesOf(result.messages)).toEqual({ accepted: 3, failed: 9 });
  expect(result.sessions).toMatchObject({ started: 12, completed: 2, failed: 10 });
});

test('names the step at which a server answers with a code that cannot be', async () => {
  const { result } = await runLoad({
    options: { messages: 8, sessions: 8, pipelining: 'off', ...CREDENTIALS },
    sink: {
      users: USERS,
      faults: [
        { on: 'connect', after: 1, nth: 1, reply: '354 go ahead' },
        { on: 'ehlo', after: 1, nth: 1, reply: '150 in a moment' },
        { on: 'auth', after: 1, nth: 1, reply: '334 VXNlcm5hbWU6' },
        { on: 'mail', nth: 1, reply: '354 go ahead' },
        { on: 'rcpt', nth: 1, reply: '120 wait' },
        { on: 'data', nth: 1, reply: '250 2.0.0 ok' },
        { on: 'endOfData', nth: 1, reply: '354 still more' },
      ],
    },
  });
  expect(errorsOf(result)).toEqual(
    Object.fromEntries(
      ['greeting', 'ehlo', 'auth', 'mail', 'rcpt', 'data', 'endOfData'].map((step) => [`${step} unexpectedCode`, 1]),
    ),
  );
  expect(outcomesOf(result.messages)).toEqual({ accepted: 1, failed: 7 });
  expect(repliesOf(result, 'mail')).toEqual({ '354': 1, '250 2.1.0': 4 });
});

test('knows what is no reply: bad digits, bad separators, codes that differ, NULs', async () => {
  const raws = [
    '2x0 ok\r\n',
    '\r\n',
    '25\r\n',
    '250_ok\r\n',
    '250-one\r\n251 two\r\n',
    '\0\0\0\0\r\n',
    '999 no first digit of a reply\r\n',
  ];
  const { result } = await runLoad({
    options: { messages: raws.length + 1, sessions: raws.length + 1, pipelining: 'off' },
    sink: { faults: raws.map((raw, index) => ({ on: 'endOfData', nth: index + 1, raw })) },
    hidden: ['replies'],
  });
  expect(errorsOf(result)).toEqual({ 'endOfData malformed': raws.length });
  expect(outcomesOf(result.messages)).toEqual({ accepted: 1, failed: raws.length });
});

test('takes odd dress for what it is: bare LF, no text, replies of many lines in drops', async () => {
  const { result } = await runLoad({
    options: { messages: 4, sessions: 4 },
    sink: {
      faults: [
        { on: 'mail', nth: 1, raw: '250 2.1.0 bare\n' },
        { on: 'mail', nth: 2, raw: '250\r\n' },
        { on: 'rcpt', nth: 1, reply: '250-2.1.5 one\r\n250-2.1.5 two\r\n250 2.1.5 three', dripMs: 1 },
        { on: 'endOfData', nth: 1, raw: '250 2.0.0 \0 \xff \x1b[31m red\r\n' },
      ],
    },
  });
  expect(errorsOf(result)).toEqual({});
  expect(outcomesOf(result.messages)).toEqual({ accepted: 4 });
  expect(repliesOf(result, 'mail')).toEqual({ '250 2.1.0': 3, '250': 1 });
});

test('fails every command of a group once where the connection ends', async () => {
  const { result } = await runLoad({
    options: { messages: 5, sessions: 5, recipients: 3, pipelining: 'auto' },
    sink: { faults: [{ on: 'mail', everyNth: 1, then: 'close' }] },
    hidden: ['commands'],
  });
  expect(errorsOf(result)).toEqual({ 'mail closed': 5, 'rcpt closed': 15, 'data closed': 5 });
  expect(outcomesOf(result.messages)).toEqual({ failed: 5 });
  expect(outcomesOf(result.recipients)).toEqual({ failed: 15 });
});

test('fails the content and the envelope behind it where the connection ends between messages', async () => {
  const { result } = await runLoad({
    options: { messages: 2, sessions: 1, messagesPerSession: 'all', pipelining: 'across' },
    sink: { faults: [{ on: 'endOfData', then: 'close' }] },
    hidden: ['commands'],
  });
  expect(errorsOf(result)).toEqual({
    'endOfData closed': 1,
    'mail closed': 1,
    'rcpt closed': 1,
    'data closed': 1,
  });
  expect(outcomesOf(result.messages)).toEqual({ failed: 2 });
});
