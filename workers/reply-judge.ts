/**
 * Holds what comes back against what the script expects, and takes values out of it. Only for steps that have a rule:
 * no other reply comes here. Outcomes are none of its business.
 */
import type { ReplyParser } from '../src/protocol/reply-parser.js';
import { Step } from '../src/protocol/steps.js';
import type { CompiledScript } from '../src/scenario/compiled-script.js';
import type { ReplyRule } from '../src/scenario/reply-rule.js';
import type { Recorder } from './recorder.js';
import type { LaneTools } from './session-tools.js';

/** What a reply is to the script. The last three are what to do about one that is not expected. */
export const Judgement = {
  /** Nothing was expected of it, or what follows is for the engine to decide. */
  none: 0,
  expected: 1,
  stopRun: 2,
  reset: 3,
  quit: 4,
  drop: 5,
} as const;

/** Lines of a reply that are looked at. */
const MOST_LINES = 100;

const NO_VALUES: (Uint8Array | null)[] = [];
const NO_LINES: string[] = [];

/** The judge of one session. */
export class ReplyJudge {
  /** What was captured in the session, by the index of its name; null: nothing yet. */
  values: (Uint8Array | null)[];
  #rules: CompiledScript['rules'];
  #recorder: Recorder;
  #lines: string[] = NO_LINES;

  constructor({ rules, captureCount }: CompiledScript, recorder: Recorder) {
    this.#rules = rules;
    this.#recorder = recorder;
    this.values = roomFor(captureCount);
  }

  /** The sessions from now on are those of another lane. */
  enter({ script, recorder }: LaneTools): void {
    this.#rules = script.rules;
    this.#recorder = recorder;
    if (this.values.length !== script.captureCount) this.values = roomFor(script.captureCount);
  }

  /** A session begins. */
  reset(): void {
    if (this.values.length > 0) this.values.fill(null);
    if (this.#lines.length > 0) this.#lines = NO_LINES;
  }

  /** Whether the text of a reply under this rule is needed. */
  readsText(rule: number): boolean {
    return rule !== 0 && (this.#rules[rule] as ReplyRule).readsText;
  }

  /** A line of the reply that is coming in. */
  addLine(buffer: Uint8Array, start: number, end: number): void {
    if (this.#lines === NO_LINES) this.#lines = [];
    if (this.#lines.length < MOST_LINES) {
      this.#lines.push(Buffer.from(buffer.subarray(start, end)).toString('latin1'));
    }
  }

  /** Whether a code that answers nothing else is what the script waits for. */
  expects(rule: number, code: number, enhanced: number): boolean {
    const due = this.#rules[rule] ?? null;
    return due?.accepts(code, enhanced, this.#lines) === true && due.otherwise !== null;
  }

  /** Judges the reply at hand to a step begun at `sentAtUs`; one that is not expected is counted. @returns one of {@link Judgement} */
  judge(index: number, step: number, sentAtUs: number, parser: ReplyParser): number {
    const rule = this.#rules[index] as ReplyRule;
    const { code, enhanced } = parser;
    // The step is not over: its content is.
    if (rule.isOfContent && step !== Step.endOfData && code < 400) return Judgement.none;
    const lines = this.#lines;
    this.#lines = NO_LINES;
    rule.capture(lines, this.values);
    const { otherwise } = rule;
    if (otherwise === null) return Judgement.none;
    if (rule.accepts(code, enhanced, lines)) return Judgement.expected;
    this.#recorder.unexpected(step, sentAtUs, rule.expected, parser);
    return otherwise === 'count' ? Judgement.none : Judgement[otherwise];
  }
}

function roomFor(captureCount: number): (Uint8Array | null)[] {
  return captureCount === 0 ? NO_VALUES : new Array<Uint8Array | null>(captureCount).fill(null);
}
