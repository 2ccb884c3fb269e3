/**
 * The commands that wait for their replies, first in first out (RFC 2920 §3.1), in parallel arrays of fixed size.
 *
 *   index:   head            head + count
 *            | oldest ... youngest |  free ...        (modulo capacity)
 */
import { assert } from '../src/assert.js';

/** Commands that may wait at once, at most. More recipients than that are sent in several groups. */
export const RING_CAPACITY = 64;
const SMALLEST_CAPACITY = 8;
/** RSET, MAIL and DATA around the recipients, and the content of the message before them. */
const COMMANDS_BESIDE_RECIPIENTS = 4;

/** An entry holds its step in the low bits, its transaction slot above them, and the rule for its reply above that. */
const SLOT_SHIFT = 6;
const STEP_MASK = (1 << SLOT_SHIFT) - 1;
const RULE_SHIFT = 8;
const SLOT_MASK = (1 << (RULE_SHIFT - SLOT_SHIFT)) - 1;

/** Outstanding commands of one session. */
export class CommandRing {
  count = 0;
  #head = 0;
  readonly #capacity: number;
  readonly #entries: Uint32Array;
  readonly #sentAtUs: Float64Array;

  /** @param recipients - per message, or recipients and chunks; a ring is no larger than they need, since there is one per session */
  constructor(recipients: number) {
    let capacity = SMALLEST_CAPACITY;
    while (capacity < recipients + COMMANDS_BESIDE_RECIPIENTS && capacity < RING_CAPACITY) capacity *= 2;
    this.#capacity = capacity;
    this.#entries = new Uint32Array(capacity);
    this.#sentAtUs = new Float64Array(capacity);
  }

  /** Whether it is as large as messages of so many recipients need. */
  fits(recipients: number): boolean {
    return this.#capacity >= Math.min(recipients + COMMANDS_BESIDE_RECIPIENTS, RING_CAPACITY);
  }

  get room(): number {
    return this.#capacity - this.count;
  }

  /** Step of the oldest command. */
  get step(): number {
    return (this.#entries[this.#head] as number) & STEP_MASK;
  }

  /** Transaction slot of the oldest command. */
  get slot(): number {
    return ((this.#entries[this.#head] as number) >> SLOT_SHIFT) & SLOT_MASK;
  }

  /** What the script expects of the reply to the oldest command: an index into its rules; 0: nothing. */
  get rule(): number {
    return (this.#entries[this.#head] as number) >>> RULE_SHIFT;
  }

  /** When the oldest command was sent, µs since time zero. */
  get sentAtUs(): number {
    return this.#sentAtUs[this.#head] as number;
  }

  /** Changes when the oldest command of a step was sent. */
  setSentAtUs(step: number, us: number): void {
    for (let index = 0; index < this.count; index++) {
      if (this.stepAt(index) !== step) continue;
      this.#sentAtUs[this.#index(index)] = us;
      return;
    }
    assert(false, 'a command whose time changes is under way');
  }

  /** @param rule - what is expected of the reply, see {@link rule} */
  push(step: number, slot: number, sentAtUs: number, rule = 0): void {
    assert(this.count < this.#capacity, 'a command is sent only when the ring has room');
    const index = this.#index(this.count);
    this.#entries[index] = step | (slot << SLOT_SHIFT) | (rule << RULE_SHIFT);
    this.#sentAtUs[index] = sentAtUs;
    this.count++;
  }

  /** Takes the oldest command out. */
  pop(): void {
    assert(this.count > 0, 'a reply is matched to a command that was sent');
    this.#head = this.#index(1);
    this.count--;
  }

  /** Step of the command at `index` from the oldest. */
  stepAt(index: number): number {
    return (this.#entries[this.#index(index)] as number) & STEP_MASK;
  }

  /** Transaction slot of the command at `index` from the oldest. */
  slotAt(index: number): number {
    return ((this.#entries[this.#index(index)] as number) >> SLOT_SHIFT) & SLOT_MASK;
  }

  /** When the command at `index` from the oldest was sent. */
  sentAtUsAt(index: number): number {
    return this.#sentAtUs[this.#index(index)] as number;
  }

  clear(): void {
    this.count = 0;
    this.#head = 0;
  }

  /** The capacity is a power of two. */
  #index(fromOldest: number): number {
    return (this.#head + fromOldest) & (this.#capacity - 1);
  }
}
