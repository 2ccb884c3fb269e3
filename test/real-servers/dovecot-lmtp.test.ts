/** postrush against Dovecot's LMTP: each recipient's outcome is what Dovecot did with that delivery. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Dovecot } from '../support/real-servers.js';
import { missingForDovecot, needServer, startDovecot } from '../support/real-servers.js';
import { freePort } from '../support/real-server-process.js';
import { resultOf, runPostrush } from '../support/real-server-run.js';

const missing = missingForDovecot();
/** Every message goes to two mailboxes, to a full one, and to two users whom nobody knows. */
const FIVE_RECIPIENTS = ['-R', '5', '--addresses', '5', '--to', 'box%d@example.test'];
const WAIT = { timeout: 10_000, interval: 50 };

describe("postrush against Dovecot's LMTP", () => {
  let dovecot: Dovecot;

  beforeAll(async () => {
    if (missing === null) dovecot = await startDovecot(await freePort());
  });
  afterAll(async () => {
    await (dovecot as Dovecot | undefined)?.stop();
  });
  beforeEach((context) => needServer(context, missing));

  const targetOf = (kind: string): string =>
    kind === 'TCP' ? `lmtp://127.0.0.1:${dovecot.lmtpPort}` : `lmtp+unix:${dovecot.lmtpSocket}`;
  /** The Message-IDs in a mailbox, sorted. */
  const idsIn = (box: string, seed: number): string[] =>
    dovecot
      .messagesOf(box, seed)
      .map((text) => /^Message-ID: (.*)\r$/m.exec(text)![1]!)
      .sort();

  test.each([
    ['TCP', 'off', ['DATA'], 11],
    ['TCP', 'auto', ['DATA'], 12],
    ['TCP', 'across', ['DATA'], 13],
    ['TCP', 'off', ['BDAT', '--bdat'], 14],
    ['TCP', 'auto', ['BDAT', '--bdat', '500'], 15],
    ['unix', 'off', ['DATA'], 16],
    ['unix', 'auto', ['DATA'], 17],
    ['unix', 'across', ['DATA'], 18],
    ['unix', 'off', ['BDAT', '--bdat', '700'], 19],
    ['unix', 'auto', ['BDAT', '--bdat'], 20],
    ['unix', 'across', ['BDAT', '--bdat', '500'], 21],
  ] as const)(
    'over %s, --pipelining %s, by %j, two of five recipients get the message',
    async (kind, mode, [, ...bdat], seed) => {
      const start = dovecot.logLength();
      const load = ['-s', '5', '-m', '60', '-n', '4', '--pipelining', mode, '--seed', String(seed), ...bdat];
      const result = resultOf(await runPostrush([targetOf(kind), ...load, ...FIVE_RECIPIENTS]));

      expect(result.messages).toMatchObject({ attempted: 60, accepted: 60, failed: 0 });
      expect(result.recipients).toMatchObject({ attempted: 300, accepted: 120, rejected: 180, deferred: 0, failed: 0 });
      // The unknown are refused at RCPT, the full mailbox at the end of the content; each recipient has its own reply.
      const refused = result.replies.filter(({ code }) => code >= 400);
      expect(refused).toEqual([
        expect.objectContaining({ step: 'rcpt', code: 550, enhanced: '5.1.1', count: 120 }),
        expect.objectContaining({ step: 'endOfData', code: 552, enhanced: '5.2.2', count: 60 }),
      ]);
      expect(result.steps.endOfData).toMatchObject({ sent: 180, replied: 180 });
      const sessions = result.sessions.started + result.preflight.connections;
      await expect
        .poll(() => dovecot.countsSince(start), WAIT)
        .toMatchObject({ saved: 120, failed: 60, lmtpSessions: sessions });
      const ids = Array.from(
        { length: 60 },
        (_, number) => `<${String(number).padStart(12, '0')}.${seed.toString(16)}@postrush.test>`,
      );
      expect(idsIn('box1@example.test', seed)).toEqual(ids);
      expect(idsIn('box2@example.test', seed)).toEqual(ids);
      expect(idsIn('box3@example.test', seed)).toEqual([]);
    },
  );

  test.each([
    ['DATA, off', 'off', [], 30],
    ['DATA, auto', 'auto', [], 31],
    ['DATA, across', 'across', [], 32],
    ['BDAT, off', 'off', ['--bdat', '500'], 33],
    ['BDAT, auto', 'auto', ['--bdat', '500'], 34],
    ['BDAT, across', 'across', ['--bdat', '500'], 35],
  ] as const)('rejects a message none of whose recipients exists, by %s', async (_, mode, bdat, seed) => {
    const start = dovecot.logLength();
    const load = ['-s', '5', '-m', '40', '-n', '4', '--pipelining', mode, '--seed', String(seed), ...bdat];
    const nobody = ['-R', '3', '--to', 'nobody%d@example.test'];
    const result = resultOf(await runPostrush([targetOf('unix'), ...load, ...nobody]));

    expect(result.messages).toMatchObject({ attempted: 40, accepted: 0, rejected: 40 });
    expect(result.recipients).toMatchObject({ attempted: 120, rejected: 120 });
    expect(result.replies).toContainEqual(
      expect.objectContaining({ step: 'rcpt', code: 550, enhanced: '5.1.1', count: 120 }),
    );
    expect(result.errors).toEqual([]);
    expect(dovecot.countsSince(start)).toMatchObject({ saved: 0, failed: 0 });
  });

  test.each([
    ['rejected', 'full mailboxes alone', 'box3@example.test', 40],
    ['accepted', 'a mailbox with room alone', 'box1@example.test', 41],
  ] as const)('calls messages %s that go to %s', async (outcome, _, to, seed) => {
    const load = ['-s', '5', '-m', '50', '-n', 'all', '--to', to, '--seed', String(seed)];
    const result = resultOf(await runPostrush([targetOf('TCP'), ...load]));
    expect(result.messages).toMatchObject({ attempted: 50, [outcome]: 50 });
    expect(result.recipients).toMatchObject({ attempted: 50, [outcome]: 50 });
    expect(dovecot.messagesOf(to, seed)).toHaveLength(result.messages.accepted);
  });

  test.each(['TCP', 'unix'])('keeps its connections over %s with -n all', async (kind) => {
    const load = ['-s', '3', '-m', '90', '-n', 'all', '--to', 'box1@example.test', '--seed', '50'];
    const result = resultOf(await runPostrush([targetOf(kind), ...load]));
    expect(result.messages.accepted).toBe(90);
    expect(result.sessions).toMatchObject({ started: 3, completed: 3 });
  });
});
