/**
 * What a user may write, and the only defaults. File contents stand here, not paths: reading files is the business of
 * whoever has a disk. Knows no command line beyond the names of its flags.
 */

import type { ScriptStep } from './script-steps.js';

/**
 * What a load test may be told. Everything but the target has a default. Values with units are text (`'10s'`, `'1KiB'`),
 * counts are numbers or decimal text.
 */
export interface LoadTestOptions {
  /**
   * `smtp://host[:port]` (25), `smtps://host[:port]` (465), `lmtp://host[:port]` (24), `smtp+unix:/path`,
   * `lmtp+unix:/path`, `smtp+mx://domain[:port]` or `host:port`. This or `targets` is needed.
   */
  readonly target?: string;
  /** Several of them. `,weight=N` behind one gives it N times as many clients as one without. */
  readonly targets?: readonly string[];
  /** Concurrent sessions over all workers; with arrivals the most that there may be. @defaultValue 20; 1,000 with arrivals */
  readonly sessions?: number | string;
  /** Closed load: the sessions begin one after the other over so long, from time zero. @defaultValue `'0s'` */
  readonly ramp?: string;
  /**
   * Closed load: what a client waits between the end of its session and the next: `'2s'`, `'exponential 2s'` (its mean), or
   * `'uniform 1s..3s'`.
   *
   * @defaultValue nothing
   */
  readonly think?: string;
  /** Open load: so many clients arrive, whatever becomes of those before them: `'200/s'`, `'30/min'`. */
  readonly rate?: string;
  /** The same as a rate that changes: `'0/s ->(30s) 200/s ->(5m) 200/s; pause 30s; 400/s for 1m'`. It says when the run ends. */
  readonly profile?: string;
  /** How arrivals are spread along the rate: `even` or `poisson`. @defaultValue `'even'` */
  readonly arrivals?: string;
  /** What becomes of an arrival that finds no session free: `drop` or `queue`. @defaultValue `'drop'` */
  readonly onFull?: string;
  /** Arrivals are messages for sessions that are kept open, as an MTA with connection caching sends them. @defaultValue false */
  readonly reuse?: boolean;
  /** The measured time. @defaultValue `'10s'` when `messages` and `profile` are not given either */
  readonly duration?: string;
  /** Messages to attempt after the warm-up, over all workers. With `duration`, whichever is reached first ends the run. */
  readonly messages?: number | string;
  /** Messages per connection before QUIT and a new one; `'all'` keeps the connection. @defaultValue 1; `'all'` with `reuse` */
  readonly messagesPerSession?: number | string;
  /** Recipients per message; more than one needs `%d` in `to`. @defaultValue 1 */
  readonly recipients?: number | string;
  /** Octets of headers and body of a generated message. @defaultValue `'1KiB'` */
  readonly size?: number | string;
  /** A whole message to send in place of generated text. Text is sent as UTF-8; line ends become CRLF. */
  readonly message?: Uint8Array | string;
  /** Sessions to begin after the warm-up, over all workers, when they send no messages. */
  readonly connections?: number | string;
  /** Content by BDAT (RFC 3030): true for one chunk, or the octets of each. @defaultValue DATA */
  readonly bdat?: boolean | number | string;
  /** Declare the size in MAIL (RFC 1870). @defaultValue false */
  readonly declareSize?: boolean;
  /** BODY=8BITMIME (RFC 6152). @defaultValue false */
  readonly eightBitMime?: boolean;
  /** SMTPUTF8 (RFC 6531). @defaultValue false */
  readonly smtpUtf8?: boolean;
  /** REQUIRETLS (RFC 8689). @defaultValue false */
  readonly requireTls?: boolean;
  /** Parameters of DSN (RFC 3461): `'RET=HDRS NOTIFY=FAILURE'`. */
  readonly dsn?: string;
  /**
   * A session as a list of steps: `'ehlo noop vrfy:postmaster quit'`, or the tree of a scenario file.
   *
   * @defaultValue the standard session
   */
  readonly steps?: string | readonly ScriptStep[];
  /** Sessions connect, authenticate and quit. @defaultValue false */
  readonly authOnly?: boolean;
  /** Sessions connect, and stay idle for so long. */
  readonly hold?: string;
  /** Sessions end without a word behind the last reply to this step. */
  readonly dropAfter?: string;
  /**
   * When deferred messages are tried again: `'30s'`, or `'after=30s,factor=2,max=10m,attempts=5,jitter=20%'`.
   *
   * @defaultValue never
   */
  readonly retry?: string;
  /** Attributes of XCLIENT, `NAME=value`, said behind EHLO. */
  readonly xclient?: string | readonly string[];
  /** Attributes of XFORWARD, `NAME=value`, said before every MAIL. */
  readonly xforward?: string | readonly string[];
  /** Reverse-path, `%d` is the number of the message; `''` or `'<>'` is the null reverse-path. @defaultValue `'sender%d@example.test'` */
  readonly from?: string;
  /** Forward-path, `%d` is the number of the recipient. @defaultValue `'user%d@example.test'` */
  readonly to?: string;
  /** Name for EHLO and HELO. @defaultValue `'postrush.test'` */
  readonly helo?: string;
  /** Subject of generated messages. @defaultValue `'postrush load test'` */
  readonly subject?: string;
  /**
   * SASL mechanism: `plain`, `plain-late` (PLAIN without an initial response), `login`, `cram-md5`, `scram-sha-1`,
   * `scram-sha-256`, `xoauth2`, `oauthbearer`, `external`, or `auto`, the strongest that the server offers.
   *
   * @defaultValue no authentication
   */
  readonly auth?: string;
  /** SASL user; `oauthbearer` and `external` need none. */
  readonly user?: string;
  /** SASL password; for `xoauth2` and `oauthbearer` the token. */
  readonly password?: string;
  /** Accounts as CSV, in place of `user` and `password`: a header that names the columns `user` and `password`, then one account a line. */
  readonly credentials?: string;
  /** Which session takes which account: `in-order`, `random` or `sticky`. @defaultValue `'in-order'` */
  readonly credentialsOrder?: string;
  /** Percentage of the sessions that say a wrong password on purpose. @defaultValue 0 */
  readonly authWrong?: number | string;
  /** STARTTLS: `off`, `opportunistic` or `required`. @defaultValue `'off'` for `smtp://` */
  readonly tls?: string;
  /** PEM of the roots to trust in place of Node's own list. */
  readonly tlsCa?: string;
  /** PEM of a certificate to show, with its chain; needs `tlsKey`. */
  readonly tlsCert?: string;
  /** PEM of the key to `tlsCert`, not encrypted. */
  readonly tlsKey?: string;
  /** Name for SNI and verification in place of the target's host. */
  readonly tlsServername?: string;
  /** Percentage of the sessions that use STARTTLS; the others stay in clear. @defaultValue 100 */
  readonly tlsShare?: number | string;
  /** Lowest version of TLS: `TLSv1.2` or `TLSv1.3`. @defaultValue `'TLSv1.2'` */
  readonly tlsMin?: string;
  /** Highest version of TLS. @defaultValue `'TLSv1.3'` */
  readonly tlsMax?: string;
  /** Ciphers as OpenSSL lists them. @defaultValue Node's own list */
  readonly tlsCiphers?: string;
  /** Groups of the key exchange, such as `'X25519:P-256'`. @defaultValue OpenSSL's own list */
  readonly tlsGroups?: string;
  /** Resumption of earlier TLS sessions: `off`, `on` or a percentage of the sessions. @defaultValue `'off'` */
  readonly tlsResume?: number | string;
  /** Skip the verification of the certificate. @defaultValue false */
  readonly tlsInsecure?: boolean;
  /** RFC 2920: `auto`, `on`, `off`, `across` or `force`. @defaultValue `'auto'` */
  readonly pipelining?: string;
  /** Deadlines: `'30s'` for every step, `'endOfData=60s'` for one. @defaultValue connect 10s, endOfData 60s, others 30s */
  readonly timeouts?: string | readonly string[];
  /** Load before the measured time. @defaultValue `'0s'` */
  readonly warmup?: string;
  /** Longest wait for messages under way at the end. @defaultValue `'5s'` */
  readonly drain?: string;
  /** The run ends after so long without a greeting of the server. @defaultValue `'30s'` */
  readonly giveUp?: string;
  /**
   * What the run is to achieve: `'endOfData.p99 < 250ms'`, `'deferred.rate < 0.1% over 30s after 1m'`,
   * `'newsletter/rcpt.p99 < 20ms'`. One that is missed makes the verdict `fail`.
   */
  readonly objectives?: string | readonly string[];
  /** The run ends as soon as an objective is missed. @defaultValue false */
  readonly abortOnFail?: boolean;
  /** Bounds of the generator's health: `'lag.p99 < 20ms'`, `'utilisation=off'`. */
  readonly gates?: string | readonly string[];
  /** Seed of everything random. @defaultValue 1 */
  readonly seed?: number | string;
  /** Worker threads. @defaultValue the number of cores, at most `sessions` */
  readonly workers?: number | string;
  /** Addresses of this machine to connect from in turn: single ones, ranges and CIDR blocks. @defaultValue the kernel's choice */
  readonly localAddresses?: string | readonly string[];
  /** Begin connections with a header of the PROXY protocol: `v1` or `v2`. @defaultValue no header */
  readonly proxy?: string;
  /** Addresses that the PROXY header names in turn, written as `localAddresses`. @defaultValue 192.0.2.1-192.0.2.254, or 2001:db8::1-2001:db8::fe */
  readonly proxySources?: string | readonly string[];
  /** How connections end that the server does not close first: `fin` or `rst`. @defaultValue `'fin'` */
  readonly close?: string;
  /** Connects in progress per worker. @defaultValue 256 */
  readonly connectLimit?: number | string;
  /** Recipient numbers wrap after so many. @defaultValue 100,000 */
  readonly addresses?: number | string;
  /** Hosts that may be the target though they are neither loopback nor private. */
  readonly allowTargets?: string | readonly string[];
  /** Domains, with their subdomains, that may be sender or recipient though they are not reserved for tests. */
  readonly allowDomains?: string | readonly string[];
  /** Passwords and tokens may be sent without TLS to a host that is not loopback. @defaultValue false */
  readonly authClear?: boolean;
}

/** The defaults. Names end in their unit. The number of workers depends on the machine and is not here. */
export const DEFAULTS = {
  sessions: 20,
  /** With arrivals: the most sessions at once. */
  sessionsAtMost: 1000,
  arrivals: 'even',
  onFull: 'drop',
  /** Holds when neither a duration nor a number of messages is given. */
  durationMs: 10_000,
  messagesPerSession: 1,
  recipients: 1,
  messageBytes: 1024,
  from: 'sender%d@example.test',
  to: 'user%d@example.test',
  helo: 'postrush.test',
  subject: 'postrush load test',
  tls: 'off',
  tlsSharePercent: 100,
  tlsMin: 'TLSv1.2',
  tlsMax: 'TLSv1.3',
  credentialsOrder: 'in-order',
  authWrongPercent: 0,
  /** Whoever counts handshakes wants whole ones. */
  tlsResumePercent: 0,
  pipelining: 'auto',
  timeoutConnectMs: 10_000,
  timeoutEndOfDataMs: 60_000,
  /** Every step but the two above. */
  timeoutOtherMs: 30_000,
  warmupMs: 0,
  rampMs: 0,
  drainMs: 5000,
  giveUpMs: 30_000,
  seed: 1,
  close: 'fin',
  connectLimit: 256,
  /** Addresses for documentation (RFC 5737, RFC 3849): no real client is ever accused. */
  proxySourcesIpv4: '192.0.2.1-192.0.2.254',
  proxySourcesIpv6: '2001:db8::1-2001:db8::fe',
  addresses: 100_000,
} as const;

/** How each option is called where users meet it: issues name options by these. */
export const OPTION_NAMES = {
  target: 'TARGET',
  targets: 'TARGET',
  sessions: '--sessions',
  ramp: '--ramp',
  think: '--think',
  rate: '--rate',
  profile: '--profile',
  arrivals: '--arrivals',
  onFull: '--on-full',
  reuse: '--reuse',
  duration: '--duration',
  messages: '--messages',
  messagesPerSession: '--messages-per-session',
  connections: '--connections',
  bdat: '--bdat',
  declareSize: '--declare-size',
  eightBitMime: '--8bitmime',
  smtpUtf8: '--smtputf8',
  requireTls: '--requiretls',
  dsn: '--dsn',
  steps: '--steps',
  authOnly: '--auth-only',
  hold: '--hold',
  dropAfter: '--drop-after',
  retry: '--retry',
  xclient: '--xclient',
  xforward: '--xforward',
  recipients: '--rcpt',
  size: '--size',
  message: '--message',
  from: '--from',
  to: '--to',
  helo: '--helo',
  subject: '--subject',
  auth: '--auth',
  user: '--user',
  password: '--password-file',
  credentials: '--credentials',
  credentialsOrder: '--credentials-order',
  authWrong: '--auth-wrong',
  tls: '--tls',
  tlsCa: '--tls-ca',
  tlsCert: '--tls-cert',
  tlsKey: '--tls-key',
  tlsServername: '--tls-servername',
  tlsShare: '--tls-share',
  tlsMin: '--tls-min',
  tlsMax: '--tls-max',
  tlsCiphers: '--tls-ciphers',
  tlsGroups: '--tls-groups',
  tlsResume: '--tls-resume',
  tlsInsecure: '--tls-insecure',
  pipelining: '--pipelining',
  timeouts: '--timeout',
  warmup: '--warmup',
  drain: '--drain',
  giveUp: '--give-up',
  objectives: '--slo',
  abortOnFail: '--abort-on-fail',
  gates: '--gate',
  seed: '--seed',
  workers: '--workers',
  localAddresses: '--local-address',
  proxy: '--proxy',
  proxySources: '--proxy-source',
  close: '--close',
  connectLimit: '--connect-limit',
  addresses: '--addresses',
  allowTargets: '--allow-target',
  allowDomains: '--allow-domain',
  authClear: '--auth-clear',
} as const satisfies Record<keyof LoadTestOptions, string>;
