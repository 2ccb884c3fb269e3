/** Workers take arrivals from one global sequence: whatever their number, together they have it once. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArrivalSequence, plannedArrivals } from '../../src/plan/arrival-sequence.js';
import { ArrivalShare, sequencePlan } from '../../src/plan/arrival-share.js';
import type { Arrival } from '../../src/plan/arrival-share.js';
import type { ArrivalPlan, LoadPlan } from '../../src/plan/load-plan.js';
import { resolveRun } from '../../src/plan/resolve-plan.js';
import type { LoadTestOptions } from '../../src/plan/options.js';
import { measuredFrom } from '../../src/plan/warmup-end.js';

type OpenPlan = LoadPlan & { readonly arrivals: ArrivalPlan };

/** Scenarios as [weight, messages per session]. */
function planOf(options: LoadTestOptions, scenarios: readonly (readonly [number, number])[] = [[1, 1]]): OpenPlan {
  const all = { target: 'smtp://127.0.0.1:2525', ...options };
  const plan = resolveRun(
    {
      options: all,
      scenarios: scenarios.map(([weight, messagesPerSession], index) => ({
        name: `s${index}`,
        weight,
        options: { ...options, messagesPerSession },
      })),
    },
    1,
  );
  if ('issues' in plan || plan.arrivals === null) throw new Error(JSON.stringify(plan));
  return plan as OpenPlan;
}

function allOf(plan: OpenPlan, workerId: number): Arrival[] {
  const share = new ArrivalShare(plan, workerId);
  const all: Arrival[] = [];
  while (share.nextUs !== Infinity) all.push(share.take());
  return all;
}

const weights = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5 })), {
  minLength: 1,
  maxLength: 4,
});

test('one worker or sixteen: the same arrivals, each once', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 16 }),
      fc.constantFrom('even', 'poisson'),
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 0, max: 1000 }),
      weights,
      (workers, arrivals, perSec, seed, scenarios) => {
        const options = { rate: `${perSec}/s`, duration: '2s', warmup: '1s', arrivals, seed, sessions: 99 };
        const plan = planOf({ ...options, workers }, scenarios);
        const whole = allOf(planOf({ ...options, workers: 1 }, scenarios), 0);
        const parts = Array.from({ length: workers }, (_, workerId) => allOf(plan, workerId));
        expect(whole).toHaveLength(perSec * 3);
        expect(parts.flat().sort((a, b) => a.intendedUs - b.intendedUs)).toEqual(whole);
        for (const part of parts) expect(Math.abs(part.length - whole.length / workers)).toBeLessThan(1);
        // Messages of a lane follow each other without a gap.
        for (const [lane, [, each]] of scenarios.entries()) {
          const first = whole.filter((arrival) => arrival.lane === lane).map(({ firstMessage }) => firstMessage);
          expect(first).toEqual(first.map((_, index) => index * each));
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('a number of messages is met exactly, behind the warm-up', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 7 }),
      fc.constantFrom('even', 'poisson'),
      (workers, messages, messagesPerSession, arrivals) => {
        const options = { rate: '100/s', messages, messagesPerSession, warmup: '1s', arrivals, workers, sessions: 9 };
        const plan = planOf(options, [[1, messagesPerSession]]);
        const all = Array.from({ length: workers }, (_, workerId) => allOf(plan, workerId)).flat();
        const measured = all.filter(({ intendedUs }) => intendedUs >= 1e6);
        expect(measured.reduce((sum, arrival) => sum + arrival.messages, 0)).toBe(messages);
        for (const early of all.filter(({ intendedUs }) => intendedUs < 1e6)) {
          expect(early.messages).toBe(messagesPerSession);
        }
      },
    ),
    { numRuns: 60 },
  );
});

describe('when it is closed, a share', () => {
  test('knows what would have come, lane by lane, as if it had been taken', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.nat(5),
        fc.nat(40),
        fc.constantFrom<LoadTestOptions>({ duration: '3s' }, { messages: 77 }, { messages: 100, duration: '1s' }),
        weights,
        (workers, chosen, taken, end, scenarios) => {
          const lanes = end.messages === undefined ? scenarios : [[1, 3] as const];
          const plan = planOf({ rate: '20/s', sessions: 99, workers, ...end }, lanes);
          const workerId = chosen % workers;
          const share = new ArrivalShare(plan, workerId);
          const rest = allOf(plan, workerId).slice(taken);
          for (let index = 0; index < taken && share.nextUs !== Infinity; index++) share.take();
          const left = share.close();
          for (const lane of lanes.keys()) {
            const own = rest.filter((arrival) => arrival.lane === lane);
            expect(left[lane] ?? { arrivals: 0, messages: 0 }).toEqual({
              arrivals: own.length,
              messages: own.reduce((sum, arrival) => sum + arrival.sureMessages, 0),
            });
          }
          expect([share.nextUs, share.close()]).toEqual([Infinity, []]);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('is done at once, however much there is', () => {
    const share = new ArrivalShare(planOf({ rate: '100000/s', duration: '400h', workers: 3, sessions: 9 }), 1);
    expect(share.close()).toEqual([{ arrivals: 48_000_000_000, messages: 48_000_000_000 }]);
  });
});

test('the first arrival of a steady rate is half a gap behind time zero', () => {
  const { arrivals } = planOf({ rate: '4/s', duration: '1s' });
  expect(new ArrivalSequence({ ...arrivals, restartMs: null }, 1).atUs).toBe(125_000);
});

describe('where the warm-up ends by itself', () => {
  const rates = fc.integer({ min: 1, max: 300 });
  const patterns = fc.constantFrom('even', 'poisson');
  const autoPlan = (options: LoadTestOptions): OpenPlan => planOf({ duration: '3s', warmup: 'auto', ...options });
  /** The plan once its measured time begins at `sec`. */
  const from = (plan: OpenPlan, sec: number): OpenPlan => measuredFrom(plan, sec * 1e6) as OpenPlan;
  const within = (arrivals: readonly Arrival[], fromSec: number, toSec: number): number =>
    arrivals.filter(({ intendedUs }) => intendedUs >= fromSec * 1e6 && intendedUs < toSec * 1e6).length;

  test('as many arrive in the measured time as its length wants, whenever it begins', () => {
    fc.assert(
      fc.property(rates, patterns, fc.integer({ min: 1, max: 60 }), fc.integer(), (perSec, arrivals, sec, seed) => {
        const plan = from(autoPlan({ rate: `${perSec}/s`, arrivals, seed: Math.abs(seed % 1e6) }), sec);
        const all = allOf(plan, 0);
        expect(within(all, sec, sec + 3)).toBe(perSec * 3);
        expect(within(all, sec + 3, Infinity)).toBe(0);
        expect(plannedArrivals(sequencePlan(plan), plan.seed)).toBe(all.length);
      }),
      { numRuns: 60 },
    );
  });

  test('what arrives before does not depend on when that is', () => {
    const plan = autoPlan({ rate: '50/s', arrivals: 'poisson' });
    const early = allOf(from(plan, 7), 0).filter(({ intendedUs }) => intendedUs < 7e6);
    expect(allOf(from(plan, 23), 0).slice(0, early.length)).toEqual(early);
    expect(Math.abs(early.length - 350)).toBeLessThan(4 * Math.sqrt(350));
  });

  test('workers that hear of it at different moments have one schedule', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        rates,
        patterns,
        fc.float({ min: 0, max: 6 }),
        (workers, perSec, arrivals, heardSec) => {
          const plan = autoPlan({ rate: `${perSec}/s`, arrivals, workers, sessions: 99 });
          const sec = 7;
          const parts = Array.from({ length: workers }, (_, workerId) => {
            const share = new ArrivalShare(plan, workerId);
            const taken: Arrival[] = [];
            while (share.nextUs < (heardSec + workerId / 20) * 1e6) taken.push(share.take());
            const rest = new ArrivalShare(from(plan, sec), workerId);
            rest.follow(share);
            while (rest.nextUs !== Infinity) taken.push(rest.take());
            return taken;
          });
          const whole = allOf(from({ ...plan, workers: 1 }, sec), 0);
          expect(parts.flat().sort((a, b) => a.intendedUs - b.intendedUs)).toEqual(whole);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a worker that hears of it too late misses nothing of what is left, and takes nothing twice', () => {
    const plan = autoPlan({ rate: '100/s', arrivals: 'poisson' });
    const share = new ArrivalShare(plan, 0);
    let taken = 0;
    for (; share.nextUs < 9e6; taken++) share.take();
    const rest = new ArrivalShare(from(plan, 7), 0);
    rest.follow(share);
    while (rest.nextUs !== Infinity) {
      rest.take();
      taken++;
    }
    expect(taken).toBe(plannedArrivals(sequencePlan(from(plan, 7)), plan.seed));
  });

  test('a number of messages is counted from there', () => {
    const plan = from(planOf({ rate: '100/s', messages: 40, warmup: 'auto', arrivals: 'poisson' }), 7);
    const all = allOf(plan, 0);
    expect(all.filter(({ intendedUs }) => intendedUs >= 7e6)).toHaveLength(40);
  });
});
