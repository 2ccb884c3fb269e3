/** One listening socket of a sink. Knows no SMTP: what connects is handed on. */
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { PostrushError } from '../errors.js';
import { formatListenAddress } from './listen-address.js';
import type { ListenAddress } from './listen-address.js';

/** A socket that listens. */
export interface SinkListener {
  /** The port, 0 for a unix socket. */
  readonly port: number;
  /** As a target: `smtp://127.0.0.1:2525`. */
  readonly url: string;
  /** Resolves when nothing listens and every connection has ended. */
  close(): Promise<void>;
}

/** Connections that the kernel may hold ready to be accepted; it caps this by its own limit. */
const BACKLOG = 4096;

/**
 * Starts to listen.
 *
 * @param onConnection - called with every socket that was accepted
 * @param onFailure - called when one could not be: out of file descriptors, for example
 * @throws PostrushError `E_CONFIG` when the address cannot be listened on
 */
export async function listenOn(
  address: ListenAddress,
  onConnection: (socket: Socket) => void,
  onFailure: () => void,
): Promise<SinkListener> {
  // Replies are small and written once per group: waiting for more would only delay them.
  const server = createServer({ noDelay: true, allowHalfOpen: true }, onConnection);
  const start = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      const ready = (): void => {
        server.off('error', reject);
        resolve();
      };
      if (address.path === null) server.listen({ host: address.host, port: address.port, backlog: BACKLOG }, ready);
      else server.listen({ path: address.path, backlog: BACKLOG }, ready);
    });
  try {
    await start().catch(async (error: unknown) => {
      if (
        (error as NodeJS.ErrnoException).code !== 'EADDRINUSE' ||
        address.path === null ||
        !(await isAbandoned(address.path))
      )
        throw error;
      rmSync(address.path);
      await start();
    });
  } catch (cause) {
    const url = formatListenAddress(address, address.port);
    throw new PostrushError('E_CONFIG', `the sink cannot listen on ${url}: ${reasonOf(cause)}`, { cause });
  }
  server.on('error', onFailure);
  const port = address.path === null ? (server.address() as AddressInfo).port : 0;
  return {
    port,
    url: formatListenAddress(address, port),
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

/** Whether a unix socket was left behind by a process that is gone: nobody accepts there. */
function isAbandoned(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EADDRINUSE':
      return 'another program listens there; choose another port';
    case 'EACCES':
      return 'permission denied; ports below 1024 are for root';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have that address';
    case 'ENOENT':
      return 'there is no such directory';
    default:
      return code ?? message;
  }
}
