/** What can be counted in a tree of steps without walking it at run time. Pure. */
import type { ScenarioPlan } from './load-plan.js';
import type { ScriptStep } from './script-steps.js';

/** Whether sessions of these steps send messages; null are the steps of the standard session, which does. */
export function sendsMail(steps: readonly ScriptStep[] | null): boolean {
  return steps === null || messagesIn(steps) > 0;
}

/** Whether every session of these steps sends a message, whichever way it goes; null as above. */
export function surelySendsMail(steps: readonly ScriptStep[] | null): boolean {
  if (steps === null) return true;
  const decisive = steps.find(
    (step) => step.kind === 'quit' || step.kind === 'drop' || step.kind === 'mail' || isSureOfMail(step),
  );
  return decisive !== undefined && decisive.kind !== 'quit' && decisive.kind !== 'drop';
}

function isSureOfMail(step: ScriptStep): boolean {
  if (step.kind === 'repeat') return step.min > 0 && surelySendsMail(step.steps);
  return step.kind === 'choose' && step.branches.every(({ weight, steps }) => weight === 0 || surelySendsMail(steps));
}

/** How many messages one session of these steps sends at most. */
export function messagesIn(steps: readonly ScriptStep[]): number {
  return steps.reduce((sum, step) => sum + messagesOf(step), 0);
}

function messagesOf(step: ScriptStep): number {
  switch (step.kind) {
    case 'mail':
      return 1;
    case 'repeat':
      return step.max * messagesIn(step.steps);
    case 'choose':
      return Math.max(...step.branches.map(({ weight, steps }) => (weight > 0 ? messagesIn(steps) : 0)));
    default:
      return 0;
  }
}

/** How many messages every session of these steps sends, if none of its replies ends it early. */
export function messagesAtLeast(steps: readonly ScriptStep[]): number {
  let sum = 0;
  for (const step of steps) {
    if (step.kind === 'quit' || step.kind === 'drop') break;
    if (step.kind === 'mail') sum++;
    else if (step.kind === 'repeat') sum += step.min * messagesAtLeast(step.steps);
    else if (step.kind === 'choose') {
      sum += Math.min(...step.branches.filter(({ weight }) => weight > 0).map((way) => messagesAtLeast(way.steps)));
    }
  }
  return sum;
}

/** Whether content goes by BDAT somewhere, and is meant to be taken. */
export function usesChunks(steps: readonly ScriptStep[] | null, isUsual: boolean): boolean {
  if (steps === null) return isUsual;
  return steps.some((step) => {
    if (step.kind === 'repeat') return usesChunks(step.steps, isUsual);
    if (step.kind === 'choose') return step.branches.some((branch) => usesChunks(branch.steps, isUsual));
    return step.kind === 'bdat' && step.expect === null;
  });
}

/** How content travels: by DATA, in chunks, or both. */
export interface ContentForms {
  readonly data: boolean;
  readonly chunks: boolean;
}

/** How the content of sessions of these steps travels; null are those of the standard session. */
export function contentForms(steps: readonly ScriptStep[] | null, isUsual: boolean): ContentForms {
  if (steps === null) return { data: !isUsual, chunks: isUsual };
  const has = (inner: readonly ScriptStep[], kind: 'data' | 'bdat'): boolean =>
    inner.some((step) => {
      if (step.kind === 'repeat') return has(step.steps, kind);
      if (step.kind === 'choose') return step.branches.some((branch) => has(branch.steps, kind));
      return step.kind === kind;
    });
  const [data, chunks] = [has(steps, 'data'), has(steps, 'bdat')];
  // SIZE may be declared of messages that are never sent.
  return { data: data || (!isUsual && !chunks), chunks: chunks || (isUsual && !data) };
}

/** How many recipients a message has. */
export interface RecipientRange {
  readonly min: number;
  readonly max: number;
}

/** More recipient numbers are not set aside for a message. */
const MOST_RECIPIENTS = 1_000_000;

/** How many recipients the messages of a scenario have, over every way through its steps. */
export function recipientRange({ session, recipients }: Pick<ScenarioPlan, 'session' | 'recipients'>): RecipientRange {
  const usual = { min: recipients, max: recipients };
  if (session.steps === null) return usual;
  const count = new RecipientCount(recipients);
  count.end(count.walk(session.steps, null));
  // Messages that are reset before their first recipient still have those that the scenario says.
  return count.most === 0 ? usual : { min: count.least, max: Math.min(count.most, MOST_RECIPIENTS) };
}

/** Recipients of a message under way on any of the ways that lead to a step; null: there is none. */
type Open = RecipientRange | null;

class RecipientCount {
  least = Infinity;
  most = 0;
  readonly #usual: number;

  constructor(usual: number) {
    this.#usual = usual;
  }

  walk(steps: readonly ScriptStep[], before: Open): Open {
    let open = before;
    for (const step of steps) open = this.#step(step, open);
    return open;
  }

  /** A message under way ends. */
  end(open: Open): null {
    if (open === null) return null;
    this.least = Math.min(this.least, open.min);
    this.most = Math.max(this.most, open.max);
    return null;
  }

  #step(step: ScriptStep, open: Open): Open {
    switch (step.kind) {
      case 'mail':
        this.end(open);
        return { min: 0, max: 0 };
      case 'rcpt': {
        if (open === null) return null;
        const more = 'addresses' in step.recipients ? step.recipients.addresses.length : step.recipients.count;
        return { min: open.min + (more ?? this.#usual), max: open.max + (more ?? this.#usual) };
      }
      case 'data':
      case 'bdat':
        // Out of order it ends nothing.
        return open !== null && open.max === 0 ? open : this.end(open);
      case 'repeat':
        return this.#repeat(step, open);
      case 'choose': {
        const ways = step.branches.filter(({ weight }) => weight > 0).map(({ steps }) => this.walk(steps, open));
        return ways.reduce(unionOf, ways[0] ?? open);
      }
      case 'rset':
      case 'quit':
      case 'drop':
        return this.end(open);
      default:
        return open;
    }
  }

  #repeat({ min, max, steps }: Extract<ScriptStep, { kind: 'repeat' }>, open: Open): Open {
    const once = this.walk(steps, open);
    // Rounds that begin no message of their own add to the one under way.
    if (open !== null && once !== null && messagesIn(steps) === 0) {
      return { min: open.min + (once.min - open.min) * min, max: open.max + (once.max - open.max) * max };
    }
    const twice = max > 1 ? this.walk(steps, once) : once;
    return unionOf(min === 0 ? open : once, unionOf(once, twice));
  }
}

function unionOf(one: Open, other: Open): Open {
  if (one === null || other === null) return one ?? other;
  return { min: Math.min(one.min, other.min), max: Math.max(one.max, other.max) };
}
