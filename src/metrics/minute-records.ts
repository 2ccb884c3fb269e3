/**
 * Records of minutes: what the records of a worker's seconds say together, so that a long run can be told without them.
 * Minutes are counted from the ends of the warm-up and of the measured time, so that none lies across one of these.
 */
import type { IntervalRecord, LaneRecord, LatencyRecord } from './interval-record.js';
import { LatencyHistogram, LatencySet } from './latency-histograms.js';
import type { LoadWindow } from './load-window.js';
import { isRecordBalanced } from './record-books.js';

const MINUTE_US = 60_000_000;

/** The record of a minute, or of what there is of it. */
export interface MinuteRecord {
  /** How many records of seconds it stands for. */
  readonly count: number;
  /** Those of them whose own books did not balance. */
  readonly unbalanced: number;
  /** Counters as its last second has them, histograms of all of them. Its index is that of the minute's first second. */
  readonly record: IntervalRecord;
}

/** Merges the records of seconds, worker by worker. */
export class MinuteRecords {
  readonly #window: LoadWindow;
  readonly #open = new Map<number, OpenMinute>();
  #stoppedAtUs = Infinity;

  constructor(window: LoadWindow) {
    this.#window = window;
  }

  /** The run was stopped. */
  stopped(atUs: number): void {
    this.#stoppedAtUs = Math.min(this.#stoppedAtUs, atUs);
  }

  /** Takes in the record of a second. @returns the minute that ended before it; null: it belongs to the one that is open */
  add(record: IntervalRecord): MinuteRecord | null {
    const minuteUs = this.#minuteOf((record.startUs + record.endUs) / 2);
    const open = this.#open.get(record.workerId);
    if (open?.minuteUs === minuteUs) {
      open.add(record);
      return null;
    }
    const next = new OpenMinute(minuteUs, record);
    this.#open.set(record.workerId, next);
    return open?.close() ?? null;
  }

  /** A worker says nothing more. @returns what it has said since its last minute; null: nothing */
  close(workerId: number): MinuteRecord | null {
    const open = this.#open.get(workerId);
    this.#open.delete(workerId);
    return open?.close() ?? null;
  }

  /** When the minute began that `us` lies in, µs since time zero. */
  #minuteOf(us: number): number {
    const { warmupEndUs, endUs } = this.#window;
    const drainUs = Math.min(endUs, this.#stoppedAtUs);
    const fromUs = us >= drainUs ? drainUs : us >= warmupEndUs ? warmupEndUs : 0;
    return fromUs + Math.floor((us - fromUs) / MINUTE_US) * MINUTE_US;
  }
}

/** A minute that goes on. */
class OpenMinute {
  readonly minuteUs: number;
  readonly #startUs: number;
  readonly #lanes: readonly (readonly [LatencySet, LatencySet])[];
  readonly #lag = new LatencyHistogram();
  #last: IntervalRecord;
  #busyUs = 0;
  #count = 0;
  #unbalanced = 0;

  constructor(minuteUs: number, first: IntervalRecord) {
    this.minuteUs = minuteUs;
    this.#startUs = first.startUs;
    this.#lanes = first.lanes.map(() => [new LatencySet(), new LatencySet()] as const);
    this.#last = first;
    this.add(first);
  }

  add(record: IntervalRecord): void {
    for (const [lane, { latencies }] of record.lanes.entries()) {
      for (const phase of [0, 1] as const)
        for (const latency of latencies[phase]) this.#lanes[lane]?.[phase].add(latency);
    }
    this.#lag.add(record.health.eventLoopLag);
    this.#busyUs += record.health.busy * (record.endUs - record.startUs);
    this.#last = record;
    this.#count++;
    if (!isRecordBalanced(record)) this.#unbalanced++;
  }

  close(): MinuteRecord {
    const { lanes, health, endUs } = this.#last;
    const lengthUs = endUs - this.#startUs;
    const eventLoopLag = this.#lag.toRecord(-1);
    this.#lag.destroy();
    return {
      count: this.#count,
      unbalanced: this.#unbalanced,
      record: {
        ...this.#last,
        // A second belongs to where its middle is.
        index: Math.max(0, Math.ceil(this.minuteUs / 1e6 - 0.5)),
        startUs: this.#startUs,
        lanes: lanes.map((lane, index) => ({ ...lane, latencies: this.#drain(index) })),
        health: { ...health, eventLoopLag, busy: lengthUs > 0 ? this.#busyUs / lengthUs : 0 },
      },
    };
  }

  #drain(lane: number): LaneRecord['latencies'] {
    const [warmup, main] = this.#lanes[lane] as readonly [LatencySet, LatencySet];
    const latencies: [LatencyRecord[], LatencyRecord[]] = [warmup.drain(), main.drain()];
    warmup.destroy();
    main.destroy();
    return latencies;
  }
}
