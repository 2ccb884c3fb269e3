import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isInShare } from '../../src/plan/share.js';

test('a share is exact for every beginning of the sequence, and for any stretch off by one at most', () => {
  fc.assert(
    fc.property(fc.nat(100), fc.nat(1_000_000), fc.nat(500), (percent, start, length) => {
      let inShare = 0;
      for (let index = start; index < start + length; index++) if (isInShare(index, percent)) inShare++;
      const upTo = (index: number): number => Math.floor((index * percent) / 100);
      expect(inShare).toBe(upTo(start + length) - upTo(start));
    }),
  );
});

test('half of a sequence is every second of it, nothing none, and all of it each', () => {
  const of = (percent: number): boolean[] => [0, 1, 2, 3].map((index) => isInShare(index, percent));
  expect(of(50)).toEqual([false, true, false, true]);
  expect(of(0)).toEqual([false, false, false, false]);
  expect(of(100)).toEqual([true, true, true, true]);
});
