/**
 * What a server can do wrong, and at which step: the dimensions of the fault matrix as data, and the one outcome that is
 * right for each combination. A step, a fault or a kind of session more is one entry more in its list.
 */
import type { LoadTestOptions } from '../../src/plan/options.js';
import type { STEP_NAMES } from '../../src/protocol/steps.js';
import type { ErrorKindName } from '../../src/metrics/outcome.js';
import type { FaultEvent, FaultRow } from '../../src/sink/sink-options.js';

type StepName = (typeof STEP_NAMES)[number];

/** How the session is secured. */
export const SECURITIES = ['plain', 'starttls', 'implicit'] as const;
export type Security = (typeof SECURITIES)[number];

/** How commands are grouped: never, inside a message, also across messages. */
export const PIPELININGS = ['off', 'auto', 'across'] as const;
export type Pipelining = (typeof PIPELININGS)[number];

/** How content goes: behind DATA, in chunks (RFC 3030), or behind DATA with an answer for each recipient (RFC 2033). */
export const MANNERS = ['data', 'bdat', 'lmtp'] as const;
export type Manner = (typeof MANNERS)[number];

/** The deadline of the step that is waited for in vain; all others have the usual ones. */
export const DEADLINE_MS = 4_000;

/** Where a fault strikes: a step of the session, and the load that leads there. */
export interface Place {
  readonly name: string;
  /** The step that the error or the reply is counted under. */
  readonly step: StepName;
  readonly on: FaultEvent;
  /** Which of its occurrences, so that good ones come before it and the session would go on behind it. */
  readonly occurrence: (security: Security, manner: Manner) => Pick<FaultRow, 'nth' | 'matching'>;
  /** The right answer. */
  readonly good: (security: Security) => string;
  /** The right answer to what is sent next, where it would be wrong here. */
  readonly next?: string;
  /** Commands behind it that are then unanswered, DATA only where content goes so. Lock-step has none. */
  readonly behind: Readonly<Record<Exclude<Pipelining, 'off'>, readonly StepName[]>>;
  /** Messages that end with the session. */
  readonly underWay: Readonly<Record<Pipelining, number>>;
  readonly securities: readonly Security[];
  /** Absent: all. */
  readonly manners?: readonly Manner[];
  readonly load: Pick<LoadTestOptions, 'messages' | 'sessions' | 'messagesPerSession' | 'size'>;
  /** Rows of the fault table beside the one in question, and how many messages they reject. */
  readonly rows?: readonly FaultRow[];
  readonly rejected?: number;
}

/** Recipients of each message, so that one can be refused and the message go on. */
export const RECIPIENTS = 2;
/** Message 1 is the first of the second session; its sender and its first recipient have these numbers. */
const SECOND_SENDER = 'sender2@';
const SECOND_FIRST_RECIPIENT = 'user3@';
/** More than the buffers of two sockets hold. */
const SIZE_THAT_STALLS = 12_000_000;
/** Two chunks, and the last one. */
const CHUNK_OCTETS = 250;
const CHUNK_OCTETS_OF_BIG = 4_500_000;

const TWO_AT_ONCE = { messages: 6, sessions: 2, messagesPerSession: 3, size: 600 };
/** One session after the other, where the order in which two would come decides. */
const ONE_AFTER_THE_OTHER = { ...TWO_AT_ONCE, messages: 4, sessions: 1, messagesPerSession: 2 };

const ENVELOPE: readonly StepName[] = ['mail', 'rcpt', 'rcpt', 'data'];
const NOTHING_BEHIND = { auto: [], across: [] };
const ONE_UNDER_WAY = { off: 1, auto: 1, across: 1 };

const keywords = (lines: readonly string[]): string =>
  lines.map((line, index) => `250${index === lines.length - 1 ? ' ' : '-'}${line}`).join('\r\n');
/** Short, so that they can be dripped; EHLO is looked at in lock-step only. */
const EHLO_IN_CLEAR = keywords(['mx', 'STARTTLS', 'HELP']);
const EHLO = keywords(['mx', 'AUTH PLAIN', 'CHUNKING', 'HELP']);

/** The steps of a session, in their order. */
export const PLACES: readonly Place[] = [
  {
    name: 'greeting',
    step: 'greeting',
    on: 'connect',
    occurrence: () => ({ nth: 2 }),
    good: () => '220 mx ESMTP ready',
    next: '250 sink.test',
    behind: NOTHING_BEHIND,
    underWay: ONE_UNDER_WAY,
    securities: SECURITIES,
    load: TWO_AT_ONCE,
  },
  {
    name: 'ehlo',
    step: 'ehlo',
    on: 'ehlo',
    // The second session's; with STARTTLS the first has had two.
    occurrence: (security) => ({ nth: security === 'starttls' ? 3 : 2 }),
    good: (security) => (security === 'starttls' ? EHLO_IN_CLEAR : EHLO),
    next: '235 2.7.0 authenticated',
    behind: NOTHING_BEHIND,
    underWay: ONE_UNDER_WAY,
    securities: SECURITIES,
    load: ONE_AFTER_THE_OTHER,
  },
  {
    name: 'starttls',
    step: 'starttls',
    on: 'starttls',
    occurrence: () => ({ nth: 2 }),
    good: () => '220 2.0.0 ready to start TLS',
    behind: NOTHING_BEHIND,
    underWay: ONE_UNDER_WAY,
    securities: ['starttls'],
    load: TWO_AT_ONCE,
  },
  {
    name: 'tls',
    step: 'tls',
    on: 'tls',
    occurrence: () => ({ nth: 2 }),
    good: () => '',
    behind: NOTHING_BEHIND,
    underWay: ONE_UNDER_WAY,
    securities: ['starttls', 'implicit'],
    load: TWO_AT_ONCE,
  },
  {
    name: 'ehlo inside TLS',
    step: 'ehlo',
    on: 'ehlo',
    occurrence: () => ({ nth: 4 }),
    good: () => EHLO,
    next: '235 2.7.0 authenticated',
    behind: NOTHING_BEHIND,
    underWay: ONE_UNDER_WAY,
    securities: ['starttls'],
    load: ONE_AFTER_THE_OTHER,
  },
  {
    name: 'auth',
    step: 'auth',
    on: 'auth',
    occurrence: () => ({ nth: 2 }),
    good: () => '235 2.7.0 authenticated',
    next: '250 2.1.0 sender ok',
    behind: NOTHING_BEHIND,
    underWay: ONE_UNDER_WAY,
    securities: SECURITIES,
    load: TWO_AT_ONCE,
  },
  {
    name: 'mail',
    step: 'mail',
    on: 'mail',
    occurrence: () => ({ matching: SECOND_SENDER }),
    good: () => '250 2.1.0 sender ok, go on',
    behind: { auto: ['rcpt', 'rcpt', 'data'], across: ['rcpt', 'rcpt', 'data'] },
    underWay: ONE_UNDER_WAY,
    securities: SECURITIES,
    load: TWO_AT_ONCE,
  },
  {
    name: 'rcpt',
    step: 'rcpt',
    on: 'rcpt',
    occurrence: () => ({ matching: SECOND_FIRST_RECIPIENT }),
    good: () => '250 2.1.5 recipient ok',
    next: '354 go ahead',
    behind: { auto: ['rcpt', 'data'], across: ['rcpt', 'data'] },
    underWay: ONE_UNDER_WAY,
    securities: SECURITIES,
    load: TWO_AT_ONCE,
  },
  {
    name: 'data',
    step: 'data',
    on: 'data',
    occurrence: () => ({ nth: 2 }),
    good: () => '354 go ahead, with the dot behind',
    next: '250 2.0.0 message accepted',
    behind: NOTHING_BEHIND,
    underWay: ONE_UNDER_WAY,
    securities: SECURITIES,
    manners: ['data', 'lmtp'],
    load: TWO_AT_ONCE,
  },
  {
    // The first chunk of the second message of three in a session.
    name: 'bdat',
    step: 'bdat',
    on: 'bdat',
    occurrence: () => ({ nth: 3 }),
    good: () => '250 2.0.0 chunk taken, go on',
    behind: { auto: ['bdat', 'endOfData'], across: ['bdat', 'endOfData', ...ENVELOPE] },
    underWay: { off: 1, auto: 1, across: 2 },
    securities: SECURITIES,
    manners: ['bdat'],
    load: { ...TWO_AT_ONCE, sessions: 1 },
  },
  {
    // A small content is with the kernel before anybody can answer it: what goes wrong is the answer to its end.
    name: 'content',
    step: 'endOfData',
    on: 'content',
    occurrence: () => ({ nth: 2 }),
    good: () => '250 2.0.0 message accepted',
    behind: { auto: [], across: ENVELOPE },
    underWay: { off: 1, auto: 1, across: 2 },
    securities: SECURITIES,
    load: TWO_AT_ONCE,
  },
  {
    name: 'content too big for the buffers',
    step: 'transfer',
    on: 'content',
    occurrence: () => ({ nth: 1 }),
    good: () => '250 2.0.0 message accepted',
    behind: { auto: [], across: ENVELOPE },
    underWay: { off: 1, auto: 1, across: 2 },
    securities: SECURITIES,
    load: { messages: 2, sessions: 1, messagesPerSession: 2, size: SIZE_THAT_STALLS },
  },
  {
    // In LMTP the answer for the first recipient of the second message.
    name: 'endOfData',
    step: 'endOfData',
    on: 'endOfData',
    occurrence: (_, manner) => ({ nth: manner === 'lmtp' ? 3 : 2 }),
    good: () => '250 2.0.0 message accepted',
    behind: { auto: [], across: ENVELOPE },
    underWay: { off: 1, auto: 1, across: 2 },
    securities: SECURITIES,
    load: TWO_AT_ONCE,
  },
  {
    // Before messages 1 and 2, since nobody wanted 0 and 1.
    name: 'rset',
    step: 'rset',
    on: 'rset',
    occurrence: () => ({ nth: 2 }),
    good: () => '250 2.0.0 reset, begin anew',
    behind: { auto: ENVELOPE, across: ENVELOPE },
    underWay: ONE_UNDER_WAY,
    securities: SECURITIES,
    load: { ...TWO_AT_ONCE, messages: 8, sessions: 1, messagesPerSession: 4 },
    rows: [1, 2, 3, 4].map((number) => ({
      on: 'rcpt',
      matching: `<user${number}@`,
      reply: '550 5.1.1 nobody of that name',
    })),
    rejected: 2,
  },
  {
    name: 'quit',
    step: 'quit',
    on: 'quit',
    occurrence: () => ({ nth: 2 }),
    good: () => '221 2.0.0 bye, and come again',
    behind: NOTHING_BEHIND,
    underWay: { off: 0, auto: 0, across: 0 },
    securities: SECURITIES,
    load: TWO_AT_ONCE,
  },
];

/** One combination. */
export interface Cell {
  readonly place: Place;
  readonly fault: Fault;
  readonly security: Security;
  readonly pipelining: Pipelining;
  readonly manner: Manner;
}

/** What is right. */
export interface Expected {
  /** Messages that were not accepted; all others were. */
  readonly messages: Readonly<Partial<Record<'deferred' | 'rejected' | 'failed', number>>>;
  /** Recipients likewise, where it is not {@link RECIPIENTS} for each of those messages. */
  readonly recipients?: Expected['messages'];
  /** `mail closed`: 1 */
  readonly errors: Readonly<Record<string, number>>;
  /** A row of the reply table that must be there: `mail 450`. */
  readonly reply?: string;
  readonly failedSessions: number;
  /** Messages that the sink accepted though its answer did not arrive whole, or not as the answer to them. */
  readonly acceptedBySinkAlone?: number;
}

/** Something that a server does wrong. */
export interface Fault {
  /** What the server does: the subject of the test's sentence stands before it. */
  readonly name: string;
  readonly row: (place: Place, security: Security) => Omit<FaultRow, 'on' | 'nth' | 'matching'>;
  readonly expected: (cell: Cell) => Expected;
  /** Where it makes sense; absent: wherever a reply is due. */
  readonly where?: (place: Place) => boolean;
  /** From here on the sink obeys no command of this session. */
  readonly isLast?: boolean;
  /** Sessions come one after the other: what then waits depends on whether the message was the last one of its session. */
  readonly isAlone?: boolean;
}

const codeOf = (place: Place, security: Security): string => place.good(security).slice(0, 3);

/** What is outstanding beside the command of the place. */
function behindOf(cell: Cell): readonly StepName[] {
  const { place, pipelining, manner } = cell;
  const behind =
    pipelining === 'off' ? [] : place.behind[pipelining].filter((step) => step !== 'data' || manner !== 'bdat');
  if (hasBigChunks(cell)) return ['bdat', 'bdat', ...behind];
  // The other recipient's answer.
  return manner === 'lmtp' && place.step === 'endOfData' ? ['endOfData', ...behind] : behind;
}

/** In lock-step the content is on its way until its last chunk is sent. */
function isBetweenChunks({ place, pipelining }: Cell): boolean {
  return place.step === 'bdat' && pipelining === 'off';
}

/** A content that stalls, all its chunks in one write: their answers are due as well. */
function hasBigChunks({ place, pipelining, manner }: Cell): boolean {
  return isBig(place) && manner === 'bdat' && pipelining !== 'off';
}

/** How a combination wants its chunks: all in one, unless it is about them or about what is behind them. */
export function chunksOf(cell: Cell): true | number {
  if (hasBigChunks(cell)) return CHUNK_OCTETS_OF_BIG;
  return cell.place.on === 'content' ? true : CHUNK_OCTETS;
}

const isGrouped = ({ place, pipelining }: Cell): boolean => pipelining !== 'off' && place.behind[pipelining].length > 0;

function tally(...names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** The sink has accepted the message, whatever became of its answer. */
function acceptedBySink({ place, security, fault, manner, pipelining }: Cell): number {
  const { raw, reply, then = 'continue', stopReading = false } = fault.row(place, security);
  const octets = raw ?? reply ?? '';
  // The other recipient gets a 250 of its own.
  if (manner === 'lmtp' && place.step === 'endOfData' && then === 'continue' && !stopReading) return 1;
  // The other chunks are there already.
  if (place.on === 'bdat') {
    return pipelining !== 'off' && then === 'continue' && octets.startsWith('2') ? 1 : 0;
  }
  if (place.on === 'endOfData') return octets.startsWith('2') && octets.length > 2 ? 1 : 0;
  // Raw octets inside the content are said on top of the usual answer.
  return place.on === 'content' && raw !== undefined && then === 'continue' ? 1 : 0;
}

/** Nothing is lost. */
function harmless(): Expected {
  return { messages: {}, errors: {}, failedSessions: 0 };
}

/** The session breaks off at the place: every unanswered command fails once with that kind, and the messages with it. */
function broken(cell: Cell, kind: ErrorKindName): Expected {
  const { place, pipelining } = cell;
  const behind = isBetweenChunks(cell) ? ['transfer'] : behindOf(cell);
  // The oldest command first: it is its deadline that passes.
  const steps = hasBigChunks(cell) ? [...behind, place.step] : [place.step, ...behind];
  return {
    messages: { failed: place.underWay[pipelining] },
    errors: tally(...steps.map((step) => `${step} ${kind}`)),
    failedSessions: 1,
    acceptedBySinkAlone: acceptedBySink(cell),
  };
}

/** The command is refused: what that means for its message, by place. */
function refused(cell: Cell, outcome: 'deferred' | 'rejected', code: number): Expected {
  const { place, security, pipelining, manner } = cell;
  const reply = `${place.step} ${code}`;
  const rest = { errors: {}, reply };
  if (manner === 'lmtp' && place.step === 'endOfData') {
    return { ...rest, messages: {}, recipients: { [outcome]: 1 }, failedSessions: 0 };
  }
  switch (place.name) {
    case 'greeting':
    case 'starttls':
    case 'auth':
      return { ...rest, messages: { [outcome]: 1 }, failedSessions: 1 };
    case 'ehlo':
    case 'ehlo inside TLS': {
      // LMTP knows nothing but LHLO.
      if (outcome === 'deferred' || manner === 'lmtp') {
        return { ...rest, messages: { [outcome]: 1 }, failedSessions: 1 };
      }
      // HELO is tried, and offers nothing.
      const missing =
        security === 'starttls' && place.name === 'ehlo' ? 'starttls tlsNotOffered' : 'auth authNotOffered';
      return { messages: { failed: 1 }, errors: tally(missing), reply, failedSessions: 1 };
    }
    case 'rcpt':
      return { ...rest, messages: {}, recipients: { [outcome]: 1 }, failedSessions: 0 };
    case 'rset':
      // The transaction stays open, and the next MAIL is one too many. Lock-step goes on with MAIL, time and again, and
      // so does who sends no chunk; in a group DATA finds the old transaction with the new recipients, and the lone dot
      // ends it.
      return pipelining === 'off' || manner === 'bdat'
        ? { ...rest, messages: { rejected: 2 }, failedSessions: 0 }
        : { ...rest, messages: { rejected: 1 }, failedSessions: 0, acceptedBySinkAlone: 1 };
    case 'quit':
      return { ...rest, messages: {}, failedSessions: 0 };
    case 'bdat': {
      // In lock-step the other chunks are not sent.
      const errors = isBetweenChunks(cell) ? tally('transfer earlyReply') : {};
      return { messages: { [outcome]: 1 }, errors, reply, failedSessions: 0 };
    }
    default:
      return { ...rest, messages: { [outcome]: 1 }, failedSessions: 0 };
  }
}

/** 421: whatever is under way is deferred; what the server still owes fails as the connection does. */
function shutDown(cell: Cell, kind: ErrorKindName | null): Expected {
  const { place, pipelining } = cell;
  const behind = kind === null ? [] : behindOf(cell).map((step) => `${step} ${kind}`);
  return {
    messages: { deferred: place.underWay[pipelining] },
    errors: tally(...behind, ...(isBetweenChunks(cell) ? ['transfer earlyReply'] : [])),
    reply: `${place.step} 421`,
    failedSessions: 1,
    // Of the other recipient it thinks otherwise.
    acceptedBySinkAlone: cell.manner === 'lmtp' ? acceptedBySink(cell) : 0,
  };
}

/** The messages that end with the session once the place was answered as it should be. */
function underWayBehind({ place, pipelining }: Cell): number {
  return place.underWay[pipelining] - (place.step === 'endOfData' ? 1 : 0);
}

/**
 * Behind the right answer comes one too many. In a group it moves every later one by a place, up to a 250 for DATA, or
 * until the last one is nobody's.
 */
function oneTooMany(cell: Cell): Expected {
  const rest = { failedSessions: 1 };
  if (behindOf(cell).includes('data')) {
    return { ...rest, messages: { failed: underWayBehind(cell) }, errors: tally('data unexpectedCode') };
  }
  const errors = tally('session unaskedReply', ...(isBetweenChunks(cell) ? ['transfer unaskedReply'] : []));
  // Behind a chunk it takes the answer to the next, which then is that to the message.
  const isAccepted = cell.place.step === 'bdat' && !isBetweenChunks(cell);
  return { ...rest, messages: isAccepted ? {} : { failed: underWayBehind(cell) }, errors };
}

/** Behind the right answer comes something that is none. In clear behind the 220 of STARTTLS it is not even looked at. */
function garbageBehind(cell: Cell): Expected {
  const { place, manner } = cell;
  const behind = behindOf(cell).map((step) => `${step} malformed`);
  const alone = place.name === 'starttls' ? 'session unaskedReply' : 'session malformed';
  const errors = behind.length > 0 ? tally(...behind) : tally(alone);
  const rest = { messages: { failed: underWayBehind(cell) }, failedSessions: 1 };
  if (isBetweenChunks(cell)) return { ...rest, errors: tally(alone, 'transfer malformed') };
  // One recipient was answered, and so the message is accepted.
  if (manner === 'lmtp' && place.step === 'endOfData') return { ...rest, errors, recipients: { failed: 1 } };
  return { ...rest, errors, acceptedBySinkAlone: place.on === 'bdat' ? acceptedBySink(cell) : 0 };
}

/** 550 and 250 together: the first counts, and the second is one too many. */
function noAndYes(cell: Cell): Expected {
  const { place, manner } = cell;
  const one = oneTooMany(cell);
  if (manner === 'lmtp' && place.step === 'endOfData') return { ...one, recipients: { rejected: 1 } };
  const base = { ...one, acceptedBySinkAlone: acceptedBySink(cell) };
  switch (place.name) {
    case 'bdat':
    case 'greeting':
    case 'starttls':
    case 'auth':
    case 'data':
      return { ...base, messages: { rejected: 1 } };
    case 'mail':
      // DATA gets the 503 of a RCPT, so that its own is the one too many.
      return { ...base, messages: { rejected: 1 }, errors: tally('session unaskedReply') };
    case 'ehlo':
    case 'ehlo inside TLS':
      // LMTP knows nothing but LHLO; for HELO the 250 came too early.
      return manner === 'lmtp' ? { ...base, messages: { rejected: 1 } } : base;
    case 'content':
    case 'endOfData':
      return { ...base, messages: { rejected: 1, failed: underWayBehind(cell) } };
    case 'rcpt':
      return { ...base, recipients: { rejected: 1, failed: 1 } };
    case 'rset':
      // Without the RSET the next MAIL is one too many: its 503 comes to the first RCPT.
      return isGrouped(cell) ? { ...base, recipients: { rejected: 1, failed: 1 } } : base;
    default:
      return base;
  }
}

/** The right answer, and while the next command waits for its own, one more; then nothing. */
function oneLater(cell: Cell): Expected {
  const { place, security, pipelining, manner } = cell;
  const rest = { failedSessions: 1 };
  const isChunked = manner === 'bdat';
  const timeouts = (...steps: readonly StepName[]): Expected => ({
    ...rest,
    messages: { failed: 1 },
    errors: tally(...steps.map((step) => `${step} timeout`)),
  });
  switch (place.name) {
    case 'greeting': {
      const missing = security === 'starttls' ? 'starttls tlsNotOffered' : 'auth authNotOffered';
      return { ...rest, messages: { failed: 1 }, errors: tally(missing, 'quit timeout') };
    }
    case 'ehlo':
      return security === 'starttls' ? timeouts('tls') : timeouts('mail');
    case 'ehlo inside TLS':
      return timeouts('mail');
    case 'mail':
      return pipelining === 'off' || isChunked ? timeouts('rcpt') : timeouts('rcpt', 'data');
    case 'rcpt':
      if (!isChunked) return timeouts('data');
      return pipelining === 'off' ? timeouts('bdat', 'transfer') : timeouts('bdat', 'bdat', 'endOfData');
    case 'bdat':
      return timeouts('endOfData');
    case 'quit':
      return { ...rest, messages: {}, errors: tally('session unaskedReply') };
    default: {
      const [mail, ...others] = isChunked ? ENVELOPE.slice(0, -1) : ENVELOPE;
      // In LMTP it is the answer for the other recipient, and the next MAIL gets none.
      const isForOther = manner === 'lmtp' && place.step === 'endOfData';
      if (pipelining === 'off') return isForOther ? timeouts('mail') : timeouts('rcpt');
      return isForOther ? timeouts(mail as StepName, ...others) : timeouts(...others);
    }
  }
}

/** The answer comes before the content is there; to a chunk it counts as such, and what ends the session is `kind`. */
function answeredEarly(cell: Cell, code: number, kind: ErrorKindName): Expected {
  if (hasBigChunks(cell)) {
    return { ...broken(cell, kind), errors: tally(`bdat ${kind}`, `transfer ${kind}`), reply: `bdat ${code}` };
  }
  const { errors, ...rest } = broken(cell, 'earlyReply');
  const other = cell.manner === 'lmtp' ? { 'endOfData earlyReply': 1 } : {};
  return { ...rest, errors: { ...errors, ...other }, reply: `endOfData ${code}` };
}

const isReply = ({ step }: Place): boolean => step !== 'tls' && step !== 'transfer';
const isReplyOutsideContent = (place: Place): boolean => isReply(place) && place.on !== 'content';
const isReplyOrHandshake = ({ step }: Place): boolean => step !== 'transfer';
const isHandshake = ({ step }: Place): boolean => step === 'tls';
const isBig = ({ step }: Place): boolean => step === 'transfer';
const named =
  (...names: readonly string[]) =>
  ({ name }: Place): boolean =>
    names.includes(name);

/** The kind of an end of the connection, which looks the same everywhere. */
const ends = (cell: Cell, kind: ErrorKindName): Expected => broken(cell, kind);
/** What is no reply is no handshake either. */
const noReply = (cell: Cell): Expected => broken(cell, cell.place.step === 'tls' ? 'tls' : 'malformed');

/** Everything that servers do wrong. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'refuses for now',
    row: () => ({ reply: '450 4.3.0 later' }),
    expected: (cell) => refused(cell, 'deferred', 450),
  },
  {
    name: 'refuses for good',
    row: () => ({ reply: '550 5.3.0 never' }),
    expected: (cell) => refused(cell, 'rejected', 550),
  },
  {
    name: 'says 421 and closes',
    row: () => ({ reply: '421 4.3.2 leaving', then: 'close' }),
    expected: (cell) => shutDown(cell, 'closed'),
    isLast: true,
  },
  {
    name: 'says 421, stays and says no more',
    row: () => ({ reply: '421 4.3.2 leaving', then: 'silence' }),
    expected: (cell) => shutDown(cell, 'timeout'),
    isLast: true,
  },
  {
    name: 'says 421 and goes on as if it had not',
    row: () => ({ reply: '421 4.3.2 leaving' }),
    expected: (cell) => shutDown(cell, null),
  },
  {
    name: 'closes the connection without a word',
    row: () => ({ then: 'close' }),
    expected: (cell) => ends(cell, 'closed'),
    where: isReplyOrHandshake,
    isLast: true,
  },
  {
    name: 'resets the connection',
    // Not at once: a client that finds octets and an RST in one poll takes the RST for an end.
    row: () => ({ then: 'reset', delayMs: 400 }),
    expected: (cell) => ends(cell, 'reset'),
    where: isReplyOrHandshake,
    isLast: true,
  },
  {
    name: 'falls silent',
    row: () => ({ then: 'silence' }),
    expected: (cell) => ends(cell, 'timeout'),
    where: isReplyOrHandshake,
    isLast: true,
  },
  {
    name: 'drips its answer, but in time',
    row: (place, security) => ({ reply: place.good(security), dripMs: 1 }),
    expected: harmless,
    where: isReplyOutsideContent,
  },
  {
    name: 'drips its answer too slowly',
    row: (place, security) => ({ reply: place.good(security), dripMs: 300 }),
    expected: (cell) => broken(cell, 'timeout'),
    where: isReplyOutsideContent,
  },
  {
    name: 'sends garbage',
    row: () => ({ raw: '\x80\xfe\x00\x1b[31m garbage\r\n\x07\r\n' }),
    expected: noReply,
    where: isReplyOrHandshake,
  },
  {
    name: 'sends garbage behind its answer',
    row: (place, security) => ({ raw: `${place.good(security)}\r\n\xff\xfe garbage\r\n` }),
    expected: garbageBehind,
  },
  {
    name: 'ends its lines with a bare LF',
    row: (place, security) => ({ raw: `${place.good(security).replaceAll('\r\n', '\n')}\n` }),
    expected: harmless,
    where: isReplyOutsideContent,
  },
  {
    name: 'has a NUL in its answer',
    row: (place, security) => ({ raw: `${place.good(security)} \0 and more\r\n` }),
    expected: harmless,
    where: isReplyOutsideContent,
  },
  {
    name: 'has octets above 127 in its answer',
    row: (place, security) => ({ raw: `${place.good(security)} \xe4\xff\x80\r\n` }),
    expected: harmless,
    where: isReplyOutsideContent,
  },
  {
    name: 'says two answers in one line',
    row: (place, security) => ({ raw: `${place.good(security)}\r250 2.0.0 and another\r\n` }),
    expected: harmless,
    where: isReplyOutsideContent,
  },
  {
    name: 'says no more than the code',
    row: (place, security) => ({ raw: `${codeOf(place, security)}\r\n` }),
    expected: harmless,
    // EHLO without keywords offers nothing.
    where: (place) => isReplyOutsideContent(place) && place.step !== 'ehlo',
  },
  {
    name: 'closes within a line',
    row: (place, security) => ({ raw: codeOf(place, security).slice(0, 2), then: 'close' }),
    expected: (cell) => ends(cell, 'closed'),
    isLast: true,
  },
  {
    name: 'closes within an answer',
    row: (place, security) => ({ raw: `${codeOf(place, security)}-one\r\n${codeOf(place, security)}`, then: 'close' }),
    expected: (cell) => ends(cell, 'closed'),
    isLast: true,
  },
  {
    name: 'never comes to the last line',
    row: (place, security) => ({ raw: `${codeOf(place, security)}-and so on\r\n`, repeat: 5_000 }),
    expected: (cell) => broken(cell, 'limit'),
  },
  {
    name: 'never comes to the end of a line',
    row: (place, security) => ({ raw: `${codeOf(place, security)} `, repeat: 250_000 }),
    expected: (cell) => broken(cell, 'overlong'),
  },
  {
    name: 'has two codes in one answer',
    row: (place, security) => ({ raw: `${codeOf(place, security)}-one\r\n550 two\r\n` }),
    expected: (cell) => broken(cell, 'malformed'),
  },
  {
    name: 'answers twice at once',
    row: (place, security) => ({ raw: `${place.good(security)}\r\n250 2.0.0 and once more\r\n` }),
    expected: oneTooMany,
  },
  {
    name: 'says no and yes at once',
    row: () => ({ raw: '550 5.7.1 no\r\n250 2.0.0 yes\r\n' }),
    expected: noAndYes,
  },
  {
    name: 'answers a second time while the next command waits, and then no more',
    row: (place, security) => ({
      raw: `${place.step === 'ehlo' ? place.good(security) : codeOf(place, security)}\r\n250 x\r\n`,
      dripMs: 12,
      then: 'silence',
    }),
    expected: oneLater,
    isAlone: true,
    // What is said in advance to the content cannot be told from the answer to it. Behind 220 to STARTTLS it is by chance
    // whether the handshake has begun: both cases have rows of their own.
    where: (place) => isReplyOutsideContent(place) && !named('data', 'starttls')(place),
  },
  {
    name: 'answers with 354 where none is due',
    row: () => ({ reply: '354 go ahead' }),
    expected: (cell) => broken(cell, 'unexpectedCode'),
    where: (place) => isReply(place) && place.name !== 'data',
  },
  {
    name: 'answers DATA with 250',
    row: () => ({ reply: '250 2.0.0 what content?' }),
    expected: (cell) => broken(cell, 'unexpectedCode'),
    where: named('data'),
  },
  {
    name: 'answers with 1yz',
    row: () => ({ reply: '150 in a moment' }),
    expected: (cell) => broken(cell, 'unexpectedCode'),
  },
  {
    name: 'gives the answer to the next command first',
    row: (place, security) => ({ raw: `${place.next ?? ''}\r\n${place.good(security)}\r\n` }),
    // 3yz and 2yz cannot stand for each other; among 2yz it is the second that nobody asked for.
    expected: (cell) =>
      named('rcpt', 'data')(cell.place)
        ? broken(cell, 'unexpectedCode')
        : { ...oneTooMany(cell), messages: { failed: 1 } },
    where: (place) => place.next !== undefined,
  },
  {
    name: 'lets TLS octets follow its 220 in the same write',
    row: (place, security) => ({ raw: `${place.good(security)}\r\n\x16\x03\x03\x00\x7a\x02\x00\x00\x76` }),
    expected: oneTooMany,
    where: named('starttls'),
  },
  {
    name: 'breaks off within a handshake record',
    row: () => ({ raw: '\x16\x03\x03\x00\x7a\x02\x00\x00\x76', then: 'close' }),
    expected: (cell) => ends(cell, 'closed'),
    where: isHandshake,
  },
  {
    name: 'answers the handshake with a reply',
    row: () => ({ raw: '250 2.0.0 ok\r\n' }),
    expected: (cell) => broken(cell, 'tls'),
    where: isHandshake,
  },
  {
    name: 'answers the handshake with an alert',
    row: () => ({ raw: '\x15\x03\x01\x00\x02\x02\x28' }),
    expected: (cell) => broken(cell, 'tls'),
    where: isHandshake,
  },
  {
    name: 'answers the handshake with 10 MB of nothing',
    row: () => ({ raw: '\0', repeat: 10_000_000 }),
    expected: (cell) => broken(cell, 'tls'),
    where: isHandshake,
  },
  {
    name: 'takes its time with the handshake',
    row: () => ({ delayMs: 100 }),
    expected: harmless,
    where: isHandshake,
  },
  {
    name: 'takes the content before it is there',
    row: () => ({ reply: '250 2.0.0 message accepted' }),
    // It is all with the kernel by then.
    expected: harmless,
    where: named('content'),
  },
  {
    name: 'stops reading',
    row: () => ({ stopReading: true }),
    expected: (cell) => broken(cell, 'timeout'),
    where: isBig,
  },
  {
    name: 'closes while the content is on its way',
    row: () => ({ then: 'close', stopReading: true, delayMs: 20 }),
    expected: (cell) => broken(cell, 'closed'),
    where: isBig,
  },
  {
    name: 'resets while the content is on its way',
    row: () => ({ then: 'reset', stopReading: true, delayMs: 20 }),
    expected: (cell) => broken(cell, 'reset'),
    where: isBig,
  },
  {
    name: 'refuses the content before it has it',
    row: () => ({ reply: '552 5.3.4 far too big', stopReading: true }),
    expected: (cell) => {
      const { place, pipelining, manner } = cell;
      const early = answeredEarly(cell, 552, 'timeout');
      const failed = place.underWay[pipelining] - 1;
      // In LMTP it is the answer for one recipient.
      if (manner === 'lmtp') {
        const recipients = { rejected: 1, failed: RECIPIENTS * failed + 1 };
        return { ...early, messages: { failed: failed + 1 }, recipients };
      }
      return { ...early, messages: { rejected: 1, failed } };
    },
    where: isBig,
  },
  {
    name: 'accepts the content before it has it',
    row: () => ({ reply: '250 2.0.0 whatever it is', stopReading: true }),
    expected: (cell) => answeredEarly(cell, 250, 'timeout'),
    where: isBig,
  },
  {
    name: 'leaves before it has the content',
    row: () => ({ reply: '421 4.3.2 leaving', stopReading: true, then: 'close' }),
    expected: (cell) => ({
      ...answeredEarly(cell, 421, 'closed'),
      messages: { deferred: cell.place.underWay[cell.pipelining] },
    }),
    where: isBig,
  },
  {
    name: 'sends garbage before it has the content',
    row: () => ({ raw: '\xff\xfe garbage\r\n', stopReading: true }),
    expected: (cell) => ({ ...broken(cell, 'malformed'), acceptedBySinkAlone: 0 }),
    where: isBig,
  },
];

/**
 * Whether a combination says anything that another does not. Left out are:
 * - steps that a kind of session does not have (no handshake in clear);
 * - grouping before MAIL: what a server offers is not yet known, so nothing is grouped whatever was asked for;
 * - grouping inside a message where the content is what matters: it goes alone then, as in lock-step, unless in chunks;
 * - LMTP with TLS from the first octet, which has no scheme;
 * - grouping across messages but for content behind DATA: it is the same envelope behind another content;
 * - faults that the step cannot have, see `where` of each.
 */
function makesSense({ place, fault, security, pipelining, manner }: Cell): boolean {
  if (!place.securities.includes(security)) return false;
  if (!(place.manners ?? MANNERS).includes(manner)) return false;
  if (manner === 'lmtp' && security === 'implicit') return false;
  if (manner !== 'data' && pipelining === 'across') return false;
  if (pipelining !== 'off' && BEFORE_MAIL.includes(place.step)) return false;
  if (pipelining === 'auto' && isBig(place) && manner !== 'bdat') return false;
  return (fault.where ?? isReply)(place);
}

const BEFORE_MAIL: readonly StepName[] = ['greeting', 'ehlo', 'starttls', 'tls', 'auth'];

/** Every combination of one kind of session that makes sense. */
export function cellsOf(security: Security): Cell[] {
  return MANNERS.flatMap((manner) =>
    PLACES.flatMap((place) =>
      FAULTS.flatMap((fault) => PIPELININGS.map((pipelining) => ({ place, fault, security, pipelining, manner }))),
    ),
  ).filter(makesSense);
}

/** Whether a combination moves so many octets that others would wait for it. */
export function isHeavy({ place }: Cell): boolean {
  return isBig(place);
}

/** Whether a combination takes long without doing anything: a deadline must pass, or the server does not close. */
export function isWaiting(cell: Cell): boolean {
  return deadlineStep(cell) !== null || cell.fault.name.startsWith('says 421 and goes on');
}

/** The one deadline that must pass, by its step: that of the oldest command without an answer. Null: none must. */
export function deadlineStep(cell: Cell): string | null {
  const first = Object.keys(cell.fault.expected(cell).errors).find((row) => row.endsWith(' timeout'));
  return first?.split(' ')[0] ?? null;
}
