/**
 * Confidence intervals of percentiles from the histograms of a run's seconds. Neighbouring seconds are alike (a queue that is
 * long stays long), so they are drawn in blocks of neighbours: the moving-block bootstrap (Künsch, The jackknife and the
 * bootstrap for general stationary observations, 1989; Liu and Singh, 1992).
 */
import { assert } from '../assert.js';
import { SeededRandom } from '../seeded-random.js';

/** Intervals below which none is told: blocks of so few seconds say nothing. */
export const MIN_INTERVALS = 60;
/** Share of the resamples between the two ends. */
export const CONFIDENCE_LEVEL = 0.95;

const MOST_RESAMPLES = 1000;
const FEWEST_RESAMPLES = 200;
/** Additions that a whole estimate may take: about a second. */
const MOST_WORK = 200_000_000;
/** Tells its randomness from that of workers and of arrivals. */
const STREAM = 0x7fff_fff2;

/** Values of one interval and how often each occurred; as long as each other. */
export interface IntervalValues {
  readonly valuesUs: Float64Array;
  readonly counts: Float64Array;
}

/** An interval that holds the true percentile, if the run is like others of its kind. */
export interface PercentileInterval {
  readonly lowUs: number;
  readonly highUs: number;
}

/** Seconds of a block: grows with the cube root of their number, as the variance of the estimate wants it (Hall, 1995). */
export function blockLength(intervals: number): number {
  return Math.ceil(intervals ** (1 / 3));
}

/**
 * Estimates.
 *
 * @param intervals - in the order of time, at least one of them with values
 * @param percentiles - 0 to 100
 * @returns one per percentile
 */
export function percentileIntervals(
  intervals: readonly IntervalValues[],
  percentiles: readonly number[],
  seed: number,
): PercentileInterval[] {
  const { grid, cells } = onOneGrid(intervals);
  assert(grid.length > 0, 'a bootstrap has values to draw from');
  const length = blockLength(intervals.length);
  const blocks = Math.ceil(intervals.length / length);
  const work = cells.reduce((sum, { length: each }) => sum + each, 0) + grid.length;
  const resamples = Math.round(Math.min(MOST_RESAMPLES, Math.max(FEWEST_RESAMPLES, MOST_WORK / work)));
  const random = new SeededRandom(seed, STREAM);
  const sums = new Float64Array(grid.length);
  const estimates = percentiles.map(() => new Float64Array(resamples));
  for (let resample = 0; resample < resamples; resample++) {
    sums.fill(0);
    let total = 0;
    for (let block = 0; block < blocks; block++) {
      const first = Math.floor(random.next() * (intervals.length - length + 1));
      // The last block is shorter, so that every resample is as long as the run.
      const last = Math.min(first + length, first + intervals.length - block * length);
      for (let index = first; index < last; index++) {
        const places = cells[index] as Int32Array;
        const { counts } = intervals[index] as IntervalValues;
        for (let cell = 0; cell < places.length; cell++) {
          const count = counts[cell] as number;
          const place = places[cell] as number;
          sums[place] = (sums[place] as number) + count;
          total += count;
        }
      }
    }
    for (const [which, percentile] of percentiles.entries()) {
      (estimates[which] as Float64Array)[resample] = valueAt(grid, sums, (total * percentile) / 100);
    }
  }
  return estimates.map((values) => {
    const sorted = values.filter((value) => !Number.isNaN(value)).sort();
    const tail = (1 - CONFIDENCE_LEVEL) / 2;
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return { lowUs: at(tail), highUs: at(1 - tail) };
  });
}

/** All values that occur, in order, and where those of each interval are among them. */
function onOneGrid(intervals: readonly IntervalValues[]): { grid: Float64Array; cells: Int32Array[] } {
  const grid = Float64Array.from(new Set(intervals.flatMap(({ valuesUs }) => [...valuesUs]))).sort();
  const placeOf = new Map(Array.from(grid, (value, place) => [value, place] as const));
  return {
    grid,
    cells: intervals.map(({ valuesUs }) => Int32Array.from(valuesUs, (value) => placeOf.get(value) ?? 0)),
  };
}

/** NaN: there are no values. */
function valueAt(grid: Float64Array, sums: Float64Array, rank: number): number {
  let passed = 0;
  for (let place = 0; place < grid.length; place++) {
    passed += sums[place] as number;
    if (passed > 0 && passed >= rank) return grid[place] as number;
  }
  return Number.NaN;
}
