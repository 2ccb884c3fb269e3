import { describe, expect, test } from 'vitest';
import { startSink } from '../../src/sink/sink.js';
import { LineClient } from '../support/line-client.js';
import { codeOf, codesOf, countOf, openClient, openSession, openSink, sendMessage } from './open-sink.js';

describe('a sink', () => {
  test('listens on a free port of loopback unless told otherwise', async () => {
    const sink = await openSink();
    expect(sink.port).toBeGreaterThan(0);
    expect(sink.url).toBe(`smtp://127.0.0.1:${sink.port}`);
  });

  test('puts an IPv6 address into brackets', async () => {
    const sink = await openSink({ listen: ['smtp://[::1]:0'] });
    expect(sink.url).toBe(`smtp://[::1]:${sink.port}`);
  });

  test('ends all its connections when it is closed, however often', async () => {
    const sink = await startSink({ replyDelayMs: 50 });
    const clients = await Promise.all(Array.from({ length: 20 }, () => LineClient.connect(sink.port)));
    await expect.poll(() => sink.stats().open, { timeout: 10_000 }).toBe(20);
    const [stats, again] = await Promise.all([sink.close(), sink.close()]);
    expect(stats).toMatchObject({ connections: 20, peakOpen: 20, open: 0 });
    expect(again).toEqual(stats);
    await Promise.all(clients.map((client) => client.ended));
    await expect((await LineClient.connect(sink.port)).ended).resolves.toBe('failed');
  });

  test('is done with a client that has said QUIT, whatever the client does with its side', async () => {
    const { client, sink } = await openSession();
    client.pause();
    client.write('QUIT\r\n');
    await expect.poll(() => sink.stats(), { timeout: 3000 }).toMatchObject({ open: 0, socketErrors: 0 });
    client.resume();
    expect(codeOf(await client.reply())).toBe('221 2.0.0');
    expect(await client.ended).toBe('closed');
  });

  test('hears a client out that talks on behind QUIT: the 221 and the end come through', async () => {
    const { client, sink } = await openSession();
    client.write('QUIT\r\nNOOP');
    expect(codeOf(await client.reply())).toBe('221 2.0.0');
    client.write('x'.repeat(1_000_000));
    expect(await client.ended).toBe('closed');
    await expect.poll(() => sink.stats(), { timeout: 3000 }).toMatchObject({ open: 0, socketErrors: 0 });
    expect(sink.stats().commands).toMatchObject({ quit: 1, noop: 0, unknown: 0 });
  });

  test('counts a reset as an error of the socket, and nothing else', async () => {
    const { client, sink } = await openSession();
    await codesOf(client, ['MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>', 'DATA']);
    client.write('some content');
    client.reset();
    await expect.poll(() => sink.stats(), { timeout: 10_000 }).toMatchObject({ open: 0, socketErrors: 1, messages: 0 });
  });

  test('counts no error when a client resets behind QUIT, as those do that avoid TIME_WAIT', async () => {
    const { client, sink } = await openSession();
    await sendMessage(client);
    client.write('QUIT\r\n');
    client.reset();
    await expect
      .poll(() => sink.stats(), { timeout: 10_000 })
      .toMatchObject({ open: 0, socketErrors: 0, messages: 1, commands: { quit: 1 } });
  });

  test('keeps the last messages that it is asked to keep', async () => {
    const { client, sink } = await openSession({ keepMessages: 2 });
    for (const content of ['one\r\n', 'two\r\n', 'three\r\n..dot\r\n']) await sendMessage(client, content);
    expect(sink.messages().map(({ content }) => content.toString())).toEqual(['two\r\n', 'three\r\n.dot\r\n']);
  });

  test('keeps no message unless it is asked to', async () => {
    const { client, sink } = await openSession();
    await sendMessage(client);
    expect(sink.messages()).toEqual([]);
  });
});

describe('the books of a sink', () => {
  test('balance: every command has its reply, every message its recipients', async () => {
    const sink = await openSink({ faults: [{ on: 'rcpt', everyNth: 3, reply: '550 5.1.1 no such user' }] });
    const sessions = 10;
    const messages = 7;
    let accepted = 0;
    let recipients = 0;
    await Promise.all(
      Array.from({ length: sessions }, async () => {
        const client = await openClient(sink);
        await client.hello();
        for (let message = 0; message < messages; message++) {
          const codes = await codesOf(client, [
            'MAIL FROM:<a@b.test>',
            'RCPT TO:<c@d.test>',
            'RCPT TO:<e@f.test>',
            'DATA',
            'text\r\n.',
          ]);
          const taken = codes.filter((code) => code === '250 2.1.5').length;
          expect(codes.at(-1)).toBe('250 2.0.0');
          accepted++;
          recipients += taken;
        }
        await client.command('QUIT');
        await client.ended;
      }),
    );
    await expect.poll(() => sink.stats().open, { timeout: 10_000 }).toBe(0);
    const stats = sink.stats();
    expect(stats).toMatchObject({ connections: sessions, messages: accepted, recipients, socketErrors: 0 });
    for (const [step, count] of Object.entries(stats.commands)) {
      const replies = stats.replies.filter((row) => row.step === step).reduce((sum, row) => sum + row.count, 0);
      expect(replies, step).toBe(count);
    }
    expect(countOf(stats, 'greeting', 220)).toBe(sessions);
    expect(countOf(stats, 'rcpt', 250)).toBe(recipients);
    expect(countOf(stats, 'rcpt', 550)).toBe(stats.faults);
    expect(stats.commands).toMatchObject({ mail: accepted, rcpt: 2 * accepted, endOfData: accepted, quit: sessions });
  });

  test('have one row per step, code and enhanced code', async () => {
    const { client, sink } = await openSession();
    await codesOf(client, ['NOOP', 'NOOP', 'NONSENSE', 'ETRN x', '\n', 'MAIL FROM:bad', 'RSET now']);
    expect(sink.stats().replies).toEqual([
      { step: 'ehlo', code: 250, enhanced: null, count: 1 },
      { step: 'greeting', code: 220, enhanced: null, count: 1 },
      { step: 'mail', code: 501, enhanced: '5.1.7', count: 1 },
      { step: 'noop', code: 250, enhanced: '2.0.0', count: 2 },
      { step: 'rset', code: 501, enhanced: '5.5.4', count: 1 },
      { step: 'unknown', code: 500, enhanced: '5.5.2', count: 3 },
      { step: 'unknown', code: 502, enhanced: '5.5.1', count: 1 },
    ]);
  });

  test('count octets as they went', async () => {
    const { client, sink } = await openSession({ withhold: ['EHLO'] });
    const replies = [await client.command('NOOP'), await client.command('QUIT')];
    const said = ['220 sink.postrush.test SMTP postrush', '502 command not implemented', ...replies];
    expect(sink.stats().bytes.sent).toBe(said.join('\r\n').length + 2);
  });

  test('have seconds that add up', async () => {
    const { client, sink } = await openSession();
    await sendMessage(client);
    const { seconds, messages, connections } = sink.stats();
    expect(seconds.reduce((sum, row) => sum + row.messages, 0)).toBe(messages);
    expect(seconds.reduce((sum, row) => sum + row.connections, 0)).toBe(connections);
  });

  test('count octets as they came', async () => {
    const { client, sink } = await openSession();
    await client.command('NOOP');
    expect(sink.stats().bytes.received).toBe('EHLO client.test\r\nNOOP\r\n'.length);
  });
});

describe('a reply delay', () => {
  test('comes before every reply, and is never short', async () => {
    const { client } = await openSession({ replyDelayMs: 5 });
    for (let round = 0; round < 20; round++) {
      const startMs = performance.now();
      await client.command('NOOP');
      expect(performance.now() - startMs).toBeGreaterThanOrEqual(5);
    }
  });

  test('is shared by the replies to a pipelined group, which leave in one write', async () => {
    const { client } = await openSession({ replyDelayMs: 30 });
    client.chunks = [];
    const startMs = performance.now();
    client.write('MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n');
    await client.replies(3);
    expect(performance.now() - startMs).toBeLessThan(60);
    expect(client.chunks).toHaveLength(1);
  });

  test('is shared by sessions: a hundred of them wait no longer than one', async () => {
    const sink = await openSink({ replyDelayMs: 20 });
    const clients = await Promise.all(Array.from({ length: 100 }, () => openClient(sink)));
    await Promise.all(clients.map((client) => client.hello()));
    const startMs = performance.now();
    await Promise.all(clients.map((client) => codesOf(client, ['NOOP', 'NOOP', 'NOOP'])));
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(60);
    expect(performance.now() - startMs).toBeLessThan(500);
  });

  test('holds a client back that sends faster than it is answered', async () => {
    const { client, sink } = await openSession({ replyDelayMs: 2 });
    client.write('NOOP\r\n'.repeat(50_000));
    expect(await client.replies(50_000)).toHaveLength(50_000);
    expect(sink.stats().commands['noop']).toBe(50_000);
  });
});
