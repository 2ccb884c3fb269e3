/** How far the percentiles of a run may be off, as the result has it. */
import { CONFIDENCE_LEVEL, MIN_INTERVALS, blockLength, percentileIntervals } from '../metrics/bootstrap.js';
import { valuesOf } from '../metrics/latency-histograms.js';
import type { Bucket } from '../metrics/timeline.js';
import type { RunResult } from './result-schema.js';
import type { RunWindow } from './run-window.js';

const PERCENTILES = [
  ['p50', 50],
  ['p90', 90],
  ['p99', 99],
] as const;

/** Confidence intervals of the latencies of messages; null: the measured time has too few intervals. */
export function confidenceOf(
  buckets: readonly Bucket[],
  { warmupEndUs, endUs }: RunWindow,
  seed: number,
): RunResult['confidence'] {
  const inWindow = buckets.filter(({ startUs, endUs: bucketEndUs }) => {
    const middleUs = (startUs + bucketEndUs) / 2;
    return middleUs >= warmupEndUs && middleUs < endUs;
  });
  // What is drawn must be alike: a second has not the weight of a minute.
  const longestUs = Math.max(0, ...inWindow.map(lengthUs));
  const measured = inWindow.filter((bucket) => lengthUs(bucket) * 2 > longestUs);
  if (measured.length < MIN_INTERVALS) return null;
  const rows = (['message', 'response'] as const).flatMap((latency) => {
    const intervals = measured.map((bucket) => {
      const record = bucket[latency]?.record;
      return record === undefined ? NOTHING : valuesOf(record);
    });
    if (intervals.every(({ counts }) => counts.length === 0)) return [];
    const found = percentileIntervals(
      intervals,
      PERCENTILES.map(([, percentile]) => percentile),
      seed,
    );
    return PERCENTILES.map(([percentile], index) => {
      const { lowUs = 0, highUs = 0 } = found[index] ?? {};
      return { latency, percentile, lowUs, highUs };
    });
  });
  if (rows.length === 0) return null;
  return { level: CONFIDENCE_LEVEL, intervals: measured.length, blockIntervals: blockLength(measured.length), rows };
}

const NOTHING = { valuesUs: new Float64Array(0), counts: new Float64Array(0) };

function lengthUs({ startUs, endUs }: Bucket): number {
  return endUs - startUs;
}
