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

/** Sends `messages` with postrush in one worker. */
export async function runPostrush(load: Load, port: number, messages: number): Promise<ProgramRun> {
  return inFolder(async (folder) => {
    const json = join(folder, 'result.json');
    const cost = await timedCommand([
      process.execPath,
      COMMAND_LINE,
      'run',
      ...postrushWords(port, 1, SESSIONS, load.isKept ? 'all' : '1', json),
      ...['-m', String(messages), '--pipelining', load.pipelining],
    ]);
    const result = readResult(json, cost.output);
    const { accepted } = result.messages;
    return { cpuSec: cost.cpuSec, wallSec: cost.wallSec, accepted, startupSec: result.generator.startupSec };
  });
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
    const words = [...postrushWords(port, workers, sessions, 'all', json), '-d', `${durationSec}s`];
    const env = { ...process.env, [PEAK_MEMORY_FILE]: peak };
    // The exit code speaks of the verdict; whether the work was done is in the result.
    const output = await promisify(execFile)(
      process.execPath,
      ['--import', PEAK_MEMORY, COMMAND_LINE, 'run', ...words],
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

function postrushWords(
  port: number,
  workers: number,
  sessions: number,
  messagesPerSession: string,
  json: string,
): string[] {
  const load = ['-w', String(workers), '-s', String(sessions), '-n', messagesPerSession, '-l', String(MESSAGE_BYTES)];
  return [`smtp://127.0.0.1:${port}`, ...load, '--no-progress', '--json', json];
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
