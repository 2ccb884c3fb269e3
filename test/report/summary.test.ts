/** From merged metrics to the numbers people read. */
import { UNKNOWN_ENVIRONMENT } from '../../src/report/environment-schema.js';
import { LoadWindow } from '../../src/metrics/load-window.js';
import { describe, expect, test } from 'vitest';
import type { PreflightResult } from '../../src/messages/coordinator-worker.js';
import { LatencyKey } from '../../src/metrics/interval-record.js';
import { totalsOf } from '../../src/metrics/phase-totals.js';
import { RunMetrics } from '../../src/metrics/run-metrics.js';
import { redactPlan } from '../../src/plan/redact-plan.js';
import { Step } from '../../src/protocol/steps.js';
import { runResultSchema, type RunResult } from '../../src/report/result-schema.js';
import { windowOf } from '../../src/report/run-window.js';
import { summarise, type SummaryInput } from '../../src/report/summary.js';
import { planOf, type EngineOptions } from '../support/engine-plan.js';
import { healthRecord, intervalRecord, latencyRecord, perStep } from '../support/engine-records.js';

const PREFLIGHT: PreflightResult = {
  ok: true,
  isConnected: true,
  problem: '',
  advice: '',
  connections: 2,
  commands: 3,
  greeting: '220 mx.test ready',
  keywords: ['PIPELINING', 'STARTTLS'],
  keywordsAfterTls: null,
  tls: null,
  authMechanism: 'PLAIN',
};

const MAIN = {
  messagesAttempted: 10,
  messages: [4, 2, 1, 1, 2, 0],
  recipientsAttempted: 20,
  recipients: [8, 4, 2, 2, 4, 0],
  clients: { started: 6, ended: [3, 2, 1], open: 0 },
  sessions: { started: 8, ended: [5, 2, 1], open: 0 },
  bytesSent: 4_000,
  bytesReceived: 900,
  sent: perStep({ connect: 8, mail: 10, quit: 0 }),
  replied: perStep({ connect: 8, mail: 9 }),
  inFlight: perStep({ mail: 1 }),
  pipelined: perStep({ mail: 6 }),
  replies: [
    {
      step: Step.mail,
      code: 550,
      enhanced: 5_001_001,
      interim: false,
      count: 9,
      sample: '5.1.1 no such user',
      firstSeenUs: 1_500_000,
      lastSeenUs: 2_250_000,
    },
    { step: Step.auth, code: 334, enhanced: 0, interim: true, count: 2, sample: '', firstSeenUs: 0, lastSeenUs: 1 },
  ],
  errors: [{ step: Step.mail, kind: 4, count: 1, sample: 'no answer' }],
};

/** A run of two workers over three seconds: one of warm-up, two measured. */
function metricsOf(warmupEndUs = 1e6): RunMetrics {
  const metrics = new RunMetrics(2, new LoadWindow(warmupEndUs, 3e6));
  const window = {
    attempted: 10,
    accepted: 4,
    recipientsAccepted: 8,
    sessionsCompleted: 2,
    bytesSent: 4_000,
    lastSettledUs: 2.5e6,
  };
  const health = (cpuSec: number, busy: number) =>
    healthRecord({ cpuSec, busy, eventLoopLag: latencyRecord(-1, 500), fileLimitHits: 1, portLimitHits: 2 });
  const warmup = {
    messagesAttempted: 3,
    messages: [3, 0, 0, 0, 0, 0],
    sessions: { started: 1, ended: [1, 0, 0], open: 0 },
  };
  metrics.add(
    intervalRecord(0, 0, {
      warmup,
      warmupLatencies: [latencyRecord(LatencyKey.message, 7)],
      openSessions: 3,
      health: health(0.5, 0.1),
    }),
  );
  metrics.add(
    intervalRecord(0, 1, {
      warmup,
      main: MAIN,
      window,
      latencies: [
        latencyRecord(Step.mail, 100, 200, 300),
        latencyRecord(LatencyKey.message, 1_000),
        latencyRecord(LatencyKey.refused, 2_000),
        latencyRecord(LatencyKey.unfinished, 3_000),
        latencyRecord(LatencyKey.session, 4_000),
      ],
      peakOpenSessions: 5,
      openSessions: 2,
      health: health(1, 0.5),
    }),
  );
  metrics.add(intervalRecord(1, 0, { health: health(0.25, 0.2), peakOpenSessions: 1 }));
  metrics.add(
    intervalRecord(1, 1, { health: health(0.5, 0.25), peakOpenSessions: 1, endUs: 3.5e6, window: { attempted: 2 } }),
  );
  return metrics;
}

function resultOf(
  changes: Partial<SummaryInput> = {},
  options: EngineOptions = { duration: '2s', warmup: '1s' },
): RunResult {
  const plan = planOf(options);
  const metrics = changes.metrics ?? metricsOf();
  return summarise({
    plan,
    redactedPlan: redactPlan(plan),
    targets: [{ address: { address: '127.0.0.1', family: 4 }, preflight: PREFLIGHT }],
    lanes: [],
    mailHosts: [],
    builtInSink: null,
    environment: {
      ...UNKNOWN_ENVIRONMENT,
      node: 'v20',
      platform: 'linux',
      arch: 'x64',
      cpuModel: 'x',
      cores: 2,
      memoryBytes: 1,
    },
    tool: { name: 'postrush', version: '0.1.0' },
    ceiling: null,
    warmedUp: null,
    portNeeds: null,
    use: null,
    metrics,
    totals: [totalsOf(metrics, 0), totalsOf(metrics, 1)],
    window: windowOf(plan, metrics, Infinity),
    offered: { messages: 12, dropped: { cap: 0, target: 0, end: 2, worker: 0 }, arrivals: null, planned: null },
    objectives: [],
    offeredBefore: {
      offered: totalsOf(metrics, 0).messagesAttempted,
      dropped: { cap: 0, target: 0, end: 0, worker: 0 },
    },
    endedBy: 'plan',
    startedAt: new Date(Date.UTC(2026, 0, 2, 3, 4, 5)),
    startupSec: 0.25,
    isComplete: true,
    busyShares: [0.5, 0.25],
    gates: [],
    checks: [{ name: 'a = b', left: 1, right: 1, ok: true }],
    verdict: 'pass',
    reasons: [],
    ...changes,
  });
}

describe('a result', () => {
  test('has the shape that is promised', () => {
    expect(runResultSchema.safeParse(resultOf()).error?.issues).toBeUndefined();
    const empty = new RunMetrics(2, new LoadWindow(0));
    expect(runResultSchema.safeParse(resultOf({ metrics: empty })).error?.issues).toBeUndefined();
  });

  test('counts messages, recipients, sessions, clients and octets of what began after the warm-up', () => {
    expect(resultOf()).toMatchObject({
      messages: {
        offered: 12,
        attempted: 10,
        accepted: 4,
        deferred: 2,
        rejected: 1,
        failed: 1,
        cut: 2,
        abandoned: 0,
        dropped: 2,
        droppedBy: { cap: 0, target: 0, end: 2, worker: 0 },
      },
      recipients: { attempted: 20, accepted: 8, deferred: 4, rejected: 2, failed: 2, cut: 4, abandoned: 0 },
      sessions: { started: 8, completed: 5, failed: 2, cut: 1, peakOpen: 6 },
      clients: { started: 6, completed: 3, failed: 2, cut: 1 },
      bytes: { sent: 4_000, received: 900 },
    });
  });

  test('has the steps that occurred, with their latencies, and no others', () => {
    const { steps } = resultOf();
    expect(Object.keys(steps)).toEqual(['connect', 'mail']);
    expect(steps.mail).toMatchObject({ sent: 10, replied: 9, failed: 0, inFlight: 1, pipelined: 6 });
    expect(steps.mail?.latency).toMatchObject({ count: 3, minUs: 100, maxUs: 300, meanUs: 200 });
    expect(steps.connect?.latency).toMatchObject({ count: 0, minUs: null });
  });

  test('keeps latencies of accepted, refused and unfinished messages apart', () => {
    const { latency } = resultOf();
    const means = [latency.message, latency.refused, latency.unfinished, latency.session].map((each) => each?.meanUs);
    expect(means).toEqual([1_000, 2_000, 3_000, 4_000]);
    expect([latency.service, latency.response, latency.wait, latency.lag]).toEqual([null, null, null, null]);
  });

  test('tells what each reply and each error means, in words and in seconds', () => {
    const { replies, errors } = resultOf();
    const byCode = Object.fromEntries(replies.map((row) => [row.code, row]));
    expect(byCode[550]).toMatchObject({
      step: 'mail',
      enhanced: '5.1.1',
      count: 9,
      interim: false,
      sample: '5.1.1 no such user',
      firstSeenSec: 1.5,
      lastSeenSec: 2.25,
    });
    expect(byCode[550]?.meaning).not.toBe('');
    expect(byCode[334]).toMatchObject({ step: 'auth', enhanced: null, interim: true });
    expect(errors).toEqual([{ step: 'mail', kind: 'timeout', count: 1, sample: 'no answer' }]);
  });

  test('divides what the window saw by its length', () => {
    expect(resultOf().window).toEqual({
      startedAt: '2026-01-02T03:04:05.000Z',
      measuredSec: 2,
      warmupSec: 1,
      warmupEnd: null,
      drainSec: 0.5,
    });
    expect(resultOf().throughput).toEqual({
      offeredPerSec: null,
      attemptedPerSec: 6,
      acceptedPerSec: 2,
      recipientsPerSec: 4,
      sessionsPerSec: 1,
      bytesPerSec: 2_000,
    });
  });

  test('has no throughput where the window has no length', () => {
    const window = { warmupEndUs: 1e6, endUs: 1e6, lastUs: 2e6 };
    expect(resultOf({ window }).throughput).toMatchObject({ attemptedPerSec: 0, bytesPerSec: 0 });
  });

  test('has the warm-up beside it, and only if there was one', () => {
    const { warmup } = resultOf();
    expect(warmup?.messages).toMatchObject({ offered: 3, attempted: 3, accepted: 3, dropped: 0 });
    expect(warmup?.latency.message).toMatchObject({ count: 1, minUs: 7 });
    expect(resultOf({ metrics: metricsOf(0) }, { duration: '3s' }).warmup).toBeNull();
  });

  test('tells each second in its phase, with its replies and its steps', () => {
    const { intervals } = resultOf();
    expect(intervals.map(({ index, startSec, phase }) => [index, startSec, phase])).toEqual([
      [0, 0, 'warmup'],
      [1, 1, 'measured'],
    ]);
    expect(intervals[0]).toMatchObject({ attempted: 3, accepted: 3, openSessions: 3, generator: { cpuSec: 0.75 } });
    expect(intervals[1]).toMatchObject({
      sec: 2.5,
      attempted: 10,
      accepted: 4,
      deferred: 2,
      rejected: 1,
      failed: 1,
      dropped: 0,
      openSessions: 2,
      steps: { mail: { count: 3, p50Us: 200 } },
      replies: { '2yz': 0, '3yz': 2, '4yz': 0, '5yz': 9 },
      errors: 1,
      generator: { busy: 0.5, cpuSec: 0.75, eventLoopLagP99Us: 500 },
    });
  });

  test('tells the phase of a second by its middle', () => {
    const window = { warmupEndUs: 0.5e6, endUs: 2e6, lastUs: 4e6 };
    expect(resultOf({ window }).intervals.map(({ phase }) => phase)).toEqual(['measured', 'drain']);
  });
});

describe('the generator in a result', () => {
  test('is told by worker and as a whole', () => {
    expect(resultOf().generator).toMatchObject({
      workers: [
        { workerId: 0, busy: 0.5, cpuSec: 1, eventLoopLagP99Us: 500, lost: false, sessions: 9 },
        { workerId: 1, busy: 0.25, cpuSec: 0.5, eventLoopLagP99Us: 500, lost: false, sessions: 0 },
      ],
      busy: 0.5,
      cpuSec: 1.5,
      startupSec: 0.25,
      fileLimitHits: 2,
      portLimitHits: 4,
    });
  });

  test('has CPU per message of the warm-up and after it', () => {
    expect(resultOf().generator.cpuUsPerMessage).toBeCloseTo(1.5e6 / 13);
  });

  test('has no CPU where the platform does not tell, of any worker', () => {
    const metrics = metricsOf();
    metrics.add(intervalRecord(1, 2, { health: healthRecord({ cpuSec: -1 }) }));
    expect(resultOf({ metrics }).intervals.at(-1)?.generator.cpuSec).toBeNull();
    const { generator } = resultOf({ metrics });
    expect([generator.workers[0]?.cpuSec, generator.workers[1]?.cpuSec]).toEqual([1, null]);
    expect([generator.cpuSec, generator.cpuUsPerMessage]).toEqual([null, null]);
  });

  test('is complete though a worker never spoke', () => {
    const { generator } = resultOf({ metrics: new RunMetrics(2, new LoadWindow(0)) });
    expect(generator.workers).toHaveLength(2);
    expect(generator.cpuSec).toBeNull();
  });
});

describe('books, target and plan in a result', () => {
  test('are balanced if every check is', () => {
    expect(resultOf().books.balanced).toBe(true);
    const checks = [
      { name: 'a = b', left: 1, right: 1, ok: true },
      { name: 'c = d', left: 1, right: 2, ok: false },
    ];
    expect(resultOf({ checks }).books).toEqual({ balanced: false, checks });
  });

  test('say what the pre-flight learnt, and count its connections nowhere else', () => {
    const { target, preflight } = resultOf({ builtInSink: { replyDelayMs: 2 } });
    expect(target).toEqual({
      url: 'smtp://127.0.0.1:2525',
      host: '127.0.0.1',
      port: 2525,
      address: '127.0.0.1',
      family: 4,
      greeting: '220 mx.test ready',
      keywords: ['PIPELINING', 'STARTTLS'],
      keywordsAfterTls: null,
      tls: null,
      authMechanism: 'PLAIN',
      builtInSink: { replyDelayMs: 2 },
    });
    expect(preflight).toEqual({ connections: 2, commands: 3 });
  });

  test('hold no password', () => {
    const options = { auth: 'plain', user: 'tester', password: 'p4ssw0rd-that-nobody-sees' };
    expect(JSON.stringify(resultOf({}, { ...options, duration: '2s' }))).not.toContain('p4ssw0rd');
  });

  test('pass on the verdict, its reasons and how the run ended', () => {
    const reasons = [{ kind: 'targetLost', text: 'gone', value: null, bound: 30 }];
    const result = resultOf({ verdict: 'fail', reasons, endedBy: 'targetLost', isComplete: false });
    expect(result).toMatchObject({ verdict: 'fail', reasons, endedBy: 'targetLost', complete: false, objectives: [] });
  });
});
