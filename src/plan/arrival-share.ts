/** One worker's arrivals out of the global sequence: j, j + workers, j + 2·workers and so on. Pure arithmetic. */
import { ArrivalSequence, type SequencePlan } from './arrival-sequence.js';
import { lanesOf, laneWeights } from './lane-plan.js';
import { laneTable } from './lane-table.js';
import type { ArrivalPlan, LoadPlan } from './load-plan.js';
import { messagesAtLeast } from './script-counts.js';

/** A planned arrival. */
export interface Arrival {
  /** µs since time zero. */
  readonly intendedUs: number;
  readonly lane: number;
  /** Which of the messages of its lane is its first, from 0; -1: how many those before it bring shows on the way. */
  readonly firstMessage: number;
  /** How many messages it may bring. */
  readonly messages: number;
  /** How many it surely brings: fewer where its steps decide on the way. */
  readonly sureMessages: number;
}

/** Arrivals of one lane that are still to come, and the messages that they surely bring. */
export interface ArrivalsLeft {
  readonly arrivals: number;
  readonly messages: number;
}

interface LaneMessages {
  readonly most: number;
  readonly sure: number;
}

/** The arrivals of one worker, in order. */
export class ArrivalShare {
  readonly #sequence: ArrivalSequence;
  readonly #table: Uint16Array;
  /** Per place of the table, how many places before it have the same lane; per lane, how many there are. */
  readonly #rank: Uint32Array;
  readonly #width: number[];
  readonly #lanes: readonly LaneMessages[];
  readonly #workerId: number;
  readonly #workerCount: number;
  readonly #warmupEndUs: number;
  /** Arrivals after the warm-up end with this many; Infinity: the plan's time ends them. */
  readonly #bound: number;
  /** Messages of the run after the warm-up; null: no bound. */
  readonly #messages: number | null;
  /** Number of the first arrival after the warm-up; -1: none has been seen. */
  #firstMeasured = -1;
  #isClosed = false;
  /** How many were taken. */
  #taken = 0;

  constructor(plan: LoadPlan & { readonly arrivals: ArrivalPlan }, workerId: number) {
    this.#workerId = workerId;
    this.#workerCount = plan.workers;
    this.#warmupEndUs = plan.warmupMs * 1e3;
    this.#table = laneTable(laneWeights(plan));
    this.#lanes = lanesOf(plan).map(({ session, messagesPerSession }) => {
      const most = plan.arrivals.isReusing ? 1 : (messagesPerSession ?? 1);
      return { most, sure: session.steps === null ? most : messagesAtLeast(session.steps) };
    });
    this.#width = this.#lanes.map(() => 0);
    this.#rank = Uint32Array.from(this.#table, (lane) => {
      const rank = this.#width[lane] ?? 0;
      this.#width[lane] = rank + 1;
      return rank;
    });
    this.#messages = plan.messages;
    const perArrival = this.#lanes[0]?.most ?? 1;
    this.#bound = plan.messages === null ? (plan.connections ?? Infinity) : Math.ceil(plan.messages / perArrival);
    this.#sequence = new ArrivalSequence(sequencePlan(plan), plan.seed);
    this.#seek();
  }

  /** Intended start of the next arrival, µs since time zero; Infinity: there is none any more. */
  get nextUs(): number {
    return this.#isClosed ? Infinity : this.#sequence.atUs;
  }

  /** The next arrival; goes on to the one behind it. Call only when there is one. */
  take(): Arrival {
    this.#taken++;
    const { index, atUs } = this.#sequence;
    const place = index % this.#table.length;
    const lane = this.#table[place] ?? 0;
    const laneIndex = Math.floor(index / this.#table.length) * (this.#width[lane] ?? 1) + (this.#rank[place] ?? 0);
    const { most, sure } = this.#lanes[lane] ?? { most: 1, sure: 1 };
    const messages = Math.min(most, this.#messagesFrom(index, most));
    this.#sequence.advance();
    this.#seek();
    const firstMessage = most === sure ? laneIndex * most : -1;
    return { intendedUs: atUs, lane, firstMessage, messages, sureMessages: Math.min(sure, messages) };
  }

  /** Goes on behind those that `other` has given: it has the same plan up to there. */
  follow(other: ArrivalShare): void {
    while (this.#taken < other.#taken) this.take();
  }

  /** Nothing more comes. @returns what would have come, by lane; call when the next arrival is behind the warm-up */
  close(): ArrivalsLeft[] {
    if (this.#isClosed || this.#sequence.atUs === Infinity) return [];
    this.#isClosed = true;
    const first = this.#sequence.index;
    const end = Math.min(this.#sequence.total, this.#firstMeasured + this.#bound);
    const count = Math.max(0, Math.ceil((end - first) / this.#workerCount));
    const last = first + (count - 1) * this.#workerCount;
    return this.#countByLane(first, count).map((arrivals, lane) => {
      const { most, sure } = this.#lanes[lane] ?? { most: 1, sure: 1 };
      const hasLast = last === end - 1 && this.#table[last % this.#table.length] === lane;
      return { arrivals, messages: arrivals * sure - (hasLast ? this.#missingIn(last, most) : 0) };
    });
  }

  /** The lanes of `count` arrivals of this worker from number `first` on: whole rounds of the table, and the rest. */
  #countByLane(first: number, count: number): number[] {
    const round = this.#table.length;
    const [rounds, rest] = [Math.floor(count / round), count % round];
    const counts = this.#lanes.map(() => 0);
    for (let step = 0; step < Math.min(round, count); step++) {
      const lane = this.#table[(first + step * this.#workerCount) % round] ?? 0;
      counts[lane] = (counts[lane] ?? 0) + rounds + (step < rest ? 1 : 0);
    }
    return counts;
  }

  /** How many messages of the run are left for arrival `index` and those behind it. */
  #messagesFrom(index: number, perArrival: number): number {
    if (this.#messages === null || this.#firstMeasured < 0) return Infinity;
    return this.#messages - (index - this.#firstMeasured) * perArrival;
  }

  /** How many messages fewer than usual arrival `index` brings. */
  #missingIn(index: number, perArrival: number): number {
    return Math.max(0, perArrival - this.#messagesFrom(index, perArrival));
  }

  /** Goes on to the next arrival of this worker. */
  #seek(): void {
    const sequence = this.#sequence;
    while (sequence.atUs !== Infinity) {
      if (this.#firstMeasured < 0 && sequence.atUs >= this.#warmupEndUs) this.#firstMeasured = sequence.index;
      if (this.#firstMeasured >= 0 && sequence.index - this.#firstMeasured >= this.#bound) {
        sequence.end();
        return;
      }
      if (sequence.index % this.#workerCount === this.#workerId) return;
      sequence.advance();
    }
  }
}

/** The arrivals of a plan, over all workers. A warm-up that ends by itself ends where nobody knew before: the rest is planned there. */
export function sequencePlan(
  plan: Pick<LoadPlan, 'warmupMs' | 'isWarmupAuto'> & { arrivals: ArrivalPlan },
): SequencePlan {
  return { ...plan.arrivals, restartMs: plan.isWarmupAuto ? plan.warmupMs : null };
}
