/** Profiles: what people may write, and the arrivals that follow from it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArrivalSequence } from '../../src/plan/arrival-sequence.js';
import type { SequencePlan } from '../../src/plan/arrival-sequence.js';
import { LoadProfile } from '../../src/plan/load-profile.js';
import type { ProfileSegment } from '../../src/plan/load-profile.js';
import { parseProfile } from '../../src/plan/parse-profile.js';

function segmentsOf(text: string): readonly ProfileSegment[] {
  const parsed = parseProfile(text);
  if (!('segments' in parsed)) throw new Error(JSON.stringify(parsed));
  return parsed.segments;
}

/** All arrivals, s since the begin. */
function arrivalsOf(plan: Omit<SequencePlan, 'restartMs'>, seed = 1): number[] {
  const sequence = new ArrivalSequence({ ...plan, restartMs: null }, seed);
  const all: number[] = [];
  while (sequence.atUs !== Infinity) {
    all.push(sequence.atUs / 1e6);
    sequence.advance();
  }
  return all;
}

describe('a profile', () => {
  test.each<[string, number, number]>([
    ['200/s for 1m', 60, 12_000],
    ['60/min for 10s', 10, 10],
    ['3600/h for 10s', 10, 10],
    ['0/s ->(30s) 200/s ->(5m) 200/s; pause 30s; 400/s for 1m', 420, 3_000 + 60_000 + 24_000],
    ['0/s->(10s)100/s;->(10s)0/s;', 20, 1_000],
    ['100/s..300/s step 100/s every 10s', 30, 6_000],
    ['300/s..100/s step 100/s every 10s', 30, 6_000],
    ['spikes 10/s..100/s of 5s every 20s for 40s', 40, 2 * (150 + 500)],
    ['sine 0/s..100/s period 10s for 20s', 20, 1_000],
    ['2.5/s for 1m30s', 90, 225],
  ])('%s lasts %d s and plans %d arrivals', (text, sec, total) => {
    const profile = new LoadProfile(segmentsOf(text));
    expect(profile.sec).toBeCloseTo(sec, 9);
    expect(profile.total).toBeCloseTo(total, 6);
  });

  test('says how high it is, where and at most', () => {
    const profile = new LoadProfile(segmentsOf('0/s ->(10s) 100/s; pause 10s; sine 20/s..40/s period 10s for 10s'));
    expect([0, 5, 10, 15, 20, 25, 31].map((sec) => profile.rateAt(sec))).toEqual([0, 50, 0, 0, 20, 40, 0]);
    expect(profile.peakPerSec).toBe(100);
  });

  test.each<[string, number, string]>([
    ['', 0, 'expects a rate'],
    ['200 for 1m', 0, 'expects a rate'],
    ['200/s', 5, 'expects ->(TIME) RATE'],
    ['200/s for', 9, 'expects a time'],
    ['200/s for 10', 10, 'expects a time'],
    ['0/s ->(30x) 200/s', 7, 'expects a time'],
    ['0/s ->30s 200/s', 6, 'expects ('],
    ['0/s ->(30s 200/s', 11, 'expects )'],
    ['1/s for 1m 2/s for 1m', 11, 'expects ;'],
    ['100/s..200/s step 0/s every 1s', 18, 'takes a step above'],
    ['100/s..200/s every 1s', 13, "expects 'step"],
    ['spikes 1/s..2/s of 9s every 9s for 1m', 19, 'takes spikes that are shorter'],
    ['sine 9/s..2/s period 9s for 1m', 5, 'takes the lowest'],
    ['1/s for 1m; § ', 12, 'does not know what to make of'],
    ['pause 10s', 0, 'plans no arrival'],
    ['1/s..1000000/s step 1/s every 1ms', 20, 'makes more than'],
  ])('%j is refused at %d', (text, at, message) => {
    const problem = parseProfile(text);
    expect(problem).toMatchObject({ at });
    expect((problem as { message: string }).message).toContain(message);
  });
});

/** Random profiles of a few segments, some of them silent. */
const profiles = fc
  .array(
    fc.record({
      sec: fc.integer({ min: 1, max: 40 }).map((tenths) => tenths / 10),
      fromPerSec: fc.integer({ min: 0, max: 300 }),
      toPerSec: fc.integer({ min: 0, max: 300 }),
      periodSec: fc.constantFrom(null, null, null, 0.7),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((segments) =>
    segments.map((segment) =>
      segment.periodSec !== null && segment.toPerSec < segment.fromPerSec ? { ...segment, periodSec: null } : segment,
    ),
  );

describe('arrivals', () => {
  test('at an even rate are in the middle of their part of the second, from the first to the last', () => {
    const at = arrivalsOf({ profile: segmentsOf('4/s for 2s'), pattern: 'even', endMs: 2_000 });
    expect(at).toEqual([0.125, 0.375, 0.625, 0.875, 1.125, 1.375, 1.625, 1.875]);
  });

  test.each(['even', 'poisson'] as const)('are as many as planned, in order, where the rate is (%s)', (pattern) => {
    fc.assert(
      fc.property(profiles, fc.integer(), (profile, seed) => {
        const curve = new LoadProfile(profile);
        const at = arrivalsOf({ profile, pattern, endMs: curve.sec * 1e3 }, seed);
        expect(at).toHaveLength(Math.round(curve.total));
        for (const [index, sec] of at.entries()) {
          expect(sec).toBeGreaterThanOrEqual(at[index - 1] ?? 0);
          expect(sec).toBeLessThanOrEqual(curve.sec + 1e-9);
          // The arrival is where the plan has just so many, or random values around that.
          if (pattern === 'even') expect(curve.countAt(sec)).toBeCloseTo(Math.min(index + 0.5, curve.total), 3);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('never fall into a pause', () => {
    for (const pattern of ['even', 'poisson'] as const) {
      const at = arrivalsOf({ profile: segmentsOf('50/s for 2s; pause 3s; 50/s for 2s'), pattern, endMs: 7_000 });
      expect(at).toHaveLength(200);
      expect(at.filter((sec) => sec > 2 + 1e-9 && sec < 5 - 1e-9)).toEqual([]);
    }
  });

  test('are cut where the plan ends before its profile', () => {
    const at = arrivalsOf({ profile: segmentsOf('0/s ->(10s) 100/s'), pattern: 'poisson', endMs: 5_000 });
    expect(at).toHaveLength(125);
    expect(at.at(-1)).toBeLessThanOrEqual(5);
  });

  test('of one seed are the same, of another they are not', () => {
    const plan = { profile: segmentsOf('100/s for 3s'), pattern: 'poisson' as const, endMs: 3_000 };
    expect(arrivalsOf(plan, 7)).toEqual(arrivalsOf(plan, 7));
    expect(arrivalsOf(plan, 8)).not.toEqual(arrivalsOf(plan, 7));
  });

  test('without an end go on as long as they are asked for', () => {
    for (const pattern of ['even', 'poisson'] as const) {
      const sequence = new ArrivalSequence(
        { profile: segmentsOf('100/s for 500h'), pattern, endMs: null, restartMs: null },
        3,
      );
      for (let index = 0; index < 10_000; index++) sequence.advance();
      // 10,000 exponential gaps of 10 ms: 100 s, give or take four standard deviations of 1 s.
      expect(Math.abs(sequence.atUs / 1e6 - 100)).toBeLessThan(4);
    }
  });

  test.each([
    ['with an end', 200_000],
    ['without one', null],
  ])('of a Poisson process have exponential gaps, %s', (_, endMs) => {
    const sequence = new ArrivalSequence(
      { profile: segmentsOf('100/s for 1h'), pattern: 'poisson', endMs, restartMs: null },
      11,
    );
    const gaps: number[] = [];
    let beforeUs = 0;
    while (gaps.length < 20_000 && sequence.atUs !== Infinity) {
      gaps.push((sequence.atUs - beforeUs) / 1e6);
      beforeUs = sequence.atUs;
      sequence.advance();
    }
    // Kolmogorov and Smirnov: D · √n stays under 1.95 with a probability of 0.999.
    const sorted = gaps.toSorted((a, b) => a - b);
    const distance = sorted.reduce((most, gap, index) => {
      const expected = 1 - Math.exp(-100 * gap);
      return Math.max(most, Math.abs(expected - index / gaps.length), Math.abs(expected - (index + 1) / gaps.length));
    }, 0);
    expect(distance * Math.sqrt(gaps.length)).toBeLessThan(1.95);
    // Neighbours know nothing of each other: the correlation of 20,000 pairs stays within 4 / √n.
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const [product, square] = gaps
      .slice(1)
      .reduce(
        ([together, own], gap, index) => [together + (gap - mean) * (gaps[index]! - mean), own + (gap - mean) ** 2],
        [0, 0],
      );
    expect(Math.abs(product / square)).toBeLessThan(4 / Math.sqrt(gaps.length));
  });
});
