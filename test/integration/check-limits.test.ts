/** Limits that a server has are found exactly, and searched for with no more traffic than that takes. */
import { describe, expect, test } from 'vitest';
import type { LimitName } from '../../src/messages/check-record.js';
import type { CheckResult } from '../../src/report/check-schema.js';
import { testCertificate } from '../support/certificate.js';
import { check, checkSink, openTalker } from '../support/check-run.js';

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

  /** A server that counts, and ends as a test says. */
  function counting(
    rule: (verb: string, nth: number) => string | null | undefined,
    keywords = '250 mx.test\r\n',
  ): Promise<string> {
    let connections = 0;
    let counts = new Map<string, number>();
    return openTalker((line) => {
      if (line === '') {
        counts = new Map();
        connections++;
      }
      const verb = line === '' ? 'connect' : line.split(' ')[0]!;
      const nth = (counts.get(verb) ?? 0) + 1;
      counts.set(verb, nth);
      const answer = rule(verb, verb === 'connect' ? connections : nth);
      if (answer !== undefined) return answer;
      if (verb === 'XPOSTRUSH') return '500 5.5.1 what\r\n';
      return verb === 'connect' ? '220 mx.test\r\n' : verb === 'EHLO' ? keywords : '250 ok\r\n';
    });
  }

  test('tells a last word behind the reply from one in its place', async () => {
    const behind = await counting((verb, nth) => (verb === 'XPOSTRUSH' && nth === 20 ? '500 what\r\n421 4.7.0 too many errors\r\n' : undefined)); // prettier-ignore
    expect(textsOf(await check(behind, {}, 'envelope'))).toMatchObject({
      badCommands: '421 after 20 unknown commands',
    });
    const instead = await counting((verb, nth) => (verb === 'XPOSTRUSH' && nth === 20 ? '421 4.7.0 too many errors\r\n' : undefined)); // prettier-ignore
    expect(textsOf(await check(instead, {}, 'envelope'))).toMatchObject({ badCommands: '421 at unknown command 20' });
  });

  test('tells an end without a word, and a refusal of the very first, which is no limit', async () => {
    const target = await counting((verb, nth) => {
      if (verb === 'MAIL' && nth === 8) return null;
      return verb === 'RCPT' ? '554 5.7.1 relay access denied\r\n' : undefined;
    });
    expect(textsOf(await check(target, {}, 'envelope'))).toMatchObject({
      transactions: 'closed after 7 transactions',
      recipients: "not known: RCPT was refused: '554 5.7.1 relay access denied'",
    });
  });

  test('tells silence at a connection', async () => {
    // One survey and five searches come before the connections are counted.
    const target = await counting((verb, nth) => (verb === 'connect' && nth === 6 + 4 ? '' : undefined));
    expect(textsOf(await check(target, { timeouts: '400ms' }, 'envelope'))).toMatchObject({
      connections: 'silent at connection 5',
    });
  });

  test('goes on with the other limits where one session fails', async () => {
    const target = await counting((verb, nth) => (verb === 'connect' && nth === 2 ? '421 busy\r\n' : undefined));
    const result = await check(target, {}, 'envelope');
    expect(textsOf(result)).toMatchObject({
      recipients: "not known: the server greeted another session with '421 busy'",
      transactions: 'no limit up to 300 transactions',
    });
  });

  test('does not take a long line that is read as two commands for a limit', async () => {
    const target = await counting(() => undefined);
    const twice = await openTalker((line) => (line === '' ? '220 x\r\n' : line.startsWith('EHLO') ? '250 x\r\n' : '250 ok\r\n'.repeat(line.length > 1000 ? 2 : 1))); // prettier-ignore
    expect(textsOf(await check(twice, {}, 'envelope'))['lineOctets']).toBe(
      'not known: a line of 1024 octets got more than one reply',
    );
    expect(textsOf(await check(target, {}, 'envelope'))['lineOctets']).toBe('no limit up to 8,192 octets');
  });

  test('stopped in the middle tells the limits that it had found', async () => {
    const stop = new AbortController();
    const target = await counting((verb, nth) => {
      if (verb === 'XPOSTRUSH' && nth === 3) stop.abort();
      return undefined;
    });
    const { complete, limits } = await check(target, {}, 'envelope', stop.signal);
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
