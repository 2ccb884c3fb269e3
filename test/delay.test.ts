import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../src/seeded-random.js';
import { drawDelayMs } from '../src/delay.js';
import type { Delay } from '../src/delay.js';

const SAMPLES = 50_000;

function samplesOf(delay: Delay): number[] {
  const random = new SeededRandom(7, 0);
  return Array.from({ length: SAMPLES }, () => drawDelayMs(delay, random));
}

/** The largest distance between the samples' distribution and `share(x)` = P(X <= x) (Kolmogorov and Smirnov). */
function distance(delay: Delay, share: (ms: number) => number): number {
  const sorted = samplesOf(delay).sort((a, b) => a - b);
  return Math.max(
    ...[...sorted.keys()]
      .filter((index) => index % 50 === 0)
      .map((index) => Math.abs(share(sorted[index] ?? 0) - index / SAMPLES)),
  );
}

/** P(Z <= z) of the normal distribution (Abramowitz and Stegun 26.2.17; off by less than 1e-7). */
function normalShare(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly;
  return z > 0 ? 1 - tail : tail;
}

describe('a delay', () => {
  test('that is a number is always the same', () => {
    expect(new Set(samplesOf(5))).toEqual(new Set([5]));
  });

  // 1.95 / sqrt(n) is the bound that a true sample passes once in a thousand; the seed is fixed.
  test.each<[Delay, (ms: number) => number]>([
    [{ shape: 'uniform', minMs: 10, maxMs: 30 }, (ms) => (ms - 10) / 20],
    [{ shape: 'exponential', meanMs: 40 }, (ms) => 1 - Math.exp(-ms / 40)],
    [{ shape: 'logNormal', medianMs: 20, sigma: 0.8 }, (ms) => normalShare(Math.log(ms / 20) / 0.8)],
    [{ shape: 'pareto', minMs: 5, alpha: 1.5 }, (ms) => 1 - (5 / ms) ** 1.5],
  ])('%j is distributed so', (delay, share) => {
    expect(distance(delay, share)).toBeLessThan(1.95 / Math.sqrt(SAMPLES));
  });

  test('never exceeds its maximum, and is never nothing', () => {
    const samples = samplesOf({ shape: 'pareto', minMs: 1, alpha: 0.5, maxMs: 100 });
    expect(Math.max(...samples)).toBe(100);
    expect(Math.min(...samplesOf({ shape: 'uniform', minMs: 0, maxMs: 1 }))).toBeGreaterThan(0);
  });
});
