import { describe, expect, test } from 'vitest';
import type { RunProgress } from '../../src/report/progress.js';
import type { RunHooks } from '../../src/run.js';
import type { RunningSink } from '../../src/sink/sink.js';
import { errorsOf, outcomesOf, pause, reasonsOf, runLoad } from '../support/integration-run.js';

/** More than any run here can send. */
const MANY = 100_000;

/** Calls `act` a little after the first messages were accepted. */
function onceUnderWay(sink: RunningSink, act: () => void | Promise<void>, afterMs = 200): void {
  const timer = setInterval(() => {
    if (sink.stats().commands['mail'] === 0) return;
    clearInterval(timer);
    void pause(afterMs).then(act);
  }, 5);
}

/** Hooks that stop a run once it is under way, and cut it later if asked to. */
function stopping(cutAfterMs?: number): (sink: RunningSink) => RunHooks {
  return (sink) => {
    const stop = new AbortController();
    const cut = new AbortController();
    onceUnderWay(sink, async () => {
      stop.abort();
      if (cutAfterMs === undefined) return;
      await pause(cutAfterMs);
      cut.abort();
    });
    return { stop: stop.signal, cut: cut.signal };
  };
}

describe('by the plan', () => {
  test('a duration ends the run, and what is under way is finished', async () => {
    const progress: RunProgress[] = [];
    const { result } = await runLoad({
      options: { duration: '1500ms', sessions: 6, workers: 2, messagesPerSession: 5 },
      sink: { replyDelayMs: 5 },
      hooks: { onProgress: (now) => progress.push(now) },
    });
    expect(result).toMatchObject({ endedBy: 'plan', complete: true });
    expect(result.window).toMatchObject({ measuredSec: 1.5, warmupSec: 0 });
    expect(result.window.drainSec).toBeLessThan(2);
    expect(result.messages).toMatchObject({ offered: result.messages.attempted, dropped: 0 });
    expect(outcomesOf(result.messages)).toEqual({ accepted: result.messages.attempted });
    expect(result.messages.accepted).toBeGreaterThan(10);
    // What was accepted in the drain is no part of the throughput.
    expect(result.throughput.acceptedPerSec * 1.5).toBeLessThanOrEqual(result.messages.accepted + 1e-6);
    expect(result.throughput.acceptedPerSec * 1.5).toBeGreaterThanOrEqual(result.messages.accepted - 30);
    expect(progress.map(({ phase }) => phase)).toEqual(expect.arrayContaining(['preflight', 'measured']));
    expect(reasonsOf(result)).toEqual([]);
  });

  test.each([
    ['the messages', { messages: 20, duration: '20s' }, 20],
    ['the duration', { messages: MANY, duration: '500ms' }, null],
  ])('with both, whichever comes first ends the run: %s', async (_which, options, attempted) => {
    const { result } = await runLoad({ options, sink: { replyDelayMs: 5 } });
    expect(result.endedBy).toBe('plan');
    if (attempted === null) expect(result.window.measuredSec).toBe(0.5);
    else expect(result.window.measuredSec).toBeLessThan(10);
    expect(result.messages).toMatchObject({ offered: result.messages.attempted, dropped: 0 });
    expect(outcomesOf(result.messages)).toEqual({ accepted: attempted ?? result.messages.attempted });
  });

  test('fewer messages than sessions, and fewer than workers, are exact too', async () => {
    const { result } = await runLoad({ options: { messages: 2, sessions: 9, workers: 3 } });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 2 });
    expect(result.sessions).toMatchObject({ started: 2, completed: 2 });
  });
});

describe('a warm-up', () => {
  test.each([
    ['messages', { messages: 50 }],
    ['a duration', { duration: '700ms' }],
  ])('is counted apart from a run with %s', async (_end, options) => {
    const { result, stats } = await runLoad({
      options: { warmup: '600ms', sessions: 4, workers: 2, messagesPerSession: 10, ...options },
      sink: { replyDelayMs: 5 },
    });
    const { warmup, messages } = result;
    expect(result.window.warmupSec).toBe(0.6);
    expect(warmup?.messages.accepted).toBeGreaterThan(4);
    expect(warmup?.messages.attempted).toBe(warmup?.messages.accepted);
    if ('messages' in options) expect(messages).toMatchObject({ offered: 50, attempted: 50, accepted: 50 });
    expect(stats.messages).toBe(messages.accepted + (warmup?.messages.accepted ?? 0));
    expect(result.latency.message).toMatchObject({ count: messages.accepted });
    expect(warmup?.latency.message).toMatchObject({ count: warmup?.messages.accepted });
    expect(result.books.checks.some(({ name }) => name.startsWith('warm-up: '))).toBe(true);
  });

  test('leaves nothing of itself in the totals when a server refuses only then', async () => {
    const { result } = await runLoad({
      options: { warmup: '400ms', messages: 20, sessions: 2, messagesPerSession: 'all' },
      sink: { replyDelayMs: 5, faults: [{ on: 'rcpt', nth: 3, reply: '550 5.1.1 no such user' }] },
    });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 20 });
    expect(result.warmup?.messages.rejected).toBe(1);
    expect(result.replies.filter(({ code }) => code >= 400)).toEqual([]);
  });
});

describe('by a signal', () => {
  test('the first one drains: what is under way is finished, the rest is dropped', async () => {
    const { result, stats } = await runLoad({
      options: { messages: MANY, sessions: 6, workers: 2, messagesPerSession: 'all' },
      sink: { replyDelayMs: 5 },
      hooks: stopping(),
    });
    expect(result).toMatchObject({ endedBy: 'signal', complete: true });
    const { messages } = result;
    expect(outcomesOf(messages)).toEqual({ accepted: messages.attempted });
    expect(messages.attempted).toBe(stats.messages);
    expect(messages).toMatchObject({ offered: MANY, dropped: MANY - stats.messages });
    expect(messages.droppedBy).toEqual({ cap: 0, target: 0, end: MANY - stats.messages, worker: 0 });
    expect(result.sessions).toMatchObject({ completed: result.sessions.started });
    expect(reasonsOf(result)).toEqual([]);
  });

  test('the second one cuts what the server has not answered', async () => {
    const beganMs = performance.now();
    const { result } = await runLoad({
      options: { duration: '20s', drain: '20s', sessions: 4, workers: 2, messagesPerSession: 'all', recipients: 2 },
      sink: { faults: [{ on: 'endOfData', after: 20, then: 'silence' }] },
      hooks: stopping(200),
    });
    expect(performance.now() - beganMs).toBeLessThan(10_000);
    expect(result).toMatchObject({ endedBy: 'secondSignal', complete: true });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 20, cut: 4 });
    expect(outcomesOf(result.recipients)).toEqual({ accepted: 40, cut: 8 });
    expect(result.sessions).toMatchObject({ started: 4, cut: 4 });
    expect(result.clients).toMatchObject({ started: 4, cut: 4 });
    expect(result.steps.endOfData).toMatchObject({ sent: 24, replied: 20, failed: 0, inFlight: 4 });
    expect(result.latency.unfinished).toMatchObject({ count: 4 });
    expect(errorsOf(result)).toEqual({});
  });

  test('a cut without a stop before it ends everything as well', async () => {
    const { result } = await runLoad({
      options: { messages: MANY, sessions: 4, messagesPerSession: 'all' },
      sink: { replyDelayMs: 20 },
      hooks: (sink) => {
        const cut = new AbortController();
        onceUnderWay(sink, () => cut.abort());
        return { cut: cut.signal };
      },
      hidden: ['commands', 'replies'],
    });
    expect(result.endedBy).toBe('secondSignal');
    expect(result.messages.cut).toBeGreaterThan(0);
    expect(result.messages.cut).toBeLessThanOrEqual(4);
    expect(result.messages.offered).toBe(MANY);
  });
});

describe('by the loss of the target', () => {
  test('a server that goes away ends the run after --give-up, and the rest is dropped', async () => {
    const { result } = await runLoad({
      options: { messages: MANY, sessions: 4, workers: 2, giveUp: '2s' },
      sink: { replyDelayMs: 5 },
      hooks: (sink) => {
        onceUnderWay(sink, () => void sink.close());
        return {};
      },
      hidden: ['commands', 'replies'],
    });
    expect(result).toMatchObject({ endedBy: 'targetLost', complete: true });
    expect(reasonsOf(result)).toEqual(['targetLost']);
    expect(result.verdict).not.toBe('pass');
    const { messages } = result;
    expect(messages.accepted).toBeGreaterThan(0);
    expect(messages.failed).toBeGreaterThan(0);
    expect(messages).toMatchObject({ offered: MANY, dropped: MANY - messages.attempted });
    expect(messages.droppedBy).toMatchObject({ target: messages.dropped, end: 0 });
    expect(errorsOf(result)).toMatchObject({ 'connect refused': expect.any(Number) });
    // It came back with growing pauses: four clients, at most eight times each in about three seconds.
    expect(errorsOf(result)['connect refused']).toBeLessThanOrEqual(4 * 8);
  });

  test('a server that accepts connections and never greets is lost too', async () => {
    const { result } = await runLoad({
      options: { duration: '20s', sessions: 3, giveUp: '1500ms', drain: '100ms' },
      sink: { faults: [{ on: 'connect', after: 1, then: 'silence' }] },
    });
    expect(result.endedBy).toBe('targetLost');
    expect(reasonsOf(result)).toEqual(['targetLost']);
    expect(outcomesOf(result.messages)).toEqual({ cut: 3 });
    expect(result.steps.greeting).toMatchObject({ sent: 3, inFlight: 3 });
  });

  test('a server that keeps its connections is not lost, however long ago it greeted', async () => {
    const { result } = await runLoad({
      options: { duration: '3s', sessions: 2, messagesPerSession: 'all', giveUp: '2s' },
      sink: { replyDelayMs: 20 },
    });
    expect(result.endedBy).toBe('plan');
    expect(result.sessions.started).toBe(2);
  });
});

describe('against a server that stalls', () => {
  test('the drain deadline cuts what a silent server never answered', async () => {
    const { result } = await runLoad({
      options: { duration: '500ms', drain: '300ms', sessions: 5, workers: 2, pipelining: 'off' },
      sink: { faults: [{ on: 'endOfData', then: 'silence' }] },
    });
    expect(result).toMatchObject({ endedBy: 'plan', complete: true });
    expect(outcomesOf(result.messages)).toEqual({ cut: 5 });
    expect(result.steps.endOfData).toMatchObject({ sent: 5, replied: 0, failed: 0, inFlight: 5 });
    expect(result.window.drainSec).toBeGreaterThanOrEqual(0.29);
    expect(result.window.drainSec).toBeLessThan(2);
    // Cut some 800 ms after it began, and told as such.
    expect(result.latency.unfinished).toMatchObject({ count: 5 });
    expect(result.latency.unfinished?.minUs).toBeGreaterThan(300_000);
  });

  test('a message waits for a server that stops reading for a while', async () => {
    const { result } = await runLoad({
      options: { messages: 6, sessions: 1, messagesPerSession: 'all', pipelining: 'off' },
      sink: { faults: [{ on: 'content', nth: 3, stopReading: true, delayMs: 600 }] },
    });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 6 });
    expect(result.steps.endOfData?.latency.maxUs).toBeGreaterThan(590_000);
    expect(result.latency.message?.maxUs).toBeGreaterThan(590_000);
    expect(result.latency.message?.p50Us).toBeLessThan(590_000);
  });

  test('every step takes as long as the server does', async () => {
    const { result } = await runLoad({
      options: { messages: 8, sessions: 2, messagesPerSession: 'all', recipients: 2, pipelining: 'off' },
      sink: { replyDelayMs: 30 },
    });
    // Both wait for MAIL, two RCPTs, DATA and the content; timers of both sides are at most 1 ms early.
    for (const step of ['mail', 'rcpt', 'data', 'endOfData'] as const) {
      expect({ step, isSlow: (result.steps[step]?.latency.p50Us ?? 0) >= 29_000 }).toEqual({ step, isSlow: true });
    }
    expect(result.latency.message?.minUs).toBeGreaterThan(5 * 29_000);
  });
});
