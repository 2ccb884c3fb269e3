/** Reads the rows of a feeder: CSV with a header, or an object of JSON per line. Never quotes a value: it may be a password. */
import { isUtf8 } from 'node:buffer';
import { nearestWord } from '../nearest-word.js';
import { CR, LF } from '../protocol/ascii.js';
import { readCsvOctets } from './csv-octets.js';
import type { CsvReceiver } from './csv-octets.js';
import { LONGEST_VALUE, TableBuilder } from './feeder-table.js';
import type { TablePlan } from './feeder-table.js';
import { nameProblem } from './template-variables.js';

/** Octets of a file: every worker holds what is used of it. */
export const MAX_FEEDER_BYTES = 256 * 1_048_576;
/** Rows of a file. */
const MAX_FEEDER_ROWS = 10_000_000;
/** Columns of a file. */
const MAX_COLUMNS = 100;
/** Octets of a line of JSON, which is parsed as a whole. */
const MAX_JSON_LINE = 1_048_576;
/** Lines with something wrong that are named. */
const MAX_NAMED_LINES = 5;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const QUOTE = 0x22;

/** How a file is written. */
export type FeederFormat = 'csv' | 'jsonl';

/** Rows, or everything that is wrong with the file, as `line 3: …` where it has a line. */
export type FeederReading = { readonly table: TablePlan } | { readonly problems: readonly string[] };

/**
 * Reads a whole file.
 *
 * @param wanted - the columns to keep, others are only checked; null: all
 */
export function readFeederFile(
  octets: Uint8Array,
  format: FeederFormat,
  wanted: readonly string[] | null,
): FeederReading {
  const reader = readRows(octets, format, wanted, MAX_FEEDER_ROWS);
  const { builder, problems } = reader;
  if (problems.length > 0) return { problems };
  if (builder === null || builder.rows === 0) {
    return { problems: [format === 'csv' ? 'no row follows the header' : 'there is no row'] };
  }
  return { table: builder.table() };
}

/**
 * The columns of a file, by its first line: what templates may name.
 *
 * @returns its problems, where it has no columns
 */
export function columnsOf(
  octets: Uint8Array,
  format: FeederFormat,
): { readonly columns: readonly string[] } | { readonly problems: readonly string[] } {
  const { columns, problems } = readRows(octets, format, null, 0);
  if (columns === null) return { problems: problems.length > 0 ? problems : ['there is no row'] };
  return problems.length > 0 ? { problems } : { columns };
}

function readRows(
  given: Uint8Array,
  format: FeederFormat,
  wanted: readonly string[] | null,
  maxRows: number,
): RowReader {
  const all = Buffer.from(given.buffer, given.byteOffset, given.length);
  const hasMark = all.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  const octets = hasMark ? all.subarray(BYTE_ORDER_MARK.length) : all;
  const reader = new RowReader(octets, wanted, maxRows);
  if (octets.length > MAX_FEEDER_BYTES) reader.problems.push(`has more than ${MAX_FEEDER_BYTES} octets`);
  // Otherwise names would quietly become others.
  else if (!isUtf8(octets)) reader.problems.push('is not UTF-8');
  else if (format === 'csv') {
    const broken = readCsvOctets(octets, reader);
    if (broken !== null) reader.refuse(broken.line, broken.problem);
  } else readJsonLines(octets, reader);
  return reader;
}

/** Checks rows, and puts what is wanted of them into a table. */
class RowReader implements CsvReceiver {
  readonly problems: string[] = [];
  columns: readonly string[] | null = null;
  builder: TableBuilder | null = null;
  readonly #octets: Buffer;
  readonly #wanted: readonly string[] | null;
  readonly #maxRows: number;
  /** By column: whether it is kept. */
  #isKept: readonly boolean[] = [];
  /** Octets of the row at hand, value after value, and where in them each ends. */
  readonly #values = {
    octets: Buffer.allocUnsafeSlow(MAX_COLUMNS * LONGEST_VALUE),
    ends: new Uint32Array(MAX_COLUMNS),
  };
  #count = 0;
  #length = 0;
  #problem: string | null = null;

  constructor(octets: Buffer, wanted: readonly string[] | null, maxRows: number) {
    this.#octets = octets;
    this.#wanted = wanted;
    this.#maxRows = maxRows;
  }

  /** Whether more than the columns is asked for. */
  get isReadingRows(): boolean {
    return this.#maxRows > 0;
  }

  /** Enough is wrong. */
  get isFull(): boolean {
    return this.problems.length >= MAX_NAMED_LINES;
  }

  refuse(line: number, problem: string): void {
    if (!this.isFull) this.problems.push(`line ${line}: ${problem}`);
  }

  /** @returns false: the columns cannot be used */
  begin(columns: readonly string[], line: number): boolean {
    this.columns = columns;
    const missing = (this.#wanted ?? []).filter((column) => !columns.includes(column));
    const broken = columns.find((column) => nameProblem(column, 'column') !== null);
    const twice = columns.find((column, index) => columns.indexOf(column) < index);
    if (columns.length === 0) this.refuse(line, 'has no columns');
    else if (columns.length > MAX_COLUMNS) this.refuse(line, `has more than ${MAX_COLUMNS} columns`);
    else if (broken !== undefined) this.refuse(line, `a column ${nameProblem(broken, 'column') ?? ''}`);
    else if (twice !== undefined) this.refuse(line, `names the column ${twice} twice`);
    for (const column of missing) {
      const meant = nearestWord(column, columns);
      this.refuse(
        line,
        `there is no column ${column}: ${meant === null ? `it has ${columns.join(', ')}` : `did you mean ${meant}?`}`,
      );
    }
    if (this.problems.length > 0) return false;
    this.#isKept = columns.map((column) => this.#wanted?.includes(column) ?? true);
    this.builder = new TableBuilder(
      columns.filter((_column, index) => this.#isKept[index]),
      // Every value has a separator or more in the file, and its length in the table: nothing is ever moved.
      !this.isReadingRows ? 0 : this.#octets.length + (this.#octets.length >>> 7),
    );
    return true;
  }

  onValue(start: number, end: number, hasQuotes: boolean): void {
    let length = end - start;
    if (this.#count >= MAX_COLUMNS) this.#count++;
    else if (length > LONGEST_VALUE * (hasQuotes ? 2 : 1)) this.#tooLong();
    else {
      const { octets } = this.#values;
      const from = this.#length;
      if (hasQuotes) {
        length = 0;
        for (let at = start; at < end; at++) {
          if (this.#octets[at] === QUOTE) at++;
          octets[from + length++] = this.#octets[at] as number;
        }
        if (length > LONGEST_VALUE) return this.#tooLong();
      } else this.#octets.copy(octets, from, start, end);
      this.#endValue(length);
    }
  }

  onText(text: string): void {
    if (text.length > LONGEST_VALUE || Buffer.byteLength(text) > LONGEST_VALUE) this.#tooLong();
    else this.#endValue(this.#values.octets.write(text, this.#length));
  }

  onRecord(line: number): boolean {
    const { columns, builder } = this;
    const isGoingOn = columns === null ? this.#readHeader(line) : this.#readRow(line, columns, builder as TableBuilder);
    this.#count = 0;
    this.#length = 0;
    this.#problem = null;
    return isGoingOn && !this.isFull;
  }

  #readHeader(line: number): boolean {
    const { octets, ends } = this.#values;
    if (this.#count > MAX_COLUMNS || this.#problem !== null) {
      this.refuse(line, this.#problem ?? `has more than ${MAX_COLUMNS} columns`);
      return false;
    }
    const names = Array.from(ends.subarray(0, this.#count), (end, index) =>
      octets.toString('utf8', index === 0 ? 0 : ends[index - 1], end).trim(),
    );
    return this.begin(names, line) && this.isReadingRows;
  }

  #readRow(line: number, columns: readonly string[], builder: TableBuilder): boolean {
    if (this.#count !== columns.length) {
      this.refuse(line, `has ${this.#count} values, and the header ${columns.length} columns`);
    } else if (this.#problem !== null) this.refuse(line, this.#problem);
    else if (builder.rows === this.#maxRows) {
      this.refuse(line, `is one row more than ${this.#maxRows}`);
      return false;
    } else {
      const { octets, ends } = this.#values;
      for (let index = 0; index < this.#count; index++) {
        if (this.#isKept[index] === true)
          builder.add(octets, index === 0 ? 0 : (ends[index - 1] as number), ends[index] as number);
      }
    }
    return true;
  }

  #endValue(length: number): void {
    const { octets, ends } = this.#values;
    const end = this.#length + length;
    for (let at = this.#length; at < end; at++) {
      const octet = octets[at] as number;
      if (octet === 0 || octet === LF || octet === CR) {
        this.#problem ??= `value ${this.#count + 1} holds a line end or NUL, and what follows would be a command of its own`;
      }
    }
    this.#length = end;
    ends[this.#count++] = end;
  }

  #tooLong(): void {
    this.#problem ??= `value ${this.#count + 1} has more than ${LONGEST_VALUE} octets`;
    this.#count++;
  }
}

/** The first object names the columns; all others must have the same. */
function readJsonLines(octets: Buffer, reader: RowReader): void {
  let columns: readonly string[] | null = null;
  for (let at = 0, line = 1; at < octets.length; line++) {
    const lf = octets.indexOf(LF, at);
    const end = lf < 0 ? octets.length : lf;
    const start = at;
    at = end + 1;
    if (end - start > MAX_JSON_LINE) {
      reader.refuse(line, `has more than ${MAX_JSON_LINE} octets`);
      return;
    }
    const text = octets.toString('utf8', start, end).trim();
    if (text === '') continue;
    const row = parseRow(text);
    if (typeof row === 'string') {
      reader.refuse(line, row);
    } else {
      if (columns === null) {
        columns = Object.keys(row);
        if (!reader.begin(columns, line) || !reader.isReadingRows) return;
      }
      const problem = addRow(row, columns, reader);
      if (problem !== null) reader.refuse(line, problem);
      else if (!reader.onRecord(line)) return;
    }
    if (reader.isFull) return;
  }
}

/** Hands over the values of a row, or says what is wrong with it. */
function addRow(row: Readonly<Record<string, unknown>>, columns: readonly string[], reader: RowReader): string | null {
  const missing = columns.find((column) => !Object.hasOwn(row, column));
  if (missing !== undefined) return `has no ${missing}, which the first row has`;
  const more = Object.keys(row).find((key) => !columns.includes(key));
  if (more !== undefined) return 'has a field that the first row does not have';
  const broken = columns.find((column) => !['string', 'number', 'boolean'].includes(typeof row[column]));
  if (broken !== undefined) return `${broken} has to be text, a number, true or false`;
  for (const column of columns) reader.onText(String(row[column]));
  return null;
}

function parseRow(text: string): Readonly<Record<string, unknown>> | string {
  try {
    const row: unknown = JSON.parse(text);
    return typeof row === 'object' && row !== null && !Array.isArray(row)
      ? (row as Record<string, unknown>)
      : 'has to be an object';
  } catch {
    // What the parser says quotes the line, with its passwords.
    return 'is not JSON';
  }
}
