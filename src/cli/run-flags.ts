/** The flags of `run`: one table from which the command line, the environment and the help are made. */
import { CREDENTIALS_ORDERS } from '../plan/accounts.js';
import { listOf } from '../plan/option-reader.js';
import { DEFAULTS } from '../plan/options.js';
import { AUTH_CHOICES } from '../plan/read-auth.js';
import { formatDuration, formatSize } from '../plan/units.js';
import { byDefault, type RunFlag, type RunFlagGroup } from './run-flag.js';
import { LOAD_FLAGS } from './run-load-flags.js';

export type { RunFlag } from './run-flag.js';

/** How progress is told on stderr. */
export const PROGRESS_MODES = ['line', 'json', 'none'] as const;
/** One of the ways to tell progress. */
export type ProgressMode = (typeof PROGRESS_MODES)[number];

/** Flags of what a run prints and keeps. */
export const OUTPUT_TITLE = 'Output:';
/** Flags of how it is judged. */
export const VERDICT_TITLE = 'Verdict:';

/** All flags of `run`, in the order of the help. */
export const RUN_FLAG_GROUPS: readonly RunFlagGroup[] = [
  {
    title: 'Scenario:',
    flags: [
      {
        usage: '-f, --scenario <file>',
        kind: 'value',
        option: null,
        help: 'what to do, as YAML; flags and environment win over it',
      },
      {
        usage: '--print-config',
        kind: 'switch',
        option: null,
        help: 'print every value with where it came from, and send nothing',
      },
    ],
  },
  LOAD_FLAGS,
  {
    title: 'Messages (%d in an address becomes a number):',
    flags: [
      {
        usage: '-R, --rcpt <n>',
        kind: 'value',
        option: 'recipients',
        help: `recipients per message ${byDefault(DEFAULTS.recipients)}`,
      },
      {
        usage: '-l, --size <size>',
        kind: 'value',
        option: 'size',
        help: `octets of headers and body ${byDefault(formatSize(DEFAULTS.messageBytes))}`,
      },
      { usage: '--message <file>', kind: 'file', option: 'message', help: 'send this message (.eml) instead' },
      {
        usage: '--from <address>',
        kind: 'value',
        option: 'from',
        help: `sender, numbered by message; "<>" is the null sender ${byDefault(DEFAULTS.from)}`,
      },
      {
        usage: '--to <address>',
        kind: 'value',
        option: 'to',
        help: `recipient, numbered; -R above 1 needs %d ${byDefault(DEFAULTS.to)}`,
      },
      {
        usage: '--addresses <n>',
        kind: 'value',
        option: 'addresses',
        help: `recipient numbers wrap after so many ${byDefault(DEFAULTS.addresses)}`,
      },
      {
        usage: '--subject <text>',
        kind: 'value',
        option: 'subject',
        help: `subject ${byDefault(`"${DEFAULTS.subject}"`)}`,
      },
    ],
  },
  {
    title: 'Extensions (a server that does not offer one of them gets no messages):',
    flags: [
      {
        usage: '--bdat [size]',
        kind: 'value',
        option: 'bdat',
        help: 'content by BDAT, in chunks of this size or in one (CHUNKING)',
      },
      { usage: '--declare-size', kind: 'switch', option: 'declareSize', help: 'MAIL says SIZE' },
      {
        usage: '--8bitmime',
        kind: 'switch',
        option: 'eightBitMime',
        help: 'MAIL says BODY=8BITMIME, generated text is UTF-8',
      },
      {
        usage: '--smtputf8',
        kind: 'switch',
        option: 'smtpUtf8',
        help: 'MAIL says SMTPUTF8, addresses may be more than ASCII',
      },
      {
        usage: '--dsn <parameters>',
        kind: 'value',
        option: 'dsn',
        help: "parameters of DSN: 'RET=HDRS ENVID=x%d NOTIFY=FAILURE ORCPT=rfc822;y'",
      },
      { usage: '--requiretls', kind: 'switch', option: 'requireTls', help: 'MAIL says REQUIRETLS' },
      {
        usage: '--xclient <name=value>',
        kind: 'list',
        option: 'xclient',
        help: 'attribute of XCLIENT, said behind EHLO; may be repeated',
      },
      {
        usage: '--xforward <name=value>',
        kind: 'list',
        option: 'xforward',
        help: 'attribute of XFORWARD, said before every MAIL; may be repeated',
      },
    ],
  },
  {
    title: 'Other sessions than connect, messages, QUIT:',
    flags: [
      {
        usage: '--steps <list>',
        kind: 'value',
        option: 'steps',
        help: 'one session: \'ehlo noop vrfy:postmaster quit\', of ehlo helo starttls auth mail rcpt data rset noop vrfy:x expn:x help[:x] raw:"x y" hold:TIME quit drop',
      },
      { usage: '--auth-only', kind: 'switch', option: 'authOnly', help: 'connect, authenticate, QUIT' },
      { usage: '--hold <time>', kind: 'value', option: 'hold', help: 'connect, stay idle for so long, QUIT' },
      {
        usage: '--drop-after <step>',
        kind: 'value',
        option: 'dropAfter',
        help: 'close without a word behind the reply to connect, greeting, ehlo, starttls, auth, mail, rcpt, data or endOfData',
      },
      {
        usage: '--retry <time>',
        kind: 'value',
        option: 'retry',
        help: 'try deferred messages again after so long, or after=30s,factor=2,max=10m,attempts=5',
      },
    ],
  },
  {
    title: 'Sessions:',
    flags: [
      {
        usage: '--helo <name>',
        kind: 'value',
        option: 'helo',
        help: `name for EHLO ${byDefault(DEFAULTS.helo)}`,
      },
      {
        usage: '--pipelining <mode>',
        kind: 'value',
        option: 'pipelining',
        help: `auto: where offered; on: must be offered; off: lock-step; across: content and next envelope in one write; force: even if not offered ${byDefault(DEFAULTS.pipelining)}`,
      },
      {
        usage: '--local-address <list>',
        kind: 'list',
        option: 'localAddresses',
        help: 'connect from these addresses in turn: single ones, 127.0.0.2-127.0.0.50, 127.0.0.0/28; may be repeated',
      },
      {
        usage: '--proxy <version>',
        kind: 'value',
        option: 'proxy',
        help: 'begin connections with a header of the PROXY protocol (HAProxy): v1 or v2',
      },
      {
        usage: '--proxy-source <list>',
        kind: 'list',
        option: 'proxySources',
        help: `addresses that the PROXY header names in turn; may be repeated ${byDefault(`${DEFAULTS.proxySourcesIpv4} or ${DEFAULTS.proxySourcesIpv6}`)}`,
      },
      {
        usage: '--close <way>',
        kind: 'value',
        option: 'close',
        help: `how connections end that the server does not close first: fin or rst ${byDefault(DEFAULTS.close)}`,
      },
      {
        usage: '--timeout <time>',
        kind: 'list',
        option: 'timeouts',
        help: `deadline of every step, or step=time; may be repeated ${byDefault(
          `connect ${formatDuration(DEFAULTS.timeoutConnectMs)}, endOfData ${formatDuration(DEFAULTS.timeoutEndOfDataMs)}, others ${formatDuration(DEFAULTS.timeoutOtherMs)}`,
        )}`,
      },
      {
        usage: '--auth <mechanism>',
        kind: 'value',
        option: 'auth',
        help: `authenticate with ${listOf(AUTH_CHOICES)}; plain-late is PLAIN that waits for an empty 334, auto the strongest mechanism offered`,
      },
      { usage: '--user <name>', kind: 'value', option: 'user', help: 'user for --auth' },
      {
        usage: '--password-file <file>',
        kind: 'file',
        option: 'password',
        help: 'password for --auth, or the token of xoauth2 and oauthbearer; POSTRUSH_PASSWORD does as well',
      },
      {
        usage: '--credentials <file>',
        kind: 'file',
        option: 'credentials',
        help: 'CSV of accounts in place of --user and --password-file: a header with the columns user and password',
      },
      {
        usage: '--credentials-order <order>',
        kind: 'value',
        option: 'credentialsOrder',
        help: `which account a session takes: ${listOf(CREDENTIALS_ORDERS)}; sticky: every one of the -s places keeps its own ${byDefault(DEFAULTS.credentialsOrder)}`,
      },
      {
        usage: '--auth-wrong <percent>',
        kind: 'value',
        option: 'authWrong',
        help: `share of the sessions that say a wrong password on purpose ${byDefault(DEFAULTS.authWrongPercent)}`,
      },
      {
        usage: '--tls <mode>',
        kind: 'value',
        option: 'tls',
        help: `STARTTLS: off, opportunistic or required ${byDefault(`${DEFAULTS.tls} for smtp://`)}`,
      },
      { usage: '--tls-ca <file>', kind: 'file', option: 'tlsCa', help: 'PEM of the roots to trust' },
      {
        usage: '--tls-cert <file>',
        kind: 'file',
        option: 'tlsCert',
        help: 'PEM of the certificate to show, with its chain; needs --tls-key',
      },
      { usage: '--tls-key <file>', kind: 'file', option: 'tlsKey', help: 'PEM of the key to it, not encrypted' },
      {
        usage: '--tls-servername <name>',
        kind: 'value',
        option: 'tlsServername',
        help: 'name to verify in place of the host',
      },
      {
        usage: '--tls-share <percent>',
        kind: 'value',
        option: 'tlsShare',
        help: `share of the sessions that use STARTTLS, the others stay in clear ${byDefault(DEFAULTS.tlsSharePercent)}`,
      },
      {
        usage: '--tls-min <version>',
        kind: 'value',
        option: 'tlsMin',
        help: `lowest version of TLS, TLSv1.2 or TLSv1.3 ${byDefault(DEFAULTS.tlsMin)}`,
      },
      {
        usage: '--tls-max <version>',
        kind: 'value',
        option: 'tlsMax',
        help: `highest version of TLS ${byDefault(DEFAULTS.tlsMax)}`,
      },
      { usage: '--tls-ciphers <list>', kind: 'value', option: 'tlsCiphers', help: 'ciphers as OpenSSL lists them' },
      {
        usage: '--tls-groups <list>',
        kind: 'value',
        option: 'tlsGroups',
        help: 'groups of the key exchange, such as X25519:P-256',
      },
      {
        usage: '--tls-resume <share>',
        kind: 'value',
        option: 'tlsResume',
        help: 'resume earlier TLS sessions: off, on, or a percentage of the sessions (default: off)',
      },
      { usage: '--tls-insecure', kind: 'switch', option: 'tlsInsecure', help: 'skip verification of certificates' },
    ],
  },
  {
    title: VERDICT_TITLE,
    flags: [
      {
        usage: '--slo <objective>',
        kind: 'list',
        option: 'objectives',
        help: "objective, exit 1 when missed: 'endOfData.p99 < 250ms', 'deferred.rate < 0.1% over 30s after 1m', 'replies.421 == 0', 'accepted.rate >= 500/s'; may be repeated",
      },
      {
        usage: '--abort-on-fail',
        kind: 'switch',
        option: 'abortOnFail',
        help: 'end as soon as an objective is missed',
      },
      {
        usage: '--gate <bound>',
        kind: 'list',
        option: 'gates',
        help: "bound of the generator's health, in place of the usual one: 'lag.p99 < 20ms', utilisation=off; may be repeated",
      },
    ],
  },
  {
    title: OUTPUT_TITLE,
    flags: [
      {
        usage: '--out <dir>',
        kind: 'value',
        option: null,
        help: 'directory that keeps the run, for postrush report; none keeps nothing (default: runs/<time>-<name>)',
      },
      { usage: '--no-out', kind: 'switch', option: null, help: 'the same as --out none' },
      { usage: '--json <file>', kind: 'value', option: null, help: 'write the result as JSON; "-" is stdout, alone' },
      {
        usage: '--junit <file>',
        kind: 'value',
        option: null,
        help: 'write verdict, objectives and gates as JUnit XML',
      },
      { usage: '-q, --quiet', kind: 'switch', option: null, help: 'no progress and one line of report' },
      {
        usage: '--progress <mode>',
        kind: 'value',
        option: null,
        help: `progress on stderr: ${PROGRESS_MODES.join(', ')} ${byDefault(PROGRESS_MODES[0])}`,
      },
      { usage: '--no-progress', kind: 'switch', option: null, help: 'the same as --progress none' },
    ],
  },
  {
    title: 'Consent (command line only):',
    flags: [
      {
        usage: '--allow-target <host>',
        kind: 'list',
        option: 'allowTargets',
        help: 'this host may get load though it is not private; may be repeated',
        isConsent: true,
      },
      {
        usage: '--allow-domain <domain>',
        kind: 'list',
        option: 'allowDomains',
        help: 'sender and recipients may be there though it is not reserved for tests; may be repeated',
        isConsent: true,
      },
      {
        usage: '--auth-clear',
        kind: 'switch',
        option: 'authClear',
        help: 'send passwords and tokens without TLS off loopback',
        isConsent: true,
      },
    ],
  },
];

/** All flags of `run` without their groups. */
export const RUN_FLAGS: readonly RunFlag[] = RUN_FLAG_GROUPS.flatMap((group) => group.flags);

/** The flags of `explain`: all of `run` but those that are about what a run prints. */
export const EXPLAIN_FLAGS: readonly RunFlag[] = RUN_FLAG_GROUPS.filter(({ title }) => title !== OUTPUT_TITLE)
  .flatMap((group) => group.flags)
  .filter(({ usage }) => usage !== '--print-config');

/** `--sessions` of `-s, --sessions <n>`. */
export function longName(flag: Pick<RunFlag, 'usage'>): string {
  return /--[a-z0-9-]+/.exec(flag.usage)?.[0] ?? flag.usage;
}

/** The environment variable that stands for a flag: `POSTRUSH_SESSIONS`. Null: consent, or the negation of another flag. */
export function variableOf(flag: RunFlag): string | null {
  const name = longName(flag);
  if (flag.isConsent === true || name.startsWith('--no-')) return null;
  return `POSTRUSH_${name.slice(2).replaceAll('-', '_').toUpperCase()}`;
}
