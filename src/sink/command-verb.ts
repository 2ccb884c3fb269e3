/** Tells commands apart by their first four letters, case aside (RFC 5321 §2.4), and says where each is counted. */
import type { CommandCounts } from './sink-counters.js';
import type { FaultEvent } from './sink-options.js';

/** The commands a sink knows, as small integers. */
export const Verb = {
  unknown: 0,
  ehlo: 1,
  helo: 2,
  starttls: 3,
  auth: 4,
  mail: 5,
  rcpt: 6,
  data: 7,
  rset: 8,
  noop: 9,
  vrfy: 10,
  help: 11,
  quit: 12,
  /** A command of SMTP that this server does not perform: TURN, ETRN. */
  unimplemented: 13,
  lhlo: 14,
  /** A chunk of content (RFC 3030 §2). */
  bdat: 15,
  expn: 16,
} as const;
/** A command's integer. */
export type Verb = (typeof Verb)[keyof typeof Verb];

/** BDAT with its size and LAST; nothing here is larger than 15 digits. */
export const BDAT_LINE = /^bdat (\d{1,15})( last)?$/i;

const LOWER_CASE = 0x20202020;
const SPACE = 0x20;

/** The verb of a command line without its line end. */
export function verbOf(line: string): Verb {
  const verb = VERBS.get(fourLetters(line));
  if (verb === undefined) return Verb.unknown;
  if (verb === Verb.starttls) return /^starttls(?: |$)/i.test(line) ? verb : Verb.unknown;
  return line.length === 4 || line.charCodeAt(4) === SPACE ? verb : Verb.unknown;
}

function fourLetters(line: string): number {
  const letters =
    (line.charCodeAt(0) << 24) | (line.charCodeAt(1) << 16) | (line.charCodeAt(2) << 8) | line.charCodeAt(3);
  return letters | LOWER_CASE;
}

const VERBS = new Map<number, Verb>([
  [fourLetters('ehlo'), Verb.ehlo],
  [fourLetters('helo'), Verb.helo],
  [fourLetters('star'), Verb.starttls],
  [fourLetters('auth'), Verb.auth],
  [fourLetters('mail'), Verb.mail],
  [fourLetters('rcpt'), Verb.rcpt],
  [fourLetters('data'), Verb.data],
  [fourLetters('rset'), Verb.rset],
  [fourLetters('noop'), Verb.noop],
  [fourLetters('vrfy'), Verb.vrfy],
  [fourLetters('help'), Verb.help],
  [fourLetters('quit'), Verb.quit],
  [fourLetters('expn'), Verb.expn],
  [fourLetters('turn'), Verb.unimplemented],
  [fourLetters('etrn'), Verb.unimplemented],
  [fourLetters('lhlo'), Verb.lhlo],
  [fourLetters('bdat'), Verb.bdat],
]);

/** By verb: its key in the counters, which is the step that its replies are counted under. */
const STEPS: readonly (keyof CommandCounts)[] = [
  'unknown',
  'ehlo',
  'ehlo',
  'starttls',
  'auth',
  'mail',
  'rcpt',
  'data',
  'rset',
  'noop',
  'vrfy',
  'help',
  'quit',
  'unknown',
  'ehlo',
  'bdat',
  'expn',
];

/** By verb: where fault rows can meet it. */
const EVENTS: readonly (FaultEvent | null)[] = [
  'unknown',
  'ehlo',
  'helo',
  'starttls',
  'auth',
  'mail',
  'rcpt',
  'data',
  'rset',
  'noop',
  'vrfy',
  'help',
  'quit',
  'unknown',
  'lhlo',
  // Answered behind its octets, where the session asks for its fault.
  null,
  'expn',
];

/** The step that a command and its replies are counted under. */
export function stepOf(verb: Verb): keyof CommandCounts {
  return STEPS[verb] ?? 'unknown';
}

/** Where a fault row can meet a command, or null. */
export function eventOf(verb: Verb): FaultEvent | null {
  return EVENTS[verb] ?? null;
}
