import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CommandRing, RING_CAPACITY } from '../../workers/command-ring.js';

test('gives commands back first in, first out, however often it goes round', () => {
  fc.assert(
    fc.property(fc.nat(100), fc.array(fc.boolean(), { maxLength: 400 }), (recipients, pushes) => {
      const ring = new CommandRing(recipients);
      const capacity = ring.room;
      const naive: [number, number, number][] = [];
      let next = 0;
      for (const isPush of pushes) {
        if (isPush && naive.length < capacity) {
          next++;
          naive.push([next % 14, next % 2, next * 1_000.5]);
          ring.push(next % 14, next % 2, next * 1_000.5);
        } else if (!isPush && naive.length > 0) {
          expect([ring.step, ring.slot, ring.sentAtUs]).toEqual(naive.shift());
          ring.pop();
        }
        expect([ring.count, ring.room]).toEqual([naive.length, capacity - naive.length]);
        for (const [index, [step, , sentAtUs]] of naive.entries()) {
          expect([ring.stepAt(index), ring.sentAtUsAt(index)]).toEqual([step, sentAtUs]);
        }
      }
    }),
  );
});

test.each([
  [1, 8],
  [4, 8],
  [5, 16],
  [12, 16],
  [13, 32],
  [60, 64],
  [61, 64],
  [1_000, 64],
])('for %i recipients has places for %i commands and not one more', (recipients, capacity) => {
  const ring = new CommandRing(recipients);
  for (let index = 0; index < capacity; index++) ring.push(1, 0, index);
  expect(ring.room).toBe(0);
  expect(() => ring.push(1, 0, 0)).toThrow(/room/);
  expect(capacity).toBeLessThanOrEqual(RING_CAPACITY);
});

test('matches no reply to a command that was not sent', () => {
  expect(() => new CommandRing(1).pop()).toThrow(/was sent/);
});

test('lets a command begin later', () => {
  const ring = new CommandRing(1);
  ring.push(10, 0, 5);
  ring.push(12, 0, 5);
  ring.setSentAtUs(12, 9);
  expect([ring.sentAtUs, ring.sentAtUsAt(0), ring.sentAtUsAt(1), ring.slotAt(1)]).toEqual([5, 5, 9, 0]);
  expect(() => ring.setSentAtUs(11, 9)).toThrow(/under way/);
});

test('is empty after a clear', () => {
  const ring = new CommandRing(60);
  for (let index = 0; index < 40; index++) ring.push(1, 0, index);
  ring.pop();
  ring.clear();
  expect([ring.count, ring.room]).toEqual([0, RING_CAPACITY]);
  ring.push(7, 1, 3);
  expect([ring.step, ring.slot, ring.sentAtUs, ring.stepAt(0)]).toEqual([7, 1, 3, 7]);
});
