/** A generator that is too slow is told from a server that is: the verdict is tried on both. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { RunResult } from '../../src/report/result-schema.js';
import { openSink } from '../support/integration-run.js';
import { runPostrush } from '../support/real-server-run.js';

/** What tests beside this one do to the machine breaks no gate; what the generator does to itself still does. */
const PATIENT = ['--gate', 'lag.p99 < 250ms', '--gate', 'eventLoopLag.p99 < 1s'];

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
      return (await runPostrush(['-f', file, ...PATIENT])).result!;
    };
    const slow = await load(20);
    expect(slow.verdict).toBe('invalid');
    // Its arrivals are started between two messages: what is late is all that comes after.
    expect(slow.reasons.map(({ kind }) => kind)).toContain('utilisation');
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
      ...PATIENT,
    ]);
    expect([exitCode, result?.verdict, result?.reasons.map(({ kind }) => kind)]).toEqual([1, 'fail', ['saturated']]);
    expect(result?.messages.droppedBy.cap).toBeGreaterThan(150);
  },
);
