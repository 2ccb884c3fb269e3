/** What postrush check tells of servers that others wrote. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheckResult } from '../../src/report/check-schema.js';
import { checkServer } from '../support/real-server-run.js';
import type { Postfix } from '../support/real-servers.js';
import { missingForPostfix, needServer, startNpmServer, startPostfix } from '../support/real-servers.js';

const limitsOf = ({ limits }: CheckResult): Record<string, string> =>
  Object.fromEntries(limits?.map(({ name, text }) => [name, text]) ?? []);

describe('postrush check of Postfix', () => {
  const missing = missingForPostfix();
  let postfix: Postfix;
  beforeAll(async () => {
    if (missing === null) postfix = await startPostfix();
  });
  afterAll(async () => {
    await (postfix as Postfix | undefined)?.stop();
  });

  test('tells extensions, TLS and the certificate, and finds its limits without leaving mail', async (context) => {
    needServer(context, missing);
    const before = postfix.counts();
    const target = `smtp://127.0.0.1:${postfix.openPort}`;
    const flags = ['--tls-ca', postfix.certificateFile, '--timeout', 'greeting=5s', '--limits'];
    const result = await checkServer([target, ...flags]);
    expect(result).toMatchObject({
      complete: true,
      greeting: { code: 220, text: expect.stringMatching(/ESMTP Postfix/) },
      extensions: { removed: ['STARTTLS'], added: [] },
      auth: { before: [], afterTls: [] },
      size: { maxBytes: 10_240_000 },
      tls: { begin: 'starttls', protocol: 'TLSv1.3', certificate: { trusted: true } },
      pipelining: { offered: true, works: true, codes: [250, 503, 250] },
      enhancedCodes: { offered: true, without: [] },
      notes: [],
      traffic: { messages: 0 },
    });
    // As Postfix documents them: smtpd_recipient_limit, message_size_limit, smtpd_hard_error_limit, default_process_limit;
    // the transactions end after smtpd_junk_command_limit and as many errors as are allowed.
    expect(limitsOf(result)).toEqual({
      recipients: '452 at recipient 1,001',
      size: '552 at SIZE 10,240,001',
      transactions: '421 after 119 transactions',
      badCommands: '421 after 20 unknown commands',
      lineOctets: 'no limit up to 8,192 octets',
      connections: 'silent at connection 101',
    });
    expect(postfix.counts()).toEqual(before);
  });
});

describe('postrush check of smtp-server from npm', () => {
  test('tells what it offers before and after TLS, and outlives its impatience with clients that do not log in', async () => {
    const server = await startNpmServer();
    try {
      const target = `smtp://127.0.0.1:${server.port}`;
      const result = await checkServer([target, '--tls-ca', server.certificateFile]);
      expect(result).toMatchObject({
        complete: true,
        extensions: { removed: ['STARTTLS'] },
        auth: {
          before: ['PLAIN', 'LOGIN', 'CRAM-MD5', 'XOAUTH2'],
          afterTls: ['PLAIN', 'LOGIN', 'CRAM-MD5', 'XOAUTH2'],
          offeredInClear: true,
        },
        tls: { begin: 'starttls', protocol: 'TLSv1.3', certificate: { trusted: true } },
        pipelining: { offered: true, works: true },
        times: { noop: { count: 10 } },
      });
      expect(result.commands.map(({ command }) => command)).toEqual([
        'NOOP',
        'MAIL',
        'RSET',
        'HELP',
        'VRFY',
        'EXPN',
        'QUIT',
      ]);
      expect(result.notes.length).toBeGreaterThan(0);
      for (const note of result.notes)
        expect(note).toMatch(/^ended the session at .* with '421 .*': another one took over$/);
      expect(server.seen.messages).toBe(0);
    } finally {
      await server.stop();
    }
  });
});
