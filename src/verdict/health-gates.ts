/** The health gates: bounds on the generator itself. When one breaks, the numbers say more of it than of the server. */
import { LatencyKey } from '../metrics/interval-record.js';
import type { RunMetrics } from '../metrics/run-metrics.js';

/** One gate and what was measured against it. */
export interface HealthGate {
  readonly name: string;
  /** Null: no data, which breaks no gate. */
  readonly value: number | null;
  readonly bound: number;
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

/** Measures every gate. @param isOpen - clients arrive by plan */
export function checkHealth(metrics: RunMetrics, isOpen: boolean): HealthGate[] {
  const { eventLoopLag } = metrics;
  const lagP99Us = eventLoopLag.count < MIN_LAG_TICKS ? null : eventLoopLag.valueAt(99);
  const busy = Math.max(0, ...busyShares(metrics));
  const maxBusy = isOpen ? MAX_BUSY_SHARE.open : MAX_BUSY_SHARE.closed;
  const lag = metrics.latencies[1].get(LatencyKey.lag);
  const startLagUs = lag === null || lag.count < MIN_ARRIVALS ? null : lag.valueAt(99);
  const startLag: HealthGate = {
    name: 'lag.p99',
    value: startLagUs,
    bound: MAX_LAG_P99_US,
    unit: 'us',
    ok: startLagUs === null || startLagUs < MAX_LAG_P99_US,
  };
  const health = metrics.health();
  const hits = (key: 'fileLimitHits' | 'portLimitHits'): number => health.reduce((sum, record) => sum + record[key], 0);
  const none = (name: string, value: number): HealthGate => ({ name, value, bound: 0, unit: 'count', ok: value === 0 });
  return [
    ...(isOpen ? [startLag] : []),
    {
      name: 'eventLoopLag.p99',
      value: lagP99Us,
      bound: MAX_EVENT_LOOP_LAG_P99_US,
      unit: 'us',
      ok: lagP99Us === null || lagP99Us < MAX_EVENT_LOOP_LAG_P99_US,
    },
    { name: 'utilisation', value: busy, bound: maxBusy, unit: 'share', ok: busy < maxBusy },
    none('fileLimit', hits('fileLimitHits')),
    none('portLimit', hits('portLimitHits')),
    none('workersLost', metrics.workers.filter(({ lost }) => lost).length),
  ];
}
