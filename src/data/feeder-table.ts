/**
 * Rows as one block of octets, which crosses to a worker at the price of its octets: a million rows as strings would be
 * copied one by one, and take several times as much in every worker.
 *
 *   row:    value value … one for each column
 *   value:  length (one octet below 128, else two with the highest bit of the first set), then so many octets
 */
import { assert } from '../assert.js';
import { sharedCopy } from './shared-octets.js';
import { copyOctets } from './value-writers.js';

/** Octets of a value, at most: what the length can say is far more than a line holds. */
export const LONGEST_VALUE = 8_192;
const ONE_OCTET_MAX = 0x7f;
const LONG = 0x80;
const LENGTH_OCTETS = 2;

/** A table as it crosses to workers: plain data. Its octets are never changed, so that threads of one process share them. */
export interface TablePlan {
  readonly columns: readonly string[];
  readonly rows: number;
  readonly octets: Uint8Array;
  /** Where in `octets` each row begins. */
  readonly starts: Uint32Array;
  /** Octets of the shortest and the longest value, by column. */
  readonly shortest: readonly number[];
  readonly longest: readonly number[];
}

/** A table in the making. */
export class TableBuilder {
  rows = 0;
  readonly #columns: readonly string[];
  readonly #shortest: number[];
  readonly #longest: number[];
  #octets: Buffer;
  #starts: Uint32Array;
  #length = 0;
  #column = 0;

  /** @param likelyBytes - room that is taken at once; there is more when it is needed */
  constructor(columns: readonly string[], likelyBytes: number) {
    this.#columns = columns;
    this.#shortest = columns.map(() => Infinity);
    this.#longest = columns.map(() => 0);
    this.#octets = Buffer.allocUnsafeSlow(Math.max(likelyBytes, 64));
    this.#starts = new Uint32Array(1024);
  }

  /** Adds the next value of the row; the last one of a column ends it. Octets [start, end) of `source`. */
  add(source: Buffer, start: number, end: number): void {
    const length = end - start;
    assert(length <= LONGEST_VALUE, 'values are measured before they are added');
    this.#makeRoom(length + LENGTH_OCTETS);
    if (this.#column === 0) this.#beginRow();
    if (length > ONE_OCTET_MAX) this.#octets[this.#length++] = LONG | (length >>> 8);
    this.#octets[this.#length++] = length & 0xff;
    this.#length = copyOctets(source, start, end, this.#octets, this.#length);
    this.#shortest[this.#column] = Math.min(this.#shortest[this.#column] ?? 0, length);
    this.#longest[this.#column] = Math.max(this.#longest[this.#column] ?? 0, length);
    this.#column = (this.#column + 1) % this.#columns.length;
  }

  /** The table, with no more memory than it needs. */
  table(): TablePlan {
    assert(this.#column === 0, 'every row has all columns');
    return {
      columns: this.#columns,
      rows: this.rows,
      octets: sharedCopy(this.#octets.subarray(0, this.#length)),
      starts: new Uint32Array(sharedCopy(new Uint8Array(this.#starts.buffer, 0, this.rows * 4)).buffer),
      shortest: this.#shortest,
      longest: this.#longest,
    };
  }

  #beginRow(): void {
    if (this.rows === this.#starts.length) {
      const more = new Uint32Array(this.#starts.length * 2);
      more.set(this.#starts);
      this.#starts = more;
    }
    this.#starts[this.rows++] = this.#length;
  }

  #makeRoom(length: number): void {
    if (this.#length + length <= this.#octets.length) return;
    const more = Buffer.allocUnsafeSlow(Math.max(this.#octets.length * 2, this.#length + length));
    this.#octets.copy(more, 0, 0, this.#length);
    this.#octets = more;
  }
}

/** Reads a table where it lies. */
export class FeederTable {
  readonly rows: number;
  readonly #octets: Buffer;
  readonly #starts: Uint32Array;

  constructor({ octets, starts, rows }: TablePlan) {
    this.rows = rows;
    this.#octets = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
    this.#starts = starts;
  }

  /**
   * Writes a value.
   *
   * @param row - from 0
   * @param column - index of the column
   * @returns the index behind the last octet
   */
  write(row: number, column: number, target: Buffer, offset: number): number {
    const octets = this.#octets;
    let at = this.#starts[row] as number;
    for (let skipped = 0; ; skipped++) {
      let length = octets[at++] as number;
      if (length > ONE_OCTET_MAX) length = ((length & ONE_OCTET_MAX) << 8) | (octets[at++] as number);
      if (skipped === column) return copyOctets(octets, at, at + length, target, offset);
      at += length;
    }
  }
}
