/** The shares of workers add up to the plan. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WorkerShare } from '../../src/messages/coordinator-worker.js';
import { partition } from '../../src/plan/partition.js';

test('remainders go to the first workers', () => {
  const shares: WorkerShare[] = partition({ sessions: 8, messages: 20_000, connections: 5, workers: 3 });
  expect(shares).toEqual([
    { workerId: 0, workerCount: 3, sessions: 3, firstStart: 0, messages: 6667, connections: 2 },
    { workerId: 1, workerCount: 3, sessions: 3, firstStart: 3, messages: 6667, connections: 2 },
    { workerId: 2, workerCount: 3, sessions: 2, firstStart: 6, messages: 6666, connections: 1 },
  ]);
});

test('without a number of messages no worker has a bound', () => {
  expect(
    partition({ sessions: 2, messages: null, connections: null, workers: 2 }).map((share) => share.messages),
  ).toEqual([null, null]);
});

test('the sum over workers is the plan, and shares differ by one at most', () => {
  const plans = fc.record({
    sessions: fc.integer({ min: 1, max: 100_000 }),
    messages: fc.integer({ min: 1, max: 1_000_000_000_000 }),
    connections: fc.integer({ min: 1, max: 1_000_000_000_000 }),
    workers: fc.integer({ min: 1, max: 256 }),
  });
  fc.assert(
    fc.property(plans, (plan) => {
      const shares = partition(plan);
      expect(shares.map((share) => share.workerId)).toEqual(Array.from({ length: plan.workers }, (_, index) => index));
      let before = 0;
      for (const share of shares) {
        expect(share.firstStart).toBe(before);
        before += share.sessions;
      }
      for (const key of ['sessions', 'messages', 'connections'] as const) {
        const parts = shares.map((share) => share[key] ?? Number.NaN);
        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(plan[key]);
        expect(Math.max(...parts) - Math.min(...parts)).toBeLessThanOrEqual(1);
        expect(parts).toEqual([...parts].sort((a, b) => b - a));
      }
    }),
  );
});
