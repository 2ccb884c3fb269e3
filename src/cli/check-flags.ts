/** The flags of `check`: one table from which the command line and the help are made. */
import { LIMIT_CAPS, LIMIT_SEARCH_MS } from '../plan/check-plan.js';
import type { CheckOptions } from '../plan/check-plan.js';
import { DEFAULTS } from '../plan/options.js';
import { formatDuration, formatSize } from '../plan/units.js';

/** One flag of `check`. */
export interface CheckFlag {
  /** As the help shows it: `--helo <name>`. */
  readonly usage: string;
  /** `value`: takes one; `list`: may be repeated; `file`: takes the path of a file, whose content becomes the option. */
  readonly kind: 'value' | 'list' | 'file';
  /** The option that the flag sets; null: it is read where it is used. */
  readonly option: keyof CheckOptions | null;
  readonly help: string;
}

/** All flags of `check`, in the order of the help. */
export const CHECK_FLAGS: readonly CheckFlag[] = [
  {
    usage: '--helo <name>',
    kind: 'value',
    option: 'helo',
    help: `name for EHLO (default: ${DEFAULTS.helo})`,
  },
  {
    usage: '--from <address>',
    kind: 'value',
    option: 'from',
    help: `sender for MAIL, %d is its number (default: ${DEFAULTS.from})`,
  },
  {
    usage: '--to <address>',
    kind: 'value',
    option: 'to',
    help: `recipient for RCPT, %d is its number (default: ${DEFAULTS.to})`,
  },
  {
    usage: '--timeout <time>',
    kind: 'list',
    option: 'timeouts',
    help: `longest wait for an answer, or step=time; may be repeated (default: connect ${formatDuration(DEFAULTS.timeoutConnectMs)}, others ${formatDuration(DEFAULTS.timeoutOtherMs)})`,
  },
  { usage: '--tls-ca <file>', kind: 'file', option: 'tlsCa', help: 'PEM of the roots to trust' },
  {
    usage: '--tls-servername <name>',
    kind: 'value',
    option: 'tlsServername',
    help: 'name to look for in the certificate in place of the host',
  },
  {
    usage: '--limits [messages]',
    kind: 'value',
    option: null,
    help:
      `look for limits as well: up to ${LIMIT_CAPS.recipients} recipients, ${LIMIT_CAPS.transactions} transactions, ` +
      `${LIMIT_CAPS.badCommands} unknown commands, lines of ${LIMIT_CAPS.lineOctets} octets, ${LIMIT_CAPS.connections} connections at once; ` +
      `with "messages" also by up to ${LIMIT_CAPS.messages} messages, and two of the declared SIZE up to ${formatSize(LIMIT_CAPS.messageOctets)}; ` +
      `no search takes longer than ${formatDuration(LIMIT_SEARCH_MS)}`,
  },
  { usage: '--json <file>', kind: 'value', option: null, help: 'write the result as JSON; "-" is stdout, alone' },
  {
    usage: '--allow-target <host>',
    kind: 'list',
    option: 'allowTargets',
    help: 'this host may be asked though it is not private; may be repeated',
  },
  {
    usage: '--allow-domain <domain>',
    kind: 'list',
    option: 'allowDomains',
    help: 'sender and recipient may be there though it is not reserved for tests; may be repeated',
  },
];
