/** A relay on loopback before a sink: it sees what the sink's counts do not tell, and takes away a PROXY header. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { RunningSink } from '../../src/sink/sink.js';

/** Length of the PROXY header that these octets begin with; null: more octets are needed. */
export type HeaderLength = (octets: Buffer) => number | null;

/** One connection as the relay saw it. */
export interface RelayedConnection {
  /** Address and port that it came from. */
  readonly address: string;
  readonly port: number;
  /** What stood before the dialogue. */
  header: Buffer;
  /** Whether the client ended it with RST. */
  wasReset: boolean;
}

/** A listening relay. */
export interface Relay {
  readonly url: string;
  readonly port: number;
  /** In the order in which they came; the first one is that of the pre-flight. */
  readonly connections: readonly RelayedConnection[];
}

/**
 * Opens a relay to a sink for the length of a test.
 *
 * @param host - address to listen on
 * @param headerLength - how to tell a header from the dialogue; by default there is none
 */
export async function openRelay(
  sink: RunningSink,
  host = '127.0.0.1',
  headerLength: HeaderLength = () => 0,
): Promise<Relay> {
  const connections: RelayedConnection[] = [];
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const { remoteAddress = '', remotePort = 0 } = client;
    const connection = { address: remoteAddress, port: remotePort, header: Buffer.alloc(0), wasReset: false };
    connections.push(connection);
    takeHeader(client, connection, headerLength, () => {
      join(client, sink.port, connection);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => close(server));
  const { port } = server.address() as AddressInfo;
  return { url: `smtp://${host.includes(':') ? `[${host}]` : host}:${port}`, port, connections };
}

function takeHeader(client: Socket, connection: RelayedConnection, lengthOf: HeaderLength, then: () => void): void {
  if (lengthOf(connection.header) === 0) {
    then();
    return;
  }
  const onData = (chunk: Buffer): void => {
    const octets = Buffer.concat([connection.header, chunk]);
    const length = lengthOf(octets);
    connection.header = length === null ? octets : octets.subarray(0, length);
    if (length === null) return;
    client.off('data', onData);
    client.pause();
    client.unshift(octets.subarray(length));
    then();
  };
  client.on('data', onData);
}

function join(client: Socket, port: number, connection: RelayedConnection): void {
  const server = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
  client.pipe(server).pipe(client);
  client.on('error', (error: NodeJS.ErrnoException) => {
    connection.wasReset = error.code === 'ECONNRESET';
    server.destroy();
  });
  server.on('error', () => {
    client.destroy();
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
