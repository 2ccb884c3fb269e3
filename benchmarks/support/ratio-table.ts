/** Figures of cases beside those that they are compared with, as a table. */
import { pairs, type PairedCase, type RoundFigures } from './paired-rounds.js';
import { median, spread } from './statistics.js';
import { printTable } from './table.js';

/** A case that may be compared with another one. */
export interface RatioCase extends PairedCase {
  /** Name of the other one; null: it is that itself. */
  readonly beside: string | null;
  /** The bound on the ratio; null: there is none. */
  readonly bound: number | null;
}

/** Prints them. `what` and `other` head the columns of the cases and of the ratios. */
export function printRatios(cases: readonly RatioCase[], figures: RoundFigures, what: string, other: string): void {
  const rows = [[what, 'CPU µs', 'spread', other, 'spread', 'bound', 'holds']];
  for (const { name, title, beside, bound } of cases) {
    const cpuUs = figures.get(name) ?? [];
    const ratios = beside === null ? [] : pairs(figures, [name, beside], (ours, theirs) => ours / theirs);
    const ratio = median(ratios);
    rows.push([
      title,
      median(cpuUs).toFixed(1),
      spread(cpuUs, 1),
      ratios.length > 0 ? ratio.toFixed(3) : '-',
      ratios.length > 0 ? spread(ratios, 3) : '-',
      bound === null ? '-' : bound.toFixed(2),
      bound === null ? '-' : ratio <= bound ? 'yes' : 'NO',
    ]);
  }
  printTable(rows);
}
