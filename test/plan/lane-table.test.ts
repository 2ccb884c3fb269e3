/** Starts of clients are divided by weight exactly, whatever the weights, the workers and the number of starts. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LanePlaces, laneTable, periodOf, wholeWeights } from '../../src/plan/lane-table.js';
import { partition } from '../../src/plan/partition.js';

const weightsOf = (max: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max }), { minLength: 1, maxLength: 8 }).map(wholeWeights);

/** How often each lane stands among `length` places from `from` on. */
function countIn(table: Uint16Array, lanes: number, from: number, length: number): number[] {
  const counts = new Array<number>(lanes).fill(0);
  for (let place = from; place < from + length; place++) counts[table[place % table.length]!]!++;
  return counts;
}

test.each<[readonly number[], readonly number[]]>([
  [[1], [0]],
  [
    [3, 1],
    [0, 0, 0, 1],
  ],
  [
    [1, 1, 1],
    [0, 1, 2],
  ],
  [
    [70, 20, 10],
    [0, 0, 0, 1, 0, 0, 1, 0, 0, 2],
  ],
])('%j is divided as %j', (weights, places) => {
  expect([...laneTable(wholeWeights(weights))]).toEqual(places);
});

test.each([
  [
    [1, 1],
    [1, 1],
  ],
  [
    [70, 20, 10],
    [7, 2, 1],
  ],
  [
    [0.5, 1.25],
    [2, 5],
  ],
  [
    [0.001, 1_000_000],
    [1, 1_000_000_000],
  ],
  [
    [33.3, 33.3, 33.4],
    [333, 333, 334],
  ],
])('the weights %j are %j as whole numbers', (weights, whole) => {
  expect(wholeWeights(weights)).toEqual(whole);
});

test('of the first n starts every lane has its part of n, rounded up or down', () => {
  fc.assert(
    fc.property(weightsOf(300), (weights) => {
      const period = periodOf(weights);
      const table = laneTable(weights);
      const counts = new Array<number>(weights.length).fill(0);
      for (let n = 1; n <= period; n++) {
        counts[table[n - 1]!]!++;
        for (const [lane, weight] of weights.entries()) {
          const due = (n * weight) / period;
          if (counts[lane]! < Math.floor(due) || counts[lane]! > Math.ceil(due)) {
            throw new Error(`lane ${lane} has ${counts[lane]} of the first ${n}, which should be ${due}`);
          }
        }
      }
      expect(counts).toEqual(weights);
    }),
  );
});

test('the first starts of all workers together are those of one worker', () => {
  fc.assert(
    fc.property(
      weightsOf(20),
      fc.integer({ min: 1, max: 16 }),
      fc.integer({ min: 0, max: 500 }),
      (weights, workers, more) => {
        const table = laneTable(weights);
        const sessions = workers + more;
        const shares = partition({ sessions, workers, messages: null, connections: null });
        const counts = shares.map((share) => countIn(table, weights.length, share.firstStart, share.sessions));
        const total = weights.map((_, lane) => counts.reduce((sum, count) => sum + count[lane]!, 0));
        expect(total).toEqual(countIn(table, weights.length, 0, sessions));
      },
    ),
  );
});

test('later starts of a worker are exact in whole periods, and less than two off in between', () => {
  fc.assert(
    fc.property(weightsOf(50), fc.nat(100_000), fc.nat(2_000), (weights, from, length) => {
      const period = periodOf(weights);
      const table = laneTable(weights);
      expect(countIn(table, weights.length, from, period)).toEqual(weights);
      for (const [lane, count] of countIn(table, weights.length, from, length).entries()) {
        expect(Math.abs(count - (length * weights[lane]!) / period)).toBeLessThan(2);
      }
    }),
  );
});

test('every number belongs to one message of one lane, and the lane to its place in the table', () => {
  fc.assert(
    fc.property(weightsOf(50), fc.integer({ min: 1, max: 5 }), (weights, rounds) => {
      const table = laneTable(weights);
      const places = new LanePlaces(table);
      const numbers = weights.flatMap((weight, lane) =>
        Array.from({ length: weight * rounds }, (_, index) => {
          const number = places.numberOf(lane, index);
          expect(table[number % table.length]).toBe(lane);
          return number;
        }),
      );
      expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: table.length * rounds }, (_, n) => n));
    }),
  );
});
