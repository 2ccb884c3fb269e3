/** Random results for property tests: every number and text that the schema lets through. */
import fc from 'fast-check';
import { ERROR_KIND_NAMES } from '../../src/metrics/outcome.js';
import type { LatencySummary } from '../../src/report/latency-schema.js';
import type { ResultBlocks, RunResult } from '../../src/report/result-schema.js';
import { STEP_NAMES } from '../../src/protocol/steps.js';
import { sampleInterval, planWith, sampleResult } from '../support/sample-result.js';

const count = fc.oneof(fc.nat(20), fc.nat(2_000_000), fc.maxSafeNat());
const amount = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e12, noNaN: true }));
const seconds = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true }));
/** What servers and users write: harmless, very long, or meant to take the terminal over. */
const text = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc
    .array(
      fc.constantFrom('\x1b[31m', '\x9b2J', '\r\n', '\t', '\u202e', '\u200b', '日本', 'e\u0301', 'word ', '\0', 'µ'),
      {
        maxLength: 80,
      },
    )
    .map((parts) => parts.join('')),
  fc.nat(600).map((length) => 'x'.repeat(length)),
);
const textOrNull = fc.option(text);

const latency: fc.Arbitrary<LatencySummary> = fc
  .record({
    count,
    values: fc.array(fc.oneof(fc.nat(1_000_000), fc.nat(3_600_000_000), seconds), { minLength: 11, maxLength: 11 }),
    weak: fc.subarray(['p50', 'p75', 'p90', 'p95', 'p99', 'p999', 'p9999']),
  })
  .map(({ count: values_, values, weak }) => {
    const at = (index: number) => (values_ === 0 ? null : (values[index] ?? null));
    return {
      count: values_,
      minUs: at(0),
      meanUs: at(1),
      stdevUs: at(2),
      p50Us: at(3),
      p75Us: at(4),
      p90Us: at(5),
      p95Us: at(6),
      p99Us: at(7),
      p999Us: at(8),
      p9999Us: at(9),
      maxUs: at(10),
      weak,
      histogram: null,
    };
  });
const latencyOrNull = fc.option(latency);

const settled = { accepted: count, deferred: count, rejected: count, failed: count, cut: count, abandoned: count };
const life = { started: count, completed: count, failed: count, cut: count };
const stepName = fc.constantFrom(...STEP_NAMES);

const blocks: fc.Arbitrary<ResultBlocks> = fc.record({
  messages: fc.record({
    offered: count,
    attempted: count,
    ...settled,
    dropped: count,
    droppedBy: fc.record({ cap: count, target: count, end: count, worker: count }),
  }),
  recipients: fc.record({ attempted: count, ...settled }),
  sessions: fc.record({ ...life, peakOpen: count }),
  clients: fc.record(life),
  bytes: fc.record({ sent: count, received: count }),
  retries: fc.option(fc.record({ scheduled: count, accepted: count, gaveUp: count, waiting: count })),
  latency: fc.record({
    message: latencyOrNull,
    session: latencyOrNull,
    refused: latencyOrNull,
    unfinished: latencyOrNull,
    timeToSuccess: latencyOrNull,
    service: latencyOrNull,
    response: latencyOrNull,
    wait: latencyOrNull,
    lag: latencyOrNull,
  }),
  steps: fc.dictionary(
    stepName,
    fc.record({ sent: count, replied: count, failed: count, inFlight: count, pipelined: count, latency }),
  ),
  replies: fc.array(
    fc.record({
      step: stepName,
      code: fc.nat(999),
      enhanced: textOrNull,
      count,
      interim: fc.boolean(),
      meaning: text,
      sample: text,
      firstSeenSec: seconds,
      lastSeenSec: seconds,
    }),
    { maxLength: 40 },
  ),
  tls: fc.option(
    fc.record({
      handshakes: count,
      resumed: count,
      rows: fc.array(fc.record({ protocol: text, cipher: text, group: textOrNull, resumed: fc.boolean(), count }), {
        maxLength: 12,
      }),
    }),
  ),
  errors: fc.array(fc.record({ step: stepName, kind: fc.constantFrom(...ERROR_KIND_NAMES), count, sample: text }), {
    maxLength: 30,
  }),
  unexpected: fc.array(
    fc.record({
      step: stepName,
      code: fc.integer({ min: 100, max: 599 }),
      enhanced: textOrNull,
      expected: text,
      count,
      sample: text,
    }),
    { maxLength: 30 },
  ),
});

const interval = fc
  .record({
    index: count,
    sec: fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 64, noNaN: true })),
    phase: fc.constantFrom('warmup' as const, 'measured' as const, 'drain' as const),
    accepted: count,
  })
  .map((fields) => sampleInterval(fields.index, fields));

const target = fc.record({
  url: text,
  host: text,
  port: fc.nat(65_535),
  address: text,
  family: fc.constantFrom(4 as const, 6 as const, null),
  greeting: textOrNull,
  keywords: fc.array(text, { maxLength: 20 }),
  keywordsAfterTls: fc.option(fc.array(text, { maxLength: 20 })),
  tls: fc.option(
    fc.record({ protocol: text, cipher: text, subject: textOrNull, issuer: textOrNull, validTo: textOrNull }),
  ),
  authMechanism: textOrNull,
  builtInSink: fc.option(fc.record({ replyDelayMs: amount })),
});

const generator = fc.record({
  workers: fc.array(
    fc.record({
      workerId: count,
      busy: seconds,
      cpuSec: fc.option(seconds),
      eventLoopLagP99Us: fc.option(amount),
      gcSec: seconds,
      lost: fc.boolean(),
      sessions: count,
    }),
    { maxLength: 12 },
  ),
  eventLoopLag: latency,
  busy: seconds,
  cpuSec: fc.option(seconds),
  cpuUsPerMessage: fc.option(amount),
  startupSec: seconds,
  fileLimitHits: count,
  gc: fc.record({ count, sec: seconds, longestUs: amount }),
  sendStalls: fc.record({ count, sec: seconds }),
  files: fc.record({ peakOpen: fc.option(count), limit: fc.option(count) }),
  ports: fc.option(
    fc.record({
      available: fc.option(count),
      addressPairs: count,
      atOnce: count,
      plannedConnectsPerSec: fc.option(amount),
      timeWaitBefore: fc.option(count),
      timeWaitPeak: fc.option(count),
    }),
  ),
  functions: fc.option(fc.record({ calls: count, usPerCall: fc.option(amount), share: fc.option(seconds) })),
  portLimitHits: count,
  ceiling: fc.option(
    fc.record({ messagesPerSec: amount, calibratedAt: fc.constant('2026-11-27T02:00:00.000Z'), share: seconds }),
  ),
  gates: fc.array(
    fc.record({
      name: text,
      value: fc.option(amount),
      bound: fc.option(amount),
      unit: fc.oneof(fc.constantFrom('us', 'share', 'count'), text),
      ok: fc.boolean(),
    }),
    { maxLength: 12 },
  ),
});

/** Any result, coherent or not. */
export const arbitraryResult: fc.Arbitrary<RunResult> = fc
  .record({
    head: fc.record({
      verdict: fc.constantFrom('pass' as const, 'fail' as const, 'invalid' as const),
      reasons: fc.array(
        fc.record({
          kind: fc.oneof(fc.constantFrom('workerLost', 'books', 'constructor'), text),
          text,
          value: fc.option(amount),
          bound: fc.option(amount),
        }),
        { maxLength: 12 },
      ),
      complete: fc.boolean(),
      endedBy: fc.constantFrom(
        'plan' as const,
        'signal' as const,
        'secondSignal' as const,
        'abort' as const,
        'targetLost' as const,
        'killed' as const,
      ),
      environment: fc.record({
        node: text,
        v8: text,
        uv: text,
        openssl: text,
        kernel: text,
        cpuLimit: fc.option(amount),
        openFilesLimit: fc.option(count),
        localPorts: fc.option(count),
        platform: text,
        arch: text,
        cpuModel: text,
        cores: count,
        memoryBytes: count,
      }),
      preflight: fc.record({ connections: count, commands: count }),
      arrivals: fc.option(fc.record({ offered: count, started: count, dropped: count })),
      confidence: fc.option(
        fc.record({
          level: amount,
          intervals: count,
          blockIntervals: count,
          rows: fc.array(
            fc.record({
              latency: fc.constantFrom('message' as const, 'response' as const),
              percentile: fc.constantFrom('p50' as const, 'p90' as const, 'p99' as const),
              lowUs: amount,
              highUs: amount,
            }),
            { maxLength: 6 },
          ),
        }),
      ),
      throughput: fc.record({
        offeredPerSec: fc.option(amount),
        attemptedPerSec: amount,
        acceptedPerSec: amount,
        recipientsPerSec: amount,
        sessionsPerSec: amount,
        bytesPerSec: amount,
      }),
      objectives: fc.array(
        fc.record({
          expression: text,
          value: fc.option(amount),
          bound: amount,
          unit: text,
          margin: fc.option(amount),
          pass: fc.boolean(),
        }),
        { maxLength: 4 },
      ),
      books: fc.record({
        balanced: fc.boolean(),
        checks: fc.array(fc.record({ name: text, left: amount, right: amount, ok: fc.boolean() }), { maxLength: 12 }),
      }),
      warmup: fc.option(blocks),
    }),
    blocks,
    target,
    generator,
    window: fc.record({ measuredSec: seconds, warmupSec: seconds, drainSec: seconds }),
    plan: fc.record({
      sessions: count,
      workers: count,
      durationMs: fc.option(amount),
      messages: fc.option(count),
      connections: fc.option(count),
      seed: count,
    }),
    scenario: fc.record({
      session: fc.record({
        steps: fc.option(fc.array(fc.record({ kind: fc.string(), argument: fc.string() }), { maxLength: 5 })),
      }),
      extensions: fc.record({ isChunked: fc.boolean(), chunkBytes: fc.option(count) }),
      messagesPerSession: fc.option(count.map((number) => number + 1).filter(Number.isSafeInteger)),
      recipients: count,
      pipelining: text,
      auth: fc.option(
        fc.record({
          mechanism: text,
          accounts: fc.option(fc.record({ count: fc.nat(), order: text })),
          wrongPercent: fc.nat(100),
        }),
      ),
    }),
    intervals: fc.oneof(fc.array(interval, { maxLength: 8 }), fc.array(interval, { minLength: 60, maxLength: 300 })),
  })
  .map((parts) => {
    const sample = sampleResult();
    return {
      ...sample,
      ...parts.head,
      ...parts.blocks,
      target: parts.target,
      targets: [parts.target],
      generator: parts.generator,
      window: { ...sample.window, ...parts.window },
      plan: { ...planWith(parts.scenario), ...parts.plan },
      intervals: parts.intervals,
    };
  });
