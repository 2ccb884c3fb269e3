/** Runs the built command line against a server and reads what it found. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { checkResultSchema } from '../../src/report/check-schema.js';
import type { CheckResult } from '../../src/report/check-schema.js';
import { runResultSchema } from '../../src/report/result-schema.js';
import type { RunResult } from '../../src/report/result-schema.js';

const PROGRAM = join(import.meta.dirname, '../../dist/src/cli/main.js');

/** What a run of the command line left behind. */
export interface CommandRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What `--json` wrote, checked against its schema; null: it wrote nothing. */
  readonly result: RunResult | null;
}

/**
 * Runs `postrush run`.
 *
 * @param whileRunning - called with the process as soon as it is started
 */
export async function runPostrush(
  args: readonly string[],
  whileRunning: (child: ChildProcess) => Promise<void> | void = () => undefined,
): Promise<CommandRun> {
  const folder = mkdtempSync(join(tmpdir(), 'postrush-run-'));
  const file = join(folder, 'result.json');
  try {
    const child = spawn(process.execPath, [PROGRAM, 'run', ...args, '--json', file], {
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const [closed] = await Promise.all([once(child, 'close'), whileRunning(child)]);
    const result = existsSync(file) ? runResultSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : null;
    return { exitCode: closed[0] as number | null, ...output, result };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs `postrush check`, which must end well. */
export async function checkServer(args: readonly string[]): Promise<CheckResult> {
  const child = spawn(process.execPath, [PROGRAM, 'check', ...args, '--json', '-'], {
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${output.stderr}`);
  return checkResultSchema.parse(JSON.parse(output.stdout));
}

/** The health gates that a busy machine breaks, whatever postrush does. */
const GATES_OF_A_BUSY_MACHINE = ['eventLoopLag.p99', 'utilisation'];

/**
 * The result of a run that must have ended with `exitCode`, with books that balance.
 *
 * Where 0 is asked for, 3 will do when nothing but the time that the generator got spoils the run: these tests share
 * their machine with the servers, and judge counts.
 */
export function resultOf(run: CommandRun, exitCode = 0): RunResult {
  if (run.result === null) throw new Error(`no result was written, exit code ${run.exitCode}: ${run.stderr}`);
  const spoilt = run.result.reasons.filter(({ kind }) => !GATES_OF_A_BUSY_MACHINE.includes(kind));
  const accepted = exitCode === 0 && spoilt.length === 0 ? [0, 3] : [exitCode];
  if (!accepted.includes(run.exitCode ?? -1)) {
    throw new Error(`exit code ${run.exitCode} in place of ${exitCode}: ${run.stderr}${run.stdout}`);
  }
  expect(run.result.books.checks.filter((check) => !check.ok)).toEqual([]);
  expect(run.result.books.balanced).toBe(true);
  return run.result;
}

/** Waits until the progress on stderr shows that the load has begun, then as much longer as `ms` says. */
export async function underLoad(child: ChildProcess, ms: number): Promise<void> {
  await Promise.race([once(child.stderr!, 'data'), once(child, 'close')]);
  await new Promise((resolve) => setTimeout(resolve, ms));
}
