import { LoadWindow } from '../../src/metrics/load-window.js';
import { describe, expect, test } from 'vitest';
import {
  LATENCY_COUNT,
  LatencyKey,
  type LatencyRecord,
  type PhaseCounts,
  type ReplyRow,
} from '../../src/metrics/interval-record.js';
import { totalsOf } from '../../src/metrics/phase-totals.js';
import { RunMetrics } from '../../src/metrics/run-metrics.js';
import { Step } from '../../src/protocol/steps.js';
import type { OfferedLoad } from '../../src/verdict/offered-load.js';
import { checkBooks } from '../../src/verdict/books.js';
import type { BookCheck, BooksInput } from '../../src/verdict/books.js';
import { intervalRecord, latencyRecord, perStep } from '../support/engine-records.js';

const reply = (step: number, code: number, count: number, interim = false): ReplyRow => ({
  step,
  code,
  enhanced: 0,
  interim,
  count,
  sample: '',
  firstSeenUs: 0,
  lastSeenUs: 0,
});

/** A small run whose books balance: one message of each outcome that can be. */
const counts: Partial<PhaseCounts> = {
  messagesAttempted: 5,
  messages: [1, 1, 1, 1, 1, 0],
  recipientsAttempted: 10,
  recipients: [2, 2, 2, 2, 2, 0],
  clients: { started: 5, ended: [3, 1, 1], open: 0 },
  sessions: { started: 5, ended: [3, 1, 1], open: 0 },
  sent: perStep({ connect: 5, greeting: 5, auth: 2, mail: 4, transfer: 1, session: 0 }),
  replied: perStep({ connect: 5, greeting: 4, auth: 1, mail: 3, transfer: 1 }),
  failed: perStep({ greeting: 1, auth: 1 }),
  inFlight: perStep({ mail: 1 }),
  replies: [
    reply(Step.greeting, 220, 4),
    reply(Step.auth, 235, 1),
    reply(Step.auth, 334, 3, true),
    reply(Step.mail, 250, 2),
    reply(Step.mail, 550, 1),
    reply(Step.session, 421, 7),
  ],
  errors: [
    { step: Step.greeting, kind: 3, count: 1, sample: '' },
    { step: Step.auth, kind: 10, count: 1, sample: '' },
    { step: Step.session, kind: 11, count: 4, sample: '' },
  ],
};

const latencies: readonly LatencyRecord[] = [
  latencyRecord(Step.connect, 1, 2, 3, 4, 5),
  latencyRecord(Step.greeting, 1, 2, 3, 4),
  latencyRecord(Step.auth, 1),
  latencyRecord(Step.mail, 1, 2, 3),
  latencyRecord(Step.transfer, 1),
  latencyRecord(LatencyKey.message, 1),
  latencyRecord(LatencyKey.refused, 1, 2),
  latencyRecord(LatencyKey.unfinished, 1, 2),
  latencyRecord(LatencyKey.session, 1, 2, 3, 4),
];

/** Values per key, as a worker counts them. */
function valuesOf(records: readonly LatencyRecord[]): number[] {
  const values = new Array<number>(LATENCY_COUNT).fill(0);
  for (const { key, count } of records) values[key] = count;
  return values;
}

interface Changes {
  readonly main?: Partial<PhaseCounts>;
  readonly warmup?: Partial<PhaseCounts>;
  readonly latencies?: readonly LatencyRecord[];
  readonly warmupLatencies?: readonly LatencyRecord[];
  readonly lost?: boolean;
  readonly input?: Partial<BooksInput>;
}

/** Six messages, of which one was dropped. */
function offeredLoad(changes: Partial<OfferedLoad>): OfferedLoad {
  const dropped = { cap: 0, target: 0, end: 1, worker: 0 };
  return { messages: 6, dropped, arrivals: null, planned: null, ...changes };
}

function checksOf(changes: Changes = {}): BookCheck[] {
  const metrics = new RunMetrics(1, new LoadWindow(0));
  const main = { ...counts, ...changes.main };
  const timed = changes.latencies ?? latencies;
  const warmupTimed = changes.warmupLatencies ?? [];
  metrics.add(
    intervalRecord(0, 0, { main, warmup: changes.warmup ?? {}, latencies: timed, warmupLatencies: warmupTimed }),
  );
  metrics.workers[0]!.lost = changes.lost ?? false;
  return checkBooks({
    metrics,
    phases: [totalsOf(metrics, 0), totalsOf(metrics, 1)],
    lanes: [],
    offered: offeredLoad({}),
    results: [{ workerId: 0, intervals: 1, latencyCounts: [[valuesOf(warmupTimed), valuesOf(timed)]] }],
    ...changes.input,
  });
}

const broken = (changes: Changes): string[] => checksOf(changes).flatMap(({ ok, name }) => (ok ? [] : [name]));
const without = (key: number): LatencyRecord[] => latencies.filter((record) => record.key !== key);

describe('the books of a run', () => {
  test('balance', () => {
    expect(broken({})).toEqual([]);
    expect(checksOf().length).toBeGreaterThan(25);
  });

  test('have equations for the steps that occurred, and none for what came unasked', () => {
    const names = checksOf().map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('mail: '))).toEqual([
      'mail: sent = replied + failed + in flight',
      'mail: latencies = replied',
      'mail: errors = failed',
      'mail: reply rows = replied',
    ]);
    // A connect and a transfer succeed without a reply.
    expect(names).not.toContain('connect: reply rows = replied');
    expect(names).not.toContain('transfer: reply rows = replied');
    expect(names.filter((name) => /^(rcpt|session): /.test(name))).toEqual([]);
  });

  test('hold a row for every TLS handshake, whatever its phase', () => {
    const row = { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', group: 'X25519', resumed: false };
    const withTls = (count: number): object | undefined =>
      checksOf({ main: { tls: [{ ...row, count }] }, warmup: { tls: [{ ...row, count: 1 }] } }).find(({ name }) =>
        name.startsWith('tls: agreements'),
      );
    expect(withTls(2)).toMatchObject({ left: 3, right: 0, ok: false });
    expect(checksOf().find(({ name }) => name.startsWith('tls: agreements'))).toBeUndefined();
  });

  test('show both sides of an equation', () => {
    const check = checksOf({ main: { messagesAttempted: 9 } }).find(({ name }) => name.includes('sum of outcomes'));
    expect(check).toEqual({ name: 'messages: attempted = sum of outcomes', left: 9, right: 5, ok: false });
  });
});

describe('the books do not balance when', () => {
  test.each<[string, Changes, readonly string[]]>([
    [
      'a message was offered and neither attempted nor dropped',
      { input: { offered: offeredLoad({ messages: 7 }) } },
      ['messages: offered = attempted + dropped'],
    ],
    [
      'a message was dropped twice',
      { input: { offered: offeredLoad({ dropped: { cap: 1, target: 0, end: 1, worker: 0 } }) } },
      ['messages: offered = attempted + dropped'],
    ],
    [
      'an arrival was neither started nor dropped',
      { input: { offered: offeredLoad({ arrivals: { offered: 9, started: 5, droppedCap: 2, droppedEnd: 1 } }) } },
      ['arrivals: offered = started + dropped'],
    ],
    [
      'an arrival of the plan was never heard of',
      {
        input: {
          offered: offeredLoad({
            arrivals: { offered: 8, started: 5, droppedCap: 2, droppedEnd: 1 },
            planned: { arrivals: 9, accounted: 8 },
          }),
        },
      },
      ['arrivals: planned = offered'],
    ],
    [
      'an arrival that was started has no lag',
      { main: { arrivals: [1, 1, 0, 0, 1, 0, 0] } },
      ['latency.lag: values = arrivals started'],
    ],
    [
      'a message has no outcome',
      { main: { messages: [1, 1, 1, 1, 0, 0] } },
      ['messages: attempted = sum of outcomes', 'latency.unfinished: values = failed + cut by the end'],
    ],
    [
      'a recipient has no outcome',
      { main: { recipients: [1, 2, 2, 2, 2, 0] } },
      ['recipients: attempted = sum of outcomes'],
    ],
    [
      'a session has not ended',
      { main: { sessions: { started: 6, ended: [3, 1, 1], open: 1 } } },
      ['sessions: started = completed + failed + cut'],
    ],
    [
      'a client has not ended',
      { main: { clients: { started: 6, ended: [3, 1, 1], open: 1 } } },
      ['clients: started = completed + failed + cut'],
    ],
    [
      'a command was sent that nobody answered',
      { main: { inFlight: perStep({}) } },
      ['mail: sent = replied + failed + in flight'],
    ],
    [
      'a reply has no row',
      { main: { replies: counts.replies!.filter(({ code }) => code !== 550) } },
      ['mail: reply rows = replied'],
    ],
    [
      'an interim reply counts as the last one',
      { main: { replies: counts.replies!.map((row) => ({ ...row, interim: false })) } },
      ['auth: reply rows = replied'],
    ],
    [
      'a failure has no row',
      { main: { errors: counts.errors!.filter(({ step }) => step !== Step.auth) } },
      ['auth: errors = failed'],
    ],
    ['a reply was not timed', { latencies: without(Step.mail) }, ['mail: latencies = replied']],
    ['a connect was not timed', { latencies: without(Step.connect) }, ['connect: latencies = replied']],
    [
      'an accepted message was not timed',
      { latencies: without(LatencyKey.message) },
      ['latency.message: values = accepted'],
    ],
    [
      'a refused message was not timed',
      { latencies: without(LatencyKey.refused) },
      ['latency.refused: values = deferred + rejected'],
    ],
    [
      'a failed message was not timed',
      { latencies: without(LatencyKey.unfinished) },
      ['latency.unfinished: values = failed + cut by the end'],
    ],
    [
      'a session was not timed',
      { latencies: without(LatencyKey.session) },
      ['latency.session: values = completed + failed'],
    ],
    [
      'a record was lost on its way',
      { input: { results: [{ workerId: 0, intervals: 2, latencyCounts: [[valuesOf([]), valuesOf(latencies)]] }] } },
      ['worker 0: interval records sent = received'],
    ],
    [
      'a value was lost on its way',
      {
        input: {
          results: [
            { workerId: 0, intervals: 1, latencyCounts: [[valuesOf([]), [1, ...valuesOf(latencies).slice(1)]]] },
          ],
        },
      },
      ['histograms that differ from what workers recorded = 0'],
    ],
    [
      'a value was counted as another on its way',
      {
        latencies: [
          ...latencies.filter(({ key }) => key !== LatencyKey.message && key !== LatencyKey.refused),
          latencyRecord(LatencyKey.message, 1, 2),
          latencyRecord(LatencyKey.refused, 1),
        ],
        main: { messages: [2, 0, 1, 1, 1, 0] },
        input: { results: [{ workerId: 0, intervals: 1, latencyCounts: [[valuesOf([]), valuesOf(latencies)]] }] },
      },
      ['histograms that differ from what workers recorded = 0'],
    ],
    [
      'a single record did not balance at its time',
      { main: { messagesInFlight: 1 } },
      ['interval records that do not balance = 0'],
    ],
  ])('%s', (_, changes, names) => {
    expect(broken(changes)).toEqual(expect.arrayContaining([...names]));
    // Beside these only the record as a whole may be wrong.
    const others = broken(changes).filter((name) => !names.includes(name));
    expect(others.filter((name) => !name.startsWith('interval records'))).toEqual([]);
  });
});

describe('the warm-up', () => {
  test('has equations of its own once something was begun in it', () => {
    expect(checksOf().some(({ name }) => name.startsWith('warm-up: '))).toBe(false);
    const names = checksOf({ warmup: counts, warmupLatencies: latencies }).map(({ name }) => name);
    expect(names).toContain('warm-up: mail: reply rows = replied');
    expect(broken({ warmup: counts, warmupLatencies: latencies })).toEqual([]);
  });

  test('can be wrong alone', () => {
    expect(broken({ warmup: counts, warmupLatencies: without(Step.mail) })).toEqual([
      'warm-up: mail: latencies = replied',
    ]);
  });

  test('has equations even if only a session was begun in it', () => {
    const warmup = { sessions: { started: 1, ended: [0, 0, 0], open: 1 } };
    expect(broken({ warmup })).toEqual(['warm-up: sessions: started = completed + failed + cut']);
  });
});

describe('a lost worker', () => {
  const inFlight: Partial<PhaseCounts> = {
    messagesAttempted: 7,
    messagesInFlight: 2,
    recipientsAttempted: 14,
    recipientsInFlight: 4,
    clients: { started: 6, ended: [3, 1, 1], open: 1 },
    sessions: { started: 7, ended: [3, 1, 1], open: 2 },
  };

  test('leaves balanced books: what it had under way is cut, and has no latency', () => {
    expect(
      broken({ main: inFlight, lost: true, input: { offered: offeredLoad({ messages: 8 }), results: [] } }),
    ).toEqual([]);
  });

  test('does not hide what is missing besides', () => {
    const main = { ...inFlight, messagesInFlight: 1 };
    expect(broken({ main, lost: true, input: { offered: offeredLoad({ messages: 8 }), results: [] } })).toContain(
      'messages: attempted = sum of outcomes',
    );
  });

  test('makes it impossible to compare what was recorded with what has come', () => {
    const names = checksOf({
      main: inFlight,
      lost: true,
      input: { offered: offeredLoad({ messages: 8 }), results: [] },
    }).map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('histograms'))).toEqual([]);
  });
});
