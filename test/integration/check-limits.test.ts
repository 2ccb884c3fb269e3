/** Limits that a server has are found exactly, and searched for with no more traffic than that takes. */
import { describe, expect, test } from 'vitest';
import type { LimitName } from '../../src/messages/check-record.js';
import type { CheckResult } from '../../src/report/check-schema.js';
import { testCertificate } from '../support/certificate.js';
import type { FaultRow } from '../../src/sink/sink.js';
import { check, checkSink } from '../support/check-run.js';
import { openSink } from '../support/integration-run.js';

const { key, cert } = await testCertificate();

function limitOf({ limits }: CheckResult, name: LimitName): NonNullable<CheckResult['limits']>[number] {
  const found = limits?.find((one) => one.name === name);
  if (found === undefined) throw new Error(`${name} was not looked for`);
  return found;
}

const textsOf = ({ limits }: CheckResult): Record<string, string> =>
  Object.fromEntries(limits?.map(({ name, text }) => [name, text]) ?? []);

describe('check --limits', () => {
  test('finds each limit of a server exactly, and sends no message', async () => {
    const { result, stats } = await checkSink(
      { maxRecipients: 100, maxConnections: 50, maxSize: 10_485_760 },
      {},
      'envelope',
    );
    expect(textsOf(result)).toEqual({
      recipients: '452 at recipient 101',
      size: '552 at SIZE 10,485,761',
      transactions: 'no limit up to 300 transactions',
      badCommands: 'no limit up to 50 unknown commands',
      lineOctets: '500 at octet 513',
      connections: '421 at connection 51',
    });
    expect(limitOf(result, 'recipients')).toMatchObject({
      outcome: 'found',
      passed: 100,
      sought: 2000,
      reply: { code: 452 },
    });
    expect(limitOf(result, 'connections')).toMatchObject({
      passed: 50,
      reply: { text: expect.stringContaining('too many') },
    });
    expect(result).toMatchObject({ complete: true, notes: [], traffic: { messages: 0 } });
    expect(stats).toMatchObject({ messages: 0, peakOpen: 51, refused: 1 });
    // At most the rest of one group of recipients goes out for nothing.
    expect(stats.commands['rcpt']).toBeLessThanOrEqual(101 + 9 + 1);
  });

  test.each([7, 2000])(
    'says that there is none where the server takes all that are tried, or stops at %i',
    async (maxRecipients) => {
      const { result } = await checkSink({ maxRecipients }, {}, 'envelope');
      expect(textsOf(result)).toMatchObject({
        recipients:
          maxRecipients === 2000 ? 'no limit up to 2,000 recipients' : `452 at recipient ${maxRecipients + 1}`,
        connections: 'no limit up to 200 connections',
      });
    },
  );

  test('counts one by one where there is no PIPELINING', async () => {
    const { result, stats } = await checkSink({ maxRecipients: 25, withhold: ['PIPELINING', 'SIZE'] }, {}, 'envelope');
    expect(textsOf(result)).toMatchObject({
      recipients: '452 at recipient 26',
      size: 'not known: the server declares none',
    });
    expect(stats.commands['rcpt']).toBe(26);
  });

  test('speaks TLS where the server offers it, also to count connections of smtps://', async () => {
    const inside = await checkSink({ tls: { key, cert }, maxRecipients: 3 }, {}, 'envelope');
    expect(textsOf(inside.result)).toMatchObject({ recipients: '452 at recipient 4' });
    // The survey, TLSv1.2, and five searches in a session of their own.
    expect(inside.stats.tlsSessions).toBe(7);
    const implicit = await checkSink({ listen: ['smtps://127.0.0.1:0'], tls: { key, cert }, maxConnections: 5 }, {}, 'envelope'); // prettier-ignore
    expect(textsOf(implicit.result)).toMatchObject({ connections: '421 at connection 6' });
  });

  /** What a sink with these rows is found to limit. */
  async function limitsUnder(faults: readonly FaultRow[], timeouts = '10s'): Promise<Record<string, string>> {
    const sink = await openSink({ faults });
    return textsOf(await check(sink.url, { timeouts }, 'envelope'));
  }

  test('tells a last word behind the reply from one in its place', async () => {
    const twentieth = { on: 'unknown', nth: 20, perSession: true } as const;
    const behind = await limitsUnder([{ ...twentieth, raw: '500 what\r\n421 4.7.0 too many errors\r\n' }]);
    expect(behind['badCommands']).toBe('421 after 20 unknown commands');
    const instead = await limitsUnder([{ ...twentieth, reply: '421 4.7.0 too many errors' }]);
    expect(instead['badCommands']).toBe('421 at unknown command 20');
  });

  test('tells an end without a word, and a refusal of the very first, which is no limit', async () => {
    const limits = await limitsUnder([
      { on: 'mail', nth: 8, perSession: true, then: 'close' },
      { on: 'rcpt', reply: '554 5.7.1 relay access denied' },
    ]);
    expect(limits).toMatchObject({
      transactions: 'closed after 7 transactions',
      recipients: "not known: RCPT was refused: '554 5.7.1 relay access denied'",
    });
  });

  test('tells silence at a connection', async () => {
    // One survey and the sessions of five searches, of which one needs two, come before the connections are counted.
    expect(await limitsUnder([{ on: 'connect', nth: 6 + 5, then: 'silence' }], '400ms')).toMatchObject({
      connections: 'silent at connection 5',
    });
  });

  test('goes on with the other limits where one session fails', async () => {
    expect(await limitsUnder([{ on: 'connect', nth: 2, reply: '421 busy' }])).toMatchObject({
      recipients: "not known: the server greeted another session with '421 busy'",
      transactions: 'no limit up to 300 transactions',
    });
  });

  test('does not take a long line that is read as two commands for a limit', async () => {
    const once = { on: 'unknown', matching: 'NOOP xxx', reply: '250 ok' } as const;
    const twice = { on: 'unknown', matching: 'x'.repeat(1000), raw: '250 ok\r\n', repeat: 2 } as const;
    expect((await limitsUnder([twice, once]))['lineOctets']).toBe(
      'not known: a line of 1024 octets got more than one reply',
    );
    expect((await limitsUnder([once]))['lineOctets']).toBe('no limit up to 8,192 octets');
  });

  test('stopped in the middle tells the limits that it had found', async () => {
    const stop = new AbortController();
    const sink = await openSink({ faults: [{ on: 'unknown', nth: 3, then: 'silence' }] });
    const outcome = check(sink.url, {}, 'envelope', stop.signal);
    await expect.poll(() => sink.stats().commands['unknown'], { timeout: 30_000 }).toBe(3);
    stop.abort();
    const { complete, limits } = await outcome;
    expect(complete).toBe(false);
    expect(limits?.map(({ name }) => name)).toEqual(['recipients', 'size', 'transactions']);
  });
});

describe('check --limits messages', () => {
  test.each([
    ['421', '421 at message 101'],
    ['mail452', '452 at message 101'],
    ['close', 'closed after 100 messages'],
  ] as const)('finds how many messages a session may have, %s', async (messageLimitReply, text) => {
    const { result, stats } = await checkSink({ maxMessagesPerSession: 100, messageLimitReply, maxSize: 20_000 }, {}, 'messages'); // prettier-ignore
    expect(textsOf(result)).toMatchObject({
      messages: text,
      messageOctets: '552 at octet 20,001',
      size: '552 at SIZE 20,001',
    });
    expect(stats.messages).toBe(101);
    expect(result.traffic.messages).toBe(102);
  });

  test('sends messages of the very size it says, to the one recipient that it was given', async () => {
    const { result, sink } = await checkSink(
      { maxMessagesPerSession: 2, maxSize: 300_000, keepMessages: 10 },
      { to: 'box%d@lab.test' },
      'messages',
    );
    expect(textsOf(result)).toMatchObject({ messages: '421 at message 3', messageOctets: '552 at octet 300,001' });
    const kept = sink.messages();
    expect(kept.map(({ content }) => content.length).at(-1)).toBe(300_000);
    expect(new Set(kept.flatMap(({ forwardPaths }) => forwardPaths))).toEqual(new Set(['box1@lab.test']));
    expect(kept.every(({ content }) => content.every((octet, at) => octet !== 0x0a || content[at - 1] === 0x0d))).toBe(
      true,
    );
  });

  test('does not send what is too large to be polite', async () => {
    const { result } = await checkSink({ maxMessagesPerSession: 1, maxSize: 64 * 1024 * 1024 }, {}, 'messages');
    expect(textsOf(result)['messageOctets']).toBe(
      'not known: not tried: the declared SIZE is beyond the 32MiB that a check sends',
    );
  });
});
