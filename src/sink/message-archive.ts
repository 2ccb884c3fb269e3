/**
 * Keeps accepted messages as files: `000001.eml` as the client meant it, and its envelope in `000001.json`. Numbers go on
 * behind those that are there already; nothing is ever overwritten. Several processes may share a folder.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PostrushError } from '../errors.js';
import type { SinkMessage } from './kept-messages.js';

/** The numbers that messages of one sink may have in a folder. */
export interface ArchiveRange {
  readonly folder: string;
  /** Number of the first message. */
  readonly first: number;
  /** Number of the last one. */
  readonly last: number;
}

/** What became of accepted messages. */
export interface ArchiveStats {
  readonly messages: number;
  /** Accepted and not saved: beyond the limit, or there was no memory or no disk for them. */
  readonly skipped: number;
  /** Why saving ended early; null: it did not. */
  readonly problem: string | null;
}

const DIGITS = 6;

/**
 * Makes the folder, unless it is there, and looks which numbers are free.
 *
 * @param messages - how many may be saved
 * @throws PostrushError `E_CONFIG` when nothing can be written there
 */
export function openArchive(folder: string, messages: number): ArchiveRange {
  try {
    mkdirSync(folder, { recursive: true });
    const taken = readdirSync(folder).map((name) => Number(/^(\d+)\.(?:eml|json)$/.exec(name)?.[1] ?? 0));
    const first = taken.reduce((most, number) => Math.max(most, number), 0) + 1;
    return { folder, first, last: first + messages - 1 };
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
    const message = `messages cannot be saved in ${folder}: ${code}; choose a folder that may be written to`;
    throw new PostrushError('E_CONFIG', message, { cause });
  }
}

/** Writes messages. */
export class MessageArchive {
  readonly #range: ArchiveRange;
  #next: number;
  #saved = 0;
  #skipped = 0;
  #problem: string | null = null;

  constructor(range: ArchiveRange) {
    this.#range = range;
    this.#next = range.first;
  }

  /** Takes an accepted message; null: one whose content there was no memory for. */
  add(message: SinkMessage | null): void {
    if (message === null || this.#problem !== null || !this.#write(message)) this.#skipped++;
    else this.#saved++;
  }

  stats(): ArchiveStats {
    return { messages: this.#saved, skipped: this.#skipped, problem: this.#problem };
  }

  /**
   * Waits for the disk, and so do all sessions: whoever saves messages wants them rather than speed, and nothing piles
   * up in memory.
   *
   * @returns whether it was written
   */
  #write({ content, ...envelope }: SinkMessage): boolean {
    try {
      for (; this.#next <= this.#range.last; this.#next++) {
        const name = join(this.#range.folder, String(this.#next).padStart(DIGITS, '0'));
        if (!createFile(`${name}.eml`, content)) continue;
        const record = { ...envelope, octets: content.length, receivedAt: new Date().toISOString() };
        createFile(`${name}.json`, `${JSON.stringify(record, null, 2)}\n`);
        this.#next++;
        return true;
      }
    } catch (error) {
      this.#problem = (error as NodeJS.ErrnoException).code ?? String(error);
    }
    return false;
  }
}

/** Creates a file; false: there is one of that name, perhaps from another process. */
function createFile(path: string, content: string | Buffer): boolean {
  try {
    writeFileSync(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
