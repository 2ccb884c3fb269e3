/**
 * What is measured against what is known: delays that the sink added, and a stall. To the
 * millisecond, and so for a machine with nothing else to do.
 */
import { describe, expect, test } from 'vitest';
import type { Delay } from '../../src/delay.js';
import { runLoad } from '../support/integration-run.js';

/** A machine at work adds to single values: what is true on a quiet one must show in one of a few tries. */
const TRIES = { retry: 4, timeout: 60_000 };

describe('latencies are the delays that the sink added', () => {
  test.each<[string, Delay]>([
    ['fixed', 20],
    ['exponential', { shape: 'exponential', meanMs: 15, maxMs: 500 }],
    ['log-normal', { shape: 'logNormal', medianMs: 10, sigma: 0.8, maxMs: 500 }],
  ])('%s', TRIES, async (_, delayMs) => {
    const { result, stats } = await runLoad({
      sink: { faults: [{ on: 'rcpt', delayMs }], seed: 5 },
      // One at a time: replies that come due together would wait for each other in both event loops.
      options: { sessions: 1, messages: 300, messagesPerSession: 'all', pipelining: 'off' },
    });
    const measured = result.steps.rcpt!.latency;
    const added = stats.addedDelay['rcpt']!;
    expect(measured.count).toBe(added.count);
    for (const percentile of ['p50Us', 'p90Us', 'p99Us'] as const) {
      const [ours, theirs] = [measured[percentile]!, added[percentile]!];
      // Three significant digits on both sides, and a millisecond for the way and both event loops.
      const bound = 1_000 + 0.002 * theirs;
      expect([percentile, ours >= theirs - 0.002 * theirs - 1, ours - theirs <= bound]).toEqual([
        percentile,
        true,
        true,
      ]);
    }
    // What was not delayed shows nothing of it.
    expect(result.steps.mail!.latency.p50Us!).toBeLessThan(3_000);
  });
});

test(
  'a stall of 2 s is in the response times of all who arrived meanwhile, and in one service time',
  TRIES,
  async () => {
    const perSec = 50;
    const serviceSec = 0.005;
    const stallSec = 2;
    const { result } = await runLoad({
      sink: {
        faults: [
          { on: 'endOfData', nth: 100, delayMs: stallSec * 1e3 },
          { on: 'endOfData', delayMs: serviceSec * 1e3 },
        ],
      },
      options: { rate: `${perSec}/s`, duration: '8s', sessions: 1, onFull: 'queue', reuse: true },
    });
    const { response, service } = result.latency;
    // 400 arrivals, 50 in a second, at one session. Who arrives t behind the begin of the stall waits until it is over, and for the
    // t · 50 that came before: response = 2 s - t + t · 50 · 0.005 s. It is above x for t < (2 s - x) / 0.75: the 4 slowest of
    // 400, its p99, came within 3 gaps of 20 ms: 2 s - 0.06 s · 0.75 = 1.955 s. And above 0.5 s are (2 - 0.5) / 0.75 · 50 = 100.
    const drainedPerSec = 1 - perSec * serviceSec;
    const p99Sec = stallSec - (3 / perSec) * drainedPerSec;
    expect(response!.count).toBe(400);
    expect(Math.abs(response!.p99Us! / 1e6 - p99Sec)).toBeLessThan(0.08);
    const above = (stallSec - 0.5) / drainedPerSec;
    expect(response!.p75Us! / 1e6).toBeGreaterThan(0.5 - 0.15);
    expect(response!.p75Us! / 1e6).toBeLessThan(0.5 + 0.15);
    expect(above * perSec).toBe(100);
    // The service of one of 400 was slow: that is beyond p99.
    expect(service!.p99Us! / 1e6).toBeLessThan(0.05);
    expect(service!.maxUs! / 1e6).toBeGreaterThan(stallSec);
  },
);
