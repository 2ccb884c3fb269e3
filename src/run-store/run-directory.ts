/**
 * The directory of a run: what was asked for, where, and a journal of everything that happened, written while it happens.
 * Whatever ends the program, what is in the journal can be told again (`journal-reader.ts`).
 *
 *   head.json      plan without secrets, environment, targets and what their pre-flight showed
 *   journal.jsonl  one event per line, an interval record per worker and second among them
 *   result.json    the result, once there is one
 */
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PostrushError } from '../errors.js';
import { fileProblem } from '../file-problem.js';
import { journalLine } from './journal-line.js';

/** Names of the files. */
export const RUN_FILES = { head: 'head.json', journal: 'journal.jsonl', result: 'result.json' } as const;
/** What the first line of a journal says. */
export const JOURNAL_SCHEMA = 'postrush.journal/1';
/** What a head says. */
export const HEAD_SCHEMA = 'postrush.run/1';
/** No journal gets longer: a record per second of many workers for days would fill any disk. */
const MAX_JOURNAL_BYTES = 4 * 1024 * 1024 * 1024;
/** This part of it is kept free for what cannot be left out. */
const RESERVED_SHARE = 0.25;

/** Writes the directory of one run. */
export class RunDirectory {
  readonly path: string;
  readonly #maxBytes: number;
  #journal = -1;
  #bytes = 0;
  /** Why nothing more is written, in words; empty: all is well. */
  #problem = '';
  /** What can be left out is. */
  #isShort = false;

  /** @param path - where it goes; made when the run begins */
  constructor(path: string, maxBytes = MAX_JOURNAL_BYTES) {
    this.path = path;
    this.#maxBytes = maxBytes;
  }

  /** Why the journal is not complete, in words; empty: it is. */
  get problem(): string {
    return this.#problem;
  }

  /**
   * Makes the directory.
   *
   * @param head - plain data without secrets
   * @throws PostrushError `E_REPORT_WRITE`
   */
  begin(head: object): void {
    try {
      makeFolders(this.path);
      writeFileSync(join(this.path, RUN_FILES.head), `${JSON.stringify({ schema: HEAD_SCHEMA, ...head })}\n`, {
        flag: 'wx',
      });
      this.#journal = openSync(join(this.path, RUN_FILES.journal), 'ax');
    } catch (error) {
      throw new PostrushError('E_REPORT_WRITE', `${this.path} cannot be written: ${fileProblem(error)}`, {
        cause: error,
      });
    }
    this.append({ schema: JOURNAL_SCHEMA });
  }

  /** Adds a line. A disk that is full ends the journal and not the run. */
  append(event: object): void {
    if (this.#journal >= 0 && this.#problem === '') this.#write(journalLine(event));
  }

  /**
   * Adds a line that says what others will say again with less; when the journal has no room for such lines it ends them,
   * and nothing else.
   *
   * @param end - the line that tells of it
   */
  appendSpare(event: object, end: object): void {
    if (this.#isShort || this.#journal < 0 || this.#problem !== '') return;
    const line = journalLine(event);
    if (this.#bytes + line.length <= this.#maxBytes * (1 - RESERVED_SHARE)) {
      this.#write(line);
      return;
    }
    this.#isShort = true;
    this.append(end);
  }

  #write(line: Buffer): void {
    if (this.#bytes + line.length > this.#maxBytes) {
      this.#problem = `the journal has reached its limit of ${String(this.#maxBytes)} octets`;
      return;
    }
    try {
      for (let written = 0; written < line.length;) written += writeSync(this.#journal, line, written);
      this.#bytes += line.length;
    } catch (error) {
      this.#problem = fileProblem(error);
    }
  }

  /**
   * Writes the result and closes the journal.
   *
   * @throws PostrushError `E_REPORT_WRITE` when something of the directory is missing
   */
  finish(resultText: string): void {
    this.close();
    try {
      writeFileSync(join(this.path, RUN_FILES.result), resultText);
    } catch (error) {
      this.#problem = this.#problem === '' ? fileProblem(error) : this.#problem;
    }
    if (this.#problem === '') return;
    throw new PostrushError(
      'E_REPORT_WRITE',
      `${this.path} is incomplete: ${this.#problem}; what was measured until then is in it (postrush report ${this.path})`,
    );
  }

  close(): void {
    if (this.#journal >= 0) closeSync(this.#journal);
    this.#journal = -1;
  }
}

/**
 * Makes a directory and those above it. Node does so as well, but waits for ever where a directory is there in which none can be
 * made, as /proc is (tried with 20.20).
 *
 * @returns the first that was made; null: all were there
 */
function makeFolders(path: string): string | null {
  const missing: string[] = [];
  for (let at = resolve(path); statSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at))
    missing.push(at);
  for (const folder of missing.toReversed()) mkdirSync(folder);
  return missing.at(-1) ?? null;
}

/** Looks before a run whether its directory can be made. @returns what is wrong, or null */
export function directoryProblem(path: string): string | null {
  if (path === '') return 'takes the path of a directory';
  try {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing !== undefined && !existing.isDirectory()) return 'takes the path of a directory, and this is a file';
    if (existing !== undefined && readdirSync(path).length > 0)
      return 'takes a directory that is empty, or not there yet';
    // Rights are one thing and what a file system lets be made another: it is made for a moment.
    const made = makeFolders(path);
    const probe = join(path, RUN_FILES.journal);
    closeSync(openSync(probe, 'wx'));
    rmSync(made ?? probe, { recursive: true });
    return null;
  } catch (error) {
    return `cannot be written: ${fileProblem(error)}`;
  }
}
