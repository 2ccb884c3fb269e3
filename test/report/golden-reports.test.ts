import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderQuietLine, renderTextReport } from '../../src/report/text-report.js';
import { runResultSchema, type LaneResult, type RunResult } from '../../src/report/result-schema.js';
import { emptyBlocks, nothingResult, sampleInterval, sampleResult, sinkResult } from '../support/sample-result.js';

/** Set to write the golden files anew. Look at the difference before it is committed. */
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';

function overloadedGenerator(): RunResult {
  const { generator } = sampleResult();
  return sampleResult({
    verdict: 'invalid',
    complete: false,
    reasons: [
      {
        kind: 'workerLost',
        text: 'worker 3 was lost (out of memory): its last second is missing',
        value: null,
        bound: null,
      },
      {
        kind: 'utilisation',
        text: 'a worker was busy 98 % of the time (bound 95 %): the generator was the limit; use more workers (-w)',
        value: 0.982,
        bound: 0.95,
      },
      { kind: 'books', text: 'the books do not balance: mail (20000 and 19998)', value: 20_000, bound: 19_998 },
      { kind: 'books', text: 'the books do not balance: rcpt (60000 and 59994)', value: 60_000, bound: 59_994 },
    ],
    generator: {
      ...generator,
      busy: 0.982,
      workers: Array.from({ length: 12 }, (_, workerId) => ({
        workerId,
        busy: workerId === 1 ? 0.982 : 0.7 + workerId / 100,
        cpuSec: 9.1,
        eventLoopLagP99Us: 18_400,
        gcSec: 0.05,
        lost: workerId === 3,
        sessions: 5,
      })),
      gates: generator.gates.map((gate) => (gate.name === 'utilisation' ? { ...gate, value: 0.982, ok: false } : gate)),
    },
    books: {
      balanced: false,
      checks: [
        { name: 'mail: sent = replied + failed + inFlight', left: 20_000, right: 19_998, ok: false },
        { name: 'rcpt: sent = replied + failed + inFlight', left: 60_000, right: 59_994, ok: false },
        { name: 'data: sent = replied + failed + inFlight', left: 20_000, right: 20_000, ok: true },
      ],
    },
  });
}

function lostTarget(): RunResult {
  const blocks = emptyBlocks();
  const { target } = sampleResult();
  return sampleResult({
    ...blocks,
    verdict: 'fail',
    endedBy: 'targetLost',
    reasons: [{ kind: 'targetLost', text: 'no session got a greeting for 30 s', value: 30, bound: 30 }],
    target: { ...target, address: '::1', family: 6, tls: null, keywordsAfterTls: null },
    messages: {
      ...blocks.messages,
      offered: 20_000,
      attempted: 1_204,
      failed: 1_204,
      dropped: 18_796,
      droppedBy: { cap: 0, target: 18_796, end: 0, worker: 0 },
    },
    sessions: { ...blocks.sessions, started: 1_204, failed: 1_204, peakOpen: 50 },
    latency: { ...blocks.latency, unfinished: sampleResult().latency.unfinished },
    steps: { connect: { ...sampleResult().steps.connect!, sent: 1_204, replied: 0, failed: 1_204 } },
    errors: [{ step: 'connect', kind: 'refused', count: 1_204, sample: 'connect ECONNREFUSED ::1:2525' }],
    objectives: [
      { expression: 'endOfData.p99 < 250ms', value: null, bound: 250_000, unit: 'us', margin: null, pass: false },
      { expression: 'deferred.rate < 1%', value: 0.25, bound: 1, unit: '%', margin: 0.75, pass: true },
    ],
    intervals: [sampleInterval(0, { accepted: 0 })],
    throughput: {
      offeredPerSec: 1_000,
      attemptedPerSec: 40.1,
      acceptedPerSec: 0,
      recipientsPerSec: 0,
      sessionsPerSec: 0,
      bytesPerSec: 0,
    },
    warmup: null,
  });
}

const ESCAPES = '\x1b[2J\x1b]0;owned\x07\r\n250 forged\x9b31m \u202eesrever\u0000 日本語 e\u0301 ';

function hostileServer(): RunResult {
  const sample = sampleResult();
  return sampleResult({
    target: { ...sample.target, greeting: ESCAPES.repeat(20), keywords: [ESCAPES, 'X'.repeat(300)] },
    replies: sample.replies.map((row) => ({
      ...row,
      meaning: ESCAPES + row.meaning,
      sample: ESCAPES.repeat(4),
      enhanced: ESCAPES,
    })),
    errors: sample.errors.map((row) => ({ ...row, sample: ESCAPES })),
    reasons: [{ kind: '__proto__', text: ESCAPES, value: null, bound: null }],
    verdict: 'fail',
  });
}

/** Two servers, the second of which is down for half of the time. */
function twoTargets(): RunResult {
  const sample = sampleResult();
  const url = 'smtp://mx2.example.test:2525';
  const { keywords } = sample.target;
  const second = {
    ...sample.target,
    url,
    host: 'mx2.example.test',
    address: '127.0.0.2',
    keywords: [...keywords.slice(1), 'VRFY'],
  };
  const down = emptyBlocks();
  const lane = { scenario: 'default', throughput: sample.throughput };
  return sampleResult({
    targets: [sample.target, second],
    plan: {
      ...sample.plan,
      targets: [
        { url: sample.target.url, weight: 3 },
        { url, weight: 1 },
      ],
    },
    scenarios: [
      { ...sample, ...lane, name: sample.target.url, target: sample.target.url, weight: 0.75, clientShare: 0.75 },
      {
        ...{ ...down, ...lane, name: url, target: url, weight: 0.25, clientShare: 0.25 },
        messages: { ...down.messages, offered: 500, attempted: 500, failed: 500 },
        clients: { started: 500, completed: 0, failed: 500, cut: 0 },
        throughput: { ...sample.throughput, acceptedPerSec: 0 },
      },
    ].map((each) => laneOf(each)),
  });
}

/** A lane without what only a whole result has. */
function laneOf(lane: Omit<Partial<RunResult>, keyof LaneResult> & LaneResult): LaneResult {
  const keys = Object.keys(runResultSchema.shape.scenarios.element.shape) as (keyof LaneResult)[];
  return Object.fromEntries(keys.map((key) => [key, lane[key]])) as unknown as LaneResult;
}

/** An AUTH storm: sessions that log in and go. */
function withoutMail(): RunResult {
  const sample = sampleResult();
  const blocks = emptyBlocks();
  const { connect, greeting, ehlo, quit } = sample.steps;
  return sampleResult({
    messages: blocks.messages,
    recipients: blocks.recipients,
    sessions: { started: 1_444, completed: 1_441, failed: 3, cut: 0, peakOpen: 10 },
    clients: { started: 1_444, completed: 1_441, failed: 3, cut: 0 },
    unexpected: [],
    replies: sample.replies.filter(({ step }) => ['greeting', 'ehlo', 'auth', 'quit'].includes(step)),
    errors: sample.errors.filter(({ step }) => step === 'connect'),
    latency: { ...blocks.latency, session: sample.latency.session },
    steps: { connect: connect!, greeting: greeting!, ehlo: ehlo!, auth: ehlo!, quit: quit! },
    throughput: {
      ...sample.throughput,
      attemptedPerSec: 0,
      acceptedPerSec: 0,
      recipientsPerSec: 0,
      sessionsPerSec: 480.3,
    },
    intervals: Array.from({ length: 3 }, (_, index) =>
      sampleInterval(index, {
        attempted: 0,
        accepted: 0,
        deferred: 0,
        rejected: 0,
        failed: 0,
        sessionsCompleted: 470 + 10 * index,
      }),
    ),
  });
}

const CASES: readonly (readonly [string, RunResult])[] = [
  ['postfix-with-refusals', sampleResult()],
  ['built-in-sink', sinkResult()],
  ['cut-at-once', nothingResult()],
  ['overloaded-generator', overloadedGenerator()],
  ['lost-target', lostTarget()],
  ['hostile-server', hostileServer()],
  ['two-targets', twoTargets()],
  ['without-mail', withoutMail()],
];

test.each(CASES)('the report of %s is the golden one', (name, result) => {
  const report = renderTextReport(result, { color: false, width: 80 }) + '\n' + renderQuietLine(result);
  const file = new URL(`golden/${name}.txt`, import.meta.url);
  if (UPDATE) writeFileSync(file, report);
  expect(report).toBe(readFileSync(file, 'utf8'));
});
