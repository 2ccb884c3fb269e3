import { describe, expect, test } from 'vitest';
import { codeOf, codesOf, countOf, openSession } from './open-sink.js';

const ENVELOPE = ['MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>'];

describe('content in chunks', () => {
  test('is taken as it stands: dots are no transparency, and a lone one ends nothing', async () => {
    const { client, sink } = await openSession({ keepMessages: 1 });
    await codesOf(client, ENVELOPE);
    client.write('BDAT 11\r\n..x\r\n.\r\nab\nBDAT 0\r\nBDAT 4 LAST\r\nNOOPNOOP\r\n');
    expect((await client.replies(4)).map(codeOf)).toEqual(['250 2.0.0', '250 2.0.0', '250 2.0.0', '250 2.0.0']);
    expect(sink.messages()[0]?.content.toString()).toBe('..x\r\n.\r\nab\nNOOP');
    expect(sink.stats()).toMatchObject({ messages: 1, commands: { bdat: 2, endOfData: 1, noop: 1 } });
  });

  test('comes in any pieces of the network', async () => {
    const { client, sink } = await openSession({ keepMessages: 1 });
    await codesOf(client, ENVELOPE);
    for (const octet of 'BDAT 3\r\nabcBDAT 2 LAST\r\nde') {
      client.write(octet);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await client.replies(2)).map(codeOf)).toEqual(['250 2.0.0', '250 2.0.0']);
    expect(sink.messages()[0]?.content.toString()).toBe('abcde');
  });

  test('without a transaction, or without recipients, is read and refused, octets and all', async () => {
    const { client, sink } = await openSession();
    client.write('BDAT 6 LAST\r\nQUIT\r\n');
    expect(codeOf(await client.reply())).toBe('503 5.5.1');
    await client.command('MAIL FROM:<a@b.test>');
    client.write('BDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\n');
    expect((await client.replies(2)).map(codeOf)).toEqual(['554 5.5.1', '503 5.5.1']);
    expect(await codesOf(client, ['RSET', ...ENVELOPE])).toEqual(['250 2.0.0', '250 2.1.0', '250 2.1.5']);
    expect(sink.stats().messages).toBe(0);
  });

  test('mixes with neither DATA nor more recipients', async () => {
    const { client } = await openSession();
    await codesOf(client, [...ENVELOPE, 'BDAT 2\r\n']);
    expect(await codesOf(client, ['DATA', 'RCPT TO:<e@f.test>', 'BDAT 0 LAST', 'DATA'])).toEqual([
      '503 5.5.1',
      '503 5.5.1',
      '250 2.0.0',
      '503 5.5.1',
    ]);
  });

  test('beyond the size limit is refused at the chunk that exceeds it, and all later ones with it', async () => {
    const { client, sink } = await openSession({ maxSize: 5 });
    await codesOf(client, ENVELOPE);
    client.write('BDAT 5\r\n12345BDAT 1\r\n6BDAT 1 LAST\r\n7');
    expect((await client.replies(3)).map(codeOf)).toEqual(['250 2.0.0', '552 5.3.4', '503 5.5.1']);
    await codesOf(client, ['RSET', ...ENVELOPE]);
    client.write('BDAT 6 LAST\r\n123456');
    expect(codeOf(await client.reply())).toBe('552 5.3.4');
    expect(sink.stats().messages).toBe(0);
  });

  test('with a size that is no number ends the connection, since nobody knows where it ends', async () => {
    const { client } = await openSession();
    await codesOf(client, ENVELOPE);
    expect(codeOf(await client.command('BDAT 9999999999999999 LAST'))).toBe('501 5.5.4');
    expect(await client.ended).toBe('closed');
  });

  test('is refused for good by a fault row at one chunk', async () => {
    const { client, sink } = await openSession({ faults: [{ on: 'bdat', nth: 2, reply: '451 4.3.0 disk' }] });
    await codesOf(client, ENVELOPE);
    client.write('BDAT 1\r\n1BDAT 1\r\n2BDAT 1\r\n3BDAT 1 LAST\r\n4');
    expect((await client.replies(4)).map(codeOf)).toEqual(['250 2.0.0', '451 4.3.0', '503 5.5.1', '503 5.5.1']);
    expect(sink.stats()).toMatchObject({ messages: 0, faults: 1 });
  });
});

describe('a fault row at every piece of content', () => {
  test('slows reading down: each piece waits', async () => {
    const { client, sink } = await openSession({ faults: [{ on: 'contentChunk', stopReading: true, delayMs: 20 }] });
    await codesOf(client, [...ENVELOPE, 'DATA']);
    const startMs = performance.now();
    client.write('one\r\n');
    await expect.poll(() => sink.stats().faults).toBe(1);
    client.write('two\r\n.\r\n');
    expect(codeOf(await client.reply())).toBe('250 2.0.0');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(39);
    expect(sink.stats()).toMatchObject({ faults: 2, messages: 1 });
  });

  test('may answer early, or end the connection at the third', async () => {
    const early = await openSession({ faults: [{ on: 'contentChunk', nth: 1, reply: '554 5.7.1 spam' }] });
    await codesOf(early.client, [...ENVELOPE, 'DATA']);
    early.client.write('text\r\n.\r\nNOOP\r\n');
    expect((await early.client.replies(2)).map(codeOf)).toEqual(['554 5.7.1', '250 2.0.0']);
    expect(early.sink.stats().messages).toBe(0);

    const cut = await openSession({ faults: [{ on: 'contentChunk', nth: 3, then: 'reset' }] });
    await codesOf(cut.client, [...ENVELOPE, 'DATA']);
    for (let piece = 1; piece <= 3; piece++) {
      cut.client.write('text\r\n');
      await expect.poll(() => cut.sink.stats().bytes.received).toBeGreaterThanOrEqual(65 + 6 * piece);
    }
    expect(await cut.client.ended).toBe('reset');
    expect(cut.sink.stats()).toMatchObject({ faults: 1, messages: 0 });
  });
});

describe('international mail', () => {
  test('is taken where both sides speak SMTPUTF8, and refused with 553 5.6.7 otherwise', async () => {
    const { client, sink } = await openSession({ keepMessages: 1 });
    const utf8 = (text: string): string => Buffer.from(text).toString('latin1');
    expect(await codesOf(client, [utf8('MAIL FROM:<jürgen@b.test>')])).toEqual(['553 5.6.7']);
    await client.command('MAIL FROM:<a@b.test>');
    expect(await codesOf(client, [utf8('RCPT TO:<ñ@d.test>'), 'RSET'])).toEqual(['553 5.6.7', '250 2.0.0']);
    const lines = [
      'MAIL FROM:<jürgen@b.test> SMTPUTF8 BODY=8BITMIME',
      'RCPT TO:<ñ@d.test> NOTIFY=NEVER',
      'DATA',
      'x\r\n.',
    ];
    expect(await codesOf(client, lines.map(utf8))).toEqual(['250 2.1.0', '250 2.1.5', '354', '250 2.0.0']);
    expect(sink.messages()[0]).toMatchObject({ reversePath: 'jürgen@b.test', forwardPaths: ['ñ@d.test'] });
    expect(countOf(sink.stats(), 'mail', 553)).toBe(1);
  });
});
