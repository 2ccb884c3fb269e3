import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeadlineWheel, WHEEL_TICK_US } from '../../workers/deadline-wheel.js';
import type { WheelEntry } from '../../workers/deadline-wheel.js';

const TICK_US = 10;
const SLOTS = 8;

/** Writes down when it was called, and does something then. */
class Entry implements WheelEntry {
  deadlineUs = Infinity;
  bucketDueUs = Infinity;
  nextInBucket: WheelEntry | null = null;
  previousInBucket: WheelEntry | null = null;
  readonly firedAtUs: number[] = [];
  readonly #then: (nowUs: number) => void;

  constructor(then: (nowUs: number) => void = () => undefined) {
    this.#then = then;
  }

  onDeadline(nowUs: number): void {
    this.firedAtUs.push(nowUs);
    this.#then(nowUs);
  }
}

const smallWheel = (nowUs = 0): DeadlineWheel => new DeadlineWheel(nowUs, TICK_US, SLOTS);

/** Ticks at every multiple of the tick in (fromUs, toUs]. */
function tickThrough(wheel: DeadlineWheel, fromUs: number, toUs: number): void {
  for (let us = Math.floor(fromUs / TICK_US + 1) * TICK_US; us <= toUs; us += TICK_US) wheel.tick(us);
}

describe('an entry', () => {
  test('is called once, at the first tick at or behind its deadline', () => {
    const wheel = smallWheel();
    const [exact, between] = [new Entry(), new Entry()];
    wheel.schedule(exact, 30);
    wheel.schedule(between, 31);
    tickThrough(wheel, 0, 1_000);
    expect([exact.firedAtUs, between.firedAtUs]).toEqual([[30], [40]]);
    expect([exact.deadlineUs, exact.bucketDueUs]).toEqual([Infinity, Infinity]);
  });

  test('with a deadline in the past is called at the next tick', () => {
    const wheel = smallWheel(100);
    const entry = new Entry();
    wheel.schedule(entry, 5);
    wheel.tick(109);
    expect(entry.firedAtUs).toEqual([]);
    wheel.tick(110);
    expect(entry.firedAtUs).toEqual([110]);
  });

  test('whose deadline moves on is visited once per old deadline, and called at the new one', () => {
    const wheel = smallWheel();
    const entry = new Entry();
    wheel.schedule(entry, 20);
    wheel.schedule(entry, 55);
    // The move is a field write: the bucket stays.
    expect(entry.bucketDueUs).toBe(20);
    tickThrough(wheel, 0, 20);
    expect(entry.bucketDueUs).toBe(60);
    tickThrough(wheel, 20, 1_000);
    expect(entry.firedAtUs).toEqual([60]);
  });

  test('whose deadline moves forward is called at the earlier one, once', () => {
    const wheel = smallWheel();
    const neighbours = [new Entry(), new Entry()];
    const entry = new Entry();
    wheel.schedule(neighbours[0]!, 60);
    wheel.schedule(entry, 60);
    wheel.schedule(neighbours[1]!, 60);
    wheel.schedule(entry, 20);
    tickThrough(wheel, 0, 1_000);
    expect(entry.firedAtUs).toEqual([20]);
    expect(neighbours.map(({ firedAtUs }) => firedAtUs)).toEqual([[60], [60]]);
  });

  test.each([0, 1, 2])('may leave its bucket from any place in it (%i of 3)', (place) => {
    const wheel = smallWheel();
    const entries = [new Entry(), new Entry(), new Entry()];
    for (const entry of entries) wheel.schedule(entry, 60);
    wheel.schedule(entries[place]!, 15);
    tickThrough(wheel, 0, 1_000);
    expect(entries.map(({ firedAtUs }) => firedAtUs[0])).toEqual(
      entries.map((_, index) => (index === place ? 20 : 60)),
    );
  });

  test('and its neighbour may leave their bucket one after the other', () => {
    const wheel = smallWheel();
    const entries = [new Entry(), new Entry(), new Entry(), new Entry()];
    for (const entry of entries) wheel.schedule(entry, 60);
    for (const [index, us] of [
      [3, 40],
      [2, 30],
      [1, 40],
    ] as const) {
      wheel.schedule(entries[index]!, us);
    }
    tickThrough(wheel, 0, 1_000);
    expect(entries.map(({ firedAtUs }) => firedAtUs)).toEqual([[60], [40], [30], [40]]);
  });

  test('leaves nothing of itself in a bucket from which its neighbour went before', () => {
    const wheel = smallWheel();
    const [entry, neighbour] = [new Entry(), new Entry()];
    wheel.schedule(entry, 60);
    wheel.schedule(neighbour, 60);
    wheel.schedule(neighbour, 40);
    wheel.schedule(entry, 30);
    tickThrough(wheel, 0, 30);
    wheel.schedule(entry, 70);
    tickThrough(wheel, 30, 1_000);
    expect([entry.firedAtUs, neighbour.firedAtUs]).toEqual([[30, 70], [40]]);
  });

  test('sits in the bucket of its own deadline, however long the wheel has turned', () => {
    const wheel = smallWheel();
    tickThrough(wheel, 0, 12_340);
    const entry = new Entry();
    wheel.schedule(entry, 12_371);
    expect(entry.bucketDueUs).toBe(12_380);
  });

  test('beyond the horizon waits for its own turn', () => {
    const wheel = smallWheel();
    const entry = new Entry();
    const horizonUs = TICK_US * SLOTS;
    wheel.schedule(entry, 5 * horizonUs + 3);
    tickThrough(wheel, 0, 10 * horizonUs);
    expect(entry.firedAtUs).toEqual([5 * horizonUs + 10]);
  });

  test('that was cancelled is never called, and may be scheduled again', () => {
    const wheel = smallWheel();
    const entry = new Entry();
    wheel.schedule(entry, 20);
    wheel.cancel(entry);
    tickThrough(wheel, 0, 100);
    expect(entry.firedAtUs).toEqual([]);
    wheel.schedule(entry, 120);
    wheel.cancel(entry);
    wheel.schedule(entry, 150);
    tickThrough(wheel, 100, 300);
    expect(entry.firedAtUs).toEqual([150]);
  });

  test('that waits for ever is in no bucket', () => {
    const wheel = smallWheel();
    const entry = new Entry();
    wheel.schedule(entry, Infinity);
    expect(entry.bucketDueUs).toBe(Infinity);
  });
});

describe('a late tick', () => {
  test.each([50, 79, 80, 81, 500, 100_003])('of %i µs calls everything that was due, and nothing else', (nowUs) => {
    const wheel = smallWheel();
    const entries = Array.from({ length: 200 }, () => new Entry());
    for (const [index, entry] of entries.entries()) wheel.schedule(entry, index * 3);
    wheel.tick(nowUs);
    const called = entries.flatMap(({ firedAtUs }, index) => (firedAtUs.length > 0 ? [index] : []));
    expect(called.every((index) => index * 3 <= nowUs)).toBe(true);
    // An entry sits in the bucket behind its deadline, so one of the last tick may wait for the next.
    const lastBucketUs = Math.floor(nowUs / TICK_US) * TICK_US;
    expect(called).toEqual(expect.arrayContaining([...entries.keys()].filter((index) => index * 3 <= lastBucketUs)));
    wheel.tick(nowUs + 1_000);
    expect(entries.every(({ firedAtUs }) => firedAtUs.length === 1)).toBe(true);
  });

  test('that comes twice for the same moment, or goes back, does nothing', () => {
    const wheel = smallWheel(200);
    const entry = new Entry();
    wheel.schedule(entry, 230);
    wheel.tick(220);
    wheel.tick(220);
    wheel.tick(100);
    expect(entry.firedAtUs).toEqual([]);
    wheel.tick(230);
    expect(entry.firedAtUs).toEqual([230]);
  });
});

describe('a callback', () => {
  test('may schedule its own entry again', () => {
    const wheel = smallWheel();
    const entry: Entry = new Entry((nowUs) => {
      if (entry.firedAtUs.length < 4) wheel.schedule(entry, nowUs + 25);
    });
    wheel.schedule(entry, 20);
    tickThrough(wheel, 0, 1_000);
    expect(entry.firedAtUs).toEqual([20, 50, 80, 110]);
  });

  test('may schedule, move and cancel the entries that are due with it', () => {
    const wheel = smallWheel();
    const [cancelled, moved, untouched] = [new Entry(), new Entry(), new Entry()];
    const actor = new Entry((nowUs) => {
      wheel.cancel(cancelled);
      wheel.schedule(moved, nowUs + 40);
    });
    // Whichever way a bucket is walked, one of the two actors comes before the others.
    const mirror = new Entry((nowUs) => {
      wheel.cancel(cancelled);
      wheel.schedule(moved, nowUs + 40);
    });
    wheel.schedule(actor, 20);
    for (const entry of [cancelled, moved, untouched]) wheel.schedule(entry, 20);
    wheel.schedule(mirror, 20);
    tickThrough(wheel, 0, 1_000);
    expect([cancelled, moved, untouched].map(({ firedAtUs }) => firedAtUs)).toEqual([[], [60], [20]]);
  });

  test('may move the entries that are due with it to the past: each is still called once', () => {
    const wheel = smallWheel();
    const calls: string[] = [];
    const entries: Entry[] = ['a', 'b', 'c', 'd'].map(
      (name) =>
        new Entry(() => {
          calls.push(name);
          if (calls.length === 1)
            for (const entry of entries) if (entry.firedAtUs.length === 0) wheel.schedule(entry, 5);
        }),
    );
    for (const entry of entries) wheel.schedule(entry, 20);
    tickThrough(wheel, 0, 1_000);
    expect(calls.sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(entries.map(({ firedAtUs }) => firedAtUs)).toEqual([[20], [20], [20], [20]]);
  });

  test('may pull another entry to now: it is called at the next tick', () => {
    const wheel = smallWheel();
    const other = new Entry();
    const actor = new Entry((nowUs) => wheel.schedule(other, nowUs));
    wheel.schedule(other, 70);
    wheel.schedule(actor, 20);
    tickThrough(wheel, 0, 200);
    expect(other.firedAtUs).toEqual([30]);
  });
});

test('every entry is called exactly once, never early, at most one tick late, like a naive list', () => {
  const action = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.tuple(fc.constant('schedule' as const), fc.nat(11), fc.integer({ min: -50, max: 900 })),
    },
    { weight: 1, arbitrary: fc.tuple(fc.constant('cancel' as const), fc.nat(11), fc.constant(0)) },
    { weight: 4, arbitrary: fc.tuple(fc.constant('tick' as const), fc.integer({ min: 1, max: 40 }), fc.constant(0)) },
  );
  fc.assert(
    fc.property(fc.nat(500), fc.array(action, { maxLength: 80 }), (startUs, actions) => {
      const wheel = smallWheel(startUs);
      const entries = Array.from({ length: 12 }, () => new Entry());
      /** Per entry: when it is due, and when it was last told so. Due at the next tick at the earliest. */
      const due = new Array<number>(12).fill(Infinity);
      const firings: number[] = new Array<number>(12).fill(0);
      let nowUs = startUs;
      let tickedUs = startUs;
      const tickTo = (us: number): void => {
        nowUs = us;
        wheel.tick(nowUs);
        tickedUs = nowUs;
        // Plain comparisons: an `expect` per entry and tick would take most of the time.
        for (const [index, { firedAtUs }] of entries.entries()) {
          const calls = firedAtUs.length - firings[index]!;
          const isDue = Math.ceil(due[index]! / TICK_US) <= Math.floor(nowUs / TICK_US);
          const isWrong = calls > 1 || (calls === 1 && due[index]! > nowUs) || (calls === 0 && isDue);
          if (isWrong) throw new Error(`entry ${index}, due at ${due[index]!}, was called ${calls} times at ${nowUs}`);
          if (calls === 1) due[index] = Infinity;
          firings[index] = firedAtUs.length;
        }
      };
      for (const [what, which, us] of actions) {
        if (what === 'schedule') {
          wheel.schedule(entries[which]!, nowUs + us);
          // Not before the tick after the last one, which has emptied its bucket.
          due[which] = Math.max(nowUs + us, (Math.floor(tickedUs / TICK_US) + 1) * TICK_US - TICK_US + 1);
        } else if (what === 'cancel') {
          wheel.cancel(entries[which]!);
          due[which] = Infinity;
        } else {
          tickTo(nowUs + which);
        }
      }
      for (let step = 0; step < 120; step++) tickTo(nowUs + TICK_US);
      expect(due.every((deadline) => deadline === Infinity)).toBe(true);
    }),
    { numRuns: 400 },
  );
});

test('a tick is short against every deadline a user may set, and the wheel spans the usual ones', () => {
  expect(WHEEL_TICK_US).toBe(10_000);
  const wheel = new DeadlineWheel(0);
  const entry = new Entry();
  wheel.schedule(entry, 3_600_000_000);
  for (let us = WHEEL_TICK_US; us <= 3_600_000_000 - WHEEL_TICK_US; us += WHEEL_TICK_US * 97) wheel.tick(us);
  expect(entry.firedAtUs).toEqual([]);
  wheel.tick(3_600_000_000);
  expect(entry.firedAtUs).toEqual([3_600_000_000]);
});
