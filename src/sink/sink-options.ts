/**
 * What a sink can be told, and the complete settings made from it. Data and checks only; knows no socket.
 */
import { PostrushError } from '../errors.js';
import type { ConfigIssue } from '../errors.js';
import { delayProblem, isDuration } from '../delay.js';
import type { Delay } from '../delay.js';
import { parseListenAddress } from './listen-address.js';
import { MECHANISM_NAMES } from './sasl/mechanisms.js';

/** Where in a session a fault row can strike. */
export const FAULT_EVENTS = [
  'connect',
  'tls',
  'ehlo',
  'helo',
  'lhlo',
  'starttls',
  'auth',
  'mail',
  'rcpt',
  'data',
  'bdat',
  'content',
  'contentChunk',
  'endOfData',
  'rset',
  'noop',
  'vrfy',
  'expn',
  'help',
  'quit',
  'unknown',
] as const;
/** Name of a place where a fault row can strike. */
export type FaultEvent = (typeof FAULT_EVENTS)[number];

/**
 * One row of the fault table. The first row that matches wins; it stands in for what the sink would have said.
 *
 * A row with neither `reply` nor `raw` that goes on (`then: 'continue'`) only slows the usual reply down.
 * The command takes effect if the code that the row sends is the one that says so (2yz; 354 for DATA), and not otherwise.
 */
export interface FaultRow {
  /**
   * What the row waits for: a command, or `connect` (the greeting, after implicit TLS), `tls` (the first octets of a
   * handshake, which then never happens unless the row only delays it), `content` (the first octet of a message's content), `contentChunk`
   * (every piece of it that the network hands over), `endOfData` (its end), `bdat` (the end of a chunk but the last,
   * whose end is `endOfData`), `unknown` (a command that the sink does not know, and a line that is too long or ends with a bare LF). A `reply` at `content` or `contentChunk` is the early answer to the whole message: its end is not answered again. `raw` there is
   * sent on top of everything.
   */
  readonly on: FaultEvent;
  /** Only the n-th occurrence (1-based) over the whole sink. Occurrences are those of `on` that fit `matching`. */
  readonly nth?: number;
  /** Every n-th occurrence. */
  readonly everyNth?: number;
  /** Not the first so many occurrences; `nth` and `everyNth` count from there. */
  readonly after?: number;
  /** `nth`, `everyNth` and `after` count in each session from its start. @defaultValue false */
  readonly perSession?: boolean;
  /** Only with this probability, above 0 and at most 1; each row has its own random numbers, from `seed`. */
  readonly probability?: number;
  /** Not before so many seconds after the sink's start. */
  readonly fromSec?: number;
  /** Only until so many seconds after the sink's start. */
  readonly untilSec?: number;
  /** At most so many times per second, evenly. */
  readonly ratePerSec?: number;
  /** Only when the command line contains this text, case and all. */
  readonly matching?: string;
  /** The reply, with all its lines, without the last CRLF: `550 5.1.1 no such user`. */
  readonly reply?: string;
  /** Latin-1 octets sent as they are in place of a reply: garbage, bare LF, half lines, replies that nobody asked for. */
  readonly raw?: string;
  /** Sends `raw` so many times in a row, for lines without end; at most 64 MiB in all. @defaultValue 1 */
  readonly repeat?: number;
  /** Waits so many ms, always or as drawn, before it speaks or ends the connection. Later replies of the connection wait too. */
  readonly delayMs?: Delay;
  /** Sends one octet at a time, so many ms apart. */
  readonly dripMs?: number;
  /**
   * After the reply, or in place of it when there is none: FIN, RST (20 ms after a reply, or the client could not
   * tell), never another octet, or go on.
   *
   * @defaultValue 'continue'
   */
  readonly then?: 'close' | 'reset' | 'silence' | 'continue';
  /** Stops reading, so that the client's writes stall: for `delayMs`, or without it for ever. */
  readonly stopReading?: boolean;
}

/** A version of TLS that a sink can be made to speak. */
export type SinkTlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
/** All of them, the oldest first. */
export const SINK_TLS_VERSIONS = [
  'TLSv1',
  'TLSv1.1',
  'TLSv1.2',
  'TLSv1.3',
] as const satisfies readonly SinkTlsVersion[];

/** How a sink speaks TLS. All PEM. */
export interface SinkTls {
  readonly key: string;
  readonly cert: string;
  /** Certificates or authorities of clients: these are asked for a certificate, and AUTH EXTERNAL is offered inside TLS. */
  readonly clientCa?: string;
  /** Ends the handshake of a client that shows no certificate of `clientCa`. @defaultValue false */
  readonly requireClientCert?: boolean;
  /** @defaultValue 'TLSv1.2' */
  readonly minVersion?: SinkTlsVersion;
  /** @defaultValue 'TLSv1.3' */
  readonly maxVersion?: SinkTlsVersion;
}

/** What may be told to a sink. */
export interface SinkOptions {
  /**
   * Where to listen, as targets: `smtp://127.0.0.1:2525`, `smtps://`, `lmtp://`, `smtp+unix:/path`, `lmtp+unix:/path`;
   * port 0: any free one.
   *
   * @defaultValue ['smtp://127.0.0.1:0']
   */
  readonly listen?: readonly string[];
  /** Host name in greeting and EHLO. @defaultValue 'sink.postrush.test' */
  readonly name?: string;
  /** Added before every reply, ms. Replies to a group of commands that came together leave together. @defaultValue 0 */
  readonly replyDelayMs?: number;
  /**
   * Ends a connection with 421 when its client has owed the next octet for so long (RFC 5321 §4.5.3.2.7), ms; 0: never.
   *
   * @defaultValue 300000
   */
  readonly idleTimeoutMs?: number;
  /** Offers STARTTLS; `smtps://` needs it. @defaultValue null */
  readonly tls?: SinkTls | null;
  /** Passwords by user; for XOAUTH2 the password is the token. AUTH is offered when there are any. */
  readonly users?: Readonly<Record<string, string>>;
  /** MAIL needs AUTH first (530). @defaultValue false */
  readonly requireAuth?: boolean;
  /** AUTH is offered inside TLS only; 538 otherwise (RFC 4954 §4). @defaultValue false */
  readonly authNeedsTls?: boolean;
  /**
   * After so many wrong passwords in a row a user gets 454 for `forMs`, even with the right one; null: never.
   *
   * @defaultValue null
   */
  readonly authLockOut?: { readonly afterFailures: number; readonly forMs: number } | null;
  /** EHLO keywords and mechanisms of AUTH that are not offered; `EHLO` itself refuses EHLO with 502, so that a client falls back to HELO. */
  readonly withhold?: readonly string[];
  /** Recipients per message; 452 beyond (RFC 5321 §4.5.3.1.10). @defaultValue 1000 */
  readonly maxRecipients?: number;
  /** Accepted messages per session; 0: no limit. @defaultValue 0 */
  readonly maxMessagesPerSession?: number;
  /**
   * What a MAIL beyond `maxMessagesPerSession` gets: 421 and the end of the connection, its end without a word, or 452 time and again.
   *
   * @defaultValue '421'
   */
  readonly messageLimitReply?: '421' | 'close' | 'mail452';
  /** Octets per message as SIZE counts them (RFC 1870 §5); 552 beyond. @defaultValue 104857600 */
  readonly maxSize?: number;
  /** Connections at once, in all and from one address; a client beyond is greeted with 421. 0: no limit. @defaultValue 0 */
  readonly maxConnections?: number;
  readonly maxConnectionsPerAddress?: number;
  /** New connections per second, 421 beyond; a second's worth may come at once. 0: no limit. @defaultValue 0 */
  readonly connectionsPerSec?: number;
  /** MAILs per second over all sessions, `messageRateReply` beyond; a second's worth may come at once. 0: no limit. @defaultValue 0 */
  readonly messagesPerSec?: number;
  /** 450 and the session goes on, or 421 and it ends. @defaultValue '450' */
  readonly messageRateReply?: '450' | '421';
  /** 450 to the first RCPT of every client address, sender and recipient, until so many ms later; 0: never. @defaultValue 0 */
  readonly greylistMs?: number;
  /** After so many 4yz and 5yz replies of a session all its replies wait `delayMs`; null: never. @defaultValue null */
  readonly tarpit?: { readonly afterErrors: number; readonly delayMs: number } | null;
  /** Recipients, any case, that get 452 4.2.2. */
  readonly fullMailboxes?: readonly string[];
  /** Obeys local parts such as `450-4.2.1-busy@`, `reject@`, `defer@`, `slow-200ms@`. @defaultValue true */
  readonly forcedOutcomes?: boolean;
  readonly faults?: readonly FaultRow[];
  /** Of everything random in `faults`; a whole number. @defaultValue 1 */
  readonly seed?: number;
  /** Keeps the last n accepted messages in memory. @defaultValue 0 */
  readonly keepMessages?: number;
  /**
   * Writes accepted messages to a folder, the first so many, each as `000001.eml` with its envelope in `000001.json`;
   * null: they are discarded.
   *
   * @defaultValue null
   */
  readonly save?: { readonly folder: string; readonly messages: number } | null;
}

/** {@link SinkOptions} with nothing left open. */
export type SinkSettings = Required<SinkOptions>;

/** What holds when an option is not given. */
export const SINK_DEFAULTS: SinkSettings = {
  listen: ['smtp://127.0.0.1:0'],
  name: 'sink.postrush.test',
  replyDelayMs: 0,
  idleTimeoutMs: 300_000,
  tls: null,
  users: {},
  requireAuth: false,
  authNeedsTls: false,
  authLockOut: null,
  withhold: [],
  maxRecipients: 1000,
  maxMessagesPerSession: 0,
  messageLimitReply: '421',
  maxSize: 100 * 1024 * 1024,
  maxConnections: 0,
  maxConnectionsPerAddress: 0,
  connectionsPerSec: 0,
  messagesPerSec: 0,
  messageRateReply: '450',
  greylistMs: 0,
  tarpit: null,
  fullMailboxes: [],
  forcedOutcomes: true,
  faults: [],
  seed: 1,
  keepMessages: 0,
  save: null,
};

/** How many messages are saved when a folder is named and no number. */
export const SAVED_MESSAGES_DEFAULT = 1000;

const COUNTS = [
  'maxRecipients',
  'maxMessagesPerSession',
  'maxSize',
  'maxConnections',
  'maxConnectionsPerAddress',
  'seed',
  'keepMessages',
] as const;

const WITHHOLDABLE: readonly string[] = [
  'PIPELINING',
  'SIZE',
  '8BITMIME',
  'SMTPUTF8',
  'CHUNKING',
  'DSN',
  'ENHANCEDSTATUSCODES',
  'VRFY',
  'EXPN',
  'HELP',
  'STARTTLS',
  'AUTH',
  'EHLO',
  ...MECHANISM_NAMES,
];
/** What a row may send. */
const RAW_OCTETS_MAX = 64 * 1024 * 1024;
/** Events without a command line, where `matching` could never match. */
const LINELESS_EVENTS: readonly FaultEvent[] = ['connect', 'tls', 'bdat', 'content', 'contentChunk', 'endOfData'];

/**
 * Completes and checks options.
 *
 * @throws PostrushError `E_CONFIG` with every problem found
 */
export function resolveSinkOptions(options: SinkOptions): SinkSettings {
  const settings: SinkSettings = { ...SINK_DEFAULTS, ...options };
  const issues: ConfigIssue[] = [];
  for (const key of COUNTS) {
    if (!Number.isSafeInteger(settings[key]) || settings[key] < 0) {
      issues.push({ path: key, message: 'must be a whole number, 0 or more', received: String(settings[key]) });
    }
  }
  for (const key of ['connectionsPerSec', 'messagesPerSec'] as const) {
    if (Number.isFinite(settings[key]) && settings[key] >= 0) continue;
    issues.push({ path: key, message: 'must be a number, 0 or more', received: String(settings[key]) });
  }
  if (
    settings.tarpit !== null &&
    !(Number.isSafeInteger(settings.tarpit.afterErrors) && isDuration(settings.tarpit.delayMs))
  ) {
    issues.push({ path: 'tarpit', message: 'needs a whole number `afterErrors` and `delayMs` in milliseconds' });
  }
  const { authLockOut, save } = settings;
  if (authLockOut !== null && !(isCountFrom1(authLockOut.afterFailures) && isDuration(authLockOut.forMs))) {
    const message = 'needs `afterFailures`, a whole number above 0, and `forMs` in milliseconds';
    issues.push({ path: 'authLockOut', message });
  }
  if (save !== null && (save.folder === '' || !isCountFrom1(save.messages))) {
    issues.push({ path: 'save', message: 'needs `folder`, and `messages`, a whole number above 0' });
  }
  for (const key of ['replyDelayMs', 'idleTimeoutMs', 'greylistMs'] as const) {
    if (isDuration(settings[key])) continue;
    issues.push({ path: key, message: 'must be milliseconds, 0 or more', received: String(settings[key]) });
  }
  if (settings.listen.length === 0) issues.push({ path: 'listen', message: 'needs at least one address' });
  for (const text of settings.listen) {
    const address = parseListenAddress(text);
    if ('problem' in address) issues.push({ path: 'listen', message: address.problem, received: text });
    else if (address.implicitTls && settings.tls === null) {
      issues.push({ path: 'listen', message: 'needs `tls` for smtps://', received: text });
    }
  }
  if (settings.requireAuth && Object.keys(settings.users).length === 0 && settings.tls?.clientCa === undefined) {
    issues.push({ path: 'requireAuth', message: 'needs `users`, or nobody could ever send' });
  }
  if (settings.tls !== null) issues.push(...tlsProblems(settings.tls));
  if (settings.authNeedsTls && settings.tls === null) {
    issues.push({ path: 'authNeedsTls', message: 'needs `tls`, or nobody could ever authenticate' });
  }
  for (const keyword of settings.withhold) {
    if (!WITHHOLDABLE.includes(keyword)) {
      issues.push({ path: 'withhold', message: `knows only ${WITHHOLDABLE.join(', ')}`, received: keyword });
    }
  }
  settings.faults.forEach((row, index) => {
    for (const { key, message } of faultProblems(row)) issues.push({ path: `faults.${String(index)}.${key}`, message });
  });
  if (issues.length > 0) {
    const list = issues.map((issue) => `${issue.path} ${issue.message}`).join('; ');
    throw new PostrushError('E_CONFIG', `the sink's options are unusable: ${list}`, { issues });
  }
  return settings;
}

function tlsProblems({
  clientCa,
  requireClientCert = false,
  minVersion = 'TLSv1.2',
  maxVersion = 'TLSv1.3',
}: SinkTls): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  for (const [key, version] of Object.entries({ minVersion, maxVersion })) {
    if (SINK_TLS_VERSIONS.includes(version)) continue;
    issues.push({ path: `tls.${key}`, message: `takes ${SINK_TLS_VERSIONS.join(', ')}`, received: version });
  }
  if (SINK_TLS_VERSIONS.indexOf(minVersion) > SINK_TLS_VERSIONS.indexOf(maxVersion)) {
    issues.push({ path: 'tls.minVersion', message: `is above \`maxVersion\` (${maxVersion})`, received: minVersion });
  }
  if (requireClientCert && clientCa === undefined) {
    issues.push({ path: 'tls.requireClientCert', message: 'needs `clientCa`, or no certificate would do' });
  }
  return issues;
}

function isCountFrom1(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

/** Something wrong with a row, and the key where it shows. */
interface FaultProblem {
  readonly key: keyof FaultRow;
  readonly message: string;
}

function faultProblems(row: FaultRow): FaultProblem[] {
  return [...actionProblems(row), ...occasionProblems(row)];
}

/** What is wrong with what a row does. */
function actionProblems(row: FaultRow): FaultProblem[] {
  const problems: FaultProblem[] = [];
  const acts = row.reply ?? row.raw ?? row.stopReading ?? (row.then === 'continue' ? undefined : row.then);
  if (
    acts === undefined &&
    (row.on === 'content' || row.on === 'contentChunk' || (row.delayMs ?? row.dripMs) === undefined)
  ) {
    problems.push({
      key: 'on',
      message:
        'the row does nothing: give it `reply`, `raw`, `then`, `stopReading` or, where a reply is due, `delayMs`',
    });
  }
  if (row.on === 'tls' && row.stopReading === true) {
    problems.push({ key: 'stopReading', message: "a handshake stalls with `then: 'silence'`" });
  }
  if (row.reply !== undefined && row.raw !== undefined) {
    problems.push({ key: 'raw', message: '`reply` and `raw` exclude each other' });
  }
  if (row.reply !== undefined && !/^\d{3}([ -][^\r\n]*)?(\r\n\d{3}([ -][^\r\n]*)?)*$/.test(row.reply)) {
    const message = '`reply` must be lines of three digits and text, between them CRLF; `raw` sends anything';
    problems.push({ key: 'reply', message });
  }
  if (row.raw !== undefined && /[^\0-\xff]/.test(row.raw)) {
    problems.push({ key: 'raw', message: '`raw` must be Latin-1: one character per octet' });
  }
  const { raw, repeat } = row;
  if (repeat !== undefined && (raw === undefined || !isCountFrom1(repeat) || repeat * raw.length > RAW_OCTETS_MAX)) {
    const message = '`repeat` counts from 1 and needs `raw` beside it; both together make at most 64 MiB';
    problems.push({ key: 'repeat', message });
  }
  const delay = row.delayMs === undefined ? null : delayProblem(row.delayMs);
  if (delay !== null) problems.push({ key: 'delayMs', message: `\`delayMs\` ${delay}` });
  if (row.dripMs !== undefined && !isDuration(row.dripMs)) {
    problems.push({ key: 'dripMs', message: '`dripMs` must be milliseconds, 0 or more' });
  }
  return problems;
}

/** What is wrong with when a row strikes. */
function occasionProblems(row: FaultRow): FaultProblem[] {
  const { probability, fromSec = 0, untilSec = Infinity, ratePerSec } = row;
  const problems: FaultProblem[] = [];
  if (!FAULT_EVENTS.includes(row.on)) {
    problems.push({ key: 'on', message: `\`on\` knows only ${FAULT_EVENTS.join(', ')}` });
  }
  if (row.matching !== undefined && LINELESS_EVENTS.includes(row.on)) {
    problems.push({ key: 'matching', message: `\`matching\` needs a command line, and \`${row.on}\` has none` });
  }
  for (const key of ['nth', 'everyNth'] as const) {
    const value = row[key];
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 1)) {
      problems.push({ key, message: `\`${key}\` counts from 1` });
    }
  }
  if (row.after !== undefined && (!Number.isSafeInteger(row.after) || row.after < 0)) {
    problems.push({ key: 'after', message: '`after` counts from 0' });
  }
  if (row.perSession === true && (row.nth ?? row.everyNth ?? row.after) === undefined) {
    problems.push({ key: 'perSession', message: '`perSession` needs `nth`, `everyNth` or `after` to count for' });
  }
  if (probability !== undefined && !(probability > 0 && probability <= 1)) {
    problems.push({ key: 'probability', message: '`probability` must be above 0 and at most 1' });
  }
  if (!(fromSec >= 0) || !(untilSec > fromSec)) {
    const message = '`fromSec` and `untilSec` are seconds, 0 or more, the first below the second';
    problems.push({ key: fromSec >= 0 ? 'untilSec' : 'fromSec', message });
  }
  if (ratePerSec !== undefined && !(ratePerSec > 0 && Number.isFinite(ratePerSec))) {
    problems.push({ key: 'ratePerSec', message: '`ratePerSec` must be above 0' });
  }
  return problems;
}
