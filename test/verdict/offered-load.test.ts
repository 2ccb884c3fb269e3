/** What a plan of arrivals held, and what is missing of it when a worker is lost. */
import { describe, expect, test } from 'vitest';
import { ArrivalCount } from '../../src/metrics/arrival-counts.js';
import { LoadWindow } from '../../src/metrics/load-window.js';
import { totalsOf } from '../../src/metrics/phase-totals.js';
import { RunMetrics } from '../../src/metrics/run-metrics.js';
import { offeredLoad, type OfferedLoad } from '../../src/verdict/offered-load.js';
import { saturationReasons } from '../../src/verdict/saturation.js';
import { intervalRecord } from '../support/engine-records.js';
import { planOf } from '../support/engine-plan.js';

/** 100 arrivals per second, 20 s of warm-up and 10 s measured, of which a lost worker has counted so many. */
function lostAfter(before: number, main: number): OfferedLoad {
  const plan = planOf({ rate: '100/s', warmup: '20s', duration: '10s', workers: 1 });
  const metrics = new RunMetrics(1, new LoadWindow(20e6, 30e6));
  const arrivalsOf = (count: number): number[] => {
    const counts = new Array<number>(Object.keys(ArrivalCount).length).fill(0);
    for (const key of ['offered', 'started', 'messagesOffered'] as const) counts[ArrivalCount[key]] = count;
    return counts;
  };
  metrics.add(intervalRecord(0, 0, { warmup: { arrivals: arrivalsOf(before) }, main: { arrivals: arrivalsOf(main) } }));
  const totals = [totalsOf(metrics, 0), totalsOf(metrics, 1)] as const;
  return offeredLoad(plan, totals, { metrics, lost: [{ workerId: 0 }], results: [], isTargetLost: false });
}

describe('of a worker that is lost', () => {
  test('in the warm-up, only what was planned behind it is missing in the measured time', () => {
    expect(lostAfter(700, 0)).toMatchObject({
      messages: 1_000,
      dropped: { worker: 1_000 },
      arrivals: { offered: 1_000, started: 0, droppedEnd: 1_000 },
      planned: { arrivals: 3_000, accounted: 3_000 },
    });
  });

  test('in the measured time, what it had not come to', () => {
    expect(lostAfter(2_000, 300)).toMatchObject({
      messages: 1_000,
      dropped: { worker: 700 },
      arrivals: { offered: 1_000, started: 300, droppedEnd: 700 },
      planned: { arrivals: 3_000, accounted: 3_000 },
    });
  });
});

describe('a load that was not placed says why', () => {
  const load = {
    ...{ offered: 1_000, started: 1_000, droppedCap: 0, droppedEnd: 0, waited: 200, longestWaitUs: 2e6 },
    ...{ sessions: 900, workers: 1, connectLimit: 256, isWhole: true },
  };

  test('by the sessions, and by the connects where these may be fewer', () => {
    expect(saturationReasons(load).map(({ text }) => text)).toEqual([
      'the server did not take the load: 20.0 % of the arrivals found all 900 sessions (-s) busy, or 256 connects under way ' +
        '(--connect-limit), and waited, the longest for 2.00 s',
    ]);
    expect(saturationReasons({ ...load, sessions: 200, workers: 2 })[0]?.text).toBe(
      'the server did not take the load: 20.0 % of the arrivals found all 200 sessions (-s, divided among 2 workers) busy and waited, the longest for 2.00 s',
    );
  });
});
