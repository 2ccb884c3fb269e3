/** When the coordinator ends a warm-up that ends by itself. */
import { describe, expect, test } from 'vitest';
import { warmupEnd, type WarmupEnd } from '../../src/coordinator/warmup-watch.js';
import { LatencyKey } from '../../src/metrics/interval-record.js';
import { plannedWindow } from '../../src/metrics/load-window.js';
import { RunMetrics } from '../../src/metrics/run-metrics.js';
import { planOf } from '../support/engine-plan.js';
import { intervalRecord, latencyRecord } from '../support/engine-records.js';

/** Looks after each second, in which so many messages are accepted; `null`: never came to an end. */
function endOf(counts: readonly number[], options: Parameters<typeof planOf>[0] = {}): WarmupEnd | null {
  const plan = planOf({ duration: '10s', warmup: 'auto', ...options });
  const metrics = new RunMetrics(1, plannedWindow(plan));
  let total = 0;
  for (const [index, count] of counts.entries()) {
    total += count;
    metrics.add(
      intervalRecord(0, index, {
        warmup: { messagesAttempted: total, messages: [total, 0, 0, 0, 0, 0] },
        warmupLatencies: [latencyRecord(LatencyKey.message, ...new Array<number>(count).fill(3_000))],
      }),
    );
    const end = warmupEnd(plan, metrics, (index + 1) * 1e6 + 2_000);
    if (end !== null) return end;
  }
  return null;
}

const growing = Array.from({ length: 80 }, (_, sec) => 100 + sec * 40);

describe('a warm-up that ends by itself', () => {
  test('ends with the next whole second that all workers can hear of, once the load is steady', () => {
    expect(endOf(new Array<number>(20).fill(100))).toEqual({
      atUs: 7e6,
      isLast: false,
      state: { isSteady: true, rateChange: 0, latencyChange: 0 },
    });
  });

  test('goes on while the rate grows', () => {
    expect(endOf([...growing.slice(0, 12), ...new Array<number>(12).fill(580)])).toMatchObject({ atUs: 18e6 });
  });

  test('ends after a minute, steady or not, and says so', () => {
    const end = endOf(growing.map((count) => count ** 2 / 1e3).map(Math.round));
    expect(end).toMatchObject({ atUs: 60e6, isLast: true, state: { isSteady: false } });
  });

  test('does not end before the ramp of sessions, and has its minute behind it', () => {
    expect(endOf(new Array<number>(40).fill(100), { ramp: '20s' })).toMatchObject({ atUs: 27e6, isLast: false });
    expect(endOf(new Array<number>(90).fill(0), { ramp: '20s' })).toEqual({ atUs: 80e6, isLast: true, state: null });
  });
});
