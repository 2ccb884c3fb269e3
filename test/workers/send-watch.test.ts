/** Whose octets the kernel does not take, and for how long. */
import { describe, expect, test } from 'vitest';
import { SendWatch, type Sending } from '../../workers/send-watch.js';

const MS = 1_000;
const connection = (): Sending & { isDrained: boolean } => ({ isDrained: false, sendWait: null });

describe('a write that the kernel does not take', () => {
  test('is no stall when it is taken before the next tick, or the one after', () => {
    const watch = new SendWatch();
    const quick = connection();
    watch.tick(10 * MS);
    watch.queued(quick, 12 * MS, true);
    quick.isDrained = true;
    watch.tick(20 * MS);
    const late = connection();
    watch.queued(late, 29 * MS, true);
    watch.tick(30 * MS);
    late.isDrained = true;
    watch.tick(40 * MS);
    expect([watch.stalls, watch.stalledUs]).toEqual([0, 0]);
  });

  test('is a stall once it has waited for a whole tick, until it is taken', () => {
    const watch = new SendWatch();
    const slow = connection();
    watch.tick(10 * MS);
    watch.queued(slow, 12 * MS, true);
    watch.tick(20 * MS);
    watch.tick(30 * MS);
    expect([watch.stalls, watch.stalledUs]).toEqual([1, 18 * MS]);
    watch.tick(40 * MS);
    expect([watch.stalls, watch.stalledUs]).toEqual([1, 28 * MS]);
    slow.isDrained = true;
    watch.tick(50 * MS);
    watch.tick(60 * MS);
    expect([watch.stalls, watch.stalledUs]).toEqual([1, 38 * MS]);
  });

  test('is the same stall while more is written behind it, and another one once it was taken', () => {
    const watch = new SendWatch();
    const slow = connection();
    for (const [at, isDrained] of [
      [10, false],
      [20, false],
      [30, false],
      [40, true],
      [50, false],
      [60, false],
      [70, false],
    ] as const) {
      slow.isDrained = isDrained;
      if (!isDrained) watch.queued(slow, at * MS, at === 10 || at === 50);
      watch.tick(at * MS);
    }
    expect(watch.stalls).toBe(2);
  });

  test('is none where each write was taken before the next one, whenever the ticks come', () => {
    const watch = new SendWatch();
    const busy = connection();
    for (let at = 10; at < 100; at += 10) {
      watch.queued(busy, (at - 1) * MS, true);
      watch.tick(at * MS);
    }
    expect([watch.stalls, watch.stalledUs]).toEqual([0, 0]);
  });

  test('counts for each connection apart', () => {
    const watch = new SendWatch();
    const all = [connection(), connection(), connection()];
    watch.tick(10 * MS);
    for (const each of all) watch.queued(each, 10 * MS, true);
    all[1]!.isDrained = true;
    watch.tick(20 * MS);
    expect([watch.stalls, watch.stalledUs]).toEqual([2, 20 * MS]);
    expect(all.map(({ sendWait }) => sendWait !== null)).toEqual([true, false, true]);
  });
});
