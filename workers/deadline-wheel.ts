/**
 * One coarse timer wheel per worker, in place of a Node timer per command.
 *
 * An entry sits in at most one bucket. Moving its deadline later is a field write: when its old bucket comes round the
 * entry is put where it now belongs. So a session that re-arms for every command costs one visit per deadline length.
 *
 *   bucket:  0   1   2  ...  slots-1
 *            |   |   `- entries due 2 ticks after a multiple of the horizon
 *            cursor: the last bucket emptied
 */
import { assert } from '../src/assert.js';

/** Something with a deadline. The fields belong to the wheel once the entry was scheduled. */
export interface WheelEntry {
  /** When to call `onDeadline`, µs since time zero; Infinity: never. */
  deadlineUs: number;
  /** When its bucket is emptied; Infinity while it is in none. */
  bucketDueUs: number;
  nextInBucket: WheelEntry | null;
  previousInBucket: WheelEntry | null;
  onDeadline(nowUs: number): void;
}

/** Default resolution: a deadline fires at most this much late on an idle machine. */
export const WHEEL_TICK_US = 10_000;
const WHEEL_SLOTS = 1024;

/** The wheel. Time comes from outside, so tests need no clock. */
export class DeadlineWheel {
  readonly #tickUs: number;
  readonly #buckets: (WheelEntry | null)[];
  #cursorTick: number;

  constructor(nowUs: number, tickUs: number = WHEEL_TICK_US, slots: number = WHEEL_SLOTS) {
    this.#tickUs = tickUs;
    this.#buckets = new Array<WheelEntry | null>(slots).fill(null);
    this.#cursorTick = Math.floor(nowUs / tickUs);
  }

  /** Sets or moves the deadline of `entry`; it may be called from `onDeadline`. */
  schedule(entry: WheelEntry, deadlineUs: number): void {
    entry.deadlineUs = deadlineUs;
    if (deadlineUs >= entry.bucketDueUs) return;
    if (entry.bucketDueUs !== Infinity) this.#unlink(entry);
    this.#link(entry);
  }

  /** Takes the deadline away. The entry leaves its bucket when that comes round. */
  cancel(entry: WheelEntry): void {
    entry.deadlineUs = Infinity;
  }

  /** Calls every entry whose deadline has passed. Call about once per tick; late calls catch up. */
  tick(nowUs: number): void {
    const nowTick = Math.floor(nowUs / this.#tickUs);
    const behind = Math.min(nowTick - this.#cursorTick, this.#buckets.length);
    for (let tick = nowTick - behind + 1; tick <= nowTick; tick++) {
      // Moved on first: what a callback schedules must land in a bucket that is still to come.
      this.#cursorTick = tick;
      this.#empty(tick % this.#buckets.length, nowUs);
    }
  }

  #empty(slot: number, nowUs: number): void {
    let entry = this.#buckets[slot] as WheelEntry | null;
    this.#buckets[slot] = null;
    // Taken out before any is called: a callback may schedule others, but never into the list being walked.
    let waiting: WheelEntry | null = null;
    while (entry !== null) {
      const next: WheelEntry | null = entry.nextInBucket;
      entry.previousInBucket = null;
      entry.bucketDueUs = -Infinity;
      entry.nextInBucket = waiting;
      waiting = entry;
      entry = next;
    }
    while (waiting !== null) {
      const due: WheelEntry = waiting;
      waiting = due.nextInBucket;
      due.nextInBucket = null;
      due.bucketDueUs = Infinity;
      if (due.deadlineUs <= nowUs) {
        due.deadlineUs = Infinity;
        due.onDeadline(nowUs);
      } else if (due.deadlineUs !== Infinity) {
        this.schedule(due, due.deadlineUs);
      }
    }
  }

  #link(entry: WheelEntry): void {
    const { length } = this.#buckets;
    const wanted = Math.ceil(entry.deadlineUs / this.#tickUs);
    const tick = Math.min(Math.max(wanted, this.#cursorTick + 1), this.#cursorTick + length - 1);
    const slot = tick % length;
    const head = this.#buckets[slot] as WheelEntry | null;
    assert(head !== entry, 'an entry is linked once');
    entry.bucketDueUs = tick * this.#tickUs;
    entry.previousInBucket = null;
    entry.nextInBucket = head;
    if (head !== null) head.previousInBucket = entry;
    this.#buckets[slot] = entry;
  }

  #unlink(entry: WheelEntry): void {
    if (entry.previousInBucket !== null) entry.previousInBucket.nextInBucket = entry.nextInBucket;
    else this.#buckets[(entry.bucketDueUs / this.#tickUs) % this.#buckets.length] = entry.nextInBucket;
    if (entry.nextInBucket !== null) entry.nextInBucket.previousInBucket = entry.previousInBucket;
    entry.bucketDueUs = Infinity;
    entry.nextInBucket = null;
    entry.previousInBucket = null;
  }
}
