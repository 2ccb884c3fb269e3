/** When a load counts as steady. */
import { describe, expect, test } from 'vitest';
import { LatencyKey } from '../../src/metrics/interval-record.js';
import { LoadWindow } from '../../src/metrics/load-window.js';
import { RunMetrics } from '../../src/metrics/run-metrics.js';
import { steadyState, type SteadyState } from '../../src/metrics/steady-state.js';
import { Step } from '../../src/protocol/steps.js';
import { intervalRecord, latencyRecord } from '../support/engine-records.js';

/** What a second brings: how many messages, or sessions, and how long all of them take, µs; null: none is timed. */
interface Second {
  readonly count: number;
  readonly us: number | null;
  readonly key?: number;
  /** Another command: how often, and how long it takes. */
  readonly other?: { readonly key: number; readonly count: number; readonly us: number };
}

/** Seconds of one worker, and what is made of them. */
function stateOf(seconds: readonly Second[], { isMailSent = true, outcome = 0 } = {}): SteadyState | null {
  const metrics = new RunMetrics(1, new LoadWindow(60e6));
  let total = 0;
  for (const [index, { count, us, key = LatencyKey.message, other }] of seconds.entries()) {
    total += count;
    const messages = [0, 0, 0, 0, 0, 0];
    messages[outcome] = isMailSent ? total : 0;
    const ended = isMailSent ? [0, 0, 0] : [total, 0, 0];
    metrics.add(
      intervalRecord(0, index, {
        warmup: {
          messagesAttempted: isMailSent ? total : 0,
          messages,
          sessions: { started: ended[0] ?? 0, ended, open: 0 },
        },
        warmupLatencies: [
          ...(us === null ? [] : [latencyRecord(key, ...new Array<number>(count).fill(us))]),
          ...(other === undefined ? [] : [latencyRecord(other.key, ...new Array<number>(other.count).fill(other.us))]),
        ],
      }),
    );
  }
  return steadyState(metrics.timeline.finish(), isMailSent);
}

const seconds = (...list: readonly (readonly [number, number | null])[]): Second[] =>
  list.map(([count, us]) => ({ count, us }));
const twice = (first: readonly [number, number | null], second: readonly [number, number | null]): Second[] =>
  seconds(first, first, first, second, second, second);

describe('a load is steady', () => {
  test.each<[string, Second[], boolean]>([
    ['when nothing changes', twice([1_000, 5_000], [1_000, 5_000]), true],
    ['when the rate grows by 4 %', twice([10_000, 5_000], [10_400, 5_000]), true],
    ['but not when it grows by 8 %', twice([10_000, 5_000], [10_800, 5_000]), false],
    ['nor when it falls by 8 %', twice([10_000, 5_000], [9_200, 5_000]), false],
    // 2 √(54 + 66) = 21.9 of 60 in the mean: chance may do that.
    ['when so few more ended that it may be chance', twice([18, 5_000], [22, 5_000]), true],
    ['when the median grows by 8 %', twice([1_000, 5_000], [1_000, 5_400]), true],
    ['but not when it grows by 15 %', twice([1_000, 5_000], [1_000, 5_750]), false],
    ['nor when it falls by 15 %', twice([1_000, 5_000], [1_000, 4_250]), false],
    ['when it changes by less than 0.2 ms', twice([1_000, 300], [1_000, 480]), true],
    // 2 / √12 is 58 %.
    ['when so few were timed that it may be chance', twice([4, 5_000], [4, 7_000]), true],
  ])('%s', (_, list, isSteady) => {
    expect(stateOf(list)?.isSteady).toBe(isSteady);
  });

  test('by its last six seconds, whatever was before', () => {
    expect(stateOf([...seconds([5, 90_000], [50, 9_000]), ...twice([800, 5_000], [800, 5_000])])).toMatchObject({
      isSteady: true,
      rateChange: 0,
      latencyChange: 0,
    });
  });

  test('says by how much it changed', () => {
    const state = stateOf(twice([1_000, 5_000], [3_000, 10_000]));
    expect(state?.rateChange).toBeCloseTo(1, 5);
    expect(state?.latencyChange).toBeCloseTo(1, 2);
  });

  test('when messages are refused as steadily', () => {
    expect(stateOf(twice([100, null], [100, null]), { outcome: 2 })).toEqual({
      isSteady: true,
      rateChange: 0,
      latencyChange: null,
    });
  });

  test('by its sessions and commonest command where it sends no mail', () => {
    const second = (us: number): Second => ({ count: 100, us, key: Step.ehlo });
    const list = (us: number): Second[] => [
      ...Array<Second>(3).fill(second(5_000)),
      ...Array<Second>(3).fill(second(us)),
    ];
    expect(stateOf(list(5_100), { isMailSent: false })?.isSteady).toBe(true);
    expect(stateOf(list(7_000), { isMailSent: false })?.isSteady).toBe(false);
  });

  test('by one command, though another is the commonest in one half', () => {
    const second = (count: number): Second => ({
      ...{ count: 100, us: 200_000, key: Step.ehlo },
      other: { key: Step.connect, count, us: 1_000 },
    });
    const list = [99, 99, 99, 102, 102, 102].map(second);
    expect(stateOf(list, { isMailSent: false })).toMatchObject({ isSteady: true, latencyChange: 0 });
  });

  test('by the response time where messages have one: it grows with a queue', () => {
    const second = (us: number): Second => ({ count: 100, us, key: LatencyKey.response });
    expect(stateOf([1, 2, 3, 4, 5, 6].map((turn) => second(turn * 5_000)))?.isSteady).toBe(false);
  });
});

describe('nothing is said', () => {
  test('of five seconds', () => {
    expect(stateOf(twice([1_000, 5_000], [1_000, 5_000]).slice(1))).toBeNull();
  });

  test('of nine messages in three seconds', () => {
    expect(stateOf(twice([3, 5_000], [3, 5_000]))).toBeNull();
  });
});
