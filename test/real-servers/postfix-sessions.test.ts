/** Sessions other than the standard one against Postfix: its log has the same sessions, commands and ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { expectSameCommands, PostfixLogPart } from '../support/real-server-postfix-log.js';
import type { Postfix } from '../support/real-servers.js';
import { missingForPostfix, needServer, startPostfix } from '../support/real-servers.js';
import { resultOf, runPostrush } from '../support/real-server-run.js';
import type { RunResult } from '../../src/report/result-schema.js';

const missing = missingForPostfix();
/** Sessions of the runs that send no mail. */
const SESSIONS = 40;

describe('other sessions against Postfix', () => {
  let postfix: Postfix;
  let folder: string;
  let authenticated: string[];
  let tls: string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postrush-test-'));
    if (missing !== null) return;
    postfix = await startPostfix();
    authenticated = ['--user', postfix.user, '--password-file', postfix.passwordFile];
    tls = ['--tls', 'required', '--tls-ca', postfix.certificateFile];
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await (postfix as Postfix | undefined)?.stop();
  });
  beforeEach((context) => needServer(context, missing));

  /** Runs a load whose sessions and commands Postfix must have counted as well, and that puts no mail into its queue. */
  async function load(...args: string[]): Promise<{ result: RunResult; log: PostfixLogPart }> {
    const log = new PostfixLogPart(postfix.logFile);
    const result = resultOf(await runPostrush([`smtp://127.0.0.1:${postfix.trustingPort}`, ...args]));
    await expectSameCommands(log, result);
    expect(log.sizes()).toEqual([]);
    return { result, log };
  }

  test.each([
    ['plain', 0, false],
    ['plain-late', 1, false],
    ['scram-sha-256', 2, false],
    ['scram-sha-1', 2, true],
    ['cram-md5', 1, true],
    ['login', 2, true],
  ])(
    'logs in and leaves with --auth-only --auth %s: %i challenges, inside TLS: %s',
    async (auth, challenges, isTls) => {
      const args = ['--auth-only', '--auth', auth, ...authenticated, ...(isTls ? tls : [])];
      const { result, log } = await load('-s', '5', '--connections', String(SESSIONS), ...args);
      expect(result.sessions).toMatchObject({ started: SESSIONS, completed: SESSIONS, failed: 0 });
      expect(result.messages.attempted).toBe(0);
      const rows = result.replies.filter(({ step }) => step === 'auth').map(({ code, count }) => [code, count]);
      expect(new Set(rows.map(String))).toEqual(
        new Set([`235,${SESSIONS}`, ...(challenges > 0 ? [`334,${challenges * SESSIONS}`] : [])]),
      );
      expect(log.count(/SASL \S+ authentication failed/)).toBe(0);
      expect(log.count(/smtpd\[\d+\]: .*TLS connection established from /)).toBe(isTls ? SESSIONS + 1 : 0);
    },
  );

  test.each([
    ['greeting', 'CONNECT'],
    ['ehlo', 'EHLO'],
    ['auth', 'AUTH'],
    ['mail', 'MAIL'],
    ['rcpt', 'RCPT'],
    ['data', 'DATA'],
  ])(
    'leaves behind the reply to %s with --drop-after, and Postfix loses a connection after %s',
    async (step, state) => {
      for (const close of ['fin', 'rst']) {
        const auth = step === 'auth' ? ['--auth', 'plain', ...authenticated] : [];
        const isMail = ['mail', 'rcpt', 'data'].includes(step);
        const amount = isMail ? ['-m', String(SESSIONS), '-R', '3'] : ['--connections', String(SESSIONS)];
        const { result, log } = await dropped('-s', '5', ...amount, ...auth, '--drop-after', step, '--close', close);
        expect(result.sessions).toMatchObject({ started: SESSIONS, completed: SESSIONS, failed: 0 });
        const messages = isMail ? SESSIONS : 0;
        expect(result.messages).toMatchObject({ attempted: messages, abandoned: messages });
        await expect
          .poll(() => log.count(new RegExp(`lost connection after ${state} (\\(0 bytes\\) )?from `)), {
            timeout: 15_000,
          })
          .toBe(SESSIONS);
        expect(result.errors).toEqual([]);
      }
    },
  );

  /** Postfix has no line with commands for a session without any. */
  async function dropped(...args: string[]): Promise<{ result: RunResult; log: PostfixLogPart }> {
    if (!args.includes('greeting')) return load(...args);
    const log = new PostfixLogPart(postfix.logFile);
    const result = resultOf(await runPostrush([`smtp://127.0.0.1:${postfix.trustingPort}`, ...args]));
    expect(result.steps.greeting?.replied).toBe(SESSIONS);
    return { result, log };
  }

  test('holds its sessions open with --hold, all at once, and ends them in order', async () => {
    const { result, log } = await load('-s', '20', '--connections', '20', '--hold', '2s');
    expect(result.sessions).toMatchObject({ started: 20, completed: 20, peakOpen: 20 });
    expect(result.latency.session?.minUs).toBeGreaterThanOrEqual(2_000_000);
    expect(log.count(/smtpd\[\d+\]: timeout after /)).toBe(0);
    expect(log.count(/smtpd\[\d+\]: lost connection /)).toBe(0);
  });

  test('counts the 421 of a Postfix that waits for less time than --hold asks for', async () => {
    const { result, log } = await load('-s', '5', '--connections', '5', '--hold', '10s');
    expect(result.sessions).toMatchObject({ started: 5, completed: 0, failed: 5 });
    expect(result.replies).toContainEqual(expect.objectContaining({ code: 421, enhanced: '4.4.2', count: 5 }));
    expect(log.count(/smtpd\[\d+\]: timeout after EHLO from /)).toBe(5);
  });

  test('sends every command of --steps, and has what Postfix thinks of it', async () => {
    const steps = 'ehlo noop vrfy:user1@example.test rset expn:staff help raw:"XTRA one" noop quit';
    const { result, log } = await load('-s', '5', '--connections', String(SESSIONS), '--steps', steps);
    const rows = result.replies
      .filter(({ step }) => ['noop', 'vrfy', 'rset', 'expn', 'help', 'raw'].includes(step))
      .map(({ step, code, enhanced, count }) => [step, code, enhanced, count]);
    expect(new Set(rows)).toEqual(
      new Set([
        ['noop', 250, '2.0.0', 2 * SESSIONS],
        ['vrfy', 252, '2.0.0', SESSIONS],
        ['rset', 250, '2.0.0', SESSIONS],
        ['expn', 500, '5.5.2', SESSIONS],
        ['help', 500, '5.5.2', SESSIONS],
        ['raw', 500, '5.5.2', SESSIONS],
      ]),
    );
    expect(log.sessions()[0]).toEqual({ ehlo: 1, noop: 2, vrfy: 1, rset: 1, unknown: 3, quit: 1 });
  });

  test.each(['off', 'auto', 'across'])('abandons at RSET and delivers after it, --pipelining %s', async (mode) => {
    const before = postfix.counts();
    const log = new PostfixLogPart(postfix.logFile);
    const args = ['--steps', 'ehlo mail rcpt rset mail rcpt data quit', '-s', '2', '-w', '2', '-m', '80', '-R', '2'];
    const target = `smtp://127.0.0.1:${postfix.trustingPort}`;
    const result = resultOf(await runPostrush([target, ...args, '--pipelining', mode]));
    await expectSameCommands(log, result);
    expect(result.messages).toMatchObject({ attempted: 80, accepted: 40, abandoned: 40 });
    expect(await postfix.countsSince(before, 40)).toMatchObject({ messages: 40, recipients: 80 });
  });

  test('stops before a storm of logins when the password is wrong', async () => {
    const passwordFile = join(folder, 'wrong.txt');
    writeFileSync(passwordFile, 'wrong\n');
    const log = new PostfixLogPart(postfix.logFile);
    const wrong = ['--auth-only', '--auth', 'plain', '--user', postfix.user, '--password-file', passwordFile];
    const run = await runPostrush([`smtp://127.0.0.1:${postfix.trustingPort}`, '--connections', '40', ...wrong]);
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toMatch(/refused the credentials: '535 /);
    await expect.poll(() => log.count(/SASL PLAIN authentication failed/), { timeout: 15_000 }).toBe(1);
  });
});
