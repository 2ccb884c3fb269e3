/**
 * Whether steps can come in the order in which they are written. Every way through `choose` and `repeat` counts. A step
 * that expects a refusal may come anywhere. Knows no file.
 */
import type { ConfigPath } from '../config-file/read-config.js';
import type { CommandStep, ScriptStep } from '../plan/script-steps.js';

/** Something wrong with one step. */
export interface StepProblem {
  /** Within the list of steps: `[3, 'repeat', 'steps', 0]`. */
  readonly path: ConfigPath;
  readonly message: string;
}

/** What a session may have said before a step. */
interface State {
  readonly isConnected: boolean;
  readonly isGreeted: boolean;
  readonly hello: 'none' | 'plain' | 'extended';
  readonly isSecure: boolean;
  readonly isKnown: boolean;
  readonly stage: 'none' | 'mail' | 'rcpt' | 'open';
}

const BEGIN: State = {
  isConnected: false,
  isGreeted: true,
  hello: 'none',
  isSecure: false,
  isKnown: false,
  stage: 'none',
};

/** Everything that is wrong with the order of a session's steps. */
export function orderProblems(steps: readonly ScriptStep[]): readonly StepProblem[] {
  const order = new Order();
  order.walk(steps, [], new States([BEGIN]));
  return order.problems;
}

/** A set of states, by what they hold. */
class States {
  readonly #byText = new Map<string, State>();

  constructor(states: Iterable<State>) {
    for (const state of states) this.#byText.set(JSON.stringify(state), state);
  }

  get size(): number {
    return this.#byText.size;
  }

  all(): readonly State[] {
    return [...this.#byText.values()];
  }

  with(others: States): States {
    return new States([...this.all(), ...others.all()]);
  }
}

/** Rounds within rounds are walked again and again. */
const MAX_DEPTH = 5;

/** A walk along all ways at once. */
class Order {
  readonly problems: StepProblem[] = [];
  readonly #told = new Set<string>();
  #depth = 0;

  /** @returns the states behind the last step; none: the session has ended on every way */
  walk(steps: readonly ScriptStep[], path: ConfigPath, before: States): States {
    if (this.#depth > MAX_DEPTH) {
      this.#refuse(path, `is nested deeper than ${String(MAX_DEPTH)} levels`);
      return before;
    }
    this.#depth++;
    let states = before;
    for (const [index, step] of steps.entries()) {
      if (states.size === 0) {
        this.#refuse([...path, index], 'is never reached: the session has ended before');
        break;
      }
      states = this.#step(step, [...path, index], states);
    }
    this.#depth--;
    return states;
  }

  #step(step: ScriptStep, place: ConfigPath, states: States): States {
    switch (step.kind) {
      case 'pause':
        return new States(states.all().map((state) => ({ ...state, isConnected: true })));
      case 'drop':
        return new States([]);
      case 'choose': {
        const open = step.branches.map(({ steps }, index) =>
          this.walk(steps, [...place, step.kind, index, 'steps'], states),
        );
        return open.reduce((all, each) => all.with(each), new States([]));
      }
      case 'repeat': {
        const inside = [...place, step.kind, 'steps'];
        let behind = this.walk(step.steps, inside, states);
        // Once more from where one round ends, until that leads nowhere new.
        for (let round = 1, seen = 0; round < step.max && behind.size > seen; round++) {
          seen = behind.size;
          behind = behind.with(this.walk(step.steps, inside, behind));
        }
        return step.min === 0 ? behind.with(states) : behind;
      }
      default:
        return this.#command(step, place, states);
    }
  }

  #command(step: CommandStep, place: ConfigPath, states: States): States {
    if (step.expect === null) {
      const [problem] = states.all().flatMap((state) => problemOf(step, state) ?? []);
      if (problem !== undefined) this.#refuse(place, `${problem}, unless it says what to \`expect\``);
    }
    if (step.kind === 'connect' && states.all().some(({ isConnected }) => isConnected)) {
      this.#refuse(place, 'comes first or not at all');
    }
    if (step.kind === 'quit') return new States([]);
    const isRefused =
      step.expect !== null && step.expect.codes.length > 0 && step.expect.codes.every((code) => /^[45]/.test(code));
    return new States(
      states.all().map((state) => ({ ...(isRefused ? state : behind(step, state)), isConnected: true })),
    );
  }

  #refuse(path: ConfigPath, message: string): void {
    const text = `${path.join('.')} ${message}`;
    if (this.#told.has(text)) return;
    this.#told.add(text);
    this.problems.push({ path, message });
  }
}

/** Why a step cannot come in a state, or null. */
function problemOf(step: CommandStep, { hello, isGreeted, isSecure, isKnown, stage }: State): string | null {
  if (!isGreeted) return 'needs the greeting: only pause and drop can come before it';
  if (stage === 'open') return 'comes where the content is due: only pause and drop can';
  const isInMessage = stage !== 'none';
  switch (step.kind) {
    case 'starttls':
      if (isSecure) return 'comes when TLS has begun already';
      if (isInMessage) return 'comes in the middle of a message';
      return hello === 'extended' ? null : 'needs ehlo before it';
    case 'auth':
      if (isKnown) return 'comes a second time';
      if (isInMessage) return 'comes in the middle of a message';
      return hello === 'extended' ? null : 'needs ehlo before it';
    case 'ehlo':
    case 'helo':
    case 'lhlo':
      return isInMessage ? 'comes in the middle of a message' : null;
    case 'mail':
      if (isInMessage) return 'needs data or rset behind the mail before';
      return hello === 'none' ? 'needs ehlo or helo before it' : null;
    case 'rcpt':
      return isInMessage ? null : 'needs mail before it';
    case 'data':
    case 'bdat':
      return stage === 'rcpt' ? null : 'needs rcpt before it';
    default:
      return null;
  }
}

/** Where a session stands when a step was accepted. */
function behind(step: CommandStep, state: State): State {
  switch (step.kind) {
    case 'connect':
      return { ...state, isGreeted: step.awaitsGreeting };
    case 'ehlo':
    case 'lhlo':
      return { ...state, hello: 'extended', stage: 'none' };
    case 'helo':
      return { ...state, hello: 'plain', stage: 'none' };
    case 'starttls':
      return { ...state, isSecure: true, isKnown: false, stage: 'none' };
    case 'auth':
      return { ...state, isKnown: true };
    case 'mail':
      return { ...state, stage: 'mail' };
    case 'rcpt':
      return { ...state, stage: 'rcpt' };
    case 'data':
      return { ...state, stage: step.sendsContent ? 'none' : 'open' };
    case 'bdat':
    case 'rset':
      return { ...state, stage: 'none' };
    default:
      return state;
  }
}
