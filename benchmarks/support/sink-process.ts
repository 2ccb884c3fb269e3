/** The server of a benchmark, in a process of its own: smtp-sink of Postfix where it is installed, else our sink. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findExecutable } from './timed-command.js';

const HOST = '127.0.0.1';
/** Whatever happens to the benchmark, its server does not outlive this. */
const LONGEST_SEC = 7200;
/** Sessions that smtp-sink accepts at once; without this it stops at 256. */
const MOST_SESSIONS = 6000;
/** Thousands of sessions connect within a second; a connect that finds no room is tried again only seconds later. */
const BACKLOG = 4096;
const START_MS = 10_000;

/** Which server to use. */
export type SinkKind = 'smtp-sink' | 'own';

/** A server that is listening. */
export interface SinkProcess {
  readonly kind: SinkKind;
  readonly port: number;
  stop(): Promise<void>;
}

/** The best server that this machine has for a comparison. */
export function preferredSink(): SinkKind {
  return findExecutable('smtp-sink') === null ? 'own' : 'smtp-sink';
}

/** Starts a server on a free loopback port. */
export async function startSinkProcess(kind: SinkKind): Promise<SinkProcess> {
  const { child, port } = kind === 'own' ? await startOwn() : await startSmtpSink();
  const kill = (): void => {
    child.kill();
  };
  process.on('exit', kill);
  return {
    kind,
    port,
    stop: async () => {
      process.off('exit', kill);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

async function startOwn(): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(fileURLToPath(new URL('./own-sink.js', import.meta.url)), { stdio: ['ignore', 2, 2, 'ipc'] });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { child, port };
}

async function startSmtpSink(): Promise<{ child: ChildProcess; port: number }> {
  const port = await freePort();
  // It refuses to run as root, and its user must be able to be where it is started.
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const program = findExecutable('smtp-sink') ?? 'smtp-sink';
  const limit = findExecutable('timeout') === null ? [] : ['timeout', String(LONGEST_SEC)];
  const words = [...limit, program, ...user, '-m', String(MOST_SESSIONS), `${HOST}:${port}`, String(BACKLOG)];
  const child = spawn(words[0] ?? '', words.slice(1), { stdio: 'ignore', cwd: tmpdir() });
  const deadline = Date.now() + START_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`smtp-sink does not listen on port ${port}`);
    await sleep(50);
  }
  return { child, port };
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
