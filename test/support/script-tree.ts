/** Steps of scripts, as short as a test wants to write them. */
import type { Delay } from '../../src/delay.js';
import type { Capture, CommandStep, ReplyExpectation, ScriptStep } from '../../src/plan/script-steps.js';
import { parseSteps } from '../../src/plan/session-steps.js';

/** What a reply should be; the codes alone, or more. */
export type Expected = string | Partial<ReplyExpectation>;

/** The steps of words that need nothing else: `ehlo mail rcpt data`. */
export function words(text: string): readonly ScriptStep[] {
  const steps = parseSteps(text, { isChunked: false, chunkBytes: null }, () => 1_000);
  if ('problem' in steps) throw new Error(steps.problem);
  return steps;
}

/** The step of one word. */
export function word(text: string): ScriptStep {
  // Out of order it could not stand in a list.
  const alone: Readonly<Record<string, string>> = { rcpt: 'mail rcpt', data: 'mail rcpt data' };
  return words(alone[text] ?? text).at(-1)!;
}

/** A step with what is expected of its reply. */
export function expecting(step: ScriptStep, expected: Expected, ...captures: Capture[]): ScriptStep {
  const given = typeof expected === 'string' ? { codes: expected === '' ? [] : expected.split(' ') } : expected;
  const expect = { codes: [], enhanced: null, pattern: null, otherwise: 'count' as const, ...given };
  return { ...(step as CommandStep), expect, captures };
}

export function rcpts(...addresses: string[]): ScriptStep {
  return { kind: 'rcpt', recipients: { addresses }, parameters: '', expect: null, captures: [] };
}

export function numbered(count: number): ScriptStep {
  return { kind: 'rcpt', recipients: { count, to: null }, parameters: '', expect: null, captures: [] };
}

export function bdat(chunkBytes: number | null = null): ScriptStep {
  return { kind: 'bdat', chunkBytes, expect: null, captures: [] };
}

export function repeat(min: number, max: number, ...steps: readonly ScriptStep[]): ScriptStep {
  return { kind: 'repeat', min, max, steps };
}

export function choose(...branches: readonly (readonly [number, ...ScriptStep[]])[]): ScriptStep {
  return { kind: 'choose', branches: branches.map(([weight, ...steps]) => ({ weight, steps })) };
}

export function wait(delay: Delay): ScriptStep {
  return { kind: 'pause', delay };
}
