/** Objectives measured: over the whole run and in stretches of it, for all lanes and for one scenario. */
import { LoadWindow } from '../../src/metrics/load-window.js';
import { describe, expect, test } from 'vitest';
import { LatencyKey } from '../../src/metrics/interval-record.js';
import { RunMetrics } from '../../src/metrics/run-metrics.js';
import { Step } from '../../src/protocol/steps.js';
import { parseObjective } from '../../src/verdict/objective-grammar.js';
import { ObjectiveWatch } from '../../src/verdict/objective-watch.js';
import type { ObjectiveResult } from '../../src/verdict/objective-watch.js';
import { healthRecord, intervalRecord, laneRecord, latencyRecord, perStep } from '../support/engine-records.js';

const SEC = 1e6;

/** A run of one lane per scenario, second by second, by one worker or several. */
class Stage {
  readonly metrics: RunMetrics;
  readonly watch: ObjectiveWatch;
  readonly #warmupSec: number;
  #sums = new Map<number, { attempted: number; accepted: number; deferred: number; timeouts: number }>();

  constructor(
    texts: readonly string[],
    { scenarios = ['default'], workers = 1, warmupSec = 0, endSec = 60, isCounted = false } = {},
  ) {
    const objectives = texts.map((text) => {
      const parsed = parseObjective(text, scenarios);
      if ('message' in parsed) throw new Error(parsed.message);
      return parsed;
    });
    this.#warmupSec = warmupSec;
    const time = { warmupEndUs: warmupSec * SEC, endUs: endSec * SEC };
    this.metrics = new RunMetrics(workers, new LoadWindow(time.warmupEndUs, time.endUs), scenarios.length);
    this.watch = new ObjectiveWatch(objectives, { scenarios, lanesEach: 1, workers, isCounted }, time);
  }

  /** One second: latencies of MAIL and messages in ms, and counts, the same in every lane. */
  second(
    index: number,
    what: { ms?: readonly number[]; accepted?: number; deferred?: number; timeouts?: number },
    workerId = 0,
  ): void {
    const sums = this.#sums.get(workerId) ?? { attempted: 0, accepted: 0, deferred: 0, timeouts: 0 };
    const { ms = [], accepted = 0, deferred = 0, timeouts = 0 } = what;
    sums.attempted += accepted + deferred;
    sums.accepted += accepted;
    sums.deferred += deferred;
    sums.timeouts += timeouts;
    this.#sums.set(workerId, sums);
    const lanes = this.metrics.laneLatencies.map((_, lane) =>
      laneRecord({
        main: {
          messagesAttempted: sums.attempted,
          messages: [sums.accepted, sums.deferred, 0, 0, 0, 0],
          sent: perStep({ mail: 100 * (index + 1) }),
          errors: sums.timeouts === 0 ? [] : [{ step: Step.mail, kind: 4, count: sums.timeouts, sample: '' }],
          replies: [
            {
              step: Step.mail,
              code: 450,
              enhanced: 0,
              interim: false,
              count: sums.deferred,
              sample: '',
              firstSeenUs: 0,
              lastSeenUs: 0,
            },
          ],
        },
        window: { accepted: sums.accepted, attempted: sums.attempted },
        latencies:
          ms.length === 0 ? [] : [latencyRecord(LatencyKey.message, ...ms.map((each) => each * 1e3 * (lane + 1)))],
      }),
    );
    const record = { ...intervalRecord(workerId, index, { health: healthRecord() }), lanes };
    this.metrics.add(record);
    this.watch.add(record);
  }

  results(endSec = 60): ObjectiveResult[] {
    return this.watch.results(this.metrics, (this.#warmupSec + endSec) * SEC);
  }
}

describe('over the whole run', () => {
  test('latencies, shares, counts and rates are those of all seconds together', () => {
    const texts = [
      ...['message.max < 30ms', 'message.p50 < 5ms', 'deferred.rate < 10%', 'replies.450 == 5', 'accepted.rate >= 2/s'],
      ...['errors.timeout.rate < 1%', 'errors.timeout == 1', 'refused.p99 < 1s', 'refused.p99 < 1s if any'],
    ];
    const stage = new Stage(texts);
    for (let second = 0; second < 10; second++) {
      stage.second(second, {
        ms: [1, 2, 20],
        accepted: 4,
        deferred: second === 3 ? 5 : 0,
        timeouts: second === 5 ? 1 : 0,
      });
    }
    expect(
      stage.results(10).map(({ value, pass }) => [value === null ? null : Number(value.toPrecision(3)), pass]),
    ).toEqual([
      [20_000, true],
      [2000, true],
      [11.1, false],
      [5, true],
      [4, true],
      [0.1, true],
      [1, true],
      [null, false],
      [null, true],
    ]);
    expect(stage.results(10)[0]).toMatchObject({ bound: 30_000, unit: 'us', margin: 10_000 });
    expect(stage.results(10)[2]!.margin).toBeCloseTo(-1.11, 2);
  });

  test('of one scenario they are those of its lanes alone', () => {
    const stage = new Stage(['a/message.max < 25ms', 'b/message.max < 25ms', 'message.max < 25ms'], {
      scenarios: ['a', 'b'],
    });
    stage.second(0, { ms: [20], accepted: 1 });
    expect(stage.results(1).map(({ value, pass }) => [value, pass])).toEqual([
      [20_000, true],
      [40_000, false],
      [40_000, false],
    ]);
  });

  test('a run is ended for them only once there is something to judge', () => {
    const stage = new Stage(['accepted.rate >= 10/s', 'message.p99 < 5ms']);
    for (let second = 0; second < 9; second++) stage.second(second, { ms: [50], accepted: 1 });
    expect(stage.watch.missed(stage.metrics)).toBeNull();
    stage.second(9, { ms: [50], accepted: 1 });
    expect(stage.watch.missed(stage.metrics)).toBe('accepted.rate >= 10/s');
  });

  test('a run is not ended because one worker was heard later than the others', () => {
    const stage = new Stage(['accepted.rate >= 190/s', 'accepted.rate <= 210/s'], { workers: 2 });
    for (let second = 0; second < 30; second++) {
      for (const worker of [0, 1]) {
        stage.second(second, { accepted: 100 }, worker);
        expect(stage.watch.missed(stage.metrics)).toBeNull();
      }
    }
    stage.watch.workerDone(0);
    expect(stage.watch.missed(stage.metrics)).toBeNull();
  });

  test('a run is ended for a count that is exceeded, and not for one that is not reached yet', () => {
    const stage = new Stage(['accepted >= 5000', 'accepted == 5000', 'accepted != 12', 'deferred <= 20']);
    for (let second = 0; second < 20; second++) stage.second(second, { accepted: 1, deferred: 1 });
    expect(stage.watch.missed(stage.metrics)).toBeNull();
    stage.second(20, { deferred: 1 });
    expect(stage.watch.missed(stage.metrics)).toBe('deferred <= 20');
    const exceeded = new Stage(['accepted == 5']);
    for (let second = 0; second < 11; second++) exceeded.second(second, { accepted: 1 });
    expect(exceeded.watch.missed(exceeded.metrics)).toBe('accepted == 5');
  });

  test('no run is ended behind its measured time', () => {
    const stage = new Stage(['accepted.rate >= 10/s', 'accepted.rate >= 10/s over 3s'], { endSec: 12 });
    for (let second = 0; second < 17; second++) stage.second(second, { accepted: second < 12 ? 10 : 0 });
    expect(stage.watch.missed(stage.metrics)).toBeNull();
    expect(stage.results(12).map(({ pass }) => pass)).toEqual([true, true]);
  });
});

describe('in stretches of 3 s', () => {
  test('the worst of them is told, and one that is missed is a miss', () => {
    const stage = new Stage([
      'message.max < 50ms over 3s',
      'accepted.rate >= 4/s over 3s',
      'deferred.rate < 50% over 3s',
    ]);
    for (let second = 0; second < 9; second++) {
      const isBad = second === 4;
      stage.second(second, { ms: [isBad ? 80 : 10], accepted: isBad ? 1 : 5, deferred: isBad ? 4 : 0 });
      // Known as soon as the stretch is over.
      expect(stage.watch.missed(stage.metrics)).toBe(second < 5 ? null : 'message.max < 50ms over 3s');
    }
    const results = stage.results(9);
    expect(results.map(({ pass }) => pass)).toEqual([false, false, true]);
    expect(results.map(({ value }) => Number(value!.toPrecision(3)))).toEqual([80_000, 3.67, 26.7]);
  });

  test('what is before their begin, in the warm-up or behind the end does not count', () => {
    const options = { warmupSec: 2, endSec: 9 };
    const stage = new Stage(['message.max < 50ms over 3s after 1s'], options);
    for (let second = 0; second < 12; second++) {
      // 2 s of warm-up and 1 s of `after`; two whole stretches, to second 9.
      stage.second(second, { ms: [second < 3 || second >= 9 ? 500 : 10], accepted: 1 });
    }
    expect(stage.results(7)[0]).toMatchObject({ value: 10_000, pass: true });
  });

  test('one that the end of the run cuts short does not count', () => {
    const stage = new Stage(['accepted.rate >= 4/s over 3s']);
    for (let second = 0; second < 4; second++) stage.second(second, { accepted: 5 });
    expect(stage.results(4)[0]).toMatchObject({ value: 5, pass: true });
  });

  test('one that a stop cuts short does not count, though the drain goes on behind it', () => {
    const stage = new Stage(['accepted.rate >= 4/s over 3s']);
    for (let second = 0; second < 4; second++) stage.second(second, { accepted: 5 });
    stage.watch.stopped(4.3 * SEC);
    for (let second = 4; second < 9; second++) stage.second(second, { accepted: second === 4 ? 1 : 0 });
    expect(stage.watch.missed(stage.metrics)).toBeNull();
    expect(stage.results(4.3)[0]).toMatchObject({ value: 5, pass: true });
  });

  test('one in which the last message of so many was begun does not count, however long it takes', () => {
    const stage = new Stage(['accepted.rate >= 4/s over 3s'], { endSec: Infinity, isCounted: true });
    for (let second = 0; second < 7; second++) stage.second(second, { accepted: 5 });
    for (let second = 7; second < 12; second++) stage.second(second, {});
    expect(stage.watch.missed(stage.metrics)).toBeNull();
    expect(stage.results(11.2)[0]).toMatchObject({ value: 5, pass: true });
    const slow = new Stage(['accepted.rate >= 4/s over 3s'], { endSec: Infinity, isCounted: true });
    for (let second = 0; second < 7; second++) slow.second(second, { accepted: second < 3 ? 3 : 5 });
    expect(slow.watch.missed(slow.metrics)).toBe('accepted.rate >= 4/s over 3s');
  });

  test('they wait for the slowest worker, and add up over all', () => {
    const stage = new Stage(['accepted.rate >= 8/s over 3s', 'message.max < 15ms over 3s'], { workers: 2 });
    for (let second = 0; second < 6; second++) stage.second(second, { ms: [10], accepted: 5 }, 0);
    expect(stage.watch.missed(stage.metrics)).toBeNull();
    for (let second = 0; second < 3; second++) stage.second(second, { ms: [20], accepted: 5 }, 1);
    expect(stage.watch.missed(stage.metrics)).toBe('message.max < 15ms over 3s');
    expect(stage.results(3)[0]).toMatchObject({ value: 10, pass: true });
  });

  test('a lost worker holds up none of them', () => {
    const stage = new Stage(['message.max < 15ms over 3s'], { workers: 2 });
    stage.watch.workerDone(1);
    for (let second = 0; second < 3; second++) stage.second(second, { ms: [20] }, 0);
    expect(stage.watch.missed(stage.metrics)).toBe('message.max < 15ms over 3s');
  });

  test('nothing to measure in one of them is a miss, unless that is allowed', () => {
    const stage = new Stage([
      'message.max < 50ms over 3s',
      'message.max < 50ms over 3s if any',
      'replies.450 == 0 over 3s',
    ]);
    for (let second = 0; second < 6; second++) stage.second(second, second < 3 ? { ms: [10], accepted: 1 } : {});
    expect(stage.results(6).map(({ value, pass }) => [value, pass])).toEqual([
      [10_000, false],
      [10_000, true],
      [0, true],
    ]);
  });
});

test('behind a time without stretches everything to the end is one', () => {
  const stage = new Stage(['accepted.rate >= 4/s after 2s', 'message.max < 15ms after 2s']);
  for (let second = 0; second < 6; second++) stage.second(second, { ms: [second < 2 ? 50 : 10], accepted: 5 });
  expect(stage.results(6).map(({ value, pass }) => [value, pass])).toEqual([
    [5, true],
    [10_000, true],
  ]);
});
