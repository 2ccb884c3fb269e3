/** Decides when a warm-up that ends by itself does. Time comes from outside. */
import type { RunMetrics } from '../metrics/run-metrics.js';
import { STRETCH_SEC, steadyState, type SteadyState } from '../metrics/steady-state.js';
import type { LoadPlan } from '../plan/load-plan.js';
import { sendsMail } from '../plan/script-counts.js';

/** Between the decision and the measured time, which begins with a whole second: workers must hear of it before. */
const LEAD_US = 500_000;

/** The end of a warm-up. */
export interface WarmupEnd {
  /** When the measured time begins, µs since time zero. */
  readonly atUs: number;
  /** How steady the load was; null: too little was known. */
  readonly state: SteadyState | null;
  /** The plan ends the warm-up there anyway. */
  readonly isLast: boolean;
}

/**
 * Looks whether a warm-up has come to its end: the load is steady, or its time is up. Seconds in which sessions still
 * begin one after the other do not count.
 *
 * @param metrics - of the run, with the window as it is planned so far
 * @returns null: not yet
 */
export function warmupEnd(plan: LoadPlan, { window, timeline }: RunMetrics, nowUs: number): WarmupEnd | null {
  const atUs = Math.ceil((nowUs + LEAD_US) / 1e6) * 1e6;
  const isLast = atUs >= window.warmupEndUs;
  const seconds = timeline.recent(2 * STRETCH_SEC).filter(({ startUs }) => startUs >= plan.rampMs * 1e3);
  const state = steadyState(
    seconds,
    plan.scenarios.some(({ session }) => sendsMail(session.steps)),
  );
  if (!isLast && state?.isSteady !== true) return null;
  return { atUs: Math.min(atUs, window.warmupEndUs), state, isLast };
}
