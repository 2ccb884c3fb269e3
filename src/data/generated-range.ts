/** Rows that are counted instead of stored: `user{0001..9999}@example.test`. */
import { breaksLine, lineBreakProblem } from './template-variables.js';
import { copyOctets, writeNumber } from './value-writers.js';

const RANGE = /\{(\d{1,16})\.\.(\d{1,16})\}/;
/** What was meant to be a range. */
const NEARLY_RANGE = /\{[^{}]*\.\.[^{}]*\}/g;

/** Generated rows as they cross to workers: plain data. */
export interface RangePlan {
  readonly columns: readonly string[];
  /** By column. */
  readonly patterns: readonly string[];
  readonly rows: number;
}

/** The rows of some patterns, or what is wrong with each, by column. */
export type RangeReading =
  | { readonly range: RangePlan }
  | { readonly problems: readonly { readonly column: string; readonly problem: string }[] };

/** A text with at most one range in it. */
interface Pattern {
  readonly before: string;
  readonly after: string;
  readonly first: number;
  readonly count: number;
  /** Digits at least. */
  readonly width: number;
}

/**
 * Reads patterns, which count along with each other. A pattern without a range is the same in every row.
 *
 * @param patterns - by column; where a number begins with 0, all have as many digits
 */
export function readRanges(patterns: Readonly<Record<string, string>>): RangeReading {
  const columns = Object.keys(patterns);
  const problems: { column: string; problem: string }[] = [];
  let rows = 0;
  for (const [column, text] of Object.entries(patterns)) {
    const pattern = parsePattern(text);
    if (typeof pattern === 'string') problems.push({ column, problem: pattern });
    else if (pattern.count > 0 && rows === 0) rows = pattern.count;
    else if (pattern.count > 0 && pattern.count !== rows) {
      const problem = `counts ${pattern.count} rows, and the column before it ${rows}: all have to count as many`;
      problems.push({ column, problem });
    }
  }
  if (problems.length === 0 && rows === 0) {
    problems.push({ column: columns[0] ?? '', problem: 'no pattern has a range, as in user{0001..9999}@example.test' });
  }
  return problems.length > 0 ? { problems } : { range: { columns, patterns: Object.values(patterns), rows } };
}

/** One column of generated rows. */
export class RangeColumn {
  readonly shortest: number;
  readonly longest: number;
  readonly #before: Buffer;
  readonly #after: Buffer;
  readonly #pattern: Pattern;

  /** @param text - a pattern that {@link readRanges} took */
  constructor(text: string) {
    const pattern = parsePattern(text);
    if (typeof pattern === 'string') throw new Error(`postrush broke a promise to itself: a pattern ${pattern}`);
    this.#pattern = pattern;
    this.#before = Buffer.from(pattern.before, 'utf8');
    this.#after = Buffer.from(pattern.after, 'utf8');
    const around = this.#before.length + this.#after.length;
    const digitsOf = (value: number): number => Math.max(pattern.width, String(value).length);
    this.shortest = around + (pattern.count === 0 ? 0 : digitsOf(pattern.first));
    this.longest = around + (pattern.count === 0 ? 0 : digitsOf(pattern.first + pattern.count - 1));
  }

  /**
   * Writes the value of a row.
   *
   * @returns the index behind the last octet
   */
  write(row: number, target: Buffer, offset: number): number {
    const { first, count, width } = this.#pattern;
    let end = copyOctets(this.#before, 0, this.#before.length, target, offset);
    if (count > 0) end = writeNumber(target, end, first + row, width);
    return copyOctets(this.#after, 0, this.#after.length, target, end);
  }
}

/** One sentence when it is none. */
function parsePattern(text: string): Pattern | string {
  if (breaksLine(text)) return lineBreakProblem();
  const found = RANGE.exec(text);
  const likely = text.match(NEARLY_RANGE) ?? [];
  if (found === null && likely.length > 0) return `${likely[0]} has to be two whole numbers, as in {0001..9999}`;
  if (likely.length > 1) return 'takes one range: give the other a column of its own';
  if (found === null) return { before: text, after: '', first: 0, count: 0, width: 1 };
  const [whole, from = '', to = ''] = found;
  const [first, last] = [Number(from), Number(to)];
  if (!Number.isSafeInteger(last + 1)) return `counts to at most ${Number.MAX_SAFE_INTEGER - 1}`;
  if (first > last) return `takes the smaller number first (got ${whole})`;
  const isPadded = [from, to].some((digits) => digits.length > 1 && digits.startsWith('0'));
  const width = isPadded ? Math.max(from.length, to.length) : 1;
  const before = text.slice(0, found.index);
  return { before, after: text.slice(found.index + whole.length), first, count: last - first + 1, width };
}
