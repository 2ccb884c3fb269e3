/** Whole runs with objectives and gates, by the command line as people use it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openSink } from '../support/integration-run.js';
import { readProgram } from '../support/program.js';
import { runPostrush } from '../support/real-server-run.js';

// Whole programs, on machines that have other things to do.
vi.setConfig({ testTimeout: 60_000 });

/** Gates that a busy test machine may break. */
const CALM = ['--gate', 'utilisation=off', '--gate', 'eventLoopLag.p99=off', '--gate', 'lag.p99=off'];

test('a missed objective is exit 1, and all of them are told with what they came to', async () => {
  const sink = await openSink({ faults: [{ on: 'rcpt', everyNth: 10, reply: '450 4.2.1 busy' }] });
  const objectives = [
    'deferred.rate < 5%',
    'deferred.rate <= 10%',
    'replies.450 == 20',
    'endOfData.max < 50s',
    'tls.p50 < 1s',
  ];
  const run = await runPostrush([
    sink.url,
    '-m',
    '200',
    '-s',
    '4',
    ...CALM,
    ...objectives.flatMap((each) => ['--slo', each]),
  ]);
  expect(run.exitCode).toBe(1);
  const { result } = run;
  expect(result?.objectives.map(({ expression, value, pass }) => [expression, value, pass])).toEqual([
    ['deferred.rate < 5%', 10, false],
    ['deferred.rate <= 10%', 10, true],
    ['replies.450 == 20', 20, true],
    ['endOfData.max < 50s', result?.steps.endOfData?.latency.maxUs, true],
    ['tls.p50 < 1s', null, false],
  ]);
  expect(result?.reasons.map(({ kind }) => kind)).toEqual(['objective', 'objective']);
  expect(run.stdout).toContain('objective MISSED: deferred.rate < 5%: 10%, 5% too much');
  expect(run.stdout).toContain('objective MISSED: tls.p50 < 1s: no data');
});

test('with --abort-on-fail a run ends with the stretch that misses, and says why', async () => {
  const sink = await openSink({ faults: [{ on: 'endOfData', delayMs: 80, fromSec: 0 }] });
  const args = ['-d', '60s', '-s', '4', '--slo', 'message.p50 < 20ms over 2s', '--abort-on-fail', ...CALM];
  const begin = performance.now();
  const { exitCode, result, stdout } = await runPostrush([sink.url, ...args]);
  expect(performance.now() - begin).toBeLessThan(30_000);
  expect([exitCode, result?.endedBy]).toEqual([1, 'abort']);
  expect(result?.objectives[0]?.value).toBeGreaterThan(80_000);
  expect(stdout).toContain('ended early, for a missed objective');
});

test('gates are set, and switched off ones are told', async () => {
  const sink = await openSink();
  const { exitCode, stdout, result } = await runPostrush([
    ...[sink.url, '-d', '2s', '-s', '4', '--gate', 'utilisation < 0.001%', '--gate', 'eventLoopLag.p99=off'],
  ]);
  expect([exitCode, result?.verdict, result?.reasons.map(({ kind }) => kind)]).toEqual([3, 'invalid', ['utilisation']]);
  expect(stdout).toMatch(/^OFF +switched off by --gate, and not part of the verdict:\s+event-loop\s+lag\s+p99/m);
});

test('JUnit says the same as the exit code', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postrush-junit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const sink = await openSink();
  const file = join(folder, 'result.xml');
  const load = (objective: string): Promise<{ exitCode: number | null }> =>
    runPostrush([sink.url, '-m', '50', '--slo', objective, '--junit', file, ...CALM]);
  expect((await load('accepted == 50')).exitCode).toBe(0);
  expect(readFileSync(file, 'utf8')).toContain('failures="0" errors="0"');
  expect((await load('accepted == 51')).exitCode).toBe(1);
  expect(readFileSync(file, 'utf8')).toContain('<failure message="50, 1 off"/>');
});

test('objectives and gates that do not parse are refused before anything is sent', async () => {
  const { code, stderr } = await readProgram([
    ...['run', 'smtp://127.0.0.1:1', '--slo', 'mail.p99 < 5', '--gate', 'lags=off', '--abort-on-fail'],
  ]);
  expect(code).toBe(2);
  expect(stderr).toContain(
    'postrush: --slo: expects a time such as 250ms (us, ms, s, m) at character 12; it takes [SCENARIO/]METRIC',
  );
  expect(stderr).toContain('postrush: --gate: knows no gate lags');
  const alone = await readProgram(['run', 'smtp://127.0.0.1:1', '--abort-on-fail']);
  expect(alone.stderr).toBe('postrush: --abort-on-fail: needs an objective that can be missed: give --slo\n');
});
