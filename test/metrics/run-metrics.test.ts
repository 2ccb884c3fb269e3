import { LoadWindow } from '../../src/metrics/load-window.js';
import { describe, expect, test } from 'vitest';
import type { PhaseCounts } from '../../src/metrics/interval-record.js';
import { LatencyKey } from '../../src/metrics/interval-record.js';
import { isBalanced } from '../../src/metrics/record-books.js';
import { RunMetrics } from '../../src/metrics/run-metrics.js';
import { Step } from '../../src/protocol/steps.js';
import { healthRecord, intervalRecord, latencyRecord, perStep, phaseCounts } from '../support/engine-records.js';

/** A phase in which two messages were taken: one is accepted, one under way at RCPT. */
const balanced: Partial<PhaseCounts> = {
  messagesAttempted: 2,
  messages: [1, 0, 0, 0, 0, 0],
  messagesInFlight: 1,
  recipientsAttempted: 4,
  recipients: [1, 0, 1, 0, 0, 0],
  recipientsInFlight: 2,
  clients: { started: 3, ended: [1, 1, 0], open: 1 },
  sessions: { started: 4, ended: [1, 1, 1], open: 1 },
  sent: perStep({ connect: 4, mail: 3, rcpt: 4 }),
  replied: perStep({ connect: 3, mail: 2, rcpt: 2 }),
  failed: perStep({ connect: 1, mail: 1, rcpt: 1 }),
  inFlight: perStep({ rcpt: 1 }),
  replies: [
    { step: Step.mail, code: 250, enhanced: 0, interim: false, count: 2, sample: '', firstSeenUs: 0, lastSeenUs: 0 },
    { step: Step.mail, code: 354, enhanced: 0, interim: true, count: 1, sample: '', firstSeenUs: 0, lastSeenUs: 0 },
    { step: Step.rcpt, code: 250, enhanced: 0, interim: false, count: 2, sample: '', firstSeenUs: 0, lastSeenUs: 0 },
    { step: Step.session, code: 421, enhanced: 0, interim: false, count: 5, sample: '', firstSeenUs: 0, lastSeenUs: 0 },
  ],
  errors: [Step.connect, Step.mail, Step.rcpt, Step.session].map((step) => ({ step, kind: 0, count: 1, sample: '' })),
};

describe('the books of a record', () => {
  test('balance when every equation holds', () => {
    expect(isBalanced(phaseCounts())).toBe(true);
    expect(isBalanced(phaseCounts(balanced))).toBe(true);
  });

  test.each<[string, Partial<PhaseCounts>]>([
    ['a message too many', { messagesAttempted: 3 }],
    ['an outcome too many', { messages: [1, 1, 0, 0, 0, 0] }],
    ['a message under way that nobody took', { messagesInFlight: 2 }],
    ['a recipient too many', { recipientsAttempted: 5 }],
    ['a recipient settled twice', { recipients: [1, 0, 2, 0, 0, 0] }],
    ['a recipient forgotten', { recipientsInFlight: 1 }],
    ['a session that has not ended', { sessions: { started: 4, ended: [1, 1, 1], open: 0 } }],
    ['a session that ended twice', { sessions: { started: 4, ended: [2, 1, 1], open: 1 } }],
    ['a client lost', { clients: { started: 3, ended: [1, 0, 0], open: 1 } }],
    ['a command without an end', { inFlight: perStep({}) }],
    ['a command answered twice', { replied: perStep({ connect: 3, mail: 3, rcpt: 2 }) }],
    ['a command failed twice', { failed: perStep({ connect: 1, mail: 2, rcpt: 1 }) }],
    ['a reply that ended no command', { replies: [] }],
    ['a failure without its kind', { errors: [] }],
    ['a reply that has no row', { replies: balanced.replies!.slice(1) }],
    ['an interim reply as the last one', { replies: balanced.replies!.map((row) => ({ ...row, interim: false })) }],
    ['a failure that has no row', { errors: balanced.errors!.slice(1) }],
    ['a command that was never sent', { sent: perStep({ connect: 4, mail: 3, rcpt: 3 }) }],
  ])('do not balance with %s', (_, change) => {
    expect(isBalanced(phaseCounts({ ...balanced, ...change }))).toBe(false);
  });
});

describe('merged metrics', () => {
  test('take the newest record of each worker as its totals, and count the records', () => {
    const metrics = new RunMetrics(2, new LoadWindow(0));
    const first = intervalRecord(0, 0, { main: { messagesAttempted: 1 } });
    const second = intervalRecord(0, 1, { main: { messagesAttempted: 5 } });
    metrics.add(first);
    metrics.add(second);
    expect(metrics.workers.map(({ last, intervals }) => [last, intervals])).toEqual([
      [second, 2],
      [null, 0],
    ]);
    expect(metrics.phase(1).map(({ messagesAttempted }) => messagesAttempted)).toEqual([5]);
    expect(metrics.health()).toEqual([second.health]);
  });

  test('add up the histograms of all records, each in its phase', () => {
    const metrics = new RunMetrics(2, new LoadWindow(0));
    metrics.add(intervalRecord(0, 0, { latencies: [latencyRecord(Step.mail, 10)] }));
    metrics.add(
      intervalRecord(1, 0, { latencies: [latencyRecord(Step.mail, 20), latencyRecord(LatencyKey.session, 5)] }),
    );
    metrics.add(intervalRecord(0, 1, { warmupLatencies: [latencyRecord(Step.mail, 40)] }));
    expect(metrics.latencies.map((set) => set.get(Step.mail)?.sumUs)).toEqual([40, 30]);
    expect(metrics.latencies[1].get(LatencyKey.session)?.count).toBe(1);
  });

  test('count the records that do not balance, whichever phase is wrong', () => {
    const metrics = new RunMetrics(1, new LoadWindow(0));
    metrics.add(intervalRecord(0, 0, { warmup: { messagesAttempted: 1 } }));
    metrics.add(intervalRecord(0, 1, { main: { messagesAttempted: 1 } }));
    metrics.add(intervalRecord(0, 2));
    expect(metrics.unbalancedRecords).toBe(2);
  });

  test('pass over a worker that the plan does not have', () => {
    const metrics = new RunMetrics(1, new LoadWindow(0));
    metrics.add(intervalRecord(1, 0));
    expect(metrics.workers.map(({ intervals }) => intervals)).toEqual([0]);
  });

  test('know the latest greeting of all workers', () => {
    const metrics = new RunMetrics(3, new LoadWindow(0));
    expect(metrics.lastGreetedUs).toBe(-1);
    metrics.add(intervalRecord(0, 0, { lastGreetedUs: 700 }));
    metrics.add(intervalRecord(1, 0, { lastGreetedUs: 300 }));
    expect(metrics.lastGreetedUs).toBe(700);
  });

  test('sum the most sessions that each worker ever had', () => {
    const metrics = new RunMetrics(2, new LoadWindow(0));
    metrics.add(intervalRecord(0, 0, { peakOpenSessions: 7, openSessions: 2 }));
    metrics.add(intervalRecord(1, 0, { peakOpenSessions: 3 }));
    metrics.add(intervalRecord(0, 1, { peakOpenSessions: 8 }));
    expect(metrics.peakOpenSessions).toBe(11);
  });
});

describe('the health of workers', () => {
  const busyIn = (index: number, busy: number, lagUs: number) =>
    intervalRecord(0, index, { health: healthRecord({ busy, eventLoopLag: latencyRecord(-1, lagUs) }) });

  test('counts inside the window only: intervals whose middle lies in it', () => {
    const metrics = new RunMetrics(1, new LoadWindow(2e6, 4e6));
    for (const [index, busy] of [0.9, 0.8, 0.5, 0.25, 0.7].entries()) metrics.add(busyIn(index, busy, 1_000 + index));
    const [worker] = metrics.workers;
    expect([worker!.busySec, worker!.windowSec]).toEqual([0.75, 2]);
    expect(worker!.eventLoopLag.summary()).toMatchObject({ count: 2, minUs: 1_002, maxUs: 1_003 });
    expect(metrics.eventLoopLag.count).toBe(2);
  });

  test('ends with the run when that is stopped, and a later stop changes nothing', () => {
    const metrics = new RunMetrics(1, new LoadWindow(0, 10e6));
    metrics.stopped(1.2e6);
    metrics.stopped(9e6);
    for (let index = 0; index < 5; index++) metrics.add(busyIn(index, 1, 1));
    expect(metrics.workers[0]!.windowSec).toBe(1);
  });

  test('weighs intervals by their length', () => {
    const metrics = new RunMetrics(1, new LoadWindow(0));
    metrics.add(intervalRecord(0, 0, { health: healthRecord({ busy: 1 }) }));
    metrics.add(intervalRecord(0, 1, { startUs: 1e6, endUs: 4e6, health: healthRecord({ busy: 0.2 }) }));
    expect(metrics.workers[0]!.busySec).toBeCloseTo(1.6);
    expect(metrics.workers[0]!.windowSec).toBe(4);
  });
});
