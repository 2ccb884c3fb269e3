/**
 * The commands that wait for their replies, first in first out (RFC 2920 §3.1), in parallel arrays of fixed size.
 *
 *   index:   head            head + count
 *            | oldest ... youngest |  free ...        (modulo capacity)
 */
import { assert } from '../src/assert.js';

/** Commands that may wait at once. More recipients than that are sent in several groups. */
export const RING_CAPACITY = 64;
const MASK = RING_CAPACITY - 1;

/** Outstanding commands of one session. */
export class CommandRing {
  count = 0;
  #head = 0;
  readonly #steps = new Uint8Array(RING_CAPACITY);
  readonly #slots = new Uint8Array(RING_CAPACITY);
  readonly #sentAtUs = new Float64Array(RING_CAPACITY);

  get room(): number {
    return RING_CAPACITY - this.count;
  }

  /** Step of the oldest command. */
  get step(): number {
    return this.#steps[this.#head] as number;
  }

  /** Transaction slot of the oldest command. */
  get slot(): number {
    return this.#slots[this.#head] as number;
  }

  /** When the oldest command was sent, µs since time zero. */
  get sentAtUs(): number {
    return this.#sentAtUs[this.#head] as number;
  }

  set sentAtUs(us: number) {
    this.#sentAtUs[this.#head] = us;
  }

  push(step: number, slot: number, sentAtUs: number): void {
    assert(this.count < RING_CAPACITY, 'a command is sent only when the ring has room');
    const index = (this.#head + this.count) & MASK;
    this.#steps[index] = step;
    this.#slots[index] = slot;
    this.#sentAtUs[index] = sentAtUs;
    this.count++;
  }

  /** Takes the oldest command out. */
  pop(): void {
    assert(this.count > 0, 'a reply is matched to a command that was sent');
    this.#head = (this.#head + 1) & MASK;
    this.count--;
  }

  /** Step of the command at `index` from the oldest. */
  stepAt(index: number): number {
    return this.#steps[(this.#head + index) & MASK] as number;
  }

  /** When the command at `index` from the oldest was sent. */
  sentAtUsAt(index: number): number {
    return this.#sentAtUs[(this.#head + index) & MASK] as number;
  }

  clear(): void {
    this.count = 0;
    this.#head = 0;
  }
}
