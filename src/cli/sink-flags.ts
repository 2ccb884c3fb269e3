/** The flags of `sink`: one table from which the command line and the help are made. */
import { formatDuration, formatSize } from '../plan/units.js';
import { SINK_PRESETS } from '../sink/presets.js';
import { SAVED_MESSAGES_DEFAULT, SINK_DEFAULTS, SINK_TLS_VERSIONS } from '../sink/sink-options.js';
import type { SinkOptions } from '../sink/sink-options.js';

/** One flag of `sink`. */
export interface SinkFlag {
  /** As the help shows it: `--listen <address>`. */
  readonly usage: string;
  /** How its value is read; `list`: may be repeated; `switch`: takes none. */
  readonly kind: 'text' | 'list' | 'count' | 'size' | 'time' | 'switch';
  /** The option that the flag sets as it stands; null: it is read where it is used. */
  readonly option: keyof SinkOptions | null;
  /** What it means, with its default. */
  readonly help: string;
}

/** Where `postrush sink` listens unless told otherwise. */
export const DEFAULT_LISTEN = 'smtp://127.0.0.1:2525';

/** All flags of `sink`, in the order of the help. */
export const SINK_FLAGS: readonly SinkFlag[] = [
  {
    usage: '--listen <address>',
    kind: 'list',
    option: 'listen',
    help: `smtp://, smtps:// or lmtp://address[:port], smtp+unix:/path, lmtp+unix:/path; may be repeated (default: ${DEFAULT_LISTEN})`,
  },
  {
    usage: '--name <host>',
    kind: 'text',
    option: 'name',
    help: `name in greeting and EHLO (default: ${SINK_DEFAULTS.name})`,
  },
  { usage: '--user <name:password>', kind: 'list', option: null, help: 'offer AUTH to this user; may be repeated' },
  {
    usage: '--users <file>',
    kind: 'text',
    option: null,
    help: 'offer AUTH to the users of a file, name:password by line',
  },
  { usage: '--require-auth', kind: 'switch', option: 'requireAuth', help: 'MAIL needs AUTH first' },
  {
    usage: '--auth-needs-tls',
    kind: 'switch',
    option: 'authNeedsTls',
    help: 'offer AUTH inside TLS only, 538 otherwise',
  },
  {
    usage: '--tls',
    kind: 'switch',
    option: null,
    help: 'offer STARTTLS; without --tls-cert with a certificate made at start, as for smtps://',
  },
  { usage: '--tls-cert <file>', kind: 'text', option: null, help: 'certificate, PEM' },
  { usage: '--tls-key <file>', kind: 'text', option: null, help: 'its key, PEM' },
  {
    usage: '--tls-min <version>',
    kind: 'text',
    option: null,
    help: `lowest version of TLS: ${SINK_TLS_VERSIONS.join(', ')} (default: TLSv1.2)`,
  },
  { usage: '--tls-max <version>', kind: 'text', option: null, help: 'highest version of TLS (default: TLSv1.3)' },
  {
    usage: '--tls-client-ca <file>',
    kind: 'text',
    option: null,
    help: 'ask clients for a certificate of these, PEM, and offer them AUTH EXTERNAL',
  },
  {
    usage: '--require-client-cert',
    kind: 'switch',
    option: null,
    help: 'end the handshake of a client without such a certificate',
  },
  {
    usage: '--withhold <keyword>',
    kind: 'list',
    option: 'withhold',
    help: 'do not offer this extension, such as PIPELINING, or this mechanism of AUTH; EHLO: refuse EHLO; may be repeated',
  },
  {
    usage: '--reply-delay <time>',
    kind: 'time',
    option: 'replyDelayMs',
    help: `wait before every reply (default: ${formatDuration(SINK_DEFAULTS.replyDelayMs)})`,
  },
  {
    usage: '--idle-timeout <time>',
    kind: 'time',
    option: 'idleTimeoutMs',
    help: `421 for a client that is silent for so long; 0s: never (default: ${formatDuration(SINK_DEFAULTS.idleTimeoutMs)})`,
  },
  {
    usage: '--max-recipients <n>',
    kind: 'count',
    option: 'maxRecipients',
    help: `recipients per message, 452 beyond (default: ${SINK_DEFAULTS.maxRecipients})`,
  },
  {
    usage: '--max-messages-per-session <n>',
    kind: 'count',
    option: 'maxMessagesPerSession',
    help: 'messages per session, 421 beyond; 0: no limit (default: 0)',
  },
  {
    usage: '--max-size <size>',
    kind: 'size',
    option: 'maxSize',
    help: `octets per message, 552 beyond (default: ${formatSize(SINK_DEFAULTS.maxSize)})`,
  },
  {
    usage: '--max-connections <n>',
    kind: 'count',
    option: 'maxConnections',
    help: 'connections at once, 421 beyond; 0: no limit (default: 0)',
  },
  {
    usage: '--greylist <time>',
    kind: 'time',
    option: 'greylistMs',
    help: '450 to a new sender and recipient for so long (default: 0s)',
  },
  {
    usage: '--processes <n>',
    kind: 'count',
    option: null,
    help: 'processes that share the load; limits and counts are those of all together (default: 1)',
  },
  {
    usage: '--save <dir>',
    kind: 'text',
    option: null,
    help: 'keep accepted messages as .eml there, the envelope beside as .json (default: they are discarded)',
  },
  {
    usage: '--save-limit <n>',
    kind: 'count',
    option: null,
    help: `keep so many of them, the first (default: ${String(SAVED_MESSAGES_DEFAULT)})`,
  },
  {
    usage: '--preset <name>',
    kind: 'text',
    option: null,
    help: `ready-made behaviour: ${Object.keys(SINK_PRESETS).join(', ')}; file and flags win over it`,
  },
  {
    usage: '--config <file>',
    kind: 'text',
    option: null,
    help: 'options and faults from a YAML file; flags win over it',
  },
  { usage: '--example', kind: 'switch', option: null, help: 'print such a file, with comments' },
  {
    usage: '--seed <n>',
    kind: 'count',
    option: 'seed',
    help: `seed of random faults (default: ${SINK_DEFAULTS.seed})`,
  },
  { usage: '-d, --duration <time>', kind: 'time', option: null, help: 'end after so long (default: until Ctrl-C)' },
  { usage: '--json <file>', kind: 'text', option: null, help: 'write what it saw as JSON at the end; - is stdout' },
  { usage: '-q, --quiet', kind: 'switch', option: null, help: 'no live line and no summary' },
];
