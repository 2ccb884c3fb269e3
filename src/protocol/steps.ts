/** The steps of a session that are timed and counted, as small integers. Their names are part of the result file. */

/** Index of each step in every per-step array. */
export const Step = {
  connect: 0,
  tls: 1,
  greeting: 2,
  ehlo: 3,
  starttls: 4,
  auth: 5,
  mail: 6,
  rcpt: 7,
  data: 8,
  transfer: 9,
  endOfData: 10,
  rset: 11,
  quit: 12,
  /** No command of ours: what a server says unasked is counted here, outside the books. */
  session: 13,
} as const;
/** A step's index. */
export type Step = (typeof Step)[keyof typeof Step];

/** Name of each step, by index, as reports and the result file print it. */
export const STEP_NAMES: readonly (keyof typeof Step)[] = Object.keys(Step) as (keyof typeof Step)[];

/** How many steps there are; the length of every per-step array. */
export const STEP_COUNT = STEP_NAMES.length;

/** Steps that succeed without a reply of the server. */
export const STEPS_WITHOUT_REPLY: readonly number[] = [Step.connect, Step.tls, Step.transfer];
