import { LoadWindow } from '../../src/metrics/load-window.js';
import { describe, expect, test } from 'vitest';
import { LatencyKey, type IntervalRecord, type ReplyRow } from '../../src/metrics/interval-record.js';
import { RunMetrics } from '../../src/metrics/run-metrics.js';
import { MAX_BUCKETS, type Bucket } from '../../src/metrics/timeline.js';
import { Step } from '../../src/protocol/steps.js';
import { healthRecord, intervalRecord, latencyRecord, phaseCounts } from '../support/engine-records.js';
import type { RecordChanges } from '../support/engine-records.js';

const replies = (code: number, count: number): ReplyRow => ({
  step: Step.mail,
  code,
  enhanced: 0,
  interim: false,
  count,
  sample: '',
  firstSeenUs: 0,
  lastSeenUs: 0,
});

/** Adds records to merged metrics, whose timeline is what is looked at. */
function timelineOf(workers: number, ...records: readonly IntervalRecord[]): RunMetrics {
  const metrics = new RunMetrics(workers, new LoadWindow(0));
  for (const record of records) metrics.add(record);
  return metrics;
}

/** A record whose cumulative counters say that `messages` were accepted up to now. */
const upTo = (workerId: number, index: number, messages: number, changes: RecordChanges = {}): IntervalRecord =>
  intervalRecord(workerId, index, {
    main: { messagesAttempted: messages, messages: [messages, 0, 0, 0, 0, 0], replies: [replies(250, messages)] },
    ...changes,
  });

const accepted = (buckets: readonly Bucket[]): number[] => buckets.map(({ counts }) => counts.accepted);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('a bucket', () => {
  test('holds what changed in its second, over all workers', () => {
    const { timeline } = timelineOf(2, upTo(0, 0, 5), upTo(1, 0, 7), upTo(0, 1, 8), upTo(1, 1, 7));
    const buckets = timeline.finish();
    expect(accepted(buckets)).toEqual([12, 3]);
    expect(buckets.map(({ startUs, endUs }) => [startUs, endUs])).toEqual([
      [0, 1e6],
      [1e6, 2e6],
    ]);
  });

  test('is complete once every worker has passed it', () => {
    const metrics = timelineOf(2, upTo(0, 0, 5), upTo(0, 1, 6));
    expect(metrics.timeline.latest).toBeNull();
    metrics.add(upTo(1, 0, 1));
    expect(metrics.timeline.latest?.counts.accepted).toBe(6);
    metrics.add(upTo(1, 1, 2));
    expect(metrics.timeline.latest?.counts.accepted).toBe(2);
  });

  test('is not held open by a worker that has ended', () => {
    const metrics = timelineOf(2, upTo(0, 0, 5), upTo(1, 0, 1), upTo(0, 1, 6));
    metrics.timeline.workerDone(1);
    expect(metrics.timeline.latest?.counts.accepted).toBe(1);
    metrics.add(upTo(0, 2, 10));
    expect(metrics.timeline.latest?.counts.accepted).toBe(4);
  });

  test('counts both phases, replies by class, and errors of every kind', () => {
    const errors = [{ step: Step.mail, kind: 0, count: 3, sample: '' }];
    const sessions = { started: 9, ended: [4, 2, 1], open: 2 };
    const warmup = { messagesAttempted: 9, messages: [4, 3, 2, 0, 0, 0], replies: [replies(451, 3)], errors, sessions };
    const main = {
      messagesAttempted: 3,
      messages: [1, 0, 0, 1, 1, 0],
      replies: [replies(250, 2), replies(354, 4), replies(550, 1), replies(150, 9)],
      errors,
    };
    const [bucket] = timelineOf(1, intervalRecord(0, 0, { warmup, main })).timeline.finish();
    expect(bucket!.counts).toEqual({
      attempted: 12,
      accepted: 5,
      deferred: 3,
      rejected: 2,
      failed: 1,
      dropped: 0,
      sessionsCompleted: 4,
      replies: [2, 4, 3, 1],
      errors: 6,
      cpuSec: 0,
      gcUs: 0,
    });
  });

  test('has the latencies of its second, of both phases together', () => {
    const record = intervalRecord(0, 0, {
      warmupLatencies: [latencyRecord(Step.mail, 100)],
      latencies: [latencyRecord(Step.mail, 300, 300, 300), latencyRecord(LatencyKey.message, 900)],
    });
    const [bucket] = timelineOf(1, record).timeline.finish();
    expect(bucket!.latencies[Step.mail]).toMatchObject({ p50Us: 300, p99Us: 300, record: { count: 4, minUs: 100 } });
    expect(bucket!.latencies[Step.rcpt]).toBeNull();
    expect(bucket!.message?.p99Us).toBe(900);
    expect(timelineOf(1, intervalRecord(0, 0)).timeline.finish()[0]!.message).toBeNull();
  });

  test('has the sessions of all workers, the busiest of them, and what CPU they took', () => {
    const health = (busy: number, cpuSec: number, lagUs: number) =>
      healthRecord({ busy, cpuSec, eventLoopLag: latencyRecord(-1, lagUs) });
    const { timeline } = timelineOf(
      2,
      intervalRecord(0, 0, { openSessions: 3, health: health(0.2, 1, 50) }),
      intervalRecord(1, 0, { openSessions: 4, health: health(0.7, 2, 90) }),
      intervalRecord(0, 1, { openSessions: 5, health: health(0.3, 1.5, 10) }),
      intervalRecord(1, 1, { openSessions: 0, health: health(0.1, -1, 20) }),
    );
    const [first, second] = timeline.finish();
    expect(first).toMatchObject({ openSessions: 7, busy: 0.7, counts: { cpuSec: 3 } });
    expect(first!.eventLoopLag?.record).toMatchObject({ count: 2, minUs: 50, maxUs: 90 });
    expect(second).toMatchObject({ openSessions: 5, busy: 0.3 });
  });
});

describe('records that do not come as they should', () => {
  test('late ones go into the bucket that is open, and nothing is lost', () => {
    const metrics = timelineOf(2, upTo(0, 0, 5), upTo(0, 1, 6), upTo(0, 2, 7));
    metrics.timeline.workerDone(1);
    // The worker that was thought to be done says more, of seconds long closed.
    metrics.add(upTo(1, 0, 10));
    metrics.add(upTo(1, 1, 30));
    const buckets = metrics.timeline.finish();
    expect(sum(accepted(buckets))).toBe(37);
  });

  test('lost ones leave their change to the next, since counters are cumulative', () => {
    const { timeline } = timelineOf(1, upTo(0, 0, 5), upTo(0, 3, 50), upTo(0, 4, 51));
    expect(accepted(timeline.finish())).toEqual([5, 45, 1]);
  });
});

describe('a run of more seconds than are kept', () => {
  const SECONDS = MAX_BUCKETS * 2 + 500;

  test.each([1, 2])('keeps its sums while buckets double in length (%i workers)', (workers) => {
    const metrics = new RunMetrics(workers, new LoadWindow(0));
    let messages = 0;
    for (let index = 0; index < SECONDS; index++) {
      messages += index % 7;
      for (let worker = 0; worker < workers; worker++) {
        const latencies = index % 500 < 2 ? [latencyRecord(Step.mail, index + 1)] : [];
        metrics.add(upTo(worker, index, messages, { latencies }));
      }
    }
    const buckets = metrics.timeline.finish();
    expect(buckets.length).toBeLessThan(MAX_BUCKETS);
    expect(buckets.length).toBeGreaterThan(MAX_BUCKETS / 4);
    expect(sum(accepted(buckets))).toBe(workers * messages);
    expect(sum(buckets.map(({ counts }) => counts.replies[0]))).toBe(workers * messages);
    expect(sum(buckets.map(({ latencies }) => latencies[Step.mail]?.record.count ?? 0))).toBe(
      workers * 2 * Math.ceil(SECONDS / 500),
    );
    // Nothing is told twice, nothing out of order.
    expect(buckets[0]!.startUs).toBe(0);
    expect(buckets.at(-1)!.endUs).toBe(SECONDS * 1e6);
    const gaps = buckets.slice(1).filter(({ startUs }, index) => startUs !== buckets[index]!.endUs);
    expect(gaps).toEqual([]);
    expect(Math.max(...buckets.map(({ startUs, endUs }) => endUs - startUs))).toBe(4e6);
    metrics.eventLoopLag.destroy();
  });

  test('keeps its seconds in order, though a worker is ahead of the other when buckets double', () => {
    const metrics = new RunMetrics(2, new LoadWindow(0));
    for (let index = 0; index < MAX_BUCKETS + 400; index++) {
      metrics.add(upTo(0, index, index));
      if (index >= 2) metrics.add(upTo(1, index - 2, index));
    }
    const buckets = metrics.timeline.finish();
    expect(buckets.slice(1).filter(({ startUs }, index) => startUs < buckets[index]!.endUs)).toEqual([]);
  });

  test('tells the sessions that were open at the end of a longer bucket, not those of all its seconds', () => {
    const metrics = new RunMetrics(1, new LoadWindow(0));
    for (let index = 0; index < MAX_BUCKETS + 400; index++) metrics.add(intervalRecord(0, index, { openSessions: 10 }));
    expect(new Set(metrics.timeline.finish().map(({ openSessions }) => openSessions))).toEqual(new Set([10]));
  });
});

test('phases of a record may be empty', () => {
  const { timeline } = timelineOf(1, intervalRecord(0, 0, { main: phaseCounts() }));
  expect(timeline.finish()).toHaveLength(1);
});
