/** Starts sinks and clients that end with the test that opened them. */
import { onTestFinished } from 'vitest';
import { startSink } from '../../src/sink/sink.js';
import type { RunningSink, SinkOptions, SinkStats } from '../../src/sink/sink.js';
import { LineClient } from '../support/line-client.js';

/** A sink that is closed when the test is over. */
export async function openSink(options: SinkOptions = {}): Promise<RunningSink> {
  const sink = await startSink(options);
  onTestFinished(async () => {
    await sink.close();
  });
  return sink;
}

/** A client of `sink` that is destroyed when the test is over. */
export async function openClient(sink: RunningSink): Promise<LineClient> {
  const client = await LineClient.connect(sink.port);
  onTestFinished(() => client.destroy());
  return client;
}

/** A sink with these options and a client that has said EHLO. */
export async function openSession(options: SinkOptions = {}): Promise<{ sink: RunningSink; client: LineClient }> {
  const sink = await openSink(options);
  const client = await openClient(sink);
  await client.hello();
  return { sink, client };
}

/** Sends commands one by one and returns `code enhanced` of each reply. */
export async function codesOf(client: LineClient, lines: readonly string[]): Promise<string[]> {
  const codes: string[] = [];
  for (const line of lines) codes.push(codeOf(await client.command(line)));
  return codes;
}

/** `250 2.1.0` of `250 2.1.0 sender ok`. */
export function codeOf(reply: string): string {
  return /^\d{3}(?:[ -]\d\.\d+\.\d+)?/.exec(reply)?.[0] ?? reply;
}

/** One message in lock-step; returns its replies. */
export function sendMessage(client: LineClient, content = 'Subject: x\r\n\r\nbody\r\n'): Promise<string[]> {
  return codesOf(client, ['MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>', 'DATA', `${content}.`]);
}

/** How often the sink gave a reply. */
export function countOf(stats: SinkStats, step: string, code: number): number {
  return stats.replies.filter((row) => row.step === step && row.code === code).reduce((sum, row) => sum + row.count, 0);
}
