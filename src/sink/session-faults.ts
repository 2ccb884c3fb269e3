/** The fault rows as one session meets them: what happens in it is counted here, what strikes is asked of the arbiter. */
import type { Answer, Arbiter } from './arbiter.js';
import { NOTHING, concerns } from './fault-table.js';
import type { SessionCounts, Strike } from './fault-table.js';
import type { FaultEvent, FaultRow } from './sink-options.js';

/** The rows that count per session, by what they wait for. */
export type SessionRows = ReadonlyMap<FaultEvent, readonly { readonly index: number; readonly row: FaultRow }[]>;

/** Picks the rows that count per session. */
export function sessionRows(rows: readonly FaultRow[]): SessionRows {
  const picked = new Map<FaultEvent, { readonly index: number; readonly row: FaultRow }[]>();
  for (const [index, row] of rows.entries()) {
    if (row.perSession === true) picked.set(row.on, [...(picked.get(row.on) ?? []), { index, row }]);
  }
  return picked;
}

/** One session's view of the fault rows. */
export class SessionFaults {
  readonly #arbiter: Arbiter;
  readonly #rows: SessionRows;
  /** By the index of the row. */
  #seen: Map<number, number> | null = null;

  constructor(arbiter: Arbiter, rows: SessionRows) {
    this.#arbiter = arbiter;
    this.#rows = rows;
  }

  /** The row that strikes now, or null. `line`: the command, '' where there is none. */
  strike(event: FaultEvent, line: string): Answer<Strike | null> {
    const rows = this.#rows.get(event);
    return this.#arbiter.strike(event, line, rows === undefined ? NOTHING : this.#count(rows, line));
  }

  #count(rows: readonly { readonly index: number; readonly row: FaultRow }[], line: string): SessionCounts {
    const counts: Record<number, number> = {};
    for (const { index, row } of rows) {
      if (!concerns(row, line)) continue;
      this.#seen ??= new Map();
      const seen = (this.#seen.get(index) ?? 0) + 1;
      this.#seen.set(index, seen);
      counts[index] = seen;
    }
    return counts;
  }
}
