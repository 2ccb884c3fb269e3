/** Outcomes and error kinds as small integers, with the names that reports and the result file print. */

/** What became of a message or a recipient. */
export const Outcome = { accepted: 0, deferred: 1, rejected: 2, failed: 3, cut: 4, abandoned: 5 } as const;
/** An outcome's index. */
export type Outcome = (typeof Outcome)[keyof typeof Outcome];
/** Name of each outcome, by index. */
export const OUTCOME_NAMES = ['accepted', 'deferred', 'rejected', 'failed', 'cut', 'abandoned'] as const;
/** How many outcomes there are; the length of every per-outcome array. */
export const OUTCOME_COUNT = OUTCOME_NAMES.length;

/** How a client or a session ended. */
export const Ending = { completed: 0, failed: 1, cut: 2 } as const;
/** An ending's index. */
export type Ending = (typeof Ending)[keyof typeof Ending];

/** Why a command failed. The names are a contract of the result file. */
export const ERROR_KIND_NAMES = [
  'refused',
  'unreachable',
  'reset',
  'closed',
  'timeout',
  'tls',
  'tlsNotOffered',
  'authNotOffered',
  'notOffered',
  'malformed',
  'overlong',
  'unexpectedCode',
  'unaskedReply',
  'crossedReply',
  'earlyReply',
  'limit',
] as const;
/** Name of an error kind. */
export type ErrorKindName = (typeof ERROR_KIND_NAMES)[number];
/** Index of each error kind. */
export const ErrorKind = Object.fromEntries(ERROR_KIND_NAMES.map((name, index) => [name, index])) as Readonly<
  Record<ErrorKindName, number>
>;
