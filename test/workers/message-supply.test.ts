import { LoadWindow } from '../../src/metrics/load-window.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { partition } from '../../src/plan/partition.js';
import { LanePlaces } from '../../src/plan/lane-table.js';
import { MessageSupply } from '../../workers/message-supply.js';

/** Takes all that a worker may begin at `nowUs`. */
function takeAll(supply: MessageSupply, nowUs: number): number[] {
  const numbers: number[] = [];
  while (supply.has(nowUs)) numbers.push(supply.take(nowUs));
  return numbers;
}

test('the workers together have every number once, and no other', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 300 }), (workers, messages) => {
      const shares = partition({ sessions: workers, messages, connections: null, workers });
      const numbers = shares.flatMap((share) => takeAll(new MessageSupply(share, new LoadWindow(0)), 0));
      expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: messages }, (_, index) => index));
    }),
  );
});

test('a worker has every n-th number, from its own on', () => {
  expect(takeAll(new MessageSupply({ workerId: 1, workerCount: 3, messages: 4 }, new LoadWindow(0)), 0)).toEqual([
    1, 4, 7, 10,
  ]);
});

test('each lane has the numbers that are its own, in every worker others', () => {
  const places = new LanePlaces(Uint16Array.of(0, 0, 1));
  const supplies = [0, 1].map(
    (workerId) => new MessageSupply({ workerId, workerCount: 2, messages: 9 }, new LoadWindow(0), places),
  );
  const take = (worker: number, lane: number): number => supplies[worker]!.take(0, lane);
  expect([take(0, 1), take(0, 0), take(0, 0), take(0, 1)]).toEqual([2, 0, 3, 8]);
  expect([take(1, 0), take(1, 0), take(1, 1)]).toEqual([1, 4, 5]);
});

describe('messages of the warm-up', () => {
  test('do not count, but have numbers of their own', () => {
    const supply = new MessageSupply({ workerId: 0, workerCount: 2, messages: 2 }, new LoadWindow(1_000));
    expect([supply.take(0), supply.take(999.9), supply.take(500)]).toEqual([0, 2, 4]);
    expect(takeAll(supply, 1_000)).toEqual([6, 8]);
    expect(supply.has(1_000)).toBe(false);
  });

  test('are begun even where nothing is planned behind it', () => {
    const supply = new MessageSupply({ workerId: 3, workerCount: 4, messages: 0 }, new LoadWindow(1_000));
    expect(supply.has(999)).toBe(true);
    expect(supply.has(1_000)).toBe(false);
  });
});

test('without a bound there is always one more, until it is closed', () => {
  const supply = new MessageSupply({ workerId: 0, workerCount: 1, messages: null }, new LoadWindow(0));
  for (let index = 0; index < 10_000; index++) expect(supply.take(index)).toBe(index);
  expect(supply.has(1e12)).toBe(true);
  supply.close();
  expect(supply.has(1e12)).toBe(false);
});

test('nothing is begun at or behind the end of the window', () => {
  const supply = new MessageSupply({ workerId: 0, workerCount: 1, messages: 5 }, new LoadWindow(1_000, 9_000));
  expect([0, 1_000, 8_999, 9_000, 1e9].map((us) => supply.has(us))).toEqual([true, true, true, false, false]);
});

test('it knows how much of its share was never begun', () => {
  const supply = new MessageSupply({ workerId: 0, workerCount: 1, messages: 3 }, new LoadWindow(1_000));
  supply.take(0);
  supply.take(1_000);
  expect(supply.left).toBe(2);
  expect(new MessageSupply({ workerId: 0, workerCount: 1, messages: null }, new LoadWindow(0)).left).toBe(0);
});

test('closed in the warm-up it has nothing more either', () => {
  const supply = new MessageSupply({ workerId: 0, workerCount: 1, messages: 5 }, new LoadWindow(1_000));
  supply.close();
  expect(supply.has(0)).toBe(false);
});
