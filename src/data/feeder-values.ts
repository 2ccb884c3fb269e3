/** Looks at the values of a feeder before any of them is sent. */
import { FeederTable } from './feeder-table.js';
import type { FeederPlan } from './feeder.js';
import { RangeColumn } from './generated-range.js';

/** A value that will not do. */
export interface ValueProblem {
  /** From 0. */
  readonly row: number;
  readonly problem: string;
}

/**
 * Judges the values of a column: all of a table, the first and the last of a range, which differ in digits only.
 *
 * @param column - one that the feeder has
 * @param judge - one sentence on what is wrong with a value; null: nothing
 * @returns the first that will not do; null: all will
 */
export function judgeColumn(
  { rows: plan }: FeederPlan,
  column: string,
  judge: (value: string) => string | null,
): ValueProblem | null {
  const index = plan.columns.indexOf(column);
  const isRange = 'patterns' in plan;
  const values = isRange ? new RangeColumn(plan.patterns[index] ?? '') : null;
  const table = isRange ? null : new FeederTable(plan);
  const scratch = Buffer.alloc(isRange ? (values?.longest ?? 0) : (plan.longest[index] ?? 0));
  for (let row = 0; row < plan.rows; row += isRange ? Math.max(1, plan.rows - 1) : 1) {
    const end = values?.write(row, scratch, 0) ?? table?.write(row, index, scratch, 0) ?? 0;
    const problem = judge(scratch.toString('utf8', 0, end));
    if (problem !== null) return { row, problem };
  }
  return null;
}
