/** The steps of a session that are timed and counted, as small integers. Their names are part of the result file. */

/** Index of each step in every per-step array. */
export const Step = {
  connect: 0,
  tls: 1,
  greeting: 2,
  /** EHLO, and HELO and LHLO in its place. */
  ehlo: 3,
  starttls: 4,
  auth: 5,
  xclient: 6,
  xforward: 7,
  mail: 8,
  rcpt: 9,
  data: 10,
  /** A chunk of content but the last, whose reply is that of the message. */
  bdat: 11,
  transfer: 12,
  endOfData: 13,
  rset: 14,
  noop: 15,
  vrfy: 16,
  expn: 17,
  help: 18,
  /** A line as the user wrote it. */
  raw: 19,
  quit: 20,
  /** No command of ours: what a server says unasked is counted here, outside the books. */
  session: 21,
} as const;
/** A step's index. */
export type Step = (typeof Step)[keyof typeof Step];

/** Name of each step, by index, as reports and the result file print it. */
export const STEP_NAMES: readonly (keyof typeof Step)[] = Object.keys(Step) as (keyof typeof Step)[];

/** How many steps there are; the length of every per-step array. */
export const STEP_COUNT = STEP_NAMES.length;

/** Steps that succeed without a reply of the server. */
export const STEPS_WITHOUT_REPLY: readonly number[] = [Step.connect, Step.tls, Step.transfer];
