/** Child processes of the tests against real servers: they end with the test, and nothing else is ever ended. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where servers are, though an ordinary user's PATH does not say so. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/lib/postfix/sbin', '/usr/libexec/postfix'];
const STOP_MS = 10_000;
/** A program that changes its user itself would lose the signal that ends it with the test. */
const NOBODY = ['--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups'];

/** Full path of an executable, or null when this machine has none. */
export function findExecutable(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SERVER_FOLDERS];
  for (const folder of folders.filter((folder) => folder !== '')) {
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

/** A port of 127.0.0.1 that was free a moment ago, for servers that cannot be told to choose one. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A server in a process of its own. */
export class ServerProcess {
  readonly pid: number;
  /** What it wrote to stdout and stderr. */
  output = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #name: string;

  /**
   * @param options - `ownGroup`: lead a process group; `asNobody`: give up root's rights, where the test has them
   */
  constructor(
    command: string,
    args: readonly string[],
    options: { readonly ownGroup?: boolean; readonly asNobody?: boolean } = {},
  ) {
    this.#name = command;
    // If the test itself is killed, the kernel ends the server: nothing may be left listening.
    const guard = findExecutable('setpriv');
    const nobody = options.asNobody === true && process.getuid?.() === 0 ? NOBODY : [];
    const prefix = guard === null ? [] : [guard, ...nobody, '--pdeathsig', 'TERM'];
    const [program, ...rest] = [...prefix, command, ...args];
    this.#child = spawn(program!, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached: options.ownGroup ?? false });
    this.pid = this.#child.pid!;
    this.#ended = once(this.#child, 'exit');
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output = (this.output + text).slice(-100_000)));
    }
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits until something on 127.0.0.1:`port` accepts a connection. */
  waitForPort(port: number, waitMs = 10_000): Promise<void> {
    return this.#waitFor(`port ${port}`, () => accepts(port), waitMs);
  }

  /** Waits until the server has made a file, such as a unix socket. */
  waitForFile(path: string, waitMs = 10_000): Promise<void> {
    return this.#waitFor(path, () => existsSync(path), waitMs);
  }

  async #waitFor(what: string, isThere: () => Promise<boolean> | boolean, waitMs: number): Promise<void> {
    const deadline = Date.now() + waitMs;
    while (this.isRunning && Date.now() < deadline) {
      if (await isThere()) return;
      await sleep(50);
    }
    const state = this.isRunning ? `does not listen after ${waitMs} ms` : 'ended at once';
    throw new Error(`${this.#name} ${state} (${what}): ${this.output}`);
  }

  /** Ends the server and waits for it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.isRunning) return;
    this.#child.kill(signal);
    const inTime = await Promise.race([this.#ended, sleep(STOP_MS, 'late' as const, { ref: false })]);
    if (inTime !== 'late') return;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
