/** The health gates: bounds on the generator itself. When one breaks, the numbers say more of it than of the server. */
import { LatencyKey } from '../metrics/interval-record.js';
import type { LatencyHistogram } from '../metrics/latency-histograms.js';
import { GATE_UNITS, type GateBounds, type GateName } from './gate-grammar.js';
import type { RunMetrics } from '../metrics/run-metrics.js';

/** One gate and what was measured against it. */
export interface HealthGate {
  readonly name: string;
  /** Null: no data, which breaks no gate. */
  readonly value: number | null;
  /** The value must stay below it, or at it when that is 0; null: the gate is switched off. */
  readonly bound: number | null;
  readonly unit: 'us' | 'share' | 'count';
  readonly ok: boolean;
}

/** Event-loop lag at p99 above which times are those of the generator's own queue. */
const MAX_EVENT_LOOP_LAG_P99_US = 100_000;
/** Ticks below which the p99 is no more than the worst of them: a second of one worker. */
const MIN_LAG_TICKS = 100;
/** A shorter window tells nothing of how busy a worker is: it may hold no more than its first messages. */
const MIN_WINDOW_SEC = 0.5;
/** Share of the window that a worker may be busy. Closed load waits for its worker; what arrives by plan does not. */
const MAX_BUSY_SHARE = { closed: 0.95, open: 0.9 } as const;
/** How late arrivals may be started at p99. */
const MAX_LAG_P99_US = 10_000;
/** Arrivals below which the p99 is no more than the latest of them. */
const MIN_ARRIVALS = 100;

/** Share of the window in which each worker was busy, 0 to 1, by worker id. */
export function busyShares(metrics: RunMetrics): number[] {
  return metrics.workers.map(({ busySec, windowSec }) => (windowSec >= MIN_WINDOW_SEC ? busySec / windowSec : 0));
}

/** The usual bound of each gate. */
function usualBounds(isOpen: boolean): Required<GateBounds> {
  return {
    'lag.p99': MAX_LAG_P99_US,
    'eventLoopLag.p99': MAX_EVENT_LOOP_LAG_P99_US,
    utilisation: isOpen ? MAX_BUSY_SHARE.open : MAX_BUSY_SHARE.closed,
    // One hit breaks it.
    fileLimit: 0,
    portLimit: 0,
  };
}

/**
 * Measures every gate.
 *
 * @param isOpen - clients arrive by plan
 * @param asked - bounds in place of the usual ones
 */
export function checkHealth(metrics: RunMetrics, isOpen: boolean, asked: GateBounds = {}): HealthGate[] {
  const bounds = { ...usualBounds(isOpen), ...asked };
  const health = metrics.health();
  const hits = (key: 'fileLimitHits' | 'portLimitHits'): number => health.reduce((sum, record) => sum + record[key], 0);
  const gate = (name: GateName, value: number | null): HealthGate => {
    const bound = bounds[name];
    const isBelow = bound === null || value === null || (bound === 0 ? value === 0 : value < bound);
    return { name, value, bound, unit: GATE_UNITS[name], ok: isBelow };
  };
  const lost = metrics.workers.filter(({ lost: isLost }) => isLost).length;
  return [
    ...(isOpen ? [gate('lag.p99', percentile99(metrics.latencies[1].get(LatencyKey.lag), MIN_ARRIVALS))] : []),
    gate('eventLoopLag.p99', percentile99(metrics.eventLoopLag, MIN_LAG_TICKS)),
    gate('utilisation', Math.max(0, ...busyShares(metrics))),
    gate('fileLimit', hits('fileLimitHits')),
    gate('portLimit', hits('portLimitHits')),
    { name: 'workersLost', value: lost, bound: 0, unit: 'count', ok: lost === 0 },
  ];
}

/** Null where there are fewer values than `least`: it would be the worst of them. */
function percentile99(latency: LatencyHistogram | null, least: number): number | null {
  return latency === null || latency.count < least ? null : latency.valueAt(99);
}
