/** Decides which fault row strikes. Counts occurrences over the whole sink; is told those of a session; knows no reply. */
import { SeededRandom } from '../seeded-random.js';
import { drawDelayMs } from '../delay.js';
import type { FaultEvent, FaultRow } from './sink-options.js';

/** A row that strikes. */
export interface Strike {
  /** Index of the row in the sink's settings. */
  readonly row: number;
  /** As drawn for this time, ms. */
  readonly delayMs: number;
}

/** How often what a row waits for has happened in the session at hand, this time included; by the index of the row. */
export type SessionCounts = Readonly<Record<number, number>>;

/** Where no row counts per session. */
export const NOTHING: SessionCounts = {};

interface WatchedRow {
  readonly index: number;
  readonly row: FaultRow;
  readonly random: SeededRandom;
  seen: number;
  /** When it may strike again, with `ratePerSec`; on the table's clock. */
  nextDueMs: number;
}

/** The fault rows of a sink. */
export class FaultTable {
  readonly #rows = new Map<FaultEvent, WatchedRow[]>();
  readonly #nowMs: () => number;

  /**
   * @param seed - of everything random; each row draws its own numbers
   * @param nowMs - ms since the sink's start
   */
  constructor(rows: readonly FaultRow[], seed: number, nowMs: () => number) {
    this.#nowMs = nowMs;
    for (const [index, row] of rows.entries()) {
      const watched = this.#rows.get(row.on) ?? [];
      watched.push({ index, row, random: new SeededRandom(seed, index), seen: 0, nextDueMs: 0 });
      this.#rows.set(row.on, watched);
    }
  }

  /**
   * The first row that strikes at this occurrence, or null. Every row counts the occurrence, whichever wins.
   *
   * @param inSession - for the rows that count per session
   */
  match(event: FaultEvent, line: string, inSession: SessionCounts = NOTHING): Strike | null {
    const rows = this.#rows.get(event);
    if (rows === undefined) return null;
    let winner: WatchedRow | null = null;
    for (const watched of rows) {
      if (!concerns(watched.row, line)) continue;
      watched.seen++;
      const seen = watched.row.perSession === true ? (inSession[watched.index] ?? 0) : watched.seen;
      // Every occurrence costs a row with a probability one random number, so that rows do not disturb each other.
      const isLucky = watched.row.probability === undefined || watched.random.next() < watched.row.probability;
      if (winner === null && isLucky && isDue(watched.row, seen) && this.#isTime(watched)) winner = watched;
    }
    if (winner === null) return null;
    return { row: winner.index, delayMs: drawDelayMs(winner.row.delayMs ?? 0, winner.random) };
  }

  /** Whether the row's time window is open and its rate not used up; then it counts as used. */
  #isTime(watched: WatchedRow): boolean {
    const { fromSec, untilSec, ratePerSec } = watched.row;
    if (fromSec === undefined && untilSec === undefined && ratePerSec === undefined) return true;
    const nowMs = this.#nowMs();
    if (nowMs < (fromSec ?? 0) * 1000 || nowMs >= (untilSec ?? Infinity) * 1000) return false;
    if (ratePerSec === undefined) return true;
    if (nowMs < watched.nextDueMs) return false;
    // What was late for less than a gap is made up for, so that the rate is reached; older dues are lost.
    const gapMs = 1000 / ratePerSec;
    watched.nextDueMs = nowMs - watched.nextDueMs < gapMs ? watched.nextDueMs + gapMs : nowMs + gapMs;
    return true;
  }
}

/** Whether a row waits for such a line. */
export function concerns({ matching }: FaultRow, line: string): boolean {
  return matching === undefined || line.includes(matching);
}

/** Whether the count of occurrences has it strike now. */
function isDue(row: FaultRow, seen: number): boolean {
  const occurrence = seen - (row.after ?? 0);
  if (occurrence < 1) return false;
  if (row.nth !== undefined && occurrence !== row.nth) return false;
  return row.everyNth === undefined || occurrence % row.everyNth === 0;
}
