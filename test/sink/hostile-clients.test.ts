import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testCertificate } from '../support/certificate.js';
import { codeOf, openClient, openSink } from './open-sink.js';

const tls = await testCertificate();

/** Pieces that make a session of nonsense go deeper than random octets would. */
const PIECES = [
  'EHLO x\r\n',
  'HELO x\r\n',
  'MAIL FROM:<a@b.test>\r\n',
  'RCPT TO:<c@d.test>\r\n',
  'DATA\r\n',
  '.\r\n',
  '\r\n.\r\n',
  '\r\n.\n',
  '..\r\n',
  'RSET\r\n',
  'LHLO x\r\n',
  'BDAT 4\r\nabcd',
  'BDAT 0 LAST\r\n',
  'BDAT 99999999\r\n',
  'BDAT x\r\n',
  'VRFY a\r\n',
  'AUTH CRAM-MD5\r\n',
  'AUTH SCRAM-SHA-256 biwsbj11LHI9YQ==\r\n',
  'AUTH XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHABAQ==\r\n',
  'AUTH LOGIN\r\n',
  'AUTH PLAIN AHUAcA==\r\n',
  '*\r\n',
  'dQ==\r\n',
  'STARTTLS\r\n',
  '\x16\x03\x01\x00',
  'NOOP',
  '\r',
  '\n',
  '\0',
  ' '.repeat(600),
  'x'.repeat(1100),
];
const nonsense = fc.array(
  fc.oneof(
    fc.constantFrom(...PIECES),
    fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets).toString('latin1')),
  ),
  { maxLength: 30 },
);

describe.each(['smtp', 'lmtp'])('a client of %s that talks nonsense', (protocol) => {
  test('never crashes a sink, and others are served as before', async () => {
    const sink = await openSink({
      listen: [`${protocol}://127.0.0.1:0`],
      tls,
      users: { u: 'p' },
      maxSize: 1000,
      keepMessages: 3,
      maxRecipients: 2,
      authLockOut: { afterFailures: 3, forMs: 1 },
      tarpit: { afterErrors: 3, delayMs: 1 },
      faults: [
        { on: 'content', everyNth: 5, stopReading: true, delayMs: 1 },
        { on: 'endOfData', everyNth: 4, reply: '451 4.3.0 no', dripMs: 0.1 },
        { on: 'bdat', everyNth: 3, raw: '250 chunk\n\0' },
        { on: 'starttls', everyNth: 6, delayMs: 1 },
      ],
    });
    await fc.assert(
      fc.asyncProperty(nonsense, fc.constantFrom('end', 'reset', 'destroy'), async (pieces, farewell) => {
        const client = await openClient(sink);
        for (const piece of pieces) {
          client.write(piece);
          if (piece.length % 3 === 0) await new Promise(setImmediate);
        }
        client[farewell as 'end']();
        await client.ended;
        // The one line that a fault row sends in another dress is taken out.
        const replies = client.received.replaceAll('250 chunk\n\0', '');
        expect(replies).toMatch(/^(\d{3}[ -][^\r\n]*\r\n)*[^\r\n]*$/);
      }),
      { numRuns: 300 },
    );
    const client = await openClient(sink);
    expect(codeOf(await client.reply())).toBe('220');
    expect(codeOf(await client.command('NOOP'))).toBe('250 2.0.0');
    await expect.poll(() => sink.stats().open, { timeout: 10_000 }).toBe(1);
  });

  test('that comes and goes thousands of times leaves nothing behind', async () => {
    const sink = await openSink({ faults: [{ on: 'connect', everyNth: 3, delayMs: 300 }] });
    for (let batch = 0; batch < 30; batch++) {
      const clients = await Promise.all(Array.from({ length: 100 }, () => openClient(sink)));
      for (const [index, client] of clients.entries()) {
        if (index % 2 === 0) client.reset();
        else client.destroy();
      }
      await Promise.all(clients.map((client) => client.ended));
    }
    await expect.poll(() => sink.stats(), { timeout: 10_000 }).toMatchObject({ connections: 3000, open: 0 });
  });
});
