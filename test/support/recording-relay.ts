/** A relay on loopback that writes down the octets of both sides, connection by connection. */
import { connect, createServer, type AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { RunningSink } from '../../src/sink/sink.js';

/** What was said on one connection, line by line: `C: ` before what the client said, `S: ` before the server's lines. */
export type Dialogue = readonly string[];

/** A listening relay. */
export interface RecordingRelay {
  readonly url: string;
  /** In the order in which the connections came; the first one is that of the pre-flight. */
  readonly dialogues: readonly Dialogue[];
}

/** Opens a relay to a sink for the length of a test. */
export async function openRecordingRelay(sink: RunningSink): Promise<RecordingRelay> {
  const dialogues: string[][] = [];
  const server = createServer((client) => {
    const dialogue: string[] = [];
    dialogues.push(dialogue);
    const upstream = connect(sink.port, '127.0.0.1');
    for (const [from, to, who] of [
      [client, upstream, 'C'],
      [upstream, client, 'S'],
    ] as const) {
      from.on('data', (octets) => {
        const lines = octets.toString('latin1').split(/(?<=\r\n)/);
        dialogue.push(...lines.map((line) => `${who}: ${line.replace(/\r\n$/, '')}`));
        to.write(octets);
      });
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.address() as AddressInfo;
  return { url: `smtp://127.0.0.1:${port}`, dialogues };
}
