/** postrush behind a PROXY header: Postfix takes it for the clients that the header names. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Postfix } from '../support/real-servers.js';
import { missingForPostfix, needServer, startPostfix } from '../support/real-servers.js';
import { resultOf, runPostrush } from '../support/real-server-run.js';

const missing = missingForPostfix();

describe('postrush behind a PROXY header', () => {
  let postfix: Postfix;

  beforeAll(async () => {
    if (missing === null) postfix = await startPostfix();
  });
  afterAll(async () => {
    await (postfix as Postfix | undefined)?.stop();
  });
  beforeEach((context) => needServer(context, missing));

  /** Messages by the client that the log names. */
  function clientsOf(log: string): Record<string, number> {
    const clients: Record<string, number> = {};
    for (const [, address = ''] of log.matchAll(/smtpd\[\d+\]: \w+: client=\S*\[([^\]]+)\]/g)) {
      clients[address] = (clients[address] ?? 0) + 1;
    }
    return clients;
  }

  test.each([
    ['v1', 'smtp', []],
    ['v2', 'smtp', []],
    ['v2', 'smtp', ['--tls', 'required']],
    ['v1', 'smtps', []],
    ['v2', 'smtps', []],
  ])('version %s over %s:// %j comes from the addresses of its pool', async (version, scheme, tls) => {
    const before = postfix.counts();
    const logStart = readFileSync(postfix.logFile, 'utf8').length;
    const port = scheme === 'smtps' ? postfix.proxyTlsPort : postfix.proxyPort;
    const load = [
      '-s',
      '4',
      '-m',
      '40',
      '-n',
      'all',
      '--proxy',
      version,
      '--proxy-source',
      '198.51.100.7-198.51.100.10',
    ];
    const trust = scheme === 'smtps' || tls.length > 0 ? ['--tls-ca', postfix.certificateFile] : [];
    const result = resultOf(await runPostrush([`${scheme}://127.0.0.1:${port}`, ...load, ...tls, ...trust]));

    expect(result.messages).toMatchObject({ attempted: 40, accepted: 40 });
    expect(await postfix.countsSince(before, 40)).toMatchObject({ messages: 40 });
    const clients = clientsOf(readFileSync(postfix.logFile, 'utf8').slice(logStart));
    expect(Object.keys(clients).sort()).toEqual(['198.51.100.10', '198.51.100.7', '198.51.100.8', '198.51.100.9']);
    expect(Object.values(clients).reduce((sum, count) => sum + count)).toBe(40);
  });

  test('clients of the documentation block are named unless told otherwise', async () => {
    const logStart = readFileSync(postfix.logFile, 'utf8').length;
    const load = ['-s', '3', '-m', '30', '-n', '1', '--proxy', 'v2'];
    const result = resultOf(await runPostrush([`smtp://127.0.0.1:${postfix.proxyPort}`, ...load]));
    expect(result.messages.accepted).toBe(30);
    const clients = clientsOf(readFileSync(postfix.logFile, 'utf8').slice(logStart));
    expect(Object.keys(clients)).toHaveLength(30);
    expect(Object.keys(clients).every((address) => address.startsWith('192.0.2.'))).toBe(true);
  });

  test('a client that the server does not want is refused by the address in the header', async () => {
    const load = ['-s', '2', '-m', '4', '--proxy', 'v1', '--proxy-source', '203.0.113.1'];
    const result = resultOf(await runPostrush([`smtp://127.0.0.1:${postfix.proxyPort}`, ...load]));
    expect(result.messages).toMatchObject({ attempted: 4, accepted: 0, rejected: 4 });
    expect(result.replies).toContainEqual(expect.objectContaining({ step: 'rcpt', code: 554 }));
  });

  test('without the header the server that wants one does not answer, and the run says so', async () => {
    const target = `smtp://127.0.0.1:${postfix.proxyPort}`;
    const run = await runPostrush([target, '-s', '1', '-m', '1', '--timeout', 'greeting=2s']);
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toMatch(/gave no answer to greeting before the deadline|broke off at greeting/);
  });
});
