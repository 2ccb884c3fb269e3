/** Feeders: rows of values, one of which every message gets. Knows no files. */
import { assert } from '../assert.js';
import type { TablePlan } from './feeder-table.js';
import { FeederTable } from './feeder-table.js';
import { RangeColumn } from './generated-range.js';
import type { RangePlan } from './generated-range.js';
import type { RenderContext } from './render-context.js';
import { RowOrder } from './row-order.js';
import type { FeederOrder } from './row-order.js';
import type { FeederSource } from './template-variables.js';
import type { ValueWriter } from './value-writers.js';

/** A feeder as it crosses to workers: plain data and typed arrays. */
export interface FeederPlan {
  readonly name: string;
  readonly order: FeederOrder;
  /** Of `zipf`; 1 is the classic one, 0 makes all rows alike. */
  readonly exponent: number;
  readonly rows: TablePlan | RangePlan;
  /** All columns that the file has, where `rows` holds only those that are used. */
  readonly columns?: readonly string[];
}

/** A feeder of a worker. All fields that are written for one message are of one row. */
export class Feeder implements FeederSource {
  readonly columns: readonly string[];
  readonly #plan: FeederPlan;
  readonly #order: RowOrder;
  readonly #table: FeederTable | null;

  constructor(plan: FeederPlan, seed: number) {
    const { name, order, exponent, rows } = plan;
    this.#plan = plan;
    this.columns = plan.columns ?? rows.columns;
    this.#order = new RowOrder(order, rows.rows, seed, name, exponent);
    this.#table = 'patterns' in rows ? null : new FeederTable(rows);
  }

  writerOf(column: string): ValueWriter {
    const { rows } = this.#plan;
    const index = rows.columns.indexOf(column);
    assert(index >= 0, 'a template names only columns that there are');
    return this.#table === null
      ? new RangeField(new RangeColumn((rows as RangePlan).patterns[index] ?? ''), this.#order)
      : new TableField(this.#table, rows as TablePlan, index, this.#order);
  }
}

/**
 * What is wrong with the order of a feeder; null: nothing.
 *
 * @param places - sessions at once over all workers
 */
export function feederProblem({ order, exponent, rows }: FeederPlan, places: number): string | null {
  if (!(exponent >= 0 && exponent <= 10)) return `takes an exponent from 0 to 10 (got ${exponent})`;
  if (order === 'unique' && rows.rows < places) {
    return `needs as many rows as there are sessions at once: it has ${rows.rows} rows for ${places} sessions`;
  }
  return null;
}

class TableField implements ValueWriter {
  readonly isConstant = false;
  readonly minLength: number;
  readonly maxLength: number;
  readonly #table: FeederTable;
  readonly #column: number;
  readonly #order: RowOrder;

  constructor(table: FeederTable, { shortest, longest }: TablePlan, column: number, order: RowOrder) {
    this.#table = table;
    this.#column = column;
    this.#order = order;
    this.minLength = shortest[column] ?? 0;
    this.maxLength = longest[column] ?? 0;
  }

  write(target: Buffer, offset: number, context: RenderContext): number {
    return this.#table.write(this.#order.rowOf(context), this.#column, target, offset);
  }
}

class RangeField implements ValueWriter {
  readonly isConstant = false;
  readonly minLength: number;
  readonly maxLength: number;
  readonly #column: RangeColumn;
  readonly #order: RowOrder;

  constructor(column: RangeColumn, order: RowOrder) {
    this.#column = column;
    this.#order = order;
    this.minLength = column.shortest;
    this.maxLength = column.longest;
  }

  write(target: Buffer, offset: number, context: RenderContext): number {
    return this.#column.write(this.#order.rowOf(context), target, offset);
  }
}
