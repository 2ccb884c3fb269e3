/** postrush against Dovecot's submission: its logins, its log, and what its relay got say the same. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startSink } from '../../src/sink/sink.js';
import type { RunningSink } from '../../src/sink/sink.js';
import type { Dovecot } from '../support/real-servers.js';
import { missingForDovecot, needServer, startDovecot } from '../support/real-servers.js';
import { resultOf, runPostrush } from '../support/real-server-run.js';

const missing = missingForDovecot();
const WAIT = { timeout: 10_000, interval: 50 };

describe("postrush against Dovecot's submission", () => {
  let dovecot: Dovecot;
  let relay: RunningSink;
  let folder: string;
  let target: string;
  let authenticated: string[];
  let tls: string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postrush-test-'));
    relay = await startSink({ keepMessages: 1000 });
    if (missing !== null) return;
    dovecot = await startDovecot(relay.port);
    target = `smtp://127.0.0.1:${dovecot.submissionPort}`;
    authenticated = ['--user', dovecot.user, '--password-file', dovecot.passwordFile];
    tls = ['--tls', 'required', '--tls-ca', dovecot.certificateFile];
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await (dovecot as Dovecot | undefined)?.stop();
    await relay.close();
  });
  beforeEach((context) => needServer(context, missing));

  /** What the relay has got since `before`, which was said of it. */
  const relayedSince = (before: { messages: number; recipients: number }) => ({
    messages: relay.stats().messages - before.messages,
    recipients: relay.stats().recipients - before.recipients,
  });

  test.each([
    ['plain', 'PLAIN', 'off', []],
    ['plain', 'PLAIN', 'auto', []],
    ['plain-late', 'PLAIN', 'auto', ['--bdat', '900']],
    ['scram-sha-256', 'SCRAM-SHA-256', 'off', []],
    ['scram-sha-256', 'SCRAM-SHA-256', 'auto', ['--bdat']],
    ['auto', 'SCRAM-SHA-256', 'off', ['--bdat', '900']],
  ] as const)('relays every message, --auth %s (%s), --pipelining %s, %j', async (auth, name, pipelining, bdat) => {
    const before = relay.stats();
    const start = dovecot.logLength();
    const load = ['-s', '5', '-m', '60', '-n', '4', '-R', '3', '-l', '2500', '--pipelining', pipelining, ...bdat];
    const result = resultOf(await runPostrush([target, ...load, ...tls, '--auth', auth, ...authenticated]));

    expect(result.messages).toMatchObject({ attempted: 60, accepted: 60 });
    expect(result.recipients).toMatchObject({ attempted: 180, accepted: 180 });
    expect(result.target.authMechanism).toBe(name);
    expect(result.steps.auth).toMatchObject({ sent: result.sessions.started, failed: 0 });
    expect(result.steps.tls).toMatchObject({ replied: result.sessions.started, failed: 0 });
    expect(relayedSince(before)).toEqual({ messages: 60, recipients: 180 });
    // Dovecot puts its own lines in front; what follows is what was sent.
    const contents = relay.messages().slice(-60);
    expect(contents.map(({ content }) => content.length - content.indexOf('Message-ID: '))).toEqual(
      Array(60).fill(2500),
    );
    await expect
      .poll(() => dovecot.countsSince(start), WAIT)
      .toMatchObject({
        relayed: 60,
        relayedRecipients: 180,
        logins: { [name]: result.sessions.started + result.preflight.connections },
      });
  });

  test.each([
    ['deferred', '450-4.2.1-busy@example.test', 450, '4.2.1'],
    ['rejected', '550-5.1.1-gone@example.test', 550, '5.1.1'],
  ])("has what the relay answers to RCPT: '%s' of %s", async (outcome, to, code, enhanced) => {
    const before = relay.stats();
    const load = ['-s', '3', '-m', '30', '-n', '5', '--to', to, '--auth', 'plain'];
    const result = resultOf(await runPostrush([target, ...load, ...tls, ...authenticated]));
    expect(result.messages).toMatchObject({ attempted: 30, accepted: 0, [outcome]: 30 });
    expect(result.replies).toContainEqual(expect.objectContaining({ step: 'rcpt', code, enhanced, count: 30 }));
    expect(relayedSince(before)).toEqual({ messages: 0, recipients: 0 });
  });

  test.each(['plain', 'login', 'cram-md5', 'scram-sha-1', 'scram-sha-256', 'xoauth2', 'oauthbearer'])(
    'logs in once per session, and sends nothing, --auth-only with %s',
    async (auth) => {
      const start = dovecot.logLength();
      const before = relay.stats();
      const load = ['--auth-only', '--auth', auth, '-s', '4', '--connections', '40'];
      const isToken = auth === 'xoauth2' || auth === 'oauthbearer';
      const who = ['--user', dovecot.user, '--password-file', isToken ? dovecot.tokenFile : dovecot.passwordFile];
      const result = resultOf(await runPostrush([target, ...load, ...tls, ...who]));
      expect(result.sessions).toMatchObject({ started: 40, completed: 40, failed: 0 });
      expect(result.replies).toContainEqual(
        expect.objectContaining({ step: 'auth', code: 235, interim: false, count: 40 }),
      );
      const logins = { [auth.toUpperCase()]: 40 + result.preflight.connections };
      await expect.poll(() => dovecot.countsSince(start).logins, WAIT).toEqual(logins);
      expect(relayedSince(before)).toEqual({ messages: 0, recipients: 0 });
    },
  );

  test.each(['plain', 'login', 'cram-md5', 'scram-sha-1', 'scram-sha-256', 'xoauth2', 'oauthbearer'])(
    'stops before the load when the password is wrong, --auth %s',
    async (auth) => {
      const passwordFile = join(folder, 'wrong.txt');
      writeFileSync(passwordFile, 'wrong\n');
      const start = dovecot.logLength();
      const wrong = ['--auth', auth, '--user', dovecot.user, '--password-file', passwordFile];
      const run = await runPostrush([target, '-m', '10', ...tls, ...wrong]);
      expect(run.exitCode).toBe(4);
      expect(run.stderr).toMatch(/refused the credentials: '535 /);
      expect(dovecot.countsSince(start).logins).toEqual({});
    },
  );

  // The next envelope in one write with a message makes Dovecot 2.3 end in an assertion, behind the relay's reply and
  // before its own: the relay has a message then of which its client never hears.
  test('takes what a panic of Dovecot leaves without a reply for failed, --pipelining across', async () => {
    const before = relay.stats();
    const start = dovecot.logLength();
    const load = ['-s', '3', '-m', '12', '-n', '4', '--pipelining', 'across', '--auth', 'plain'];
    const result = resultOf(await runPostrush([target, ...load, ...tls, ...authenticated]));
    const { attempted, accepted, failed } = result.messages;
    expect({ attempted, settled: accepted + failed }).toEqual({ attempted: 12, settled: 12 });
    await expect.poll(() => dovecot.countsSince(start).panics, WAIT).toBe(result.sessions.failed);
    const unheardOf = relayedSince(before).messages - accepted;
    expect(unheardOf).toBeGreaterThanOrEqual(0);
    expect(unheardOf).toBeLessThanOrEqual(result.sessions.failed);
    expect(result.errors.every(({ kind }) => kind === 'closed')).toBe(true);
  });
});
