/** Sessions as a list of words: those of `--steps`, and what they may follow. Makes the tree of steps. Knows no octets. */
import type { ScriptStep } from './script-steps.js';

/** The words. */
const STEP_WORDS = [
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

/** How content goes. */
export interface ContentWay {
  readonly isChunked: boolean;
  readonly chunkBytes: number | null;
}

/** Words that take something behind a colon, and those that need it. */
const WITH_ARGUMENT: readonly StepWord[] = ['vrfy', 'expn', 'help', 'raw', 'hold', 'noop'];
const NEEDS_ARGUMENT: readonly StepWord[] = ['vrfy', 'expn', 'raw', 'hold'];

/** What is expected by whoever says a word alone: nothing. */
const PLAIN = { expect: null, captures: [] } as const;

/**
 * Splits `ehlo vrfy:postmaster raw:"XTRA one"` into words, and makes steps of them. Double quotes keep blanks together.
 *
 * @returns the steps, or one sentence on what is wrong
 */
export function parseSteps(
  text: string,
  content: ContentWay,
  readHoldMs: (time: string) => number | null,
): readonly ScriptStep[] | { readonly problem: string } {
  const words: StepWord[] = [];
  const steps: ScriptStep[] = [];
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
    words.push(word);
    steps.push(word === 'hold' ? pause(holdMs) : stepOf(word, content, argument));
  }
  const problem = orderProblem(words);
  return problem === null ? steps : { problem };
}

/** The step of a word that has nothing, or some text, behind it. */
export function stepOf(word: Exclude<StepWord, 'hold'>, content: ContentWay, argument = ''): ScriptStep {
  switch (word) {
    case 'ehlo':
    case 'helo':
      return { kind: word, name: null, ...PLAIN };
    case 'starttls':
      return { kind: word, ...PLAIN };
    case 'auth':
      return { kind: word, mechanism: null, user: null, password: null, ...PLAIN };
    case 'mail':
      return { kind: word, from: null, parameters: '', ...PLAIN };
    case 'rcpt':
      return { kind: word, recipients: { count: null, to: null }, parameters: '', ...PLAIN };
    case 'data':
      if (content.isChunked) return { kind: 'bdat', chunkBytes: content.chunkBytes, ...PLAIN };
      return { kind: word, sendsContent: true, ...PLAIN };
    case 'raw':
      return { kind: word, text: argument, ...PLAIN };
    case 'drop':
      return { kind: word, how: null };
    default:
      return { kind: word, argument, ...PLAIN };
  }
}

/** A step in which nothing is said for so long. */
export function pause(delayMs: number): ScriptStep {
  return { kind: 'pause', delay: delayMs };
}

/** DATA whose content is never sent. */
export const DATA_ALONE: ScriptStep = { kind: 'data', sendsContent: false, ...PLAIN };

/** A connection whose greeting is not waited for. */
export const CONNECT_ALONE: ScriptStep = { kind: 'connect', awaitsGreeting: false, ...PLAIN };

/** Why a session of these words makes no sense, or null. */
function orderProblem(words: readonly StepWord[]): string | null {
  if (words.length === 0) return 'needs at least one step';
  let stage: 'none' | 'mail' | 'rcpt' = 'none';
  for (const [index, word] of words.entries()) {
    const isLast = index === words.length - 1;
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
