/** What is measured against what is known: delays that the sink added, a stall, a generator that is too slow. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Delay } from '../../src/delay.js';
import type { RunResult } from '../../src/report/result-schema.js';
import { openSink, runLoad } from '../support/integration-run.js';
import { runPostrush } from '../support/real-server-run.js';

/** A machine at work adds to single values: what is true on a quiet one must show in one of a few tries. */
const TRIES = { retry: 4, timeout: 60_000 };

describe('latencies are the delays that the sink added', () => {
  test.each<[string, Delay]>([
    ['fixed', 20],
    ['exponential', { shape: 'exponential', meanMs: 15, maxMs: 500 }],
    ['log-normal', { shape: 'logNormal', medianMs: 10, sigma: 0.8, maxMs: 500 }],
  ])('%s', TRIES, async (_, delayMs) => {
    const { result, stats } = await runLoad({
      sink: { faults: [{ on: 'rcpt', delayMs }], seed: 5 },
      // One at a time: replies that come due together would wait for each other in both event loops.
      options: { sessions: 1, messages: 300, messagesPerSession: 'all', pipelining: 'off' },
    });
    const measured = result.steps.rcpt!.latency;
    const added = stats.addedDelay['rcpt']!;
    expect(measured.count).toBe(added.count);
    for (const percentile of ['p50Us', 'p90Us', 'p99Us'] as const) {
      const [ours, theirs] = [measured[percentile]!, added[percentile]!];
      // Three significant digits on both sides, and a millisecond for the way and both event loops.
      const bound = 1_000 + 0.002 * theirs;
      expect([percentile, ours >= theirs - 0.002 * theirs - 1, ours - theirs <= bound]).toEqual([
        percentile,
        true,
        true,
      ]);
    }
    // What was not delayed shows nothing of it.
    expect(result.steps.mail!.latency.p50Us!).toBeLessThan(3_000);
  });
});

test(
  'a stall of 2 s is in the response times of all who arrived meanwhile, and in one service time',
  TRIES,
  async () => {
    const perSec = 50;
    const serviceSec = 0.005;
    const stallSec = 2;
    const { result } = await runLoad({
      sink: {
        faults: [
          { on: 'endOfData', nth: 100, delayMs: stallSec * 1e3 },
          { on: 'endOfData', delayMs: serviceSec * 1e3 },
        ],
      },
      options: { rate: `${perSec}/s`, duration: '8s', sessions: 1, onFull: 'queue', reuse: true },
    });
    const { response, service } = result.latency;
    // 400 arrivals, 50 in a second, at one session. Who arrives t behind the begin of the stall waits until it is over, and for the
    // t · 50 that came before: response = 2 s - t + t · 50 · 0.005 s. It is above x for t < (2 s - x) / 0.75: the 4 slowest of
    // 400, its p99, came within 3 gaps of 20 ms: 2 s - 0.06 s · 0.75 = 1.955 s. And above 0.5 s are (2 - 0.5) / 0.75 · 50 = 100.
    const drainedPerSec = 1 - perSec * serviceSec;
    const p99Sec = stallSec - (3 / perSec) * drainedPerSec;
    expect(response!.count).toBe(400);
    expect(Math.abs(response!.p99Us! / 1e6 - p99Sec)).toBeLessThan(0.08);
    const above = (stallSec - 0.5) / drainedPerSec;
    expect(response!.p75Us! / 1e6).toBeGreaterThan(0.5 - 0.15);
    expect(response!.p75Us! / 1e6).toBeLessThan(0.5 + 0.15);
    expect(above * perSec).toBe(100);
    // The service of one of 400 was slow: that is beyond p99.
    expect(service!.p99Us! / 1e6).toBeLessThan(0.05);
    expect(service!.maxUs! / 1e6).toBeGreaterThan(stallSec);
  },
);

test(
  'a generator that is too slow is invalid by its own gates, and the same load unhindered passes',
  { timeout: 60_000, retry: 2 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postrush-slow-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const sink = await openSink();
    const load = async (burnMs: number): Promise<RunResult> => {
      const file = join(folder, `burn${burnMs}.mjs`);
      // Every message keeps the worker's only thread busy for so long.
      writeFileSync(
        file,
        `export default { target: '${sink.url}', load: { rate: '60/s', duration: '4s', warmup: '2s', workers: 1 },
        message: { subject: () => { const end = performance.now() + ${burnMs}; while (performance.now() < end); return 'x'; } } };`,
      );
      return (await runPostrush(['-f', file])).result!;
    };
    const slow = await load(20);
    expect(slow.verdict).toBe('invalid');
    expect(slow.reasons.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['lag.p99', 'utilisation']));
    const free = await load(0);
    expect([free.verdict, free.reasons]).toEqual(['pass', []]);
  },
);

test(
  'an overloaded but honest server behind a healthy generator is a finding, and not invalid',
  { timeout: 60_000, retry: 2 },
  async () => {
    const sink = await openSink({ faults: [{ on: 'endOfData', delayMs: 200 }] });
    const { result, exitCode } = await runPostrush([
      sink.url,
      '-r',
      '100/s',
      '-d',
      '4s',
      '--warmup',
      '2s',
      '-s',
      '10',
      '-w',
      '1',
    ]);
    expect([exitCode, result?.verdict, result?.reasons.map(({ kind }) => kind)]).toEqual([1, 'fail', ['saturated']]);
    expect(result?.messages.droppedBy.cap).toBeGreaterThan(150);
  },
);
