/**
 * Deferred messages of one lane that wait for their next try, as the queue of an MTA does. Each holds the recipients that
 * were deferred; what became of the others stands beside until the message is over. Knows no session.
 */
import { KeyedRandom } from '../src/data/keyed-random.js';
import { OUTCOME_COUNT, Outcome } from '../src/metrics/outcome.js';
import type { Census } from '../src/metrics/phase-book.js';
import { RetryCount } from '../src/metrics/retry-counts.js';
import type { RetryPlan } from '../src/plan/load-plan.js';
import type { WheelEntry } from './deadline-wheel.js';
import type { ArrivalClocks, Recorder } from './recorder.js';
import type { Transaction } from './transaction.js';

/** Messages of a worker that may wait: beyond them deferred messages give up, so that memory has an end. */
const MOST_WAITING = 1_000_000;
/** What stands before a drawn jitter of −1 … 1. */
const JITTER_PLACE = 'retry jitter';

/** What retries need of their worker. */
export interface RetryHost {
  /** Messages of all lanes that wait. */
  waiting: number;
  /** The run begins nothing any more. */
  readonly isStopping: boolean;
  schedule(entry: WheelEntry, deadlineUs: number): void;
  /** A message of the lane may be tried again. */
  onRetryDue(): void;
}

/** A message between two tries. */
export interface RetryEntry extends WheelEntry {
  /** Global number of the message. */
  readonly number: number;
  /** First taken from the plan. */
  readonly takenAtUs: number;
  /** Write of its first MAIL. */
  readonly firstBeganAtUs: number;
  /** Tries so far. */
  readonly tries: number;
  /** Recipients to try again: their indices within the message, in their order. */
  readonly positions: Uint16Array;
  /** Those that are settled, by `Outcome`. */
  readonly settled: readonly number[];
  /** Its last try: write of MAIL, and the settling reply. */
  readonly beganAtUs: number;
  readonly endedAtUs: number;
  readonly arrival: ArrivalClocks | null;
}

class WaitingMessage implements RetryEntry {
  deadlineUs = Infinity;
  bucketDueUs = Infinity;
  nextInBucket: WheelEntry | null = null;
  previousInBucket: WheelEntry | null = null;
  readonly number: number;
  readonly takenAtUs: number;
  readonly firstBeganAtUs: number;
  readonly tries: number;
  readonly positions: Uint16Array;
  readonly settled: readonly number[];
  readonly beganAtUs: number;
  readonly endedAtUs: number;
  readonly arrival: ArrivalClocks | null;
  readonly #lane: LaneRetries;

  constructor(lane: LaneRetries, transaction: Transaction, nowUs: number) {
    const { retry } = transaction;
    this.#lane = lane;
    this.number = transaction.number;
    this.takenAtUs = transaction.takenAtUs;
    this.firstBeganAtUs = retry?.firstBeganAtUs ?? transaction.beganAtUs;
    this.tries = (retry?.tries ?? 0) + 1;
    this.positions = transaction.deferredPositions();
    this.settled = transaction.recipients.map((count, outcome) =>
      outcome === Outcome.deferred ? 0 : count + (retry?.settled[outcome] ?? 0),
    );
    this.beganAtUs = transaction.beganAtUs;
    this.endedAtUs = nowUs;
    this.arrival = transaction.arrival;
  }

  onDeadline(): void {
    this.#lane.becameDue(this);
  }
}

/** The queue of one lane in one worker. */
export class LaneRetries {
  readonly #plan: RetryPlan;
  readonly #host: RetryHost;
  readonly #recorder: Recorder;
  readonly #jitter: KeyedRandom;
  /** Everything that waits, due or not. */
  readonly #waiting = new Set<RetryEntry>();
  /** Due, the first in front from `#nextDue` on. */
  #due: RetryEntry[] = [];
  #nextDue = 0;

  constructor(plan: RetryPlan, seed: number, host: RetryHost, recorder: Recorder) {
    this.#plan = plan;
    this.#host = host;
    this.#recorder = recorder;
    this.#jitter = new KeyedRandom(seed, JITTER_PLACE);
  }

  get hasDue(): boolean {
    return this.#nextDue < this.#due.length;
  }

  /** The message that is due longest, which is now tried again; null: none is. */
  take(): RetryEntry | null {
    const entry = this.#due[this.#nextDue] ?? null;
    if (entry === null) return null;
    this.#nextDue++;
    if (this.#nextDue > 1024 && this.#nextDue * 2 > this.#due.length) {
      this.#due = this.#due.slice(this.#nextDue);
      this.#nextDue = 0;
    }
    this.#waiting.delete(entry);
    this.#host.waiting--;
    this.#recorder.retry(RetryCount.begun, entry.takenAtUs);
    return entry;
  }

  becameDue(entry: RetryEntry): void {
    this.#due.push(entry);
    this.#host.onRetryDue();
  }

  /**
   * A try is over and settled. What is deferred in it waits for the next one, if there is one.
   *
   * @returns whether the message is not over
   */
  keeps(transaction: Transaction, nowUs: number): boolean {
    const { retry, takenAtUs } = transaction;
    const isDecided = transaction.outcome === Outcome.deferred || transaction.outcome === Outcome.accepted;
    if (isDecided && (transaction.recipients[Outcome.deferred] as number) > 0) {
      const tries = (retry?.tries ?? 0) + 1;
      const hasRoom = this.#host.waiting < MOST_WAITING;
      if (tries < this.#plan.attempts && hasRoom && !this.#host.isStopping) {
        this.#keep(new WaitingMessage(this, transaction, nowUs), nowUs);
        return true;
      }
      const isEnded = tries < this.#plan.attempts && hasRoom;
      if (isEnded) this.#recorder.retry(RetryCount.scheduled, takenAtUs);
      this.#recorder.retry(isEnded ? RetryCount.waiting : RetryCount.gaveUp, takenAtUs);
    }
    if (retry !== null) {
      transaction.merge(retry.settled);
      if (transaction.outcome === Outcome.accepted) this.#recorder.retry(RetryCount.accepted, takenAtUs);
    }
    return false;
  }

  /** The run is over: what waits has the outcome of its last try. */
  settleWaiting(): void {
    for (const { takenAtUs, settled, positions, beganAtUs, endedAtUs, firstBeganAtUs, arrival } of this.#waiting) {
      const recipients = settled.map((count, outcome) => count + (outcome === Outcome.deferred ? positions.length : 0));
      const outcome = (recipients[Outcome.accepted] as number) > 0 ? Outcome.accepted : Outcome.deferred;
      this.#recorder.retry(RetryCount.waiting, takenAtUs);
      this.#recorder.messageSettled({ outcome, takenAtUs, beganAtUs, firstBeganAtUs, recipients, arrival }, endedAtUs);
    }
    this.#host.waiting -= this.#waiting.size;
    this.#waiting.clear();
    this.#due = [];
    this.#nextDue = 0;
  }

  /** Adds what waits to the census of the phase in which each message was taken. */
  count(censusOf: (takenAtUs: number) => Census): void {
    for (const { takenAtUs, settled, positions } of this.#waiting) {
      const census = censusOf(takenAtUs);
      census.messages++;
      census.recipients += positions.length;
      for (let outcome = 0; outcome < OUTCOME_COUNT; outcome++) census.recipients += settled[outcome] as number;
    }
  }

  #keep(entry: RetryEntry, nowUs: number): void {
    this.#waiting.add(entry);
    this.#host.waiting++;
    this.#recorder.retry(RetryCount.scheduled, entry.takenAtUs);
    this.#host.schedule(entry, nowUs + this.#waitUs(entry));
  }

  /** Exponential, with a jitter that follows from the seed, the message and the try alone. */
  #waitUs({ number, tries }: RetryEntry): number {
    const { afterMs, factor, maxMs, jitterPercent } = this.#plan;
    const waitMs = Math.min(maxMs, afterMs * factor ** (tries - 1));
    const jitter = ((2 * this.#jitter.unit(number, tries, 0) - 1) * jitterPercent) / 100;
    return waitMs * 1e3 * (1 + jitter);
  }
}
