import fc from 'fast-check';
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { afterEach, describe, expect, test } from 'vitest';
import { LATENCY_COUNT } from '../../src/metrics/interval-record.js';
import type { LatencyRecord } from '../../src/metrics/interval-record.js';
import {
  LatencyHistogram,
  LatencySet,
  MAX_LATENCY_US,
  MIN_LATENCY_US,
  PERCENTILES,
} from '../../src/metrics/latency-histograms.js';
import { latencyRecord } from '../support/engine-records.js';

const made: LatencyHistogram[] = [];

function histogramOf(...valuesUs: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  made.push(histogram);
  for (const us of valuesUs) histogram.record(us);
  return histogram;
}

function merged(...records: readonly LatencyRecord[]): LatencyHistogram {
  const histogram = histogramOf();
  for (const record of records) histogram.add(record);
  return histogram;
}

/** Histograms live outside the heap of JavaScript. */
afterEach(() => {
  for (const histogram of made.splice(0)) histogram.destroy();
});

/** From single µs to an hour, as often small as large. */
const latency = fc.oneof(
  fc.integer({ min: 1, max: 3_000 }),
  fc.integer({ min: 1, max: 5_000_000 }),
  fc.integer({ min: 1, max: MAX_LATENCY_US }),
);
const latencies = fc.array(latency, { minLength: 1, maxLength: 300 });

/** All that two histograms can differ in. */
const contents = (histogram: LatencyHistogram): unknown => ({
  ...histogram.summary(),
  histogram: null,
  ...{ clamped: histogram.clampedCount, sumUs: histogram.sumUs, held: histogram.histogramCount },
});

describe('a histogram', () => {
  test('is right to three digits at every percentile, against a sorted array', () => {
    fc.assert(
      fc.property(latencies, (values) => {
        const histogram = histogramOf(...values);
        const sorted = values.toSorted((a, b) => a - b);
        for (const percentile of [0, 1, 10, 25, ...PERCENTILES.map(([, each]) => each), 100]) {
          const rank = Math.max(1, Math.ceil((percentile / 100) * sorted.length));
          const exact = sorted[rank - 1]!;
          const told = histogram.valueAt(percentile)!;
          expect(Math.abs(told - exact)).toBeLessThanOrEqual(exact / 1_000);
        }
        histogram.destroy();
        made.length = 0;
      }),
      { numRuns: 150 },
    );
  });

  test('has exact count, minimum, maximum, sum and mean', () => {
    fc.assert(
      fc.property(latencies, (values) => {
        const histogram = histogramOf(...values);
        const sum = values.reduce((total, us) => total + us, 0);
        expect(histogram.summary()).toMatchObject({
          count: values.length,
          minUs: Math.min(...values),
          maxUs: Math.max(...values),
          meanUs: sum / values.length,
        });
        expect([histogram.sumUs, histogram.histogramCount]).toEqual([sum, values.length]);
        histogram.destroy();
        made.length = 0;
      }),
      { numRuns: 150 },
    );
  });

  test('never tells a percentile outside of what was recorded', () => {
    const histogram = histogramOf(1_234_567, 1_234_567, 1_234_567);
    expect(PERCENTILES.map(([, percentile]) => histogram.valueAt(percentile))).toEqual(new Array(7).fill(1_234_567));
    expect([histogram.valueAt(0), histogram.valueAt(100)]).toEqual([1_234_567, 1_234_567]);
  });

  test('takes whole µs', () => {
    const histogram = histogramOf(10.4, 10.5, 0.5);
    expect([histogram.minUs, histogram.maxUs, histogram.sumUs, histogram.clampedCount]).toEqual([1, 11, 22, 0]);
  });

  test('clamps what is out of range, and counts that', () => {
    const histogram = histogramOf(0.49, 0, -5, MIN_LATENCY_US, MAX_LATENCY_US, MAX_LATENCY_US + 1, Infinity);
    expect([MIN_LATENCY_US, MAX_LATENCY_US]).toEqual([1, 3_600_000_000]);
    expect(histogram).toMatchObject({ count: 7, clampedCount: 5, minUs: 1, maxUs: MAX_LATENCY_US });
    expect(histogram.sumUs).toBe(4 * MIN_LATENCY_US + 3 * MAX_LATENCY_US);
    expect(histogram.histogramCount).toBe(7);
  });

  test('tells nothing of nothing', () => {
    expect(histogramOf().summary()).toEqual({
      count: 0,
      minUs: null,
      meanUs: null,
      stdevUs: null,
      maxUs: null,
      ...Object.fromEntries(PERCENTILES.map(([field]) => [field, null])),
      weak: [],
      histogram: null,
    });
    expect(histogramOf().toRecord(3)).toEqual(latencyRecord(3));
  });

  test('tells how far values are spread', () => {
    expect(histogramOf(100, 100, 100, 100).summary().stdevUs).toBe(0);
    expect(histogramOf(100, 200, 300).summary().stdevUs).toBeCloseTo(Math.sqrt(20_000 / 3), 0);
  });

  test('after a reset is as new', () => {
    const histogram = histogramOf(5, 5_000_000_000, 7);
    histogram.reset();
    expect(contents(histogram)).toEqual(contents(histogramOf()));
    histogram.record(9);
    expect(contents(histogram)).toEqual(contents(histogramOf(9)));
  });

  test.each([
    [1, 'p50 p75 p90 p95 p99 p999 p9999'],
    [199, 'p50 p75 p90 p95 p99 p999 p9999'],
    [200, 'p75 p90 p95 p99 p999 p9999'],
    [399, 'p75 p90 p95 p99 p999 p9999'],
    [400, 'p90 p95 p99 p999 p9999'],
    [1_000, 'p95 p99 p999 p9999'],
    [2_000, 'p99 p999 p9999'],
    [9_999, 'p99 p999 p9999'],
    [10_000, 'p999 p9999'],
    [100_000, 'p9999'],
    [999_999, 'p9999'],
    [1_000_000, ''],
  ])('of %i values calls the percentiles weak that have fewer than 100 beyond them: %s', (count, weak) => {
    const histogram = histogramOf();
    for (let index = 0; index < count; index++) histogram.record(1_000);
    expect(histogram.summary().weak.join(' ')).toBe(weak);
  });

  test('is written in the format that other tools read', () => {
    const decoded = decodeFromCompressedBase64(histogramOf(100, 200, 300).summary().histogram!);
    expect([decoded.totalCount, decoded.minNonZeroValue, decoded.maxValue]).toEqual([3, 100, 300]);
  });
});

describe('records of histograms', () => {
  test('carry everything to the other side', () => {
    const histogram = histogramOf(1, 7, 7, 1_000_003, 0, 5_000_000_000);
    const record = structuredClone(histogram.toRecord(6));
    expect(record).toMatchObject({ key: 6, count: 6, minUs: 1, maxUs: MAX_LATENCY_US, clamped: 2 });
    expect(contents(merged(record))).toEqual(contents(histogram));
  });

  test('merge to the histogram of all values, in any order and any grouping', () => {
    fc.assert(
      fc.property(fc.array(fc.array(latency, { maxLength: 60 }), { minLength: 3, maxLength: 3 }), (groups) => {
        const [a, b, c] = groups.map((values) => latencyRecord(0, ...values)) as [
          LatencyRecord,
          LatencyRecord,
          LatencyRecord,
        ];
        const whole = contents(histogramOf(...groups.flat()));
        const ab = merged(a, b).toRecord(0);
        const bc = merged(b, c).toRecord(0);
        for (const way of [merged(a, b, c), merged(c, a, b), merged(ab, c), merged(c, ab), merged(a, bc)]) {
          expect(contents(way)).toEqual(whole);
        }
        for (const histogram of made.splice(0)) histogram.destroy();
      }),
      { numRuns: 60 },
    );
  });

  test('of nothing change nothing', () => {
    const histogram = histogramOf(5, 6);
    histogram.add(latencyRecord(0));
    expect(contents(histogram)).toEqual(contents(histogramOf(5, 6)));
    expect(contents(merged(latencyRecord(0)))).toEqual(contents(histogramOf()));
  });
});

describe('a set of histograms', () => {
  test('keeps each key apart and makes none that is not used', () => {
    const set = new LatencySet();
    set.record(3, 10);
    set.record(3, 20);
    set.record(LATENCY_COUNT - 1, 30);
    expect([set.get(3)?.count, set.get(LATENCY_COUNT - 1)?.count, set.get(4)]).toEqual([2, 1, null]);
    set.destroy();
    expect(set.get(3)).toBeNull();
  });

  test('is drained once per interval, by key', () => {
    const set = new LatencySet();
    set.record(9, 90);
    set.record(3, 30);
    expect(set.drain().map(({ key, sumUs }) => [key, sumUs])).toEqual([
      [3, 30],
      [9, 90],
    ]);
    expect(set.drain()).toEqual([]);
    set.record(9, 91);
    expect(set.drain().map(({ key, minUs, sumUs }) => [key, minUs, sumUs])).toEqual([[9, 91, 91]]);
    set.destroy();
  });

  test('takes in records of others', () => {
    const set = new LatencySet();
    set.add(latencyRecord(5, 10));
    set.add(latencyRecord(5, 20));
    set.add(latencyRecord(6, 1));
    expect([set.get(5)?.sumUs, set.get(6)?.sumUs]).toEqual([30, 1]);
    set.destroy();
  });

  test.each([-1, LATENCY_COUNT])('has no key %i', (key) => {
    expect(() => new LatencySet().record(key, 1)).toThrow(/known key/);
  });
});
