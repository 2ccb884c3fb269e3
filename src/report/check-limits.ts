/** The limits that a check found, each in a few plain words. */
import type { LimitFinding, LimitName, LossReason } from '../messages/check-record.js';
import { formatCount } from './quantities.js';

interface LimitWords {
  /** How a report calls it. */
  readonly title: string;
  /** What the one that was refused is called, before its number. */
  readonly one: string;
  readonly many: string;
}

const WORDS: Readonly<Record<LimitName, LimitWords>> = {
  recipients: { title: 'recipients of a message', one: 'recipient', many: 'recipients' },
  size: { title: 'SIZE told to MAIL', one: 'SIZE', many: 'octets' },
  transactions: { title: 'MAIL and RSET in a session', one: 'transaction', many: 'transactions' },
  badCommands: { title: 'unknown commands in a session', one: 'unknown command', many: 'unknown commands' },
  lineOctets: { title: 'octets of a command line', one: 'octet', many: 'octets' },
  connections: { title: 'connections at once', one: 'connection', many: 'connections' },
  messages: { title: 'messages in a session', one: 'message', many: 'messages' },
  messageOctets: { title: 'octets of a message', one: 'octet', many: 'octets' },
};

const ENDINGS: Partial<Record<LossReason, string>> = {
  closed: 'closed',
  reset: 'reset',
  refused: 'refused',
  timeout: 'silent',
};

/** How a report calls a limit. */
export function limitTitle(name: LimitName): string {
  return WORDS[name].title;
}

/** `452 at recipient 101`, `closed after 100 messages`, `no limit up to 2,000 recipients`. */
export function limitText({ name, outcome, passed, reply, loss, why }: LimitFinding): string {
  const { one, many } = WORDS[name];
  const because = why === '' ? '' : `: ${why}`;
  if (outcome === 'unknown') return `not known${because}`;
  if (outcome === 'none') return `no limit up to ${formatCount(passed)} ${passed === 1 ? one : many}${because}`;
  const next = `${one} ${formatCount(passed + 1)}`;
  const done = `${formatCount(passed)} ${passed === 1 ? one : many}`;
  // A last word that answers no command comes behind those that went well.
  if (reply !== null) return `${reply.code} ${loss === null ? `at ${next}` : `after ${done}`}`;
  const ending = loss === null ? 'ended' : (ENDINGS[loss] ?? loss);
  return loss === 'closed' || loss === 'reset' ? `${ending} after ${done}` : `${ending} at ${next}`;
}
