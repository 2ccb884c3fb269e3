/** A relay on loopback that for a while does not read what its client sends. */
import { connect, createServer, type AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { RunningSink } from '../../src/sink/sink.js';

/** More than a dialogue: content has begun. */
const CONTENT_OCTETS = 256 * 1024;

/**
 * Opens a relay to a sink for the length of a test.
 *
 * @param pauseMs - for how long each connection is not read from, once content has begun
 * @returns where it listens
 */
export async function openSlowRelay(sink: RunningSink, pauseMs: number): Promise<string> {
  const server = createServer((client) => {
    const upstream = connect(sink.port, '127.0.0.1');
    let octets = 0;
    client.on('data', (chunk) => {
      const before = octets;
      octets += chunk.length;
      upstream.write(chunk);
      if (before >= CONTENT_OCTETS || octets < CONTENT_OCTETS) return;
      client.pause();
      setTimeout(() => client.resume(), pauseMs);
    });
    upstream.pipe(client);
    client.on('end', () => upstream.end());
    for (const socket of [client, upstream])
      socket.on('error', () => [client, upstream].forEach((each) => each.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
