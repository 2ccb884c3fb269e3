/** What becomes of a plan whose warm-up ends by itself. Pure. */
import type { LoadPlan } from './load-plan.js';

/**
 * The plan with its measured time from `atUs` on, as long as before.
 *
 * @param atUs - µs since time zero
 */
export function measuredFrom(plan: LoadPlan, atUs: number): LoadPlan {
  const { arrivals, durationMs } = plan;
  const warmupMs = atUs / 1e3;
  const endMs = durationMs === null ? null : warmupMs + durationMs;
  return { ...plan, warmupMs, arrivals: arrivals === null ? null : { ...arrivals, endMs } };
}
