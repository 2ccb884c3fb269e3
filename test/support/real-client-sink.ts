/** Sinks for clients that postrush did not write, and what such a client must find in a sink's counts. */
import { join } from 'node:path';
import { expect } from 'vitest';
import type { RunningSink, SinkOptions } from '../../src/sink/sink.js';
import { openSink } from '../sink/open-sink.js';
import { testCertificate } from './certificate.js';
import { temporaryFolder } from './real-client-process.js';
import { writeCertificate } from './real-server-certificate.js';

/** Steps each of whose commands has exactly one reply. AUTH has more. */
const STEPS_WITH_ONE_REPLY = [
  'ehlo',
  'starttls',
  'mail',
  'rcpt',
  'data',
  'endOfData',
  'rset',
  'noop',
  'vrfy',
  'expn',
  'quit',
];
const WAIT_MS = 10_000;

/** What a sink counted, without what depends on time. */
export interface Seen {
  readonly connections: number;
  readonly messages: number;
  readonly recipients: number;
  readonly tlsSessions: number;
  readonly authenticated: number;
  readonly socketErrors: number;
  /** Commands by step, those that came. */
  readonly commands: Readonly<Record<string, number>>;
  /** Replies of 4yz and 5yz, by step and code: `auth 535`. */
  readonly refusals: Readonly<Record<string, number>>;
}

/** A sink that nobody has spoken to: what a test expects is this with its own counts in place. */
export const NOTHING: Seen = {
  connections: 0,
  messages: 0,
  recipients: 0,
  tlsSessions: 0,
  authenticated: 0,
  socketErrors: 0,
  commands: {},
  refusals: {},
};

/** A sink that keeps its messages and is closed when the test is over. */
export function openSinkForClient(options: SinkOptions = {}): Promise<RunningSink> {
  return openSink({ keepMessages: 1000, ...options });
}

/** The same on a unix socket. @param scheme - the protocol that is spoken there */
export async function openUnixSink(scheme: 'smtp' | 'lmtp'): Promise<{ sink: RunningSink; path: string }> {
  const path = join(temporaryFolder(), 'sink.sock');
  return { sink: await openSinkForClient({ listen: [`${scheme}+unix:${path}`] }), path };
}

/** The same with the certificate of the tests, and that certificate as a file. */
export async function openTlsSink(
  options: SinkOptions = {},
): Promise<{ sink: RunningSink; certificateFile: string; ca: string }> {
  const tls = await testCertificate();
  const { certificateFile } = await writeCertificate(temporaryFolder());
  return { sink: await openSinkForClient({ tls, ...options }), certificateFile, ca: tls.cert };
}

/** What `sink` has counted once its last connection is gone, with books that balance. */
export async function seenBy(sink: RunningSink): Promise<Seen> {
  await expect.poll(() => sink.stats().open, { timeout: WAIT_MS, interval: 5 }).toBe(0);
  const stats = sink.stats();
  const replies: Record<string, number> = {};
  const refusals: Record<string, number> = {};
  for (const { step, code, count } of stats.replies) {
    replies[step] = (replies[step] ?? 0) + count;
    if (code >= 400) refusals[`${step} ${code}`] = (refusals[`${step} ${code}`] ?? 0) + count;
  }
  for (const step of STEPS_WITH_ONE_REPLY) {
    expect({ step, replies: replies[step] ?? 0 }).toEqual({ step, replies: stats.commands[step] });
  }
  expect(sink.messages().length).toBe(stats.messages);
  const { connections, messages, recipients, tlsSessions, authenticated, socketErrors } = stats;
  const commands = Object.fromEntries(Object.entries(stats.commands).filter(([, count]) => count > 0));
  return { connections, messages, recipients, tlsSessions, authenticated, socketErrors, commands, refusals };
}

/** Commands of `sessions` sessions that place messages and say QUIT, in SMTP. */
export function commandsOf(sessions: number, messages: number, recipients: number): Seen['commands'] {
  return { ehlo: sessions, mail: messages, rcpt: recipients, data: messages, endOfData: messages, quit: sessions };
}

/** The content of each message that `sink` kept, Latin-1. */
export function contentsOf(sink: RunningSink): string[] {
  return sink.messages().map(({ content }) => content.toString('latin1'));
}

/** What stands behind the header of a message. */
export function bodyOf(content: string): string {
  return content.slice(content.indexOf('\r\n\r\n') + 4);
}
