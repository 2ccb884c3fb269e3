import { LoadWindow } from '../../src/metrics/load-window.js';
import { describe, expect, test } from 'vitest';
import type { ReplyRow } from '../../src/metrics/interval-record.js';
import { Ending, Outcome } from '../../src/metrics/outcome.js';
import { totalsOf } from '../../src/metrics/phase-totals.js';
import { RunMetrics } from '../../src/metrics/run-metrics.js';
import { Step } from '../../src/protocol/steps.js';
import { intervalRecord, perStep } from '../support/engine-records.js';
import type { RecordChanges } from '../support/engine-records.js';

const row = (changes: Partial<ReplyRow>): ReplyRow => ({
  step: Step.mail,
  code: 250,
  enhanced: 0,
  interim: false,
  count: 1,
  sample: '',
  firstSeenUs: 0,
  lastSeenUs: 0,
  ...changes,
});

/** Merged metrics of workers that each sent these records. */
function metricsOf(...workers: readonly (readonly RecordChanges[])[]): RunMetrics {
  const metrics = new RunMetrics(workers.length, new LoadWindow(0));
  for (const [workerId, records] of workers.entries()) {
    for (const [index, changes] of records.entries()) metrics.add(intervalRecord(workerId, index, changes));
  }
  return metrics;
}

const busy = {
  messagesAttempted: 10,
  messages: [3, 2, 1, 1, 0, 0],
  messagesInFlight: 3,
  recipientsAttempted: 20,
  recipients: [6, 4, 2, 2, 0, 0],
  recipientsInFlight: 6,
  clients: { started: 5, ended: [1, 1, 1], open: 2 },
  sessions: { started: 7, ended: [2, 1, 0], open: 4 },
  bytesSent: 100,
  bytesReceived: 50,
  sent: perStep({ mail: 10 }),
  replied: perStep({ mail: 7 }),
  failed: perStep({ mail: 1 }),
  pipelined: perStep({ mail: 4 }),
  inFlight: perStep({ mail: 2 }),
};

describe('the totals of a phase', () => {
  test('are the sums over the newest record of every worker', () => {
    const metrics = metricsOf([{ main: { messagesAttempted: 2 } }, { main: busy }], [{ main: busy }], []);
    expect(totalsOf(metrics, 1)).toMatchObject({
      messagesAttempted: 20,
      messages: [6, 4, 2, 2, 0, 0],
      recipientsAttempted: 40,
      recipients: [12, 8, 4, 4, 0, 0],
      cutWithWorker: 0,
      clients: { started: 10, ended: [2, 2, 2] },
      sessions: { started: 14, ended: [4, 2, 0] },
      bytesSent: 200,
      bytesReceived: 100,
      sent: perStep({ mail: 20 }),
      replied: perStep({ mail: 14 }),
      failed: perStep({ mail: 2 }),
      pipelined: perStep({ mail: 8 }),
      inFlight: perStep({ mail: 4 }),
    });
    expect(totalsOf(metrics, 0).messagesAttempted).toBe(0);
  });

  test('hold the warm-up apart', () => {
    const metrics = metricsOf([{ warmup: busy }]);
    expect([totalsOf(metrics, 0).messagesAttempted, totalsOf(metrics, 1).messagesAttempted]).toEqual([10, 0]);
  });

  test('count what a lost worker had under way as cut', () => {
    const metrics = metricsOf([{ main: busy }], [{ main: busy }]);
    metrics.workers[1]!.lost = true;
    const totals = totalsOf(metrics, 1);
    expect(totals.messages[Outcome.cut]).toBe(3);
    expect(totals.recipients[Outcome.cut]).toBe(6);
    expect(totals.clients.ended[Ending.cut]).toBe(2 + 2);
    expect(totals.sessions.ended[Ending.cut]).toBe(4);
    expect(totals.cutWithWorker).toBe(3);
    // Its commands stay in flight: nobody will ever know.
    expect(totals.inFlight).toEqual(perStep({ mail: 4 }));
    // The records themselves are as they were.
    expect(metrics.workers[1]!.last!.lanes[0]!.phases[1].messages[Outcome.cut]).toBe(0);
  });

  test('of a worker that was lost before it said anything are nothing', () => {
    const metrics = metricsOf([{ main: busy }], []);
    metrics.workers[1]!.lost = true;
    expect(totalsOf(metrics, 1)).toMatchObject({ messagesAttempted: 10, cutWithWorker: 0 });
  });
});

describe('the reply table of all workers', () => {
  test('adds up rows that are alike, and keeps the sample of the earliest', () => {
    const metrics = metricsOf(
      [{ main: { replies: [row({ count: 2, sample: 'later', firstSeenUs: 50, lastSeenUs: 90 })] } }],
      [{ main: { replies: [row({ count: 3, sample: 'first', firstSeenUs: 10, lastSeenUs: 60 })] } }],
    );
    expect(totalsOf(metrics, 1).replies).toEqual([row({ count: 5, sample: 'first', firstSeenUs: 10, lastSeenUs: 90 })]);
  });

  test('knows when the last one came, whichever worker had it', () => {
    const said = (lastSeenUs: number) => [{ main: { replies: [row({ lastSeenUs })] } }];
    for (const workers of [
      [said(60), said(90)],
      [said(90), said(60)],
    ]) {
      expect(totalsOf(metricsOf(...workers), 1).replies).toMatchObject([{ lastSeenUs: 90 }]);
    }
  });

  test('keeps rows apart that differ in anything', () => {
    const replies = [
      row({}),
      row({ code: 251 }),
      row({ enhanced: 2_001_000 }),
      row({ interim: true }),
      row({ step: Step.rcpt }),
    ];
    const metrics = metricsOf([{ main: { replies } }], [{ main: { replies } }]);
    expect(totalsOf(metrics, 1).replies.map(({ count }) => count)).toEqual([2, 2, 2, 2, 2]);
  });

  test('is in the order of steps, the most frequent first', () => {
    const replies = [
      row({ step: Step.rcpt, code: 250, count: 1 }),
      row({ step: Step.mail, code: 451, count: 5 }),
      row({ step: Step.rcpt, code: 550, count: 9 }),
      row({ step: Step.mail, code: 250, count: 5 }),
    ];
    const table = totalsOf(metricsOf([{ main: { replies } }]), 1).replies;
    expect(table.map(({ step, code }) => [step, code])).toEqual([
      [Step.mail, 250],
      [Step.mail, 451],
      [Step.rcpt, 550],
      [Step.rcpt, 250],
    ]);
  });
});

test('the TLS table adds up what agreed on the same, the most frequent first', () => {
  const agreement = { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', group: 'X25519', resumed: false };
  const resumed = { ...agreement, resumed: true };
  const older = { ...agreement, protocol: 'TLSv1.2', group: null };
  const first = {
    tls: [
      { ...agreement, count: 3 },
      { ...older, count: 1 },
    ],
  };
  const second = {
    tls: [
      { ...resumed, count: 9 },
      { ...agreement, count: 2 },
    ],
  };
  expect(totalsOf(metricsOf([{ main: first }], [{ main: second }]), 1).tls).toEqual([
    { ...resumed, count: 9 },
    { ...agreement, count: 5 },
    { ...older, count: 1 },
  ]);
});

test('the error table adds up by step and kind, and keeps the first sample', () => {
  const error = (step: number, kind: number, count: number, sample: string) => ({ step, kind, count, sample });
  const metrics = metricsOf(
    [{ main: { errors: [error(Step.mail, 3, 2, 'a'), error(Step.connect, 0, 1, 'b')] } }],
    [{ main: { errors: [error(Step.mail, 3, 5, 'c'), error(Step.mail, 4, 9, 'd')] } }],
  );
  expect(totalsOf(metrics, 1).errors).toEqual([
    error(Step.connect, 0, 1, 'b'),
    error(Step.mail, 4, 9, 'd'),
    error(Step.mail, 3, 7, 'a'),
  ]);
});
