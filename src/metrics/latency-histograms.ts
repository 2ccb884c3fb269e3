/**
 * Latencies in HDR histograms: integer µs, 1 µs to 1 h, three significant digits, exact min, max, sum and count beside.
 * The only module that knows the histogram library.
 */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  initWebAssemblySync,
  type Histogram,
} from 'hdr-histogram-js';
import { assert } from '../assert.js';
import type { IntervalValues } from './bootstrap.js';
import { LATENCY_COUNT, type LatencyRecord } from './interval-record.js';

/** Smallest recordable value in µs. */
export const MIN_LATENCY_US = 1;
/** Largest recordable value in µs: one hour. */
export const MAX_LATENCY_US = 3_600_000_000;

const SIGNIFICANT_DIGITS = 3;
const COUNTER_BITS = 32;

/** The percentiles of every latency summary, with the name of their field. */
export const PERCENTILES = [
  ['p50Us', 50],
  ['p75Us', 75],
  ['p90Us', 90],
  ['p95Us', 95],
  ['p99Us', 99],
  ['p999Us', 99.9],
  ['p9999Us', 99.99],
] as const;
type PercentileField = (typeof PERCENTILES)[number][0];

/** What a report tells of one histogram. All µs; every value but `count` is null when nothing was recorded. */
export type LatencySummary = {
  readonly count: number;
  readonly minUs: number | null;
  readonly meanUs: number | null;
  readonly stdevUs: number | null;
  readonly maxUs: number | null;
  /** Percentiles that the count cannot carry: fewer than 100 / (1 - p) values. */
  readonly weak: string[];
  /** HdrHistogram V2, deflated, base64. */
  readonly histogram: string | null;
} & Readonly<Record<PercentileField, number | null>>;

let wasmReady = false;

function newHistogram(): Histogram {
  if (!wasmReady) {
    initWebAssemblySync();
    wasmReady = true;
  }
  return build({
    bitBucketSize: COUNTER_BITS,
    autoResize: false,
    lowestDiscernibleValue: MIN_LATENCY_US,
    highestTrackableValue: MAX_LATENCY_US,
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
    useWebAssembly: true,
  });
}

/** One histogram with its exact figures. */
export class LatencyHistogram {
  count = 0;
  minUs = 0;
  maxUs = 0;
  sumUs = 0;
  clampedCount = 0;
  readonly #histogram: Histogram = newHistogram();

  /** Records one value in µs; out of range it is clamped and counted as such. */
  record(us: number): void {
    let value = Math.round(us);
    if (value < MIN_LATENCY_US) {
      // Between 0.5 and 1 µs rounding has already done its work; what is left is faster than the clock can tell.
      value = MIN_LATENCY_US;
      this.clampedCount++;
    } else if (value > MAX_LATENCY_US) {
      value = MAX_LATENCY_US;
      this.clampedCount++;
    }
    if (this.count === 0 || value < this.minUs) this.minUs = value;
    if (value > this.maxUs) this.maxUs = value;
    this.count++;
    this.sumUs += value;
    this.#histogram.recordValue(value);
  }

  /** Adds what another thread recorded. */
  add(record: LatencyRecord): void {
    if (record.count === 0) return;
    const other = decodeFromCompressedBase64(record.histogram, COUNTER_BITS, true);
    this.#histogram.add(other);
    other.destroy();
    if (this.count === 0 || record.minUs < this.minUs) this.minUs = record.minUs;
    if (record.maxUs > this.maxUs) this.maxUs = record.maxUs;
    this.count += record.count;
    this.sumUs += record.sumUs;
    this.clampedCount += record.clamped;
  }

  /** The value in µs below which `percentile` (0 to 100) of the values lie, within [min, max]; null when empty. */
  valueAt(percentile: number): number | null {
    if (this.count === 0) return null;
    return Math.min(this.maxUs, Math.max(this.minUs, this.#histogram.getValueAtPercentile(percentile)));
  }

  /** How many values the histogram itself holds: must equal {@link count}. */
  get histogramCount(): number {
    return this.#histogram.totalCount;
  }

  /** A plain record of what is held, under `key`. */
  toRecord(key: number): LatencyRecord {
    return {
      key,
      count: this.count,
      minUs: this.minUs,
      maxUs: this.maxUs,
      sumUs: this.sumUs,
      clamped: this.clampedCount,
      histogram: this.count === 0 ? '' : encodeIntoCompressedBase64(this.#histogram),
    };
  }

  /** Forgets everything. */
  reset(): void {
    this.count = 0;
    this.minUs = 0;
    this.maxUs = 0;
    this.sumUs = 0;
    this.clampedCount = 0;
    this.#histogram.reset();
  }

  /** What a report tells of it. */
  summary(): LatencySummary {
    const empty = this.count === 0;
    const percentiles = {} as Record<PercentileField, number | null>;
    const weak: string[] = [];
    for (const [field, percentile] of PERCENTILES) {
      percentiles[field] = this.valueAt(percentile);
      if (!empty && this.count < carryingCount(percentile)) weak.push(field.slice(0, -'Us'.length));
    }
    return {
      count: this.count,
      minUs: empty ? null : this.minUs,
      meanUs: empty ? null : this.sumUs / this.count,
      stdevUs: empty ? null : this.#histogram.stdDeviation,
      ...percentiles,
      maxUs: empty ? null : this.maxUs,
      weak,
      histogram: empty ? null : encodeIntoCompressedBase64(this.#histogram),
    };
  }

  /** Gives the memory of the histogram back; the object must not be used after. */
  destroy(): void {
    this.#histogram.destroy();
  }
}

/** What the library's histograms in JavaScript have beside what its types say. */
interface Readable {
  readonly recordedValuesIterator: {
    reset(): void;
    hasNext(): boolean;
    next(): { readonly valueIteratedTo: number; readonly countAddedInThisIterationStep: number };
  };
}

/** The values of a record and how often each occurred, in order. */
export function valuesOf(record: LatencyRecord): IntervalValues {
  if (record.count === 0) return { valuesUs: new Float64Array(0), counts: new Float64Array(0) };
  const histogram = decodeFromCompressedBase64(record.histogram, COUNTER_BITS, false) as unknown as Readable;
  const iterator = histogram.recordedValuesIterator;
  iterator.reset();
  const valuesUs: number[] = [];
  const counts: number[] = [];
  while (iterator.hasNext()) {
    const { valueIteratedTo, countAddedInThisIterationStep } = iterator.next();
    valuesUs.push(valueIteratedTo);
    counts.push(countAddedInThisIterationStep);
  }
  return { valuesUs: Float64Array.from(valuesUs), counts: Float64Array.from(counts) };
}

/** How many values a percentile needs before it may be quoted: 100 beyond it. */
function carryingCount(percentile: number): number {
  return Math.round(100 / (1 - percentile / 100));
}

/** Histograms on their way into records, one by one: compressing them takes its time. */
export class LatencyDrain {
  /** Those that are done, in the order of their keys. */
  readonly records: LatencyRecord[] = [];
  readonly #full: readonly (readonly [number, LatencyHistogram])[];

  constructor(full: readonly (readonly [number, LatencyHistogram])[]) {
    this.#full = full;
  }

  /** How many are still to come. */
  get left(): number {
    return this.#full.length - this.records.length;
  }

  /** Makes the next record, and forgets what its histogram held. Call only when there is one. */
  next(): void {
    const next = this.#full[this.records.length];
    assert(next !== undefined, 'a drain that is over makes no record');
    const [key, histogram] = next;
    this.records.push(histogram.toRecord(key));
    histogram.reset();
  }
}

/** A histogram per latency key, made when the first value of that key comes. */
export class LatencySet {
  readonly #histograms: (LatencyHistogram | null)[] = new Array<LatencyHistogram | null>(LATENCY_COUNT).fill(null);

  /** What takes the place of a histogram that is being drained; the two take turns. */
  readonly #spares: (LatencyHistogram | null)[] = new Array<LatencyHistogram | null>(LATENCY_COUNT).fill(null);

  /** Records one value in µs under a step's index or a `LatencyKey`. */
  record(key: number, us: number): void {
    const histogram = this.#histograms[key];
    if (histogram === null || histogram === undefined) this.#create(key).record(us);
    else histogram.record(us);
  }

  /** Adds what another thread recorded. */
  add(record: LatencyRecord): void {
    (this.#histograms[record.key] ?? this.#create(record.key)).add(record);
  }

  /** The histogram of `key`, or null when nothing was ever recorded under it. */
  get(key: number): LatencyHistogram | null {
    return this.#histograms[key] ?? null;
  }

  /** Records of everything held, then forgets it. */
  drain(): LatencyRecord[] {
    const drain = this.beginDrain();
    while (drain.left > 0) drain.next();
    return drain.records;
  }

  /** The same one by one: what is recorded from now on belongs to what comes after. Finish it before the next one. */
  beginDrain(): LatencyDrain {
    const full: [number, LatencyHistogram][] = [];
    for (const [key, histogram] of this.#histograms.entries()) {
      if (histogram === null || histogram.count === 0) continue;
      full.push([key, histogram]);
      this.#histograms[key] = this.#spares[key] ?? null;
      this.#spares[key] = histogram;
    }
    return new LatencyDrain(full);
  }

  /** Gives all memory back. */
  destroy(): void {
    for (const histogram of [...this.#histograms, ...this.#spares]) histogram?.destroy();
    this.#histograms.fill(null);
    this.#spares.fill(null);
  }

  #create(key: number): LatencyHistogram {
    assert(key >= 0 && key < LATENCY_COUNT, 'a latency is recorded under a known key');
    const histogram = new LatencyHistogram();
    this.#histograms[key] = histogram;
    return histogram;
  }
}
