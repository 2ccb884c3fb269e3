/** Sessions as a list of steps: the words of `--steps`, and what they may follow. Knows no octets. */

/** The words. */
export const STEP_WORDS = [
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
  'expn',
  'help',
  'raw',
  'hold',
  'quit',
  'drop',
] as const;
/** One of the words. */
export type StepWord = (typeof STEP_WORDS)[number];

/** One step of a session. */
export interface SessionStep {
  readonly word: StepWord;
  /** What stands behind the colon; '' where nothing does. */
  readonly argument: string;
  /** For `hold`; 0 elsewhere. */
  readonly holdMs: number;
}

/** Words that take something behind a colon, and those that need it. */
const WITH_ARGUMENT: readonly StepWord[] = ['vrfy', 'expn', 'help', 'raw', 'hold', 'noop'];
const NEEDS_ARGUMENT: readonly StepWord[] = ['vrfy', 'expn', 'raw', 'hold'];

/**
 * Splits `ehlo vrfy:postmaster raw:"XTRA one"` into words. Double quotes keep blanks together.
 *
 * @returns the steps, or one sentence on what is wrong
 */
export function parseSteps(
  text: string,
  readHoldMs: (time: string) => number | null,
): readonly SessionStep[] | { readonly problem: string } {
  const steps: SessionStep[] = [];
  for (const token of text.match(/(?:[^\s"]|"[^"]*")+/g) ?? []) {
    const [, name = '', argument] = /^([^:]*)(?::(.*))?$/s.exec(token.replaceAll('"', '')) ?? [];
    const word = STEP_WORDS.find((each) => each === name.toLowerCase());
    if (word === undefined) return { problem: `knows the steps ${STEP_WORDS.join(', ')}, and not '${name}'` };
    if (argument !== undefined && !WITH_ARGUMENT.includes(word)) return { problem: `takes ${word} without a colon` };
    if ((argument ?? '') === '' && NEEDS_ARGUMENT.includes(word)) {
      return { problem: `needs something behind ${word}, as in ${word}:${word === 'hold' ? '10s' : 'postmaster'}` };
    }
    if (/[^\x20-\x7e]/.test(argument ?? '')) return { problem: `takes printable ASCII behind ${word}:` };
    const holdMs = word === 'hold' ? readHoldMs(argument ?? '') : 0;
    if (holdMs === null) return { problem: `takes a time behind hold, as in hold:10s` };
    steps.push({ word, argument: argument ?? '', holdMs });
  }
  const problem = orderProblem(steps);
  return problem === null ? steps : { problem };
}

/** Why a session of these steps makes no sense, or null. */
function orderProblem(steps: readonly SessionStep[]): string | null {
  if (steps.length === 0) return 'needs at least one step';
  let stage: 'none' | 'mail' | 'rcpt' = 'none';
  for (const [index, { word }] of steps.entries()) {
    const isLast = index === steps.length - 1;
    if ((word === 'quit' || word === 'drop') && !isLast) return `has steps behind ${word}, which ends the session`;
    if (word === 'mail' && stage !== 'none') return 'needs data or rset before the next mail';
    if (word === 'rcpt' && stage !== 'mail') return 'needs mail before rcpt, which sends all recipients (-R)';
    if (word === 'data' && stage !== 'rcpt') return 'needs rcpt before data';
    if (word === 'mail' || word === 'rcpt') stage = word;
    else if (word === 'data' || word === 'rset') stage = 'none';
    else if (stage !== 'none' && !['noop', 'vrfy', 'expn', 'help', 'raw', 'hold', 'quit', 'drop'].includes(word)) {
      return `cannot have ${word} between mail and data`;
    }
  }
  return null;
}

/** Whether sessions of these steps send messages; null are the steps of the standard session, which does. */
export function sendsMail(steps: readonly SessionStep[] | null): boolean {
  return steps === null || messagesIn(steps) > 0;
}

/** How many messages one session of these steps sends. */
export function messagesIn(steps: readonly SessionStep[]): number {
  return steps.filter(({ word }) => word === 'mail').length;
}
