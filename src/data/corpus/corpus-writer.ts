/** Puts a corpus together: octets in one block, and for each message where its own begin and end. */
import { isAscii } from 'node:buffer';
import { dotStuff } from '../../protocol/dot-stuffing.js';
import { sharedCopy } from '../shared-octets.js';
import type { CorpusPlan } from './corpus-plan.js';
import type { HeaderTemplate } from './message-head.js';

/** Octets of all messages together: every worker holds them. */
export const MAX_CORPUS_BYTES = 128 * 1_048_576;
/** Messages. */
export const MAX_CORPUS_MESSAGES = 20_000;

const END_OF_DATA = Buffer.from('.\r\n', 'latin1');

/** Octets that were added. Where they end, a message ends. */
export interface CorpusBlock {
  readonly start: number;
  readonly end: number;
  /** Octets as SIZE counts them. */
  readonly bytes: number;
}

/** A message: where what it has for itself stands, and how much of a block. */
export interface CorpusEntry {
  readonly head: number;
  /** What follows its head; shares nothing with other messages. */
  readonly own: Buffer;
  readonly block: CorpusBlock;
  /** Octets of the block that it leaves out. Where it leaves some out, no line of the block begins with a dot. */
  readonly skipped: number;
  /** Share of all, in proportion to others. */
  readonly weight: number;
}

/** A corpus in the making. */
export class CorpusWriter {
  /** Octets so far. */
  bytes = 0;
  readonly heads: (readonly HeaderTemplate[])[] = [];
  readonly entries: CorpusEntry[] = [];
  readonly #isChunked: boolean;
  readonly #pieces: Buffer[] = [];
  readonly #owns: { readonly start: number; readonly end: number }[] = [];

  constructor(isChunked: boolean) {
    this.#isChunked = isChunked;
  }

  /**
   * Adds octets up to the end of a message; they are put into the form that content has on the wire.
   *
   * @param isWireForm - it is known that all lines end in CRLF, and that none begins with a dot
   */
  block(octets: Buffer, isWireForm = false): CorpusBlock {
    const start = this.bytes;
    this.#add(this.#isChunked || isWireForm ? octets : Buffer.from(dotStuff(octets)));
    if (!this.#isChunked) this.#add(END_OF_DATA);
    return { start, end: this.bytes, bytes: octets.length };
  }

  add(entry: CorpusEntry): void {
    const start = this.bytes;
    this.#add(entry.own);
    this.#owns.push({ start, end: this.bytes });
    this.entries.push(entry);
  }

  /** The corpus. */
  plan(hasUnicodeHeaders: boolean): CorpusPlan {
    const { entries, heads } = this;
    const octets = sharedCopy(Buffer.concat(this.#pieces));
    const total = entries.reduce((sum, { weight }) => sum + weight, 0);
    let share = 0;
    return {
      heads,
      octets,
      head: Uint8Array.from(entries, ({ head }) => head),
      ownStart: Uint32Array.from(this.#owns, ({ start }) => start),
      ownEnd: Uint32Array.from(this.#owns, ({ end }) => end),
      bodyStart: Uint32Array.from(entries, ({ block, skipped }) => block.start + skipped),
      bodyEnd: Uint32Array.from(entries, ({ block }) => block.end),
      fixedBytes: Uint32Array.from(entries, ({ own, block, skipped }) => own.length + block.bytes - skipped),
      // Sums of many shares miss 1 by a hair, and nothing may fall behind the last one.
      shareEnd: Float64Array.from(entries, ({ weight }, index) =>
        index === entries.length - 1 ? 1 : (share += weight / total),
      ),
      isEightBit: !isAscii(octets),
      hasUnicodeHeaders,
    };
  }

  #add(octets: Buffer): void {
    this.#pieces.push(octets);
    this.bytes += octets.length;
  }
}
