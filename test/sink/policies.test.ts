import { describe, expect, test } from 'vitest';
import { ForcedOutcomes } from '../../src/sink/forced-outcome.js';
import { Greylist } from '../../src/sink/greylist.js';
import { RateLimit } from '../../src/sink/rate-limit.js';
import { ReplyBook } from '../../src/sink/reply-book.js';
import { codeOf, codesOf, openClient, openSession, openSink } from './open-sink.js';

describe('a rate limit', () => {
  test("lets a second's worth through at once, and then its rate, exactly", () => {
    const limit = new RateLimit(10);
    let taken = 0;
    for (let ms = 0; ms < 10_000; ms++) if (limit.take(ms)) taken++;
    expect(taken).toBe(10 + 99);
  });

  test('below one per second lets the first through', () => {
    const limit = new RateLimit(0.5);
    expect([0, 100, 1900, 2000, 2100].map((ms) => limit.take(ms))).toEqual([true, false, false, true, false]);
  });

  test('of 0 is none', () => {
    const limit = new RateLimit(0);
    expect(Array.from({ length: 100 }, () => limit.take(0))).not.toContain(false);
  });
});

describe('a greylist', () => {
  test('lets a triplet pass when its time is over, and each for itself', () => {
    const list = new Greylist(1000);
    expect(list.passes('127.0.0.1', 'a@b.test', 'c@d.test', 0)).toBe(false);
    expect(list.passes('127.0.0.1', 'a@b.test', 'c@d.test', 999)).toBe(false);
    expect(list.passes('127.0.0.2', 'a@b.test', 'c@d.test', 1000)).toBe(false);
    expect(list.passes('127.0.0.1', 'A@b.test', 'C@d.test', 1000)).toBe(true);
    expect(list.passes('127.0.0.1', 'a@b.test', 'c@d.test', 9e9)).toBe(true);
  });

  test('forgets the oldest of very many', () => {
    const list = new Greylist(10);
    for (let index = 0; index <= 100_000; index++) list.passes('', 'a@b.test', `${String(index)}@d.test`, 0);
    expect(list.passes('', 'a@b.test', '100000@d.test', 10)).toBe(true);
    expect(list.passes('', 'a@b.test', '0@d.test', 10)).toBe(false);
  });
});

describe('connections', () => {
  test('beyond the limit are greeted with 421 and closed, and there is room again when one is gone', async () => {
    const sink = await openSink({ maxConnections: 1 });
    const first = await openClient(sink);
    expect(codeOf(await first.reply())).toBe('220');
    const second = await openClient(sink);
    expect(codeOf(await second.reply())).toBe('421');
    expect(await second.ended).toBe('closed');
    await first.command('QUIT');
    await first.ended;
    await expect.poll(() => sink.stats().open).toBe(0);
    expect(codeOf(await (await openClient(sink)).reply())).toBe('220');
    expect(sink.stats()).toMatchObject({ connections: 3, refused: 1 });
  });

  test('are limited per address, and per second', async () => {
    for (const limit of [{ maxConnectionsPerAddress: 2 }, { connectionsPerSec: 2 }]) {
      const sink = await openSink(limit);
      const codes: string[] = [];
      for (let index = 0; index < 3; index++) codes.push(codeOf(await (await openClient(sink)).reply()));
      expect(codes).toEqual(['220', '220', '421']);
    }
  });
});

describe('messages per second', () => {
  test('beyond get 450 and the session goes on', async () => {
    const { client } = await openSession({ messagesPerSec: 0.1 });
    const lines = ['MAIL FROM:<a@b.test>', 'RSET', 'MAIL FROM:<a@b.test>', 'NOOP'];
    expect(await codesOf(client, lines)).toEqual(['250 2.1.0', '250 2.0.0', '450 4.7.1', '250 2.0.0']);
  });

  test('or 421 and the session ends', async () => {
    const { client } = await openSession({ messagesPerSec: 0.1, messageRateReply: '421' });
    expect(await codesOf(client, ['MAIL FROM:<a@b.test>', 'RSET', 'MAIL FROM:<a@b.test>'])).toContain('421 4.7.0');
    expect(await client.ended).toBe('closed');
  });
});

describe('recipients', () => {
  test('are greylisted at first and accepted later', async () => {
    const { client } = await openSession({ greylistMs: 30 });
    expect(await codesOf(client, ['MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>'])).toEqual(['250 2.1.0', '450 4.7.1']);
    await expect.poll(async () => codeOf(await client.command('RCPT TO:<c@d.test>'))).toBe('250 2.1.5');
  });

  test('may have a full mailbox', async () => {
    const { client } = await openSession({ fullMailboxes: ['full@d.test'] });
    expect(await codesOf(client, ['MAIL FROM:<>', 'RCPT TO:<FULL@d.test>', 'RCPT TO:<c@d.test>'])).toEqual([
      '250 2.1.0',
      '452 4.2.2',
      '250 2.1.5',
    ]);
  });

  test.each([
    ['450-4.2.1-busy-now@d.test', '450 4.2.1 busy now'],
    ['550@d.test', '550 as the address asks'],
    ['250-2.1.5-fine@d.test', '250 2.1.5 fine'],
    ['reject@d.test', '550 5.1.1 rejected, as the address asks'],
    ['DEFER@d.test', '450 4.2.1 deferred, as the address asks'],
    ['450-5.1.1-contradiction@d.test', '250 2.1.5 recipient ok'],
    ['rejected@d.test', '250 2.1.5 recipient ok'],
    ['421-later@d.test', '421 later'],
  ])('choose their outcome: %s', async (path, reply) => {
    const { client, sink } = await openSession();
    await client.command('MAIL FROM:<a@b.test>');
    expect(await client.command(`RCPT TO:<${path}>`)).toBe(reply);
    if (reply.startsWith('421')) expect(await client.ended).toBe('closed');
    else expect(codeOf(await client.command('DATA'))).toBe(reply.startsWith('250') ? '354' : '554 5.5.1');
    expect(sink.stats().faults).toBe(0);
  });

  test('choose to be slow', async () => {
    const { client } = await openSession();
    await client.command('MAIL FROM:<a@b.test>');
    const startMs = performance.now();
    expect(codeOf(await client.command('RCPT TO:<slow-50ms@d.test>'))).toBe('250 2.1.5');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(49);
  });

  test('choose nothing where that is switched off', async () => {
    const { client } = await openSession({ forcedOutcomes: false });
    expect(await codesOf(client, ['MAIL FROM:<>', 'RCPT TO:<reject@d.test>'])).toEqual(['250 2.1.0', '250 2.1.5']);
  });

  test('cannot make the sink remember without bound', () => {
    const book = new ReplyBook(true);
    const outcomes = new ForcedOutcomes(book);
    for (let index = 0; index < 1000; index++) expect(outcomes.of(`450-${String(index)}@d.test`)).not.toBeNull();
    expect(outcomes.of('450-more@d.test')).toBeNull();
    expect(outcomes.of('450-7@d.test')?.reply?.octets).toBe('450 7\r\n');
  });
});

describe('a tarpit', () => {
  test('slows down every reply after so many errors', async () => {
    const { client } = await openSession({ tarpit: { afterErrors: 2, delayMs: 40 } });
    const took = async (line: string): Promise<number> => {
      const startMs = performance.now();
      await client.command(line);
      return performance.now() - startMs;
    };
    await codesOf(client, ['NONSENSE', 'NONSENSE']);
    expect(await took('NOOP')).toBeGreaterThanOrEqual(39);
    expect(await took('NONSENSE')).toBeGreaterThanOrEqual(39);
    expect(await took('NOOP')).toBeGreaterThanOrEqual(39);
  });
});
