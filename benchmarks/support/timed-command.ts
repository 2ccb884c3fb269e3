/**
 * Runs a command and tells what it cost. Node can tell the CPU of its own process only, so the shell's `time` does it:
 * it counts all threads of the command from start to end, and any program in the same way.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where mail programs are, though an ordinary user's PATH does not say so. */
const MORE_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/lib/postfix/sbin', '/usr/libexec/postfix'];
/** The output of the command goes to descriptor 3, that of `time` alone to stderr. */
const SCRIPT = 'TIMEFORMAT=\'%U %S %R\'; time "$@" >&3 2>&3';
const KEPT_OUTPUT = 20_000;

/** What a command cost. */
export interface CommandCost {
  /** User and system time of all threads. */
  readonly cpuSec: number;
  readonly wallSec: number;
  readonly exitCode: number;
  /** The end of what the command wrote to stdout and stderr. */
  readonly output: string;
}

/** Full path of an executable, or null when this machine has none. */
export function findExecutable(name: string): string | null {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), ...MORE_FOLDERS]) {
    if (folder === '') continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here; the next folder may have it.
    }
  }
  return null;
}

/** Runs a command to its end, with more variables in its environment. */
export async function timedCommand(
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CommandCost> {
  const child = spawn('bash', ['-c', SCRIPT, 'bash', ...command], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    // What a run is kept in is a case of its own.
    env: { ...process.env, POSTRUSH_OUT: 'none', POSTRUSH_CALIBRATION: 'none', ...environment, LC_ALL: 'C' },
  });
  const texts = { time: '', output: '' };
  child.stdio[2]?.on('data', (chunk: Buffer) => {
    texts.time += chunk.toString('latin1');
  });
  child.stdio[3]?.on('data', (chunk: Buffer) => {
    texts.output = (texts.output + chunk.toString('utf8')).slice(-KEPT_OUTPUT);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const [userSec, systemSec, wallSec] = texts.time.trim().split(/\s+/).map(Number);
  if (userSec === undefined || systemSec === undefined || wallSec === undefined || Number.isNaN(userSec)) {
    throw new Error(`the time of ${command[0] ?? ''} is not known: ${texts.time}${texts.output}`);
  }
  return { cpuSec: userSec + systemSec, wallSec, exitCode: code ?? -1, output: texts.output };
}
