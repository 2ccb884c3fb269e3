import { LoadWindow } from '../../src/metrics/load-window.js';
import { describe, expect, test } from 'vitest';
import { RunMetrics } from '../../src/metrics/run-metrics.js';
import type { LoadPlan } from '../../src/plan/load-plan.js';
import { windowOf } from '../../src/report/run-window.js';
import type { RunWindow } from '../../src/report/run-window.js';
import { planOf } from '../support/engine-plan.js';
import { intervalRecord } from '../support/engine-records.js';

const SEC = 1e6;

interface WorkerEnd {
  readonly lastSec: number;
  /** When the last message was settled; -1: none was. */
  readonly settledSec: number;
  /** Messages begun and settled. */
  readonly messages?: number;
  readonly inFlight?: number;
}

/** The window, in s, of workers that ended so. */
function windowIn(plan: LoadPlan, workers: readonly WorkerEnd[], stoppedAtSec = Infinity): RunWindow {
  const metrics = new RunMetrics(workers.length, new LoadWindow(plan.warmupMs * 1e3));
  for (const [workerId, { lastSec, settledSec, messages = 0, inFlight = 0 }] of workers.entries()) {
    const lastSettledUs = settledSec < 0 ? -1 : settledSec * SEC;
    const main = {
      messagesAttempted: messages + inFlight,
      messages: [messages, 0, 0, 0, 0, 0],
      messagesInFlight: inFlight,
    };
    metrics.add(intervalRecord(workerId, 0, { endUs: lastSec * SEC, main, window: { lastSettledUs } }));
  }
  const { warmupEndUs, endUs, lastUs } = windowOf(plan, metrics, stoppedAtSec * SEC);
  return { warmupEndUs: warmupEndUs / SEC, endUs: endUs / SEC, lastUs: lastUs / SEC };
}

describe('the measured window', () => {
  test('of a planned time is that time, whatever the drain took', () => {
    const plan = planOf({ duration: '10s', warmup: '2s' });
    expect(windowIn(plan, [{ lastSec: 14, settledSec: 13.5 }])).toEqual({ warmupEndUs: 2, endUs: 12, lastUs: 14 });
  });

  test('of planned messages ends when the last of any worker is settled', () => {
    const plan = planOf({ messages: 100, warmup: '1s' });
    const workers = [
      { lastSec: 7, settledSec: 6.5, messages: 60 },
      { lastSec: 8, settledSec: 6.9, messages: 40 },
    ];
    expect(windowIn(plan, workers)).toEqual({ warmupEndUs: 1, endUs: 6.9, lastUs: 8 });
  });

  test('of planned messages has an end though the last record was lost', () => {
    const plan = planOf({ messages: 100 });
    expect(windowIn(plan, [{ lastSec: 5, settledSec: 4, messages: 99 }])).toEqual({
      warmupEndUs: 0,
      endUs: 4,
      lastUs: 5,
    });
  });

  test('of both ends with the messages when these are settled first', () => {
    const plan = planOf({ messages: 100, duration: '10s' });
    expect(windowIn(plan, [{ lastSec: 5, settledSec: 4, messages: 100 }]).endUs).toBe(4);
    // A server that is slow to close does not make it longer.
    expect(windowIn(plan, [{ lastSec: 12, settledSec: 9, messages: 100 }]).endUs).toBe(9);
  });

  test('of both ends with the time when that is over first', () => {
    const plan = planOf({ messages: 100, duration: '10s' });
    expect(windowIn(plan, [{ lastSec: 12, settledSec: 11, messages: 80 }]).endUs).toBe(10);
    expect(windowIn(plan, [{ lastSec: 12, settledSec: 11, messages: 100 }]).endUs).toBe(10);
    expect(windowIn(plan, [{ lastSec: 12, settledSec: 9, messages: 80, inFlight: 20 }]).endUs).toBe(10);
  });

  test('ends where the run was stopped', () => {
    const plan = planOf({ duration: '10s' });
    expect(windowIn(plan, [{ lastSec: 6, settledSec: 5.5 }], 4)).toEqual({ warmupEndUs: 0, endUs: 4, lastUs: 6 });
  });

  test('is no longer because the run was stopped in its drain', () => {
    const plan = planOf({ duration: '10s' });
    expect(windowIn(plan, [{ lastSec: 13, settledSec: 12 }], 11).endUs).toBe(10);
  });

  test('has no length when the run was stopped in its warm-up', () => {
    const plan = planOf({ duration: '10s', warmup: '5s' });
    const window = windowIn(plan, [{ lastSec: 3, settledSec: -1 }], 2);
    expect(window).toEqual({ warmupEndUs: 3, endUs: 3, lastUs: 3 });
  });

  test('has no length when nothing was settled in it', () => {
    const plan = planOf({ messages: 10, warmup: '2s' });
    expect(windowIn(plan, [{ lastSec: 4, settledSec: -1 }])).toEqual({ warmupEndUs: 2, endUs: 2, lastUs: 4 });
  });

  test('has no length when no worker ever said anything', () => {
    const metrics = new RunMetrics(2, new LoadWindow(0));
    expect(windowOf(planOf({ messages: 10 }), metrics, Infinity)).toEqual({ warmupEndUs: 0, endUs: 0, lastUs: 0 });
  });
});
