/** postrush against smtp-sink -L, the LMTP server of Postfix's own tests, on TCP and on a unix socket. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServerProcess } from '../support/real-server-process.js';
import {
  missingForSmtpSink,
  needServer,
  smtpSinkCounts,
  startSmtpSink,
  startUnixSmtpSink,
} from '../support/real-servers.js';
import { resultOf, runPostrush } from '../support/real-server-run.js';

const missing = missingForSmtpSink();
/** Steps with one reply for all recipients of a message. */
const PER_MESSAGE: readonly string[] = ['mail', 'data'];
const WAIT = { timeout: 5000, interval: 20 };

describe('postrush against smtp-sink -L', () => {
  let folder: string;
  let server: ServerProcess | null = null;
  const start = async (kind: 'TCP' | 'unix', ...options: string[]): Promise<string> => {
    if (kind === 'TCP') {
      const sink = await startSmtpSink(['-L', ...options]);
      server = sink.process;
      return `lmtp://127.0.0.1:${sink.port}`;
    }
    const sink = await startUnixSmtpSink(folder, ['-L', ...options]);
    server = sink.process;
    return `lmtp+unix:${sink.path}`;
  };

  beforeEach((context) => {
    needServer(context, missing);
    folder = mkdtempSync(join(tmpdir(), 'postrush-lmtp-'));
  });
  afterEach(async () => {
    await server?.stop();
    server = null;
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    ['TCP', 'off', 5, '1'],
    ['TCP', 'auto', 5, '7'],
    ['TCP', 'across', 5, 'all'],
    ['unix', 'off', 5, '7'],
    ['unix', 'auto', 5, 'all'],
    ['unix', 'across', 40, '7'],
  ] as const)(
    'over %s, --pipelining %s, each of %i recipients has its reply, -n %s',
    async (kind, mode, rcpt, kept) => {
      const target = await start(kind);
      const load = ['-s', '6', '-m', '300', '-n', kept, '-R', String(rcpt), '--pipelining', mode];
      const result = resultOf(await runPostrush([target, ...load]));

      expect(result.messages).toMatchObject({ attempted: 300, accepted: 300 });
      expect(result.recipients).toMatchObject({ attempted: 300 * rcpt, accepted: 300 * rcpt });
      expect(result.steps.data).toMatchObject({ sent: 300, replied: 300 });
      expect(result.steps.endOfData).toMatchObject({ sent: 300 * rcpt, replied: 300 * rcpt });
      expect(result.steps.rcpt?.pipelined).toBe(mode === 'off' ? 0 : 300 * rcpt);
      const sessions = result.sessions.started + result.preflight.connections;
      await expect.poll(() => smtpSinkCounts(server!), WAIT).toEqual({ quits: sessions, messages: 300 });
    },
  );

  test.each([
    ['-f', 'RCPT', 'rejected', 'rcpt', 500],
    ['-r', 'RCPT', 'deferred', 'rcpt', 450],
    ['-f', 'DATA', 'rejected', 'data', 500],
    ['-r', 'MAIL', 'deferred', 'mail', 450],
    ['-f', '.', 'rejected', 'endOfData', 500],
    ['-r', '.', 'deferred', 'endOfData', 450],
  ] as const)(
    'calls the recipients of what smtp-sink -L %s %s refuses %s',
    async (flag, command, outcome, step, code) => {
      const load = ['-s', '4', '-m', '12', '-n', '5', '-R', '3'];
      const result = resultOf(await runPostrush([await start('unix', flag, command), ...load]));
      expect(result.messages).toMatchObject({ attempted: 12, accepted: 0, [outcome]: 12 });
      expect(result.recipients).toMatchObject({ attempted: 36, accepted: 0, [outcome]: 36 });
      expect(result.replies).toContainEqual(
        expect.objectContaining({ step, code, count: PER_MESSAGE.includes(step) ? 12 : 36 }),
      );
      // It counts contents, also those that it refuses.
      await expect.poll(() => smtpSinkCounts(server!).messages, WAIT).toBe(step === 'endOfData' ? 12 : 0);
    },
  );

  test.each([
    ['TCP', '-q', 'failed'],
    ['unix', '-q', 'failed'],
    ['unix', '-Q', 'deferred'],
  ] as const)(
    'over %s, smtp-sink %s at the end of the content leaves all recipients %s',
    async (kind, flag, outcome) => {
      const load = ['-s', '2', '-m', '8', '-n', '5', '-R', '3'];
      const result = resultOf(await runPostrush([await start(kind, flag, '.'), ...load]));
      expect(result.messages).toMatchObject({ attempted: 8, accepted: 0, [outcome]: 8 });
      expect(result.recipients).toMatchObject({ attempted: 24, accepted: 0, [outcome]: 24 });
    },
  );
});
