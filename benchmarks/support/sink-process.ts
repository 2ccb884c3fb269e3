/** The server of a benchmark, in a process of its own: smtp-sink of Postfix where it is installed, else our sink. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SinkRecord } from '../../src/report/sink-schema.js';
import { COMMAND_LINE } from './programs.js';
import { findExecutable } from './timed-command.js';

const HOST = '127.0.0.1';
/** Whatever happens to the benchmark, its server does not outlive this. */
const LONGEST_SEC = 7200;
/** Sessions that smtp-sink accepts at once; without this it stops at 256. */
const MOST_SESSIONS = 12_000;
/** Thousands of sessions connect within a second; a connect that finds no room is tried again only seconds later. */
const BACKLOG = 4096;
const START_MS = 10_000;
/** As many descriptors as an unprivileged process may have; Node does this by itself. */
const RAISE_LIMIT = 'ulimit -n "$(ulimit -Hn)"; exec "$@"';
/** Unit of CPU time in /proc; the same on every Linux. */
const TICKS_PER_SEC = 100;

/** Which server to use. */
export const SINK_KINDS = ['smtp-sink', 'own'] as const;
/** One of {@link SINK_KINDS}. */
export type SinkKind = (typeof SINK_KINDS)[number];

/** A server that is listening. */
export interface SinkProcess {
  readonly port: number;
  /** User and system time of all its threads so far. */
  cpuSec(): number;
  /** Peak of its resident memory so far. */
  peakKb(): number;
  stop(): Promise<void>;
}

/** Our sink, which tells at its end what it saw. */
export interface OwnSink {
  /** Where it listens, in the order asked for. */
  readonly urls: readonly string[];
  stop(): Promise<SinkRecord>;
}

/** The best server that this machine has for a comparison. */
export function preferredSink(): SinkKind {
  return findExecutable('smtp-sink') === null ? 'own' : 'smtp-sink';
}

/** Starts a server on a free loopback port. */
export async function startSinkProcess(kind: SinkKind): Promise<SinkProcess> {
  const { child, port } = kind === 'own' ? await startOwn() : await startSmtpSink();
  return {
    port,
    cpuSec: () => cpuSecOf(serverPid(child)),
    peakKb: () => peakKbOf(serverPid(child)),
    stop: endsWithUs(child),
  };
}

/** Starts our sink on a free loopback port for each scheme, such as `smtps`, with further words. */
export async function startOwnSink(schemes: readonly string[], words: readonly string[]): Promise<OwnSink> {
  const addresses = schemes.map((scheme) => `${scheme}://${HOST}:0`);
  const { child, urls } = await spawnOwn(addresses, ['--json', '-', ...words], 'pipe');
  let written = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    written += chunk.toString();
  });
  const stop = endsWithUs(child);
  return {
    urls,
    stop: async () => {
      await stop();
      return JSON.parse(written) as SinkRecord;
    },
  };
}

/** Sees to it that a server is stopped when the benchmark ends, whatever its end; the function returned does it now. */
function endsWithUs(child: ChildProcess): () => Promise<void> {
  const kill = (): void => {
    child.kill();
  };
  process.on('exit', kill);
  return async () => {
    process.off('exit', kill);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill();
    await closed;
  };
}

async function startOwn(): Promise<{ child: ChildProcess; port: number }> {
  const { child, urls } = await spawnOwn([`smtp://${HOST}:0`], [], 'ignore');
  return { child, port: Number(new URL(urls[0] ?? '').port) };
}

/** Starts our sink as a user does, and waits until it listens on all addresses. */
async function spawnOwn(
  addresses: readonly string[],
  words: readonly string[],
  stdout: 'ignore' | 'pipe',
): Promise<{ child: ChildProcess; urls: string[] }> {
  const listen = addresses.flatMap((address) => ['--listen', address]);
  const command = [COMMAND_LINE, 'sink', ...listen, '--duration', `${LONGEST_SEC}s`, '--quiet', ...words];
  const child = spawn(process.execPath, command, { stdio: ['ignore', stdout, 'pipe'] });
  const urls = await new Promise<string[]>((resolve, reject) => {
    let told = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      told += chunk.toString();
      const found = Array.from(told.matchAll(/^listening on (.*)$/gm), (match) => match[1] ?? '');
      if (found.length === addresses.length) resolve(found);
    });
    child.once('exit', () => {
      reject(new Error(`our sink does not listen: ${told}`));
    });
  });
  child.stderr?.pipe(process.stderr);
  return { child, urls };
}

async function startSmtpSink(): Promise<{ child: ChildProcess; port: number }> {
  const port = await freePort();
  // It refuses to run as root, and its user must be able to be where it is started.
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const program = findExecutable('smtp-sink') ?? 'smtp-sink';
  const words = [program, ...user, '-m', String(MOST_SESSIONS), `${HOST}:${port}`, String(BACKLOG)];
  const limit = findExecutable('timeout') === null ? [] : ['timeout', String(LONGEST_SEC)];
  const child = spawn('bash', ['-c', RAISE_LIMIT, 'bash', ...limit, ...words], { stdio: 'ignore', cwd: tmpdir() });
  const deadline = Date.now() + START_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`smtp-sink does not listen on port ${port}`);
    await sleep(50);
  }
  return { child, port };
}

/** `timeout` runs the server as its child. */
function serverPid({ pid = 0 }: ChildProcess): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? pid : Number(children);
}

function cpuSecOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Behind the name, which may hold spaces, utime and stime are the 12th and 13th field (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SEC;
}

function peakKbOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** A port that was free a moment ago: smtp-sink cannot choose one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ host: HOST, port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
