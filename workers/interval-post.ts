/**
 * Puts interval records together bit by bit: to compress all histograms of a second at once takes several milliseconds, in
 * which no arrival is started and no reply is timed.
 */
import type { IntervalRecord } from '../src/metrics/interval-record.js';
import type { LatencyDrain } from '../src/metrics/latency-histograms.js';

/** Histograms per tick of the clock at least, and ticks in which all of them are through: half of the next second. */
const LEAST_PER_TICK = 2;
const MOST_TICKS = 50;

/** The records of one worker on their way. */
export class IntervalPost {
  readonly #send: (record: IntervalRecord) => void;
  #record: IntervalRecord | null = null;
  #drains: LatencyDrain[] = [];
  #perTick = 0;

  constructor(send: (record: IntervalRecord) => void) {
    this.#send = send;
  }

  /** Takes a record, whose latencies come out of `drains`. One that is still on its way goes first. */
  begin(record: IntervalRecord, drains: LatencyDrain[]): void {
    this.flush();
    this.#record = record;
    this.#drains = drains;
    const histograms = drains.reduce((sum, { left }) => sum + left, 0);
    this.#perTick = Math.max(LEAST_PER_TICK, Math.ceil(histograms / MOST_TICKS));
  }

  /** Goes on with what is on its way. */
  tick(): void {
    for (let turn = 0; turn < this.#perTick && this.#record !== null; turn++) this.#step();
  }

  /** Sends what is on its way, now. */
  flush(): void {
    while (this.#record !== null) this.#step();
  }

  #step(): void {
    while (this.#drains.at(-1)?.left === 0) this.#drains.pop();
    const drain = this.#drains.at(-1);
    if (drain !== undefined) {
      drain.next();
      return;
    }
    const record = this.#record;
    this.#record = null;
    if (record !== null) this.#send(record);
  }
}
