/** Confidence intervals: whether they hold the truth as often as they say, and how they grow with what neighbours share. */
import { describe, expect, test } from 'vitest';
import { blockLength, percentileIntervals } from '../../src/metrics/bootstrap.js';
import type { IntervalValues } from '../../src/metrics/bootstrap.js';
import { valuesOf } from '../../src/metrics/latency-histograms.js';
import { SeededRandom } from '../../src/seeded-random.js';
import { latencyRecord } from '../support/engine-records.js';

function intervalOf(values: readonly number[]): IntervalValues {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const sorted = [...counts].sort(([a], [b]) => a - b);
  return {
    valuesUs: Float64Array.from(sorted, ([value]) => value),
    counts: Float64Array.from(sorted, ([, count]) => count),
  };
}

/** Exponential latencies of 1 ms mean in each of so many seconds; `shared`: how much of each is common to a second. */
function seconds(count: number, seed: number, shared = 0): IntervalValues[] {
  const random = new SeededRandom(seed, 1);
  let common = 0;
  return Array.from({ length: count }, () => {
    common = 0.8 * common + random.next() - 0.5;
    const values = Array.from({ length: 50 }, () =>
      Math.max(1, Math.round(-Math.log(1 - random.next()) * 1000 + 800 * shared * common)),
    );
    return intervalOf(values);
  });
}

test('values and counts of a record are those that were recorded', () => {
  const { valuesUs, counts } = valuesOf(latencyRecord(0, 5, 7, 7, 1000));
  expect([...valuesUs]).toEqual([5, 7, 1000]);
  expect([...counts]).toEqual([1, 2, 1]);
  expect(valuesOf(latencyRecord(0)).counts).toHaveLength(0);
});

test('blocks grow with the cube root', () => {
  expect([60, 64, 300, 3600].map(blockLength)).toEqual([4, 4, 7, 16]);
});

describe('the interval of a median', () => {
  test('holds the true one in about 95 of 100 runs', () => {
    const truth = Math.log(2) * 1000;
    let held = 0;
    for (let run = 0; run < 100; run++) {
      const [interval] = percentileIntervals(seconds(60, run), [50], run);
      if (interval!.lowUs <= truth && truth <= interval!.highUs) held++;
    }
    expect(held).toBeGreaterThanOrEqual(87);
  }, 60_000);

  test('is wider where neighbouring seconds are alike', () => {
    const widthOf = (shared: number): number => {
      const [interval] = percentileIntervals(seconds(120, 5, shared), [50], 1);
      return interval!.highUs - interval!.lowUs;
    };
    expect(widthOf(1)).toBeGreaterThan(2 * widthOf(0));
  });

  test('follows from the seed, and lies around the percentile of the run', () => {
    const run = seconds(60, 3);
    expect(percentileIntervals(run, [50, 90, 99], 7)).toEqual(percentileIntervals(run, [50, 90, 99], 7));
    const [p50, p90, p99] = percentileIntervals(run, [50, 90, 99], 7);
    expect(p50!.lowUs).toBeLessThan(p50!.highUs);
    expect(p50!.highUs).toBeLessThan(p90!.lowUs);
    expect(p90!.highUs).toBeLessThan(p99!.lowUs);
  });

  test('of seconds that are all alike is that one value', () => {
    expect(
      percentileIntervals(
        Array.from({ length: 60 }, () => intervalOf([500])),
        [50, 99],
        1,
      ),
    ).toEqual([
      { lowUs: 500, highUs: 500 },
      { lowUs: 500, highUs: 500 },
    ]);
  });

  test('is found where some seconds have no values at all', () => {
    const [interval] = percentileIntervals(
      [...seconds(40, 1), ...Array.from({ length: 40 }, () => intervalOf([]))],
      [50],
      1,
    );
    expect(interval!.highUs).toBeGreaterThan(interval!.lowUs);
  });
});
