/** The two programs that are compared, as commands, and what one run of each came to. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RunResult } from '../../src/report/result-schema.js';
import { MESSAGE_BYTES, SESSIONS, type Load } from './cases.js';
import { PEAK_MEMORY_FILE } from './peak-memory.js';
import { timedCommand } from './timed-command.js';

/** The program as a user starts it. */
export const COMMAND_LINE = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const PEAK_MEMORY = new URL('./peak-memory.js', import.meta.url).href;

/** One run of one program. */
export interface ProgramRun {
  readonly cpuSec: number;
  readonly wallSec: number;
  /** Messages that the server accepted. */
  readonly accepted: number;
  /** From the start of the program to the start of its load; NaN where the program does not tell. */
  readonly startupSec: number;
}

/** What a run with many open sessions came to. */
export interface MemoryRun {
  readonly peakKb: number;
  readonly accepted: number;
  readonly peakOpen: number;
}

/** One run of postrush: what its process cost, and its result. */
export interface PostrushRun {
  readonly cpuSec: number;
  readonly wallSec: number;
  readonly result: RunResult;
}

/** `postrush run` with one worker and these words. */
export async function postrushRun(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<PostrushRun> {
  return inFolder(async (folder) => {
    const json = join(folder, 'result.json');
    const command = [process.execPath, COMMAND_LINE, 'run', '-w', '1', '--no-progress', '--json', json, ...words];
    const cost = await timedCommand(command, environment);
    return { cpuSec: cost.cpuSec, wallSec: cost.wallSec, result: readResult(json, cost.output) };
  });
}

/** Sends `messages` with postrush in one worker. */
export async function runPostrush(load: Load, port: number, messages: number): Promise<ProgramRun> {
  const { cpuSec, wallSec, result } = await postrushRun([
    ...loadWords(port, SESSIONS, load.isKept ? 'all' : '1'),
    ...['-m', String(messages), '--pipelining', load.pipelining],
  ]);
  return { cpuSec, wallSec, accepted: result.messages.accepted, startupSec: result.generator.startupSec };
}

/** Sends `messages` with smtp-source, which works in lock-step and does not tell when it is ready. */
export async function runSmtpSource(program: string, load: Load, port: number, messages: number): Promise<ProgramRun> {
  const kept = load.isKept ? ['-d'] : [];
  const words = ['-s', String(SESSIONS), '-l', String(MESSAGE_BYTES), '-m', String(messages)];
  const cost = await timedCommand([program, ...kept, ...words, `127.0.0.1:${port}`]);
  // It ends with an error at the first message that is not accepted.
  if (cost.exitCode !== 0) throw new Error(`smtp-source failed: ${cost.output}`);
  return { cpuSec: cost.cpuSec, wallSec: cost.wallSec, accepted: messages, startupSec: NaN };
}

/** Keeps `sessions` open with postrush and sends through all of them. */
export async function runForMemory(
  port: number,
  workers: number,
  sessions: number,
  durationSec: number,
): Promise<MemoryRun> {
  return inFolder(async (folder) => {
    const json = join(folder, 'result.json');
    const peak = join(folder, 'peak');
    const words = [...loadWords(port, sessions, 'all'), '-w', String(workers), '-d', `${durationSec}s`];
    const env = { ...process.env, POSTRUSH_OUT: 'none', POSTRUSH_CALIBRATION: 'none', [PEAK_MEMORY_FILE]: peak };
    // The exit code speaks of the verdict; whether the work was done is in the result.
    const output = await promisify(execFile)(
      process.execPath,
      ['--import', PEAK_MEMORY, COMMAND_LINE, 'run', '--no-progress', '--json', json, ...words],
      {
        env,
      },
    ).then(
      ({ stderr }) => stderr,
      (error: unknown) => String(error),
    );
    const { messages, sessions: lives } = readResult(json, output);
    return { peakKb: Number(readFileSync(peak, 'utf8')), accepted: messages.accepted, peakOpen: lives.peakOpen };
  });
}

function loadWords(port: number, sessions: number, messagesPerSession: string): string[] {
  const load = ['-s', String(sessions), '-n', messagesPerSession, '-l', String(MESSAGE_BYTES)];
  return [`smtp://127.0.0.1:${port}`, ...load];
}

function readResult(path: string, output: string): RunResult {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as RunResult;
  } catch (cause) {
    throw new Error(`postrush left no result: ${output}`, { cause });
  }
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'postrush-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
