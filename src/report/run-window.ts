/** Where the measured window of a run lies. Pure arithmetic. */
import type { RunMetrics } from '../metrics/run-metrics.js';
import type { SteadyState } from '../metrics/steady-state.js';
import type { LoadPlan } from '../plan/load-plan.js';
import type { WarmupEnd } from './warmup-schema.js';

/** The window, in µs since time zero. */
export interface RunWindow {
  readonly warmupEndUs: number;
  /** By the plan's time; else when the last message was settled, or without messages the last session over; earlier when the run was stopped. */
  readonly endUs: number;
  /** When the last connection was closed. */
  readonly lastUs: number;
}

/**
 * Finds the window of a run.
 *
 * @param stoppedAtUs - when the run was stopped before its plan ended; Infinity: it was not
 */
export function windowOf(plan: LoadPlan, metrics: RunMetrics, stoppedAtUs: number): RunWindow {
  const latest = (read: (worker: RunMetrics['workers'][number]) => number): number =>
    metrics.workers.reduce((max, worker) => Math.max(max, read(worker)), 0);
  const lastUs = latest(({ last }) => last?.endUs ?? 0);
  const lastSettledUs = metrics.lanes().reduce((max, { window }) => Math.max(max, window.lastSettledUs), 0);
  const plannedWarmupEndUs = plan.warmupMs * 1e3;
  const warmupEndUs = Math.min(plannedWarmupEndUs, Math.max(lastUs, 0));
  const plannedEndUs = plan.durationMs === null ? Infinity : plannedWarmupEndUs + plan.durationMs * 1e3;
  let endUs: number;
  if (stoppedAtUs !== Infinity) endUs = Math.min(stoppedAtUs, plannedEndUs);
  // Without messages there are sessions, and the last of them may be over before its time.
  else if (plan.connections !== null) endUs = Math.min(plannedEndUs, lastUs);
  // A run with both ends may have placed its messages before its time.
  else if (isPlaced(plan, metrics)) endUs = Math.min(plannedEndUs, lastSettledUs);
  else endUs = plannedEndUs === Infinity ? lastSettledUs : plannedEndUs;
  return { warmupEndUs, endUs: Math.max(endUs, warmupEndUs), lastUs: Math.max(lastUs, endUs) };
}

/** Whether every message of the plan was begun and settled. */
function isPlaced({ messages }: LoadPlan, metrics: RunMetrics): boolean {
  const counts = metrics.phase(1);
  const attempted = counts.reduce((sum, { messagesAttempted }) => sum + messagesAttempted, 0);
  return attempted === messages && counts.every(({ messagesInFlight }) => messagesInFlight === 0);
}

/**
 * How the warm-up came to its end.
 *
 * @param warmedUp - how steady the load was then, null where too little was known; null: it did not end by itself
 * @returns null: its length was given
 */
export function warmupEndOf(
  { isWarmupAuto }: Pick<LoadPlan, 'isWarmupAuto'>,
  warmedUp: { readonly state: SteadyState | null } | null,
): WarmupEnd | null {
  // Plans of earlier versions know nothing of it.
  if (!(isWarmupAuto as boolean | undefined)) return null;
  const { isSteady = false, rateChange = null, latencyChange = null } = warmedUp?.state ?? {};
  return { by: warmedUp === null ? 'end' : isSteady ? 'steady' : 'limit', rateChange, latencyChange };
}
