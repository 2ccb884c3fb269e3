/** The run over time: bounded, whatever its length. Buckets start as the records' seconds; they double as the run grows. */
import { STEP_COUNT } from '../protocol/steps.js';
import { LatencyKey, type IntervalRecord, type LatencyRecord } from './interval-record.js';
import { LatencyHistogram, LatencySet } from './latency-histograms.js';

/** No more buckets than this are kept. */
export const MAX_BUCKETS = 3600;
/** Old buckets merged per second of the run: enough to be done long before the next doubling. */
const WIDENED_PER_SECOND = 8;

/** Cumulative counters of one worker. */
export interface RunningCounts {
  attempted: number;
  accepted: number;
  deferred: number;
  rejected: number;
  failed: number;
  /** Messages of arrivals that were not started. */
  dropped: number;
  sessionsCompleted: number;
  /** 2yz, 3yz, 4yz, 5yz. */
  replies: [number, number, number, number];
  errors: number;
  cpuSec: number;
  /** Pauses for garbage collection. */
  gcUs: number;
}

/** A latency of one bucket. The record is kept so that buckets can be merged. */
export interface BucketLatency {
  readonly record: LatencyRecord;
  readonly p50Us: number | null;
  readonly p99Us: number | null;
}

/** What happened in one bucket, over all workers. */
export interface Bucket {
  /** Seconds that it covers at most, and its place among buckets of that width. */
  width: number;
  slot: number;
  startUs: number;
  endUs: number;
  counts: RunningCounts;
  openSessions: number;
  /** Busiest worker, 0 to 1. */
  busy: number;
  /** Per step index, of both phases. */
  latencies: (BucketLatency | null)[];
  eventLoopLag: BucketLatency | null;
  /** Of accepted messages, and their response times where clients arrive by plan. */
  message: BucketLatency | null;
  response: BucketLatency | null;
}

/** A second that not every worker has passed. */
interface OpenSecond {
  readonly bucket: Bucket;
  readonly set: LatencySet;
  readonly lag: LatencyHistogram;
}

/**
 * The run in buckets. A second is open until every worker has passed it; then it is put into the last bucket or begins
 * one. When there are too many, new buckets get twice the width, and the old ones are merged a few at a time: merging
 * all at once would hold up the main thread for seconds.
 */
export class Timeline {
  readonly #done: Bucket[] = [];
  readonly #open = new Map<number, OpenSecond>();
  /** Highest interval index seen, per worker. */
  readonly #seen: number[];
  /** Seconds per new bucket. */
  #width = 1;
  #lastClosed = 0;
  /** The next bucket to be brought to `#width`. */
  #widenAt = 0;

  constructor(workerCount: number) {
    this.#seen = new Array<number>(workerCount).fill(-1);
  }

  /** Takes in a record: what changed between `before` and `now` happened in its interval. */
  add(record: IntervalRecord, now: RunningCounts, before: RunningCounts): void {
    // What comes late is told with what is still open, or joins the last bucket.
    const index = Math.max(record.index, this.#lastClosed);
    const { bucket, set, lag } = this.#open.get(index) ?? this.#openSecond(index, record);
    bucket.startUs = Math.min(bucket.startUs, record.startUs);
    bucket.endUs = Math.max(bucket.endUs, record.endUs);
    addCounts(bucket.counts, now, before);
    bucket.busy = Math.max(bucket.busy, record.health.busy);
    for (const { latencies, openSessions } of record.lanes) {
      bucket.openSessions += openSessions;
      for (const latency of latencies.flat()) set.add(latency);
    }
    lag.add(record.health.eventLoopLag);
    this.#seen[record.workerId] = Math.max(record.index, this.#seen[record.workerId] ?? -1);
    this.#closePassed();
  }

  /** A worker says nothing more: its silence holds no second open. */
  workerDone(workerId: number): void {
    this.#seen[workerId] = Infinity;
    this.#closePassed();
  }

  /** All buckets in order; call when nothing more comes. */
  finish(): readonly Bucket[] {
    this.#seen.fill(Infinity);
    this.#closePassed();
    return this.#done;
  }

  /** The last complete buckets, at most so many, in order. */
  recent(count: number): readonly Bucket[] {
    return this.#done.slice(-count);
  }

  /** The last complete bucket. */
  get latest(): Bucket | null {
    return this.#done.at(-1) ?? null;
  }

  #openSecond(index: number, record: IntervalRecord): OpenSecond {
    const bucket: Bucket = {
      slot: index,
      width: 1,
      startUs: record.startUs,
      endUs: record.endUs,
      counts: noCounts(),
      openSessions: 0,
      busy: 0,
      latencies: [],
      eventLoopLag: null,
      message: null,
      response: null,
    };
    const open = { bucket, set: new LatencySet(), lag: new LatencyHistogram() };
    this.#open.set(index, open);
    return open;
  }

  /** Closes every second that all workers have passed, in order. */
  #closePassed(): void {
    const lastIndex = Math.min(...this.#seen);
    for (const index of [...this.#open.keys()].sort((a, b) => a - b)) {
      const open = this.#open.get(index);
      if (index > lastIndex || open === undefined) break;
      this.#open.delete(index);
      this.#lastClosed = index;
      this.#append(finished(open));
      this.#widenSome();
    }
  }

  #append(second: Bucket): void {
    const last = this.#done.at(-1);
    second.slot = Math.floor(second.slot / this.#width);
    second.width = this.#width;
    if (last?.width === this.#width && last.slot === second.slot) {
      this.#done[this.#done.length - 1] = mergeBuckets(last, second);
      return;
    }
    this.#done.push(second);
    if (this.#done.length >= MAX_BUCKETS) {
      this.#width *= 2;
      this.#widenAt = 0;
    }
  }

  /** Brings a few old buckets to the present width. */
  #widenSome(): void {
    for (let turn = 0; turn < WIDENED_PER_SECOND; turn++) {
      const bucket = this.#done[this.#widenAt];
      if (bucket === undefined || bucket.width >= this.#width) return;
      const next = this.#done[this.#widenAt + 1];
      const slot = Math.floor(bucket.slot / 2);
      const isPair = next?.width === bucket.width && Math.floor(next.slot / 2) === slot;
      const wide = isPair ? mergeBuckets(bucket, next) : bucket;
      wide.slot = slot;
      wide.width = bucket.width * 2;
      this.#done.splice(this.#widenAt, isPair ? 2 : 1, wide);
      this.#widenAt++;
    }
  }
}

/** Closes an open second: its histograms become figures. */
function finished({ bucket, set, lag }: OpenSecond): Bucket {
  bucket.message = bucketLatency(set.get(LatencyKey.message), LatencyKey.message);
  bucket.response = bucketLatency(set.get(LatencyKey.response), LatencyKey.response);
  bucket.latencies = Array.from({ length: STEP_COUNT }, (_, step) => bucketLatency(set.get(step), step));
  bucket.eventLoopLag = bucketLatency(lag, -1);
  set.destroy();
  lag.destroy();
  return bucket;
}

function noCounts(): RunningCounts {
  return {
    attempted: 0,
    accepted: 0,
    deferred: 0,
    rejected: 0,
    failed: 0,
    dropped: 0,
    sessionsCompleted: 0,
    replies: [0, 0, 0, 0],
    errors: 0,
    cpuSec: 0,
    gcUs: 0,
  };
}

function addCounts(total: RunningCounts, now: RunningCounts, before: RunningCounts): void {
  total.attempted += now.attempted - before.attempted;
  total.accepted += now.accepted - before.accepted;
  total.sessionsCompleted += now.sessionsCompleted - before.sessionsCompleted;
  total.deferred += now.deferred - before.deferred;
  total.rejected += now.rejected - before.rejected;
  total.failed += now.failed - before.failed;
  total.dropped += now.dropped - before.dropped;
  for (let index = 0; index < 4; index++) {
    total.replies[index] = (total.replies[index] ?? 0) + (now.replies[index] ?? 0) - (before.replies[index] ?? 0);
  }
  total.errors += now.errors - before.errors;
  total.cpuSec += now.cpuSec - before.cpuSec;
  total.gcUs += now.gcUs - before.gcUs;
}

function mergeBuckets(first: Bucket, second: Bucket): Bucket {
  const counts = noCounts();
  for (const { counts: part } of [first, second]) addCounts(counts, part, noCounts());
  return {
    slot: first.slot,
    width: first.width,
    startUs: Math.min(first.startUs, second.startUs),
    endUs: Math.max(first.endUs, second.endUs),
    counts,
    openSessions: second.openSessions,
    busy: Math.max(first.busy, second.busy),
    latencies: first.latencies.map((latency, step) => mergeLatencies(latency, second.latencies[step] ?? null)),
    eventLoopLag: mergeLatencies(first.eventLoopLag, second.eventLoopLag),
    message: mergeLatencies(first.message, second.message),
    response: mergeLatencies(first.response, second.response),
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
