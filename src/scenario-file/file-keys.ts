/**
 * The keys of a scenario file that are options of a run: which option each of them is, and what holds without it. The
 * schema of the file and `--print-config` are made from these tables. The values are judged where options are.
 */
import { DEFAULTS } from '../plan/options.js';
import type { LoadTestOptions } from '../plan/options.js';
import { formatDuration, formatSize } from '../plan/units.js';

/** One key. */
export interface FileKey {
  /** Its block and its name, or its name alone: `['tls', 'mode']`, `['helo']`. */
  readonly path: readonly string[];
  readonly option: keyof LoadTestOptions;
  /**
   * `value`: text or a number; `words`: one text or several; `file`: the path of a file whose content becomes the
   * option, counted from where the scenario file is; `attributes`: names and values; `deadlines`: times by step; `retries`:
   * a time, or a map of what else belongs to it; `stages`: a load profile as text, or part by part.
   */
  readonly kind:
    | 'value'
    | 'text'
    | 'secret'
    | 'switch'
    | 'words'
    | 'file'
    | 'attributes'
    | 'chunks'
    | 'deadlines'
    | 'retries'
    | 'stages';
  /** For editors and readers. */
  readonly about: string;
  /** What holds when nobody says anything; null: nothing does. */
  readonly fallback: string | null;
}

const key = (
  path: string,
  option: keyof LoadTestOptions,
  kind: FileKey['kind'],
  about: string,
  fallback: string | number | null = null,
): FileKey => ({ path: path.split('.'), option, kind, about, fallback: fallback === null ? null : String(fallback) });

const time = formatDuration;

/** What concerns the run as a whole. */
export const LOAD_KEYS: readonly FileKey[] = [
  key(
    'load.sessions',
    'sessions',
    'value',
    'Concurrent sessions over all workers; with arrivals the most at once',
    `${DEFAULTS.sessions}; ${DEFAULTS.sessionsAtMost} with arrivals`,
  ),
  key(
    'load.ramp',
    'ramp',
    'value',
    'Closed load: the sessions begin one after the other over so long',
    time(DEFAULTS.rampMs),
  ),
  key(
    'load.think',
    'think',
    'text',
    "Closed load: what a client waits before its next session: 2s, 'exponential 2s', 'uniform 1s..3s'",
  ),
  key('load.rate', 'rate', 'text', 'Open load: clients that arrive, 200/s, 30/min or 900/h'),
  key('load.profile', 'profile', 'stages', 'Open load: a rate that changes, as text or as a list of its parts'),
  key('load.arrivals', 'arrivals', 'text', 'even or poisson', DEFAULTS.arrivals),
  key('load.onFull', 'onFull', 'text', 'An arrival that finds no session free: drop or queue', DEFAULTS.onFull),
  key('load.reuse', 'reuse', 'switch', 'Arrivals are messages for sessions that are kept open', 'false'),
  key(
    'load.duration',
    'duration',
    'value',
    'The measured time: 30s, 5m',
    `${time(DEFAULTS.durationMs)} without messages, connections and profile`,
  ),
  key('load.messages', 'messages', 'value', 'Messages to attempt; with duration, whichever is reached first'),
  key('load.connections', 'connections', 'value', 'Sessions to begin, where they send no mail'),
  key('load.workers', 'workers', 'value', 'Worker threads', 'one per core, at most as many as sessions'),
  key(
    'load.warmup',
    'warmup',
    'value',
    'Load before the measured time; auto: until it is steady',
    time(DEFAULTS.warmupMs),
  ),
  key('load.drain', 'drain', 'value', 'Longest wait for messages under way at the end', time(DEFAULTS.drainMs)),
  key('load.giveUp', 'giveUp', 'value', 'The run ends after so long without a greeting', time(DEFAULTS.giveUpMs)),
  key('load.connectLimit', 'connectLimit', 'value', 'Connects in progress per worker', DEFAULTS.connectLimit),
  key('load.seed', 'seed', 'value', 'Seed of everything random', DEFAULTS.seed),
  key('objectives', 'objectives', 'words', "What the run is to achieve: 'endOfData.p99 < 250ms'"),
  key('abortOnFail', 'abortOnFail', 'switch', 'The run ends as soon as an objective is missed', 'false'),
  key('gates', 'gates', 'words', "Bounds of the generator's health: 'lag.p99 < 20ms', utilisation=off"),
];

/** What shapes sessions and messages. It may stand at the top for all scenarios, or in one of them. */
export const SCENARIO_KEYS: readonly FileKey[] = [
  key('helo', 'helo', 'text', 'Name for EHLO', DEFAULTS.helo),
  key('from', 'from', 'text', 'Reverse-path, %d is the number of the message; "<>" is the null one', DEFAULTS.from),
  key('to', 'to', 'text', 'Forward-path, %d is the number of the recipient', DEFAULTS.to),
  key('recipients', 'recipients', 'value', 'Recipients per message', DEFAULTS.recipients),
  key('addresses', 'addresses', 'value', 'Recipient numbers wrap after so many', DEFAULTS.addresses),
  key(
    'messagesPerSession',
    'messagesPerSession',
    'value',
    'Messages before QUIT and a new connection; all keeps it',
    DEFAULTS.messagesPerSession,
  ),
  key('pipelining', 'pipelining', 'text', 'auto, on, off, across or force (RFC 2920)', DEFAULTS.pipelining),
  key(
    'retry',
    'retry',
    'retries',
    'Try deferred messages again after so long: 30s, or { after, factor, max, attempts, jitter }',
  ),
  key('timeouts', 'timeouts', 'deadlines', 'Deadlines: one time for all steps, or times by step, all for the others'),
  key('message.size', 'size', 'value', 'Octets of headers and body: 4KiB', formatSize(DEFAULTS.messageBytes)),
  key('message.file', 'message', 'file', 'A message (.eml) to send in place of generated text'),
  key('message.subject', 'subject', 'text', 'Subject of generated messages', DEFAULTS.subject),
  key('tls.mode', 'tls', 'text', 'STARTTLS: off, opportunistic or required', `${DEFAULTS.tls} for smtp://`),
  key('tls.share', 'tlsShare', 'value', 'Percentage of the sessions that use STARTTLS', DEFAULTS.tlsSharePercent),
  key('tls.ca', 'tlsCa', 'file', 'PEM of the roots to trust'),
  key('tls.cert', 'tlsCert', 'file', 'PEM of the certificate to show, with its chain'),
  key('tls.key', 'tlsKey', 'file', 'PEM of the key to it, not encrypted'),
  key('tls.serverName', 'tlsServername', 'text', 'Name to verify in place of the host'),
  key('tls.min', 'tlsMin', 'text', 'Lowest version: TLSv1.2 or TLSv1.3', DEFAULTS.tlsMin),
  key('tls.max', 'tlsMax', 'text', 'Highest version', DEFAULTS.tlsMax),
  key('tls.ciphers', 'tlsCiphers', 'text', 'Ciphers as OpenSSL lists them'),
  key('tls.groups', 'tlsGroups', 'text', 'Groups of the key exchange: X25519:P-256'),
  key('tls.resume', 'tlsResume', 'value', 'Resume earlier TLS sessions: off, on or a percentage', 'off'),
  key('tls.insecure', 'tlsInsecure', 'switch', 'Skip verification of certificates', 'false'),
  key('auth.mechanism', 'auth', 'text', 'SASL mechanism, or auto for the strongest offered'),
  key('auth.user', 'user', 'text', 'SASL user'),
  key('auth.password', 'password', 'secret', 'Password or token; a file of its own is better'),
  key('auth.passwordFile', 'password', 'file', 'File that holds the password or the token'),
  key('auth.credentials', 'credentials', 'file', 'CSV of accounts, its header names the columns user and password'),
  key(
    'auth.order',
    'credentialsOrder',
    'text',
    'Which session takes which account: in-order, random or sticky',
    DEFAULTS.credentialsOrder,
  ),
  key('auth.wrong', 'authWrong', 'value', 'Percentage that says a wrong password', DEFAULTS.authWrongPercent),
  key('extensions.bdat', 'bdat', 'chunks', 'Content by BDAT: true for one chunk, or the size of each', 'false'),
  key('extensions.declareSize', 'declareSize', 'switch', 'MAIL says SIZE', 'false'),
  key('extensions.eightBitMime', 'eightBitMime', 'switch', 'MAIL says BODY=8BITMIME', 'false'),
  key('extensions.smtpUtf8', 'smtpUtf8', 'switch', 'MAIL says SMTPUTF8', 'false'),
  key('extensions.requireTls', 'requireTls', 'switch', 'MAIL says REQUIRETLS', 'false'),
  key('extensions.dsn', 'dsn', 'text', "Parameters of DSN: 'RET=HDRS NOTIFY=FAILURE'"),
  key('extensions.xclient', 'xclient', 'attributes', 'Attributes of XCLIENT, said behind EHLO'),
  key('extensions.xforward', 'xforward', 'attributes', 'Attributes of XFORWARD, said before every MAIL'),
  key('connection.localAddresses', 'localAddresses', 'words', 'Connect from these addresses in turn'),
  key('connection.proxy', 'proxy', 'text', 'Begin with a header of the PROXY protocol: v1 or v2'),
  key('connection.proxySources', 'proxySources', 'words', 'Addresses that the PROXY header names in turn'),
  key('connection.close', 'close', 'text', 'How connections end: fin or rst', DEFAULTS.close),
];

/** Both tables. */
export const FILE_KEYS: readonly FileKey[] = [...LOAD_KEYS, ...SCENARIO_KEYS];
