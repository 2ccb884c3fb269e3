import { describe, expect, test } from 'vitest';
import { testCertificate } from '../support/certificate.js';
import { codeOf, codesOf, openClient, openSession, openSink, sendMessage } from './open-sink.js';

const tls = await testCertificate();

describe('STARTTLS', () => {
  test('is offered before TLS and not inside it', async () => {
    const client = await openClient(await openSink({ tls }));
    expect(await client.hello()).toContain('STARTTLS');
    expect(codeOf(await client.command('STARTTLS'))).toBe('220 2.0.0');
    await client.startTls();
    expect(await client.command('EHLO client.test')).not.toContain('STARTTLS');
    expect(codeOf(await client.command('STARTTLS'))).toBe('503 5.5.1');
  });

  test('carries messages, and ends with QUIT', async () => {
    const { sink, client } = await openSession({ tls, keepMessages: 1 });
    await client.command('STARTTLS');
    await client.startTls();
    await client.command('EHLO client.test');
    const content = `${'x'.repeat(76)}\r\n`.repeat(2000);
    expect(await sendMessage(client, content)).toEqual(['250 2.1.0', '250 2.1.5', '354', '250 2.0.0']);
    expect(codeOf(await client.command('QUIT'))).toBe('221 2.0.0');
    expect(await client.ended).toBe('closed');
    expect(sink.messages()[0]).toMatchObject({ isSecure: true, content: Buffer.from(content) });
    expect(sink.stats()).toMatchObject({ tlsSessions: 1, messages: 1, socketErrors: 0 });
    expect(sink.stats().tls).toEqual([
      { version: 'TLSv1.3', cipher: expect.stringMatching(/^TLS_AES_/) as string, count: 1 },
    ]);
  });

  test('discards all that was learnt in clear', async () => {
    const { client } = await openSession({ tls, users: { load: 'secret' }, requireAuth: true });
    const auth = `AUTH PLAIN ${Buffer.from('\0load\0secret').toString('base64')}`;
    await codesOf(client, [auth, 'MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>', 'STARTTLS']);
    await client.startTls();
    expect(await codesOf(client, ['RCPT TO:<c@d.test>', 'MAIL FROM:<a@b.test>'])).toEqual(['503 5.5.1', '503 5.5.1']);
    await client.command('EHLO client.test');
    expect(await codesOf(client, ['RCPT TO:<c@d.test>', 'MAIL FROM:<a@b.test>', auth])).toEqual([
      '503 5.5.1',
      '530 5.7.0',
      '235 2.7.0',
    ]);
  });

  test('with data behind it is refused and the connection closed', async () => {
    const { sink, client } = await openSession({ tls });
    client.write('STARTTLS\r\nMAIL FROM:<evil@b.test>\r\n');
    expect(codeOf(await client.reply())).toBe('421 4.7.0');
    expect(await client.ended).toBe('closed');
    expect(sink.stats().commands).toMatchObject({ starttls: 1, mail: 0 });
  });

  test('with data before its late 220 ends the connection, and the data is not obeyed', async () => {
    const { sink, client } = await openSession({ tls, faults: [{ on: 'starttls', delayMs: 100 }] });
    client.write('STARTTLS\r\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.write('NOOP\r\n');
    await client.ended;
    expect(sink.stats().commands['noop']).toBe(0);
  });

  test('needs EHLO first and takes no argument', async () => {
    const client = await openClient(await openSink({ tls }));
    await client.reply();
    expect(codeOf(await client.command('STARTTLS'))).toBe('503 5.5.1');
    await client.command('EHLO client.test');
    expect(codeOf(await client.command('STARTTLS now'))).toBe('501 5.5.4');
  });

  test('is unknown without a certificate, and when it is withheld', async () => {
    for (const options of [{}, { tls, withhold: ['STARTTLS'] }]) {
      const client = await openClient(await openSink(options));
      expect(await client.hello()).not.toContain('STARTTLS');
      expect(codeOf(await client.command('STARTTLS'))).toBe('502 5.5.1');
    }
  });

  test('followed by plain text is counted and ends the connection', async () => {
    const { sink, client } = await openSession({ tls });
    await client.command('STARTTLS');
    client.write('EHLO in-clear.test\r\n');
    await client.ended;
    await expect
      .poll(() => sink.stats(), { timeout: 10_000 })
      .toMatchObject({ tlsSessions: 0, open: 0, socketErrors: 1 });
  });

  test('followed by an end of the connection leaves nothing behind', async () => {
    const { sink, client } = await openSession({ tls });
    await client.command('STARTTLS');
    client.reset();
    await expect.poll(() => sink.stats(), { timeout: 10_000 }).toMatchObject({ tlsSessions: 0, open: 0 });
  });
});

describe('implicit TLS', () => {
  test('comes before the greeting, and STARTTLS is not on offer', async () => {
    const sink = await openSink({ tls, listen: ['smtps://127.0.0.1:0'] });
    expect(sink.url).toBe(`smtps://127.0.0.1:${sink.port}`);
    const client = await openClient(sink);
    await client.startTls();
    expect(await client.hello()).not.toContain('STARTTLS');
    expect(codeOf(await client.command('STARTTLS'))).toBe('502 5.5.1');
    expect(await sendMessage(client)).toEqual(['250 2.1.0', '250 2.1.5', '354', '250 2.0.0']);
    expect(sink.stats()).toMatchObject({ tlsSessions: 1, messages: 1 });
  });
});

test('AUTH EXTERNAL is neither offered nor there outside TLS', async () => {
  const { client, sink } = await openSession({ tls: { ...tls, clientCa: tls.cert }, users: {} });
  expect(await client.command('EHLO client.test')).not.toMatch(/AUTH/);
  expect(codeOf(await client.command('AUTH EXTERNAL ='))).toBe('504 5.5.4');
  expect(sink.stats().authenticated).toBe(0);
});
