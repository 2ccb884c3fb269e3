/** Replies that a script did not expect, counted by step, code, enhanced code and what was expected. Bounded. */
import type { UnexpectedRow } from './interval-record.js';
import type { ReplyText } from './reply-counts.js';
import { SampleBudget } from './sample-budget.js';

/** Distinct rows kept per phase; what comes beyond joins the row of its step without enhanced code, by class of the code. */
const MAX_UNEXPECTED_ROWS = 60;

/** The table of one phase. */
export class UnexpectedCounts {
  readonly #rows = new Map<string, UnexpectedRow>();
  readonly #budget: SampleBudget;

  /** @param budget - room for texts, perhaps shared with other tables */
  constructor(budget = new SampleBudget()) {
    this.#budget = budget;
  }

  /** Counts one reply. `enhanced` is packed as in `ReplyRow`. */
  count(step: number, code: number, enhanced: number, expected: string, text: ReplyText): void {
    this.#add({ step, code, enhanced, expected, count: 1, sample: '' }, text);
  }

  /** Adds what another table counted. */
  add(row: UnexpectedRow): void {
    this.#add(row, null);
  }

  /** Plain copies of all rows, by step, the commonest first. */
  rows(): UnexpectedRow[] {
    const rows = [...this.#rows.values()];
    return rows.sort((a, b) => a.step - b.step || b.count - a.count || a.code - b.code).map((row) => ({ ...row }));
  }

  #add(row: UnexpectedRow, text: ReplyText | null): void {
    let placed = row;
    let key = keyOf(placed);
    if (this.#rows.size >= MAX_UNEXPECTED_ROWS && !this.#rows.has(key)) {
      placed = { ...row, code: row.code - (row.code % 100) + 99, enhanced: 0, expected: '' };
      key = keyOf(placed);
    }
    const known = this.#rows.get(key);
    if (known !== undefined) this.#rows.set(key, { ...known, count: known.count + row.count });
    else this.#rows.set(key, text === null ? placed : { ...placed, sample: this.#budget.take(text.text()) });
  }
}

function keyOf({ step, code, enhanced, expected }: UnexpectedRow): string {
  return `${String(step)} ${String(code)} ${String(enhanced)} ${expected}`;
}
