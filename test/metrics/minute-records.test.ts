/** Records of minutes say together what those of seconds said one by one. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LatencyKey, type IntervalRecord } from '../../src/metrics/interval-record.js';
import { LoadWindow } from '../../src/metrics/load-window.js';
import { MinuteRecords, type MinuteRecord } from '../../src/metrics/minute-records.js';
import { RunMetrics } from '../../src/metrics/run-metrics.js';
import { Step } from '../../src/protocol/steps.js';
import { healthRecord, intervalRecord, laneRecord, latencyRecord } from '../support/engine-records.js';

/** All minutes of these records, in the order in which they end. */
function minutesOf(records: readonly IntervalRecord[], window: LoadWindow, stoppedAtUs = Infinity): MinuteRecord[] {
  const minutes = new MinuteRecords(window);
  const done: (MinuteRecord | null)[] = [];
  for (const record of records) {
    if (record.startUs >= stoppedAtUs) minutes.stopped(stoppedAtUs);
    done.push(minutes.add(record));
  }
  for (const workerId of new Set(records.map((record) => record.workerId))) done.push(minutes.close(workerId));
  return done.filter((minute) => minute !== null);
}

/** A second in which so many messages end, each after so long, µs; counters are cumulative, as a worker writes them. */
function secondsOf(workerId: number, counts: readonly number[], warmupSec: number): IntervalRecord[] {
  let [warmup, main] = [0, 0];
  return counts.map((count, index) => {
    const isWarmup = index < warmupSec;
    if (isWarmup) warmup += count;
    else main += count;
    const latencies = [LatencyKey.message, Step.rcpt].map((key) =>
      latencyRecord(key, ...Array.from({ length: count }, (_, turn) => 100 + 37 * index + turn)),
    );
    const phase = (total: number): object => ({ messagesAttempted: total, messages: [total, 0, 0, 0, 0, 0] });
    return intervalRecord(workerId, index, {
      warmup: phase(warmup),
      main: phase(main),
      warmupLatencies: isWarmup ? latencies : [],
      latencies: isWarmup ? [] : latencies,
      openSessions: count,
      health: healthRecord({ busy: (index % 10) / 10, eventLoopLag: latencyRecord(-1, 50 + index), gcCount: index }),
    });
  });
}

const toldBy = (metrics: RunMetrics, phase: 0 | 1, key: number): object | null => {
  const latency = metrics.latencies[phase].get(key);
  return latency === null || latency.count === 0 ? null : latency.summary();
};

const lengths = (minutes: readonly MinuteRecord[]): number[][] =>
  minutes.map(({ count, record }) => [record.index, record.startUs / 1e6, record.endUs / 1e6, count]);

describe('minutes', () => {
  test('are counted from the end of the warm-up and of the measured time, and never lie across one', () => {
    const records = secondsOf(0, new Array<number>(250).fill(1), 70);
    expect(lengths(minutesOf(records, new LoadWindow(70e6, 200e6)))).toEqual([
      [0, 0, 60, 60],
      [60, 60, 70, 10],
      [70, 70, 130, 60],
      [130, 130, 190, 60],
      [190, 190, 200, 10],
      [200, 200, 250, 50],
    ]);
  });

  test('end where the run is stopped', () => {
    const records = secondsOf(0, new Array<number>(100).fill(1), 0);
    expect(lengths(minutesOf(records, new LoadWindow(0), 75e6))).toEqual([
      [0, 0, 60, 60],
      [60, 60, 75, 15],
      [75, 75, 100, 25],
    ]);
  });

  test('begin anew where a warm-up ends by itself', () => {
    const window = new LoadWindow(60e6, 160e6);
    const minutes = new MinuteRecords(window);
    const done: (MinuteRecord | null)[] = [];
    for (const record of secondsOf(0, new Array<number>(90).fill(1), 12)) {
      if (record.index === 10) window.moveTo(12e6);
      done.push(minutes.add(record));
    }
    done.push(minutes.close(0));
    expect(lengths(done.filter((minute) => minute !== null))).toEqual([
      [0, 0, 12, 12],
      [12, 12, 72, 60],
      [72, 72, 90, 18],
    ]);
  });

  test('have counters of their last second, and a busy share of all of them', () => {
    const [minute] = minutesOf(secondsOf(0, new Array<number>(60).fill(3), 0), new LoadWindow(0));
    expect(minute?.record.lanes[0]?.phases[1].messagesAttempted).toBe(180);
    expect(minute?.record.health).toMatchObject({ gcCount: 59, eventLoopLag: { count: 60, minUs: 50, maxUs: 109 } });
    expect(minute?.record.health.busy).toBeCloseTo(0.45, 10);
  });

  test('say how many of their seconds did not balance', () => {
    const seconds = secondsOf(0, [2, 2, 2], 0);
    const torn = seconds.map((record, index) =>
      index === 1 ? intervalRecord(0, 1, { main: { messagesAttempted: 9 } }) : record,
    );
    const window = new LoadWindow(0);
    expect(minutesOf(torn, window)).toMatchObject([{ count: 3, unbalanced: 1 }]);
    const metrics = new RunMetrics(1, window);
    for (const minute of minutesOf(torn, window)) metrics.addMinute(minute);
    expect(metrics.unbalancedRecords).toBe(1);
  });

  test('say of every lane what its seconds said', () => {
    const lane = (us: number): ReturnType<typeof laneRecord> =>
      laneRecord({ latencies: [latencyRecord(Step.mail, us)] });
    const records = [0, 1].map((index) => ({ ...intervalRecord(0, index), lanes: [lane(10 + index), lane(900)] }));
    const [minute] = minutesOf(records, new LoadWindow(0));
    expect(minute?.record.lanes.map(({ latencies }) => latencies[1].map(({ count, sumUs }) => [count, sumUs]))).toEqual(
      [[[2, 21]], [[2, 1800]]],
    );
  });

  test('give the same totals as their seconds, for any number of workers and seconds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 200 }), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.integer({ min: 0, max: 90 }),
        (workers, warmupSec) => {
          const window = new LoadWindow(warmupSec * 1e6, (warmupSec + 100) * 1e6);
          const records = workers
            .flatMap((counts, workerId) => secondsOf(workerId, counts, warmupSec))
            .sort((a, b) => a.index - b.index);
          const [bySeconds, byMinutes] = [
            new RunMetrics(workers.length, window),
            new RunMetrics(workers.length, window),
          ];
          for (const record of records) bySeconds.add(record);
          for (const minute of minutesOf(records, window)) byMinutes.addMinute(minute);
          for (const phase of [0, 1] as const) {
            for (const key of [LatencyKey.message, Step.rcpt]) {
              expect(toldBy(byMinutes, phase, key)).toEqual(toldBy(bySeconds, phase, key));
            }
            expect(byMinutes.phase(phase)).toEqual(bySeconds.phase(phase));
          }
          expect(byMinutes.eventLoopLag.summary()).toEqual(bySeconds.eventLoopLag.summary());
          for (const [workerId, worker] of byMinutes.workers.entries()) {
            const other = bySeconds.workers[workerId]!;
            expect([worker.intervals, worker.last?.endUs]).toEqual([other.intervals, other.last?.endUs]);
            expect(worker.windowSec).toBeCloseTo(other.windowSec, 6);
            expect(worker.busySec).toBeCloseTo(other.busySec, 6);
          }
          const accepted = (metrics: RunMetrics): number =>
            metrics.timeline.finish().reduce((sum, { counts }) => sum + counts.accepted, 0);
          expect(accepted(byMinutes)).toBe(accepted(bySeconds));
        },
      ),
      { numRuns: 15 },
    );
  });
});
