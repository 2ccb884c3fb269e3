/** postrush against Postfix with SASL and STARTTLS: what postrush counts is what Postfix's log says. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Postfix } from '../support/real-servers.js';
import { missingForPostfix, needServer, startPostfix } from '../support/real-servers.js';
import { resultOf, runPostrush, underLoad } from '../support/real-server-run.js';

const missing = missingForPostfix();
const THREE_RECIPIENTS = ['-R', '3', '--to', 'user%d@example.test'];

describe('postrush against Postfix', () => {
  let postfix: Postfix;
  let folder: string;
  let authenticated: string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postrush-test-'));
    if (missing !== null) return;
    postfix = await startPostfix();
    authenticated = ['--user', postfix.user, '--password-file', postfix.passwordFile];
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await (postfix as Postfix | undefined)?.stop();
  });
  beforeEach((context) => needServer(context, missing));

  test('places exactly 2,000 messages in 50 authenticated sessions, and the log of Postfix agrees', async () => {
    const before = postfix.counts();
    const load = ['-s', '50', '-m', '2000', '-n', '10', ...THREE_RECIPIENTS, '--auth', 'login', ...authenticated];
    const result = resultOf(await runPostrush([`smtp://127.0.0.1:${postfix.port}`, ...load]));

    expect(result.messages).toMatchObject({ offered: 2000, attempted: 2000, accepted: 2000, dropped: 0 });
    expect(result.recipients).toMatchObject({ attempted: 6000, accepted: 6000 });
    expect(result.sessions.failed).toBe(0);
    expect(result.sessions.peakOpen).toBeLessThanOrEqual(50);
    expect(result.steps.auth).toMatchObject({ sent: result.sessions.started, failed: 0 });
    expect(result.replies).toContainEqual(expect.objectContaining({ step: 'auth', code: 235, enhanced: '2.7.0' }));
    expect(JSON.stringify(result)).not.toContain('p4ss');
    expect(await postfix.countsSince(before, 2000)).toEqual({
      messages: 2000,
      recipients: 6000,
      discarded: 6000,
      removed: 2000,
      authenticated: 2000,
    });
  });

  test.each([
    ['plain-late', 'PLAIN', 1],
    ['cram-md5', 'CRAM-MD5', 1],
    ['scram-sha-1', 'SCRAM-SHA-1', 2],
    ['scram-sha-256', 'SCRAM-SHA-256', 2],
    ['auto', 'SCRAM-SHA-256', 2],
  ])('authenticates with --auth %s as Dovecot wants it', async (auth, name, challenges) => {
    const before = postfix.counts();
    const load = ['-s', '10', '-m', '100', '--auth', auth, ...authenticated];
    const result = resultOf(await runPostrush([`smtp://127.0.0.1:${postfix.port}`, ...load]));

    expect(result.messages).toMatchObject({ attempted: 100, accepted: 100 });
    expect(result.target.authMechanism).toBe(name);
    expect(result.steps.auth).toMatchObject({ sent: result.sessions.started, failed: 0 });
    const interim = result.replies.filter((row) => row.step === 'auth' && row.interim);
    expect(interim.map(({ code, count }) => [code, count])).toEqual([[334, challenges * result.sessions.started]]);
    expect(await postfix.countsSince(before, 100)).toMatchObject({ messages: 100, authenticated: 100 });
  });

  test.each(['off', 'auto', 'on', 'across'])('places every message with --pipelining %s', async (pipelining) => {
    const before = postfix.counts();
    const load = ['-s', '10', '-m', '500', '-n', '7', ...THREE_RECIPIENTS, '--pipelining', pipelining];
    const result = resultOf(await runPostrush([`smtp://127.0.0.1:${postfix.openPort}`, ...load]));

    expect(result.messages).toMatchObject({ attempted: 500, accepted: 500 });
    expect(result.recipients.accepted).toBe(1500);
    expect(result.steps.rcpt?.pipelined).toBe(pipelining === 'off' ? 0 : 1500);
    expect(result.steps.data).toMatchObject({ sent: 500, replied: 500 });
    expect(await postfix.countsSince(before, 500)).toMatchObject({ messages: 500, recipients: 1500 });
  });

  test('keeps its connections with -n all', async () => {
    const result = resultOf(
      await runPostrush([`smtp://127.0.0.1:${postfix.openPort}`, '-s', '5', '-m', '300', '-n', 'all']),
    );
    expect(result.messages.accepted).toBe(300);
    // smtpd itself ends no connection before its hundredth error or its time limit.
    expect(result.sessions.started).toBe(5);
  });

  test('insists on STARTTLS, verifies the certificate, and sends AUTH PLAIN inside it', async () => {
    const before = postfix.counts();
    const tls = ['--tls', 'required', '--tls-ca', postfix.certificateFile];
    const load = ['-s', '10', '-m', '200', '-n', '5', '--auth', 'plain', ...authenticated];
    const result = resultOf(await runPostrush([`smtp://127.0.0.1:${postfix.port}`, ...load, ...tls]));

    expect(result.messages.accepted).toBe(200);
    expect(result.target.tls?.protocol).toBe('TLSv1.3');
    expect(result.target.keywords).toContain('STARTTLS');
    expect(result.target.keywordsAfterTls).not.toContain('STARTTLS');
    expect(result.steps.tls).toMatchObject({ sent: result.sessions.started, failed: 0 });
    expect(result.steps.starttls?.replied).toBe(result.sessions.started);
    // Before TLS and after it: what was learnt in clear is forgotten (RFC 3207, section 4.2).
    expect(result.steps.ehlo?.sent).toBe(2 * result.sessions.started);
    expect(await postfix.countsSince(before, 200)).toMatchObject({ messages: 200, authenticated: 200 });
  });

  test('resumes TLS sessions with the tickets of Postfix, and counts them', async () => {
    const tls = ['--tls', 'required', '--tls-ca', postfix.certificateFile, '--tls-resume', '50', '-w', '2'];
    const run = await runPostrush([`smtp://127.0.0.1:${postfix.openPort}`, '-s', '2', '-m', '100', ...tls]);
    const result = resultOf(run);
    expect(result.messages.accepted).toBe(100);
    expect(result.tls?.handshakes).toBe(100);
    // Half of the sessions of every place, but for the first of a worker, which comes before its ticket.
    expect(result.tls?.resumed).toBeGreaterThanOrEqual(48);
    expect(result.tls?.resumed).toBeLessThanOrEqual(51);
  });

  test('speaks TLS from the first octet to smtps://', async () => {
    const tls = ['--tls-ca', postfix.certificateFile, '--auth', 'login', ...authenticated];
    const run = await runPostrush([`smtps://127.0.0.1:${postfix.tlsPort}`, '-s', '4', '-m', '40', '-n', '5', ...tls]);
    const result = resultOf(run);
    expect(result.messages.accepted).toBe(40);
    expect(result.steps.starttls).toBeUndefined();
    expect(result.steps.tls?.replied).toBe(result.sessions.started);
  });

  test('takes TLS where it is offered with --tls opportunistic', async () => {
    const tls = ['--tls', 'opportunistic', '--tls-ca', postfix.certificateFile];
    const run = await runPostrush([`smtp://127.0.0.1:${postfix.openPort}`, '-s', '4', '-m', '40', '-n', '5', ...tls]);
    const result = resultOf(run);
    expect(result.messages.accepted).toBe(40);
    expect(result.steps.tls?.replied).toBe(result.sessions.started);
  });

  test('refuses a certificate that it cannot verify before any load, unless told otherwise', async () => {
    const load = ['-s', '2', '-m', '4', '--tls', 'required'];
    const target = `smtp://127.0.0.1:${postfix.openPort}`;
    const before = postfix.counts();
    const refused = await runPostrush([target, ...load]);
    expect(refused.exitCode).toBe(4);
    expect(refused.stderr).toContain(target);
    expect(refused.stderr).toMatch(/certificate/);
    expect(postfix.counts()).toEqual(before);
    expect(resultOf(await runPostrush([target, ...load, '--tls-insecure'])).messages.accepted).toBe(4);
  });

  test('stops before the load when the password is wrong', async () => {
    const passwordFile = join(folder, 'wrong.txt');
    writeFileSync(passwordFile, 'wrong\n');
    const before = postfix.counts();
    const target = `smtp://127.0.0.1:${postfix.port}`;
    const load = ['-s', '50', '-m', '2000', '--auth', 'login', '--user', postfix.user, '--password-file', passwordFile];
    const run = await runPostrush([target, ...load]);
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toContain(target);
    expect(run.stderr).toMatch(/535/);
    expect(run.stderr).not.toMatch(/\n\s+at /);
    expect(run.result).toBeNull();
    expect(postfix.counts()).toEqual(before);
  });

  test.each(['off', 'auto', 'across'])('counts refused recipients as rejected with --pipelining %s', async (mode) => {
    const before = postfix.counts();
    const load = ['-s', '5', '-m', '100', '-n', '5', ...THREE_RECIPIENTS, '--pipelining', mode];
    const result = resultOf(await runPostrush([`smtp://127.0.0.1:${postfix.port}`, ...load]));
    expect(result.messages).toMatchObject({ attempted: 100, accepted: 0, rejected: 100, failed: 0 });
    expect(result.recipients).toMatchObject({ attempted: 300, rejected: 300 });
    expect(result.replies).toContainEqual(
      expect.objectContaining({ step: 'rcpt', code: 554, enhanced: '5.7.1', count: 300 }),
    );
    expect(postfix.counts()).toEqual(before);
  });

  test.each(['off', 'auto', 'across'])('outlives the 421 of a server that loses patience, %s', async (mode) => {
    // After 20 errors smtpd answers 421 and closes; 30 refused recipients would fit into a session.
    const load = ['-s', '5', '-m', '100', '-n', '10', ...THREE_RECIPIENTS, '--pipelining', mode];
    const result = resultOf(await runPostrush([`smtp://127.0.0.1:${postfix.port}`, ...load]));
    const { attempted, accepted, rejected, deferred, failed } = result.messages;
    expect({ attempted, accepted, settled: rejected + deferred + failed }).toEqual({
      attempted: 100,
      accepted: 0,
      settled: 100,
    });
    // A 421 in one write with the last error answers no command of ours, so it need not defer a message.
    expect(result.replies).toContainEqual(expect.objectContaining({ code: 421, enhanced: '4.7.0' }));
  });

  test('drains after SIGINT: what it calls accepted is in the log', async () => {
    const before = postfix.counts();
    const run = await runPostrush(
      [`smtp://127.0.0.1:${postfix.openPort}`, '-s', '10', '-d', '60s', '-n', '10'],
      async (child) => {
        await underLoad(child, 1500);
        child.kill('SIGINT');
      },
    );
    const result = resultOf(run);
    expect(result.endedBy).toBe('signal');
    expect(result.messages.accepted).toBeGreaterThan(0);
    const { accepted } = result.messages;
    expect(await postfix.countsSince(before, accepted)).toMatchObject({ messages: accepted, discarded: accepted });
  });
});
