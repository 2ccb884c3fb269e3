/** Whole runs in which clients arrive by plan, against a sink: what was offered, what came of it, and both clocks. */
import { describe, expect, test, vi } from 'vitest';
import type { LoadTestOptions } from '../../src/plan/options.js';
import { resolvePlan } from '../../src/plan/resolve-plan.js';
import type { RunProgress } from '../../src/report/progress.js';
import type { RunResult } from '../../src/report/result-schema.js';
import { testCertificate } from '../support/certificate.js';
import { openSink, reasonsOf, runLanes, runLoad } from '../support/integration-run.js';

// Whole programs, on machines that have other things to do.
vi.setConfig({ testTimeout: 60_000 });

const server = await testCertificate();

/** So many sessions that a machine which stalls for a second drops nothing. */
const MANY = { sessions: 400 };
const SLOW = { faults: [{ on: 'endOfData' as const, delayMs: 100 }] };

/** The mean of a latency, ms. */
function meanMs(latency: RunResult['latency']['wait']): number {
  return (latency?.meanUs ?? 0) / 1e3;
}

describe('arrivals by plan', () => {
  test.each<[string, Partial<LoadTestOptions>, number]>([
    ['one message each', { rate: '100/s', duration: '1s' }, 100],
    ['three messages each', { rate: '50/s', duration: '1s', messagesPerSession: 3 }, 150],
    ['as a Poisson process', { rate: '100/s', duration: '1s', arrivals: 'poisson' }, 100],
    ['by a profile with a pause', { profile: '0/s ->(500ms) 100/s; pause 200ms; 50/s for 500ms' }, 50],
    ['for a number of messages', { rate: '200/s', messages: 100, messagesPerSession: 3 }, 100],
    ['for sessions that are kept', { rate: '200/s', duration: '1s', reuse: true }, 200],
    [
      'for sessions that are kept for five messages',
      { rate: '200/s', duration: '1s', reuse: true, messagesPerSession: 5 },
      200,
    ],
    [
      'for sessions that are kept, across groups',
      { rate: '200/s', duration: '1s', reuse: true, pipelining: 'across' },
      200,
    ],
    ['from three workers', { rate: '200/s', duration: '1s', workers: 3 }, 200],
    [
      'in lock-step with STARTTLS',
      { rate: '20/s', duration: '1s', tls: 'required', tlsInsecure: true, pipelining: 'off' },
      20,
    ],
  ])('are as many as planned, %s', async (_, options, messages) => {
    const { result } = await runLoad({
      options: { sessions: 400, ...options },
      sink: { tls: { key: server.key, cert: server.cert } },
    });
    expect(reasonsOf(result)).toEqual([]);
    expect(result.messages).toMatchObject({ offered: messages, attempted: messages, accepted: messages, dropped: 0 });
    const { service, response, lag, wait } = result.latency;
    expect(result.arrivals).toEqual({ offered: lag?.count, started: lag?.count, dropped: 0 });
    expect(wait?.count).toBe(0);
    expect(response?.count).toBe(service?.count);
    // response = lag + service, arrival by arrival, to a few rounded microseconds.
    expect(Math.abs(meanMs(response) - meanMs(service) - meanMs(lag))).toBeLessThan(0.01);
  });

  test('in the warm-up are told apart, by their intended start', async () => {
    const { result } = await runLoad({
      options: { ...MANY, rate: '50/s', duration: '1s', warmup: '1s', messagesPerSession: 2 },
    });
    expect(result.warmup?.messages).toMatchObject({ offered: 100, attempted: 100 });
    expect(result.messages).toMatchObject({ offered: 100, attempted: 100 });
    expect(result.throughput.offeredPerSec).toBeCloseTo(100, 6);
  });

  test('bring sessions that send no mail, and other steps, too', async () => {
    const noMail = await runLoad({ options: { ...MANY, rate: '50/s', connections: 40, steps: 'ehlo noop quit' } });
    expect(noMail.result.arrivals).toEqual({ offered: 40, started: 40, dropped: 0 });
    expect(noMail.result.sessions.completed).toBe(40);
    const steps = await runLoad({
      options: { ...MANY, rate: '50/s', duration: '1s', steps: 'ehlo mail rcpt data mail rcpt data quit' },
    });
    expect(steps.result.messages).toMatchObject({ offered: 100, accepted: 100 });
  });

  test('are divided by weight among several targets exactly, each with what it was offered', async () => {
    const sinks = [await openSink(), await openSink(SLOW)] as const;
    const targets = [`${sinks[0].url},weight=3`, sinks[1].url];
    const plan = resolvePlan({ targets, rate: '100/s', duration: '1s', sessions: 10, workers: 2, drain: '2s' }, 2);
    const { result } = await runLanes(sinks, plan);
    expect(result.scenarios.map(({ messages }) => messages.offered)).toEqual([75, 25]);
    expect(result.scenarios.map(({ messages }) => messages.attempted + messages.dropped)).toEqual([75, 25]);
    expect(result.messages.offered).toBe(100);
  });
});

describe('a cap that is reached', () => {
  test('drops arrivals, says how many, and is a finding about the server', async () => {
    const { result } = await runLoad({ sink: SLOW, options: { rate: '100/s', duration: '1s', sessions: 4 } });
    expect(result.verdict === 'fail' || result.verdict === 'invalid').toBe(true);
    expect(reasonsOf(result)).toEqual(['saturated']);
    const { offered, dropped, droppedBy } = result.messages;
    expect([offered, droppedBy.cap]).toEqual([100, dropped]);
    // Four sessions of 100 ms take 40 in a second.
    expect(dropped).toBeGreaterThan(45);
    // A machine that stalls takes fewer.
    expect(dropped).toBeLessThan(98);
    expect(result.intervals.reduce((sum, interval) => sum + interval.dropped, 0)).toBe(dropped);
    expect(result.arrivals).toEqual({ offered: 100, started: 100 - dropped, dropped });
  });

  test.each([false, true])(
    'lets arrivals wait where the plan says so, and they are served in the end (reuse: %s)',
    async (reuse) => {
      const options = { rate: '100/s', duration: '1s', sessions: 4, onFull: 'queue', drain: '20s', reuse };
      const { result } = await runLoad({ sink: SLOW, options });
      expect(reasonsOf(result)).toEqual(['saturated']);
      expect(result.messages).toMatchObject({ offered: 100, accepted: 100, dropped: 0 });
      const { wait, response, service, lag } = result.latency;
      // The 100th is served in the 25th round of four: it comes after 1 s and is done after 2.5 s.
      expect((wait?.maxUs ?? 0) / 1e6).toBeGreaterThan(1.2);
      expect(meanMs(service)).toBeLessThan(300);
      const waited = ((wait?.meanUs ?? 0) * (wait?.count ?? 0)) / 1e3 / 100;
      expect(Math.abs(meanMs(response) - meanMs(service) - meanMs(lag) - waited)).toBeLessThan(0.05);
      expect(meanMs(lag)).toBeLessThan(300);
    },
  );

  test('drops what still waits when the drain is over', async () => {
    const options = { rate: '100/s', duration: '1s', sessions: 2, onFull: 'queue', drain: '300ms' };
    const { result } = await runLoad({ sink: SLOW, options, hidden: ['commands', 'replies'] });
    const { offered, attempted, dropped, droppedBy, cut } = result.messages;
    expect([offered, attempted + dropped]).toEqual([100, 100]);
    expect(droppedBy.end).toBe(dropped);
    expect(dropped).toBeGreaterThan(50);
    expect(cut).toBeLessThanOrEqual(2);
    expect(reasonsOf(result)).toContain('saturated');
  });
});

describe('a run that is stopped early', () => {
  test.each([false, true])(
    'drops what had not yet arrived, and is no finding about the server (reuse: %s)',
    async (reuse) => {
      const stop = new AbortController();
      const options = { ...MANY, rate: '50/s', duration: '30s', reuse };
      const onProgress = ({ phase, elapsedSec }: RunProgress): void => {
        if (phase === 'measured' && elapsedSec > 1) stop.abort();
      };
      const { result } = await runLoad({ options, hooks: { stop: stop.signal, onProgress } });
      expect(result.endedBy).toBe('signal');
      expect(reasonsOf(result)).toEqual([]);
      const { offered, attempted, accepted, droppedBy } = result.messages;
      expect([offered, attempted + droppedBy.end, accepted]).toEqual([1500, 1500, attempted]);
      expect(result.throughput.offeredPerSec).toBeGreaterThan(35);
      expect(result.throughput.offeredPerSec).toBeLessThan(60);
    },
  );

  test('in the warm-up still accounts for every arrival', async () => {
    const stop = new AbortController();
    const onProgress = ({ phase }: RunProgress): void => {
      if (phase === 'warmup') stop.abort();
    };
    const options = { ...MANY, rate: '50/s', duration: '2s', warmup: '10s', arrivals: 'poisson', workers: 2 };
    const { result } = await runLoad({ options, hooks: { stop: stop.signal, onProgress } });
    expect((result.warmup?.messages.offered ?? 0) + result.messages.offered).toBe(600);
    expect(result.messages.attempted).toBe(0);
  });

  test('by the loss of the target drops the rest for that cause', async () => {
    const { result } = await runLoad({
      sink: { faults: [{ on: 'connect', after: 20, reply: '421 4.3.2 gone', then: 'close' }] },
      options: { ...MANY, rate: '50/s', duration: '60s', giveUp: '1s' },
      hidden: ['commands', 'replies'],
    });
    expect(result.endedBy).toBe('targetLost');
    expect(result.messages.droppedBy.target).toBe(result.messages.dropped);
    expect(result.messages.offered).toBe(3000);
  });
});

test('deferred messages are tried again between arrivals', async () => {
  const options = { rate: '50/s', messages: 50, retry: 'after=300ms,factor=1,jitter=0', ...MANY };
  for (const reuse of [false, true]) {
    const { result } = await runLoad({ sink: { greylistMs: 200 }, options: { ...options, reuse } });
    expect(result.messages).toMatchObject({ offered: 50, attempted: 50, accepted: 50 });
    expect(result.retries).toMatchObject({ scheduled: 50, accepted: 50, waiting: 0 });
    // The clock of the arrival goes on until its message is accepted.
    expect(result.latency.response?.minUs).toBeGreaterThan(300_000);
  }
});

test('closed load begins with its ramp, and thinks between sessions', async () => {
  const ramp = await runLoad({
    options: { sessions: 10, ramp: '2s', duration: '2s', messagesPerSession: 'all' },
    sink: SLOW,
  });
  const [first, second] = ramp.result.intervals;
  // Five of ten places have begun after a second.
  expect(first!.openSessions).toBeGreaterThanOrEqual(3);
  expect(first!.openSessions).toBeLessThanOrEqual(7);
  expect(second!.openSessions).toBeGreaterThanOrEqual(8);
  const think = await runLoad({ options: { sessions: 5, think: '300ms', duration: '2s', workers: 2 } });
  // One session in 300 ms and a little: at most seven in each place.
  expect(think.result.sessions.started).toBeGreaterThan(10);
  expect(think.result.sessions.started).toBeLessThanOrEqual(35);
});

describe('a warm-up that ends by itself', () => {
  test('leaves the measured time exactly what is planned for it: even, by chance, and for sessions that are kept', async () => {
    const ways: readonly Partial<LoadTestOptions>[] = [
      { workers: 2 },
      { workers: 2, arrivals: 'poisson' },
      { reuse: true },
    ];
    const all = await Promise.all(
      ways.map((way) =>
        runLoad({ options: { ...MANY, rate: '100/s', duration: '1s', warmup: 'auto', ...way }, sink: SLOW }),
      ),
    );
    for (const { result } of all) {
      expect(reasonsOf(result)).toEqual([]);
      expect(result.window.warmupEnd?.by).toBe('steady');
      const { warmupSec, measuredSec } = result.window;
      expect([warmupSec % 1, measuredSec]).toEqual([0, 1]);
      expect(warmupSec).toBeLessThan(60);
      expect(result.messages).toMatchObject({ offered: 100, attempted: 100, accepted: 100 });
      expect(result.intervals.filter(({ phase }) => phase === 'measured')).toHaveLength(1);
    }
  });

  test('of closed load leaves it as long as planned, or as many messages', async () => {
    const gates = ['utilisation=off', 'eventLoopLag.p99=off'];
    const options = { sessions: 4, workers: 2, warmup: 'auto', gates };
    const [timed, counted] = await Promise.all([
      runLoad({ options: { ...options, duration: '1s' }, sink: SLOW }),
      runLoad({ options: { ...options, messages: 50 }, sink: SLOW }),
    ]);
    expect([reasonsOf(timed.result), reasonsOf(counted.result)]).toEqual([[], []]);
    expect(timed.result.window).toMatchObject({ measuredSec: 1, warmupEnd: { by: 'steady' } });
    expect(counted.result.window.warmupEnd?.by).toBe('steady');
    expect(counted.result.messages).toMatchObject({ attempted: 50, accepted: 50 });
  });

  test('that is stopped says that it had not ended', async () => {
    const stop = new AbortController();
    const onProgress = ({ phase }: RunProgress): void => {
      if (phase === 'warmup') stop.abort();
    };
    const options = { ...MANY, rate: '50/s', duration: '2s', warmup: 'auto', arrivals: 'poisson', workers: 2 };
    const { result } = await runLoad({ options, hooks: { stop: stop.signal, onProgress } });
    expect(result.window.warmupEnd).toEqual({ by: 'end', rateChange: null, latencyChange: null });
    expect(result.books.balanced).toBe(true);
    expect(result.messages).toMatchObject({ offered: 100, attempted: 0 });
  });
});
