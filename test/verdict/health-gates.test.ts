import { LoadWindow } from '../../src/metrics/load-window.js';
import { describe, expect, test } from 'vitest';
import type { HealthRecord } from '../../src/metrics/interval-record.js';
import { RunMetrics } from '../../src/metrics/run-metrics.js';
import { busyShares, checkHealth } from '../../src/verdict/health-gates.js';
import { healthRecord, intervalRecord, latencyRecord } from '../support/engine-records.js';

/** Metrics of workers that each sent one record of one second. */
function metricsOf(...workers: readonly Partial<HealthRecord>[]): RunMetrics {
  const metrics = new RunMetrics(workers.length, new LoadWindow(0));
  for (const [workerId, health] of workers.entries()) {
    metrics.add(intervalRecord(workerId, 0, { health: healthRecord(health) }));
  }
  return metrics;
}

const gatesOf = (metrics: RunMetrics): Record<string, { value: number | null; ok: boolean }> =>
  Object.fromEntries(checkHealth(metrics, false).map(({ name, value, ok }) => [name, { value, ok }]));

describe('the health gates', () => {
  test('hold for a healthy generator, and say what they measure in', () => {
    const lag = latencyRecord(-1, ...new Array<number>(98).fill(1_000), 2_000, 2_000);
    expect(checkHealth(metricsOf({ busy: 0.5, eventLoopLag: lag }, { busy: 0.25 }), false)).toEqual([
      { name: 'eventLoopLag.p99', value: 2_000, bound: 100_000, unit: 'us', ok: true },
      { name: 'utilisation', value: 0.5, bound: 0.95, unit: 'share', ok: true },
      { name: 'fileLimit', value: 0, bound: 0, unit: 'count', ok: true },
      { name: 'portLimit', value: 0, bound: 0, unit: 'count', ok: true },
      { name: 'workersLost', value: 0, bound: 0, unit: 'count', ok: true },
    ]);
  });

  test.each([
    [99_000, true],
    [100_000, false],
    [250_000, false],
  ])('event-loop lag of %i µs at p99: %s', (us, ok) => {
    expect(
      gatesOf(metricsOf({ eventLoopLag: latencyRecord(-1, ...new Array<number>(100).fill(us)) }))['eventLoopLag.p99']
        ?.ok,
    ).toBe(ok);
  });

  test('a p99 of fewer than a hundred ticks is none', () => {
    const few = latencyRecord(-1, ...new Array<number>(99).fill(500_000));
    expect(gatesOf(metricsOf({ eventLoopLag: few }))['eventLoopLag.p99']).toEqual({ value: null, ok: true });
  });

  test('lag is that of all workers together', () => {
    const quiet = latencyRecord(-1, ...new Array<number>(999).fill(10));
    const metrics = metricsOf({ eventLoopLag: quiet }, { eventLoopLag: latencyRecord(-1, 900_000) });
    expect(gatesOf(metrics)['eventLoopLag.p99']).toEqual({ value: 10, ok: true });
  });

  test('without data no gate breaks', () => {
    const gates = checkHealth(new RunMetrics(2, new LoadWindow(0)), false);
    expect(gates.every(({ ok }) => ok)).toBe(true);
    expect(gates[0]?.value).toBeNull();
  });

  test.each([
    [0.949, true],
    [0.95, false],
    [1, false],
  ])('a worker busy for a share of %f: %s', (busy, ok) => {
    expect(gatesOf(metricsOf({ busy: 0.1 }, { busy }))['utilisation']).toEqual({ value: busy, ok });
  });

  test('how busy a worker was is averaged over the window', () => {
    const metrics = metricsOf({ busy: 1 });
    metrics.add(intervalRecord(0, 1, { health: healthRecord({ busy: 0.5 }) }));
    expect(busyShares(metrics)).toEqual([0.75]);
    expect(gatesOf(metrics)['utilisation']?.ok).toBe(true);
    expect(busyShares(new RunMetrics(2, new LoadWindow(0)))).toEqual([0, 0]);
  });

  test('a window of less than half a second says nothing of how busy a worker was', () => {
    const metrics = new RunMetrics(1, new LoadWindow(0));
    metrics.add(intervalRecord(0, 0, { endUs: 0.4e6, health: healthRecord({ busy: 1 }) }));
    expect(busyShares(metrics)).toEqual([0]);
    metrics.add(intervalRecord(0, 1, { startUs: 0.4e6, endUs: 0.5e6, health: healthRecord({ busy: 1 }) }));
    expect(busyShares(metrics)).toEqual([1]);
  });

  test.each(['fileLimitHits', 'portLimitHits'] as const)('%s of any worker break their gate alone', (hits) => {
    const gates = gatesOf(metricsOf({}, { [hits]: 2 }, { [hits]: 1 }));
    const [name, other] = hits === 'fileLimitHits' ? ['fileLimit', 'portLimit'] : ['portLimit', 'fileLimit'];
    expect(gates[name]).toEqual({ value: 3, ok: false });
    expect(gates[other]?.ok).toBe(true);
  });

  test('hits are cumulative: only the newest record counts', () => {
    const metrics = metricsOf({ fileLimitHits: 2 });
    metrics.add(intervalRecord(0, 1, { health: healthRecord({ fileLimitHits: 3 }) }));
    expect(gatesOf(metrics)['fileLimit']?.value).toBe(3);
  });

  test('a lost worker breaks its gate', () => {
    const metrics = metricsOf({}, {});
    metrics.workers[1]!.lost = true;
    expect(gatesOf(metrics)['workersLost']).toEqual({ value: 1, ok: false });
  });
});
