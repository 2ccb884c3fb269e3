/** The octets of one write, put together in a buffer that all sessions of a worker share. */
import { assert } from '../src/assert.js';

/** Room for a group of commands and a message of usual size; larger bodies are written from where they are. */
export const OUTBOX_BYTES = 96 * 1024;
/** Larger bodies are not copied. */
export const LARGEST_COPIED_BODY = 32 * 1024;

/** Longer views are made anew for every write. */
const LONGEST_KEPT_VIEW = 2048;

/** A buffer that is filled, written and filled again. A socket that still holds it gets to keep it. */
export class Outbox {
  #buffer: Buffer = Buffer.allocUnsafeSlow(OUTBOX_BYTES);
  /** Views from the start, by length: most writes are as long as one before. */
  readonly #views = new Array<Buffer | null>(LONGEST_KEPT_VIEW + 1).fill(null);
  /** Octets filled. */
  length = 0;

  /** Octets still free. */
  get room(): number {
    return OUTBOX_BYTES - this.length;
  }

  /** Where to write with a function that returns the new end; set `length` to that. */
  get target(): Buffer {
    return this.#buffer;
  }

  append(bytes: Uint8Array): void {
    assert(bytes.length <= this.room, 'a group of commands fits the outbox');
    this.#buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** A view of [start, end), valid until the next fill. */
  view(start: number, end: number): Buffer {
    if (start !== 0 || end > LONGEST_KEPT_VIEW) return this.#buffer.subarray(start, end);
    return (this.#views[end] ??= this.#buffer.subarray(0, end));
  }

  clear(): void {
    this.length = 0;
  }

  /** Leaves the buffer to a socket that has not yet passed it on, and takes a new one. */
  giveAway(): void {
    this.#buffer = Buffer.allocUnsafeSlow(OUTBOX_BYTES);
    this.#views.fill(null);
    this.length = 0;
  }
}
