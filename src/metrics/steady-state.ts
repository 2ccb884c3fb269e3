/**
 * When a load has become steady: two stretches of time, one behind the other, are compared. What differs by no more than
 * chance, or by so little that nobody would mind, is steady. Pure arithmetic.
 */
import type { LatencyRecord } from './interval-record.js';
import { LatencyHistogram } from './latency-histograms.js';
import type { Bucket, BucketLatency } from './timeline.js';

/** Complete seconds in each of the two stretches. */
export const STRETCH_SEC = 3;
/** Fewer messages, or sessions without any, than this in one stretch say nothing. */
const LEAST_COUNT = 10;
/** Changes that nobody would mind, as shares of the mean rate and of the earlier median. */
const SMALL_RATE_CHANGE = 0.05;
const SMALL_LATENCY_CHANGE = 0.1;
/** Below this a change of latency is that of a timer, µs. */
const SMALL_LATENCY_US = 200;
/** Standard deviations that are still chance. */
const DEVIATIONS = 2;

/** How the later of two stretches differs from the earlier one. */
export interface SteadyState {
  readonly isSteady: boolean;
  /** Of messages, or of sessions without any, that ended: the change as a share of the mean of both; 0.05 is 5 % more. */
  readonly rateChange: number;
  /** Of the median latency, as a share of the earlier one; null: nothing was timed in one of the two. */
  readonly latencyChange: number | null;
}

/**
 * Compares the last seconds with those before them.
 *
 * Counts are taken for Poisson's, so that their difference has the standard deviation √(a + b); a median of n values
 * has a relative error of about 1 / √n.
 *
 * @param seconds - complete seconds in order, of all workers
 * @param isMailSent - whether messages are counted, or sessions
 * @returns null: too little is known
 */
export function steadyState(seconds: readonly Bucket[], isMailSent: boolean): SteadyState | null {
  if (seconds.length < 2 * STRETCH_SEC) return null;
  const later = seconds.slice(-STRETCH_SEC);
  const earlier = seconds.slice(-2 * STRETCH_SEC, -STRETCH_SEC);
  const [before, after] = [endedIn(earlier, isMailSent), endedIn(later, isMailSent)];
  if (Math.min(before, after) < LEAST_COUNT) return null;
  const [beforeSec, afterSec] = [secondsOf(earlier), secondsOf(later)];
  const meanPerSec = (before / beforeSec + after / afterSec) / 2;
  const rateChange = (after / afterSec - before / beforeSec) / meanPerSec;
  const chance = (DEVIATIONS * Math.sqrt(before + after)) / ((before + after) / 2);
  const isRateSteady = Math.abs(rateChange) <= Math.max(SMALL_RATE_CHANGE, chance);
  const telling = tellingLatency([...earlier, ...later]);
  const [first, second] = [medianOf(earlier.map(telling)), medianOf(later.map(telling))];
  if (first === null || second === null) return { isSteady: isRateSteady, rateChange, latencyChange: null };
  const latencyChange = (second.medianUs - first.medianUs) / first.medianUs;
  const bound = Math.max(
    SMALL_LATENCY_CHANGE,
    SMALL_LATENCY_US / first.medianUs,
    DEVIATIONS / Math.sqrt(Math.min(first.count, second.count)),
  );
  return { isSteady: isRateSteady && Math.abs(latencyChange) <= bound, rateChange, latencyChange };
}

/** Messages that came to an end, or sessions that did. */
function endedIn(seconds: readonly Bucket[], isMailSent: boolean): number {
  return seconds.reduce((sum, { counts }) => {
    const { accepted, deferred, rejected, failed, sessionsCompleted } = counts;
    return sum + (isMailSent ? accepted + deferred + rejected + failed : sessionsCompleted);
  }, 0);
}

function secondsOf(seconds: readonly Bucket[]): number {
  return seconds.reduce((sum, { startUs, endUs }) => sum + (endUs - startUs) / 1e6, 0);
}

/** Finds what says most of how the server does, the same for all of these: responses, then messages, then the commonest command. */
function tellingLatency(seconds: readonly Bucket[]): (second: Bucket) => BucketLatency | null {
  if (seconds.some(({ response }) => response !== null)) return ({ response }) => response;
  if (seconds.some(({ message }) => message !== null)) return ({ message }) => message;
  const counts = new Map<number, number>();
  for (const { latencies } of seconds) {
    for (const [step, latency] of latencies.entries()) {
      if (latency !== null) counts.set(step, (counts.get(step) ?? 0) + latency.record.count);
    }
  }
  const [commonest] = [...counts].sort(([, a], [, b]) => b - a);
  return ({ latencies }) => (commonest === undefined ? null : (latencies[commonest[0]] ?? null));
}

function medianOf(latencies: readonly (BucketLatency | null)[]): { medianUs: number; count: number } | null {
  const records = latencies.flatMap((latency): LatencyRecord[] => (latency === null ? [] : [latency.record]));
  const histogram = new LatencyHistogram();
  for (const record of records) histogram.add(record);
  const { count } = histogram;
  const medianUs = histogram.valueAt(50);
  histogram.destroy();
  return medianUs === null ? null : { medianUs, count };
}
