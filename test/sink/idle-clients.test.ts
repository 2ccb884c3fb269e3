import { describe, expect, test } from 'vitest';
import { LineClient } from '../support/line-client.js';
import { testCertificate } from '../support/certificate.js';
import { codeOf, countOf, openClient, openSession, openSink } from './open-sink.js';

describe('a client that is silent for too long', () => {
  test('is told so with 421, and the connection ends', async () => {
    const { sink, client } = await openSession({ idleTimeoutMs: 30 });
    expect(codeOf(await client.reply())).toBe('421 4.4.2');
    expect(await client.ended).toBe('closed');
    expect(countOf(sink.stats(), 'session', 421)).toBe(1);
  });

  test('is told so inside its content, too', async () => {
    const { client, sink } = await openSession({ idleTimeoutMs: 30 });
    for (const line of ['MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>', 'DATA']) await client.command(line);
    client.write('Subject: x\r\n');
    expect(codeOf(await client.reply())).toBe('421 4.4.2');
    expect(sink.stats().messages).toBe(0);
  });

  test('is told so under TLS', async () => {
    const { client } = await openSession({ idleTimeoutMs: 150, tls: await testCertificate() });
    await client.command('STARTTLS');
    await client.startTls();
    await client.command('EHLO client.test');
    expect(codeOf(await client.reply())).toBe('421 4.4.2');
    expect(await client.ended).toBe('closed');
  });

  test('is cut off when it owes a TLS handshake', async () => {
    const sink = await openSink({ idleTimeoutMs: 30, listen: ['smtps://127.0.0.1:0'], tls: await testCertificate() });
    const client = await openClient(sink);
    expect(['closed', 'reset']).toContain(await client.ended);
    expect(client.received).toBe('');
  });

  test('is not one that waits for a delayed reply', async () => {
    const { client } = await openSession({ idleTimeoutMs: 30, faults: [{ on: 'mail', delayMs: 150 }] });
    expect(codeOf(await client.command('MAIL FROM:<a@b.test>'))).toBe('250 2.1.0');
  });

  test('is not one that a fault row has silenced', async () => {
    const { client } = await openSession({ idleTimeoutMs: 30, faults: [{ on: 'mail', then: 'silence' }] });
    client.write('MAIL FROM:<a@b.test>\r\n');
    const outcome = await Promise.race([
      client.ended,
      new Promise((resolve) => setTimeout(() => resolve('still open'), 150)),
    ]);
    expect(outcome).toBe('still open');
  });

  test('may take its time when there is no limit', async () => {
    const sink = await openSink({ idleTimeoutMs: 0 });
    const client = await LineClient.connect(sink.port);
    await client.hello();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(codeOf(await client.command('NOOP'))).toBe('250 2.0.0');
    client.destroy();
  });
});
