/** The run over time: bounded, whatever its length. Buckets start as the records' seconds; they double as the run grows. */
import { STEP_COUNT } from '../protocol/steps.js';
import { LatencyKey, type IntervalRecord, type LatencyRecord } from './interval-record.js';
import { LatencyHistogram, LatencySet } from './latency-histograms.js';

/** No more buckets than this are kept. */
export const MAX_BUCKETS = 3600;

/** Cumulative counters of one worker. */
export interface RunningCounts {
  attempted: number;
  accepted: number;
  deferred: number;
  rejected: number;
  failed: number;
  /** 2yz, 3yz, 4yz, 5yz. */
  replies: [number, number, number, number];
  errors: number;
  cpuSec: number;
}

/** A latency of one bucket. The record is kept so that buckets can be merged. */
export interface BucketLatency {
  readonly record: LatencyRecord;
  readonly p50Us: number | null;
  readonly p99Us: number | null;
}

/** What happened in one bucket, over all workers. */
export interface Bucket {
  startUs: number;
  endUs: number;
  counts: RunningCounts;
  openSessions: number;
  /** Busiest worker, 0 to 1. */
  busy: number;
  /** Per step index, of both phases. */
  latencies: (BucketLatency | null)[];
  eventLoopLag: BucketLatency | null;
  acceptedLatencyP99Us: number | null;
}

/** Buckets by interval index. A bucket is complete once every worker has passed it. */
export class Timeline {
  #bucketIntervals = 1;
  readonly #workerCount: number;
  readonly #done: Bucket[] = [];
  readonly #open = new Map<number, { bucket: Bucket; set: LatencySet; lag: LatencyHistogram }>();
  /** Highest interval index seen, per worker. */
  readonly #seen: number[];

  constructor(workerCount: number) {
    this.#workerCount = workerCount;
    this.#seen = new Array<number>(workerCount).fill(-1);
  }

  /** Takes in a record: what changed between `before` and `now` happened in its interval. */
  add(record: IntervalRecord, now: RunningCounts, before: RunningCounts): void {
    const index = Math.max(Math.floor(record.index / this.#bucketIntervals), this.#done.length);
    const open = this.#open.get(index) ?? this.#openBucket(index, record);
    const { bucket, set, lag } = open;
    bucket.startUs = Math.min(bucket.startUs, record.startUs);
    bucket.endUs = Math.max(bucket.endUs, record.endUs);
    addCounts(bucket.counts, now, before);
    bucket.openSessions += record.openSessions;
    bucket.busy = Math.max(bucket.busy, record.health.busy);
    for (const phase of record.latencies) for (const latency of phase) set.add(latency);
    lag.add(record.health.eventLoopLag);
    this.#seen[record.workerId] = record.index;
    this.#closePassed(Math.floor(Math.min(...this.#seen.slice(0, this.#workerCount)) / this.#bucketIntervals));
  }

  /** A worker says nothing more: its silence holds no bucket open. */
  workerDone(workerId: number): void {
    this.#seen[workerId] = Infinity;
    this.#closePassed(Math.min(...this.#seen) / this.#bucketIntervals);
  }

  /** All buckets in order; call when nothing more comes. */
  finish(): readonly Bucket[] {
    this.#closePassed(Infinity);
    return this.#done;
  }

  /** The last complete bucket. */
  get latest(): Bucket | null {
    return this.#done.at(-1) ?? null;
  }

  #openBucket(index: number, record: IntervalRecord): { bucket: Bucket; set: LatencySet; lag: LatencyHistogram } {
    const bucket: Bucket = {
      startUs: record.startUs,
      endUs: record.endUs,
      counts: noCounts(),
      openSessions: 0,
      busy: 0,
      latencies: [],
      eventLoopLag: null,
      acceptedLatencyP99Us: null,
    };
    const open = { bucket, set: new LatencySet(), lag: new LatencyHistogram() };
    this.#open.set(index, open);
    return open;
  }

  /** Closes all buckets below and at `lastIndex`, in order. */
  #closePassed(lastIndex: number): void {
    for (const index of [...this.#open.keys()].sort((a, b) => a - b)) {
      if (index > lastIndex) break;
      const open = this.#open.get(index);
      if (open === undefined) continue;
      this.#open.delete(index);
      const { bucket, set, lag } = open;
      bucket.acceptedLatencyP99Us = set.get(LatencyKey.message)?.valueAt(99) ?? null;
      bucket.latencies = Array.from({ length: STEP_COUNT }, (_, step) => bucketLatency(set.get(step), step));
      bucket.eventLoopLag = bucketLatency(lag, -1);
      set.destroy();
      lag.destroy();
      this.#done.push(bucket);
      if (this.#done.length >= MAX_BUCKETS) this.#double();
    }
  }

  #double(): void {
    const merged: Bucket[] = [];
    for (let index = 0; index < this.#done.length; index += 2) {
      merged.push(mergeBuckets(this.#done[index] as Bucket, this.#done[index + 1] ?? null));
    }
    this.#done.splice(0, this.#done.length, ...merged);
    this.#bucketIntervals *= 2;
  }
}

function noCounts(): RunningCounts {
  return {
    attempted: 0,
    accepted: 0,
    deferred: 0,
    rejected: 0,
    failed: 0,
    replies: [0, 0, 0, 0],
    errors: 0,
    cpuSec: 0,
  };
}

function addCounts(total: RunningCounts, now: RunningCounts, before: RunningCounts): void {
  total.attempted += now.attempted - before.attempted;
  total.accepted += now.accepted - before.accepted;
  total.deferred += now.deferred - before.deferred;
  total.rejected += now.rejected - before.rejected;
  total.failed += now.failed - before.failed;
  for (let index = 0; index < 4; index++) {
    total.replies[index] = (total.replies[index] ?? 0) + (now.replies[index] ?? 0) - (before.replies[index] ?? 0);
  }
  total.errors += now.errors - before.errors;
  total.cpuSec += now.cpuSec - before.cpuSec;
}

function mergeBuckets(first: Bucket, second: Bucket | null): Bucket {
  if (second === null) return first;
  const counts = noCounts();
  for (const { counts: part } of [first, second]) addCounts(counts, part, noCounts());
  return {
    startUs: first.startUs,
    endUs: second.endUs,
    counts,
    openSessions: second.openSessions,
    busy: Math.max(first.busy, second.busy),
    latencies: first.latencies.map((latency, step) => mergeLatencies(latency, second.latencies[step] ?? null)),
    eventLoopLag: mergeLatencies(first.eventLoopLag, second.eventLoopLag),
    acceptedLatencyP99Us: second.acceptedLatencyP99Us,
  };
}

function mergeLatencies(first: BucketLatency | null, second: BucketLatency | null): BucketLatency | null {
  if (first === null || second === null) return first ?? second;
  const histogram = new LatencyHistogram();
  histogram.add(first.record);
  histogram.add(second.record);
  const merged = bucketLatency(histogram, first.record.key);
  histogram.destroy();
  return merged;
}

function bucketLatency(histogram: LatencyHistogram | null, key: number): BucketLatency | null {
  if (histogram === null || histogram.count === 0) return null;
  return { record: histogram.toRecord(key), p50Us: histogram.valueAt(50), p99Us: histogram.valueAt(99) };
}
