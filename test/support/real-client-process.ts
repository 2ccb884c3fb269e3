/** Runs clients that postrush did not write, each as a process that ends by itself or is ended. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { findExecutable } from './real-server-process.js';

/** No client of these tests has that much to do. */
const CLIENT_MS = 30_000;

/** What a client left behind. */
export interface ClientRun {
  readonly exitCode: number | null;
  /** What it wrote to stdout and stderr. */
  readonly output: string;
}

/** A folder that is removed when the test is over. Its path is short enough for a unix socket. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'postrush-client-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a client to its end, without the settings that a user of this machine may have made for it. */
export async function runClient(program: string, args: readonly string[]): Promise<ClientRun> {
  const path = findExecutable(program);
  if (path === null) throw new Error(`${program} is not installed`);
  const child = spawn(path, args, {
    env: { PATH: process.env['PATH'], HOME: temporaryFolder(), LANG: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: CLIENT_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const [exitCode] = await once(child, 'close');
  return { exitCode, output };
}

/** Why a client cannot be run here, or null when it can. @param origin - what installs it, where the name does not say so */
export function missingClient(program: string, origin = program): string | null {
  return findExecutable(program) === null ? `${origin} is not installed` : null;
}

/** Why swaks cannot speak TLS here, or null when it can. */
export function missingForSwaksTls(): string | null {
  const swaks = findExecutable('swaks');
  if (swaks === null) return 'swaks is not installed';
  const support = spawnSync(swaks, ['--support'], { encoding: 'utf8' }).stdout;
  return support.includes('TLS supported') ? null : "Net::SSLeay, which is swaks' TLS, is not installed";
}
