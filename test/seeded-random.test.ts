import { expect, test } from 'vitest';
import { SeededRandom } from '../src/seeded-random.js';

function values(seed: number, stream: number, count: number): number[] {
  const random = new SeededRandom(seed, stream);
  return Array.from({ length: count }, () => random.next());
}

test('the same seed and stream give the same values for ever', () => {
  expect(values(42, 3, 1_000)).toEqual(values(42, 3, 1_000));
});

test('another seed or another stream gives others', () => {
  const streams = [
    [1, 0],
    [1, 1],
    [1, 2],
    [2, 0],
    [0, 0],
    [0xffff_ffff, 0],
  ].map(([seed, stream]) => values(seed!, stream!, 50).join(' '));
  expect(new Set(streams).size).toBe(streams.length);
});

test('values lie from 0 (included) to 1, spread evenly', () => {
  const tenths = new Array<number>(10).fill(0);
  for (const value of values(7, 0, 100_000)) {
    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThan(1);
    const tenth = Math.floor(value * 10);
    tenths[tenth] = tenths[tenth]! + 1;
  }
  for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});
