/** Replies counted by step, code, enhanced code and interim flag. Bounded, whatever a server invents. */
import type { ReplyRow } from './interval-record.js';
import { SampleBudget } from './sample-budget.js';
import { STEP_COUNT } from '../protocol/steps.js';

/** Distinct rows kept per phase before enhanced codes are dropped from new rows. */
export const MAX_REPLY_ROWS = 100;
/** Distinct rows kept per phase before new codes are counted by their class alone, as 299, 399, 499 or 599. */
const MAX_CODE_ROWS = 200;

/** Gives the text of the reply at hand. Called only for the first reply of a row, so that no other builds a string. */
export interface ReplyText {
  text(): string;
}

interface Row {
  readonly step: number;
  readonly code: number;
  readonly enhanced: number;
  readonly interim: boolean;
  count: number;
  readonly sample: string;
  readonly firstSeenUs: number;
  lastSeenUs: number;
}

/** The reply table of one phase. */
export class ReplyCounts {
  readonly #rows = new Map<number, Row>();
  readonly #budget: SampleBudget;
  /** The last row of each step: most replies of a step are alike, so that most counts need no look-up. */
  readonly #lastKey = new Float64Array(STEP_COUNT).fill(-1);
  readonly #lastRow: (Row | null)[] = new Array<Row | null>(STEP_COUNT).fill(null);

  /** @param budget - room for texts, perhaps shared with other tables */
  constructor(budget = new SampleBudget()) {
    this.#budget = budget;
  }

  /** Counts one reply. `enhanced` is packed as in `ReplyRow`. */
  count(step: number, code: number, enhanced: number, interim: boolean, nowUs: number, text: ReplyText): void {
    const key = rowKey(step, code, enhanced, interim);
    let row = this.#lastRow[step] as Row | null;
    if (row === null || this.#lastKey[step] !== key) {
      row = this.#find(key, step, code, enhanced, interim, nowUs, text);
      this.#lastKey[step] = key;
      this.#lastRow[step] = row;
    }
    row.count++;
    row.lastSeenUs = nowUs;
  }

  /** Plain copies of all rows. */
  rows(): ReplyRow[] {
    return Array.from(this.#rows.values(), (row) => ({ ...row }));
  }

  #find(
    key: number,
    step: number,
    code: number,
    enhanced: number,
    interim: boolean,
    nowUs: number,
    text: ReplyText,
  ): Row {
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    if (this.#rows.size >= MAX_REPLY_ROWS && enhanced !== 0)
      return this.#find(rowKey(step, code, 0, interim), step, code, 0, interim, nowUs, text);
    if (this.#rows.size >= MAX_CODE_ROWS && code % 100 !== 99) {
      const classCode = code - (code % 100) + 99;
      return this.#find(rowKey(step, classCode, 0, interim), step, classCode, 0, interim, nowUs, text);
    }
    const row = {
      step,
      code,
      enhanced,
      interim,
      count: 0,
      sample: this.#budget.take(text.text()),
      firstSeenUs: nowUs,
      lastSeenUs: nowUs,
    };
    this.#rows.set(key, row);
    return row;
  }
}

function rowKey(step: number, code: number, enhanced: number, interim: boolean): number {
  return ((step * 2 + (interim ? 1 : 0)) * 1000 + code) * 10_000_000 + enhanced;
}
