/** postrush against smtp-server from npm, a server written by others that everyone can run. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NpmServer } from '../support/real-servers.js';
import { startNpmServer } from '../support/real-servers.js';
import { resultOf, runPostrush } from '../support/real-server-run.js';

describe('postrush against smtp-server from npm', () => {
  let server: NpmServer;
  let folder: string;
  let target: string;
  let authenticated: string[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postrush-test-'));
    server = await startNpmServer();
    target = `smtp://127.0.0.1:${server.port}`;
    const passwordFile = join(folder, 'password.txt');
    writeFileSync(passwordFile, `${server.password}\n`);
    authenticated = ['--user', server.user, '--password-file', passwordFile];
  });
  afterEach(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    ['login', 'off'],
    ['login', 'auto'],
    ['plain', 'auto'],
    ['plain-late', 'auto'],
    ['cram-md5', 'off'],
    ['xoauth2', 'auto'],
    ['auto', 'auto'],
    ['plain', 'across'],
  ])(
    'authenticates with %s inside STARTTLS, --pipelining %s, and the server saw the same',
    async (auth, pipelining) => {
      const tls = ['--tls', 'required', '--tls-ca', server.certificateFile];
      const load = ['-s', '8', '-m', '240', '-n', '6', '-R', '2', '--to', 'user%d@example.test', '-l', '3000'];
      const result = resultOf(
        await runPostrush([target, ...load, ...tls, '--auth', auth, ...authenticated, '--pipelining', pipelining]),
      );
      expect(result.messages.accepted).toBe(240);
      expect(server.seen).toEqual({
        messages: 240,
        recipients: 480,
        octets: 240 * 3000,
        secure: 240,
        // The pre-flight session authenticates too, and is counted apart.
        logins: result.sessions.started + result.preflight.connections,
      });
    },
  );

  test.each(['plain', 'login', 'cram-md5', 'xoauth2'])('is refused with a wrong secret for --auth %s', async (auth) => {
    const wrong = join(folder, 'wrong.txt');
    writeFileSync(wrong, 'wrong-horse');
    const tls = ['--tls', 'required', '--tls-ca', server.certificateFile];
    const run = await runPostrush([
      target,
      '-m',
      '10',
      ...tls,
      '--auth',
      auth,
      '--user',
      'load',
      '--password-file',
      wrong,
    ]);
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toMatch(/refused the credentials: '535 /);
    expect(server.seen).toMatchObject({ messages: 0, logins: 0 });
  });

  test('stops before the load when credentials are only taken inside TLS and TLS was not asked for', async () => {
    const run = await runPostrush([target, '-m', '10', '--auth', 'plain', ...authenticated]);
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toContain(target);
    expect(run.stderr).toMatch(/STARTTLS/);
    expect(server.seen.messages).toBe(0);
  });

  test('goes on in clear with --tls opportunistic where STARTTLS is not offered', async () => {
    const plain = await startNpmServer({ disabledCommands: ['STARTTLS', 'AUTH'] });
    try {
      const run = await runPostrush([`smtp://127.0.0.1:${plain.port}`, '-m', '20', '--tls', 'opportunistic']);
      expect(resultOf(run).messages.accepted).toBe(20);
      expect(plain.seen).toMatchObject({ messages: 20, secure: 0 });
    } finally {
      await plain.stop();
    }
  });
});
