/** Groups of commands (RFC 2920): which octets go in one write, and what mixed replies to a group mean. */
import { describe, expect, test } from 'vitest';
import { Step } from '../../src/protocol/steps.js';
import { RING_CAPACITY } from '../../workers/command-ring.js';
import { LARGEST_COPIED_BODY } from '../../workers/outbox.js';
import { EngineSession } from '../support/engine-session.js';
import type { EngineOptions } from '../support/engine-plan.js';

const MAIL = (number: number): string => `MAIL FROM:<sender${number}@example.test>\r\n`;
const RCPT = (...numbers: readonly number[]): string =>
  numbers.map((number) => `RCPT TO:<user${number}@example.test>\r\n`).join('');
const DATA = 'DATA\r\n';
const QUIT = 'QUIT\r\n';
const RSET = 'RSET\r\n';

/** A session whose server offers PIPELINING, its first envelope written. */
function atGroup(options: EngineOptions, messages = 1): EngineSession {
  return new EngineSession({ messagesPerSession: 'all', ...options }, { messages }).opened('PIPELINING', 'SIZE');
}

/** A write in which every generated message is `<n>`, n its number from 0. */
function withoutContent(write: string): string {
  return write.replaceAll(/Message-ID: <0*(\d+)\.[^]*?\r\n\.\r\n/g, (_, number: string) => `<${number || '0'}>`);
}

const writesOf = (session: EngineSession): string[] => session.take().map(withoutContent);

describe('what goes in one write', () => {
  test('the whole envelope with DATA last, then the content with QUIT behind the last message', () => {
    const session = atGroup({ recipients: 2 }, 2);
    expect(session.take()).toEqual([MAIL(1) + RCPT(1, 2) + DATA]);
    session.says('250 ok', '250 ok', '250 ok', '354 go');
    expect(writesOf(session)).toEqual(['<0>']);
    session.says('250 queued');
    expect(session.take()).toEqual([MAIL(2) + RCPT(3, 4) + DATA]);
    session.says('250 ok', '250 ok', '250 ok', '354 go');
    expect(writesOf(session)).toEqual([`<1>${QUIT}`]);
    session.says('250 queued', '221 bye').lost().closed();
    expect(session.messages).toEqual({ accepted: 2 });
    expect(session.endings).toEqual([{ ending: 'completed', accepted: 2 }]);
    expect(session.pipelined).toEqual({ mail: 2, rcpt: 4, data: 2, endOfData: 1, quit: 1 });
  });

  test('across messages: content, then the next envelope', () => {
    const session = atGroup({ pipelining: 'across' }, 3);
    expect(session.take()).toEqual([MAIL(1) + RCPT(1) + DATA]);
    session.says('250 ok', '250 ok', '354 go');
    expect(writesOf(session)).toEqual([`<0>${MAIL(2)}${RCPT(2)}${DATA}`]);
    session.says('250 queued', '250 ok', '250 ok', '354 go');
    expect(writesOf(session)).toEqual([`<1>${MAIL(3)}${RCPT(3)}${DATA}`]);
    session.says('250 queued', '250 ok', '250 ok', '354 go');
    expect(writesOf(session)).toEqual([`<2>${QUIT}`]);
    session.says('250 queued', '221 bye').lost().closed();
    expect(session.messages).toEqual({ accepted: 3 });
    expect(session.pipelined).toEqual({ mail: 3, rcpt: 3, data: 3, endOfData: 3, quit: 1 });
  });

  test.each([
    ['auto', ['PIPELINING'], true],
    ['auto', [], false],
    ['on', ['PIPELINING'], true],
    ['on', [], false],
    ['across', [], false],
    ['force', [], true],
    ['off', ['PIPELINING'], false],
  ])('--pipelining %s where %j is offered: one group is %s', (pipelining, keywords, isGroup) => {
    const session = new EngineSession({ pipelining }).opened(...keywords);
    expect(session.take()).toEqual([isGroup ? MAIL(1) + RCPT(1) + DATA : MAIL(1)]);
  });

  test('force groups even for a server that knows only HELO', () => {
    const session = new EngineSession({ pipelining: 'force' }).begin().connected().says('220 mx').says('500 what');
    session.take();
    session.says('250 mx');
    expect(session.take()).toEqual([MAIL(1) + RCPT(1) + DATA]);
  });

  test('what was offered to the last session does not hold for the next', () => {
    const session = atGroup({}, 2).lost().closed().opened();
    expect(session.take()).toEqual([MAIL(2)]);
  });

  test('no more recipients than places to wait for their replies: the others follow, DATA last', () => {
    const session = atGroup({ recipients: 150 });
    const groups: string[] = [];
    for (;;) {
      const [group, ...others] = session.take();
      expect(others).toEqual([]);
      groups.push(group!);
      if (group!.endsWith(DATA)) break;
      session.says(...new Array<string>(group!.split('\r\n').length - 1).fill('250 ok'));
    }
    expect(groups.map((group) => group.split('\r\n').length - 1)).toEqual([63, 63, 26]);
    expect(groups.join('')).toBe(MAIL(1) + RCPT(...Array.from({ length: 150 }, (_, index) => index + 1)) + DATA);
    expect(groups.every((group) => group.split('\r\n').length - 1 <= RING_CAPACITY)).toBe(true);
    session
      .says(...new Array<string>(25).fill('550 never'), '354 go')
      .says('250 queued', '221 bye')
      .lost()
      .closed();
    expect(session.summary).toMatchObject({
      messages: { accepted: 1 },
      recipients: { accepted: 125, rejected: 25 },
      endings: ['completed'],
    });
  });

  test('the octets of addresses as long as they may be stay within the buffer', () => {
    const to = `${'x'.repeat(40)}%d@${'y'.repeat(60)}.${'z'.repeat(60)}.${'w'.repeat(60)}.example.test`;
    const session = atGroup({ recipients: 63, to });
    expect(session.take()[0]).toHaveLength(session.connection.sent.length - 'EHLO postrush.test\r\n'.length);
  });

  test.each([LARGEST_COPIED_BODY / 2, LARGEST_COPIED_BODY * 4])(
    'content of %d octets, its head and QUIT are one write',
    (size) => {
      const session = atGroup({ size, subject: 'one write' });
      session.take();
      session.says('250 ok', '250 ok', '354 go');
      const [write, ...others] = session.take();
      expect(others).toEqual([]);
      expect(write).toMatch(/^Message-ID: <000000000000[^]*Subject: one write\r\n\r\n[^]*\r\n\.\r\nQUIT\r\n$/);
      expect(write).toHaveLength(size + '.\r\nQUIT\r\n'.length);
      session.says('250 queued', '221 bye');
      expect(session.counts().bytesSent).toBe(session.connection.sent.length);
    },
  );

  test('octets sent and received are counted', () => {
    const session = atGroup({}).says('250 ok', '250 ok', '354 go').says('250 queued', '221 bye').lost().closed();
    expect(session.counts().bytesSent).toBe(session.connection.sent.length);
    const opening = '220 mx.test ready\r\n250-mx.test\r\n250-PIPELINING\r\n250 SIZE\r\n';
    const others = '250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n221 bye\r\n';
    expect(session.counts().bytesReceived).toBe(opening.length + others.length);
  });
});

describe('replies to a group', () => {
  test('count from the write of the group, wherever they are cut', () => {
    const octets = '250 ok\r\n550 never\r\n450 later\r\n250 ok\r\n354 go\r\n';
    for (let cut = 0; cut <= octets.length; cut++) {
      const session = atGroup({ recipients: 3 });
      session.latencies();
      session.saysOctets(octets.slice(0, cut), 1_000).saysOctets(octets.slice(cut), 5_000);
      expect(writesOf(session).at(-1)).toBe(`<0>${QUIT}`);
      // The reply to MAIL is the first line, those to RCPT are the next three.
      const early = Math.min(3, Math.max(0, octets.slice(0, cut).split('\n').length - 2));
      expect(session.latencies().get(Step.rcpt)).toEqual({ count: 3, sumUs: early * 1_000 + (3 - early) * 6_000 });
      session.says('250 queued');
      expect(session.recipients).toEqual({ accepted: 1, deferred: 1, rejected: 1 });
      session.destroy();
    }
  });

  test('with every recipient refused and 354 all the same: a lone dot, whose reply settles nothing', () => {
    const session = atGroup({ recipients: 2 }, 2);
    session.take();
    session.says('250 ok', '550 never', '450 later', '354 go');
    expect(session.take()).toEqual(['.\r\n']);
    expect(session.messages).toEqual({ deferred: 1 });
    session.says('250 queued nothing');
    expect(session.take()).toEqual([MAIL(2) + RCPT(3, 4) + DATA]);
    expect(session.messages).toEqual({ deferred: 1 });
    expect(session.replies).toContain('endOfData 250 x1');
    expect(session.sent).not.toHaveProperty('transfer');
  });

  test('the lone dot of the last message takes QUIT along', () => {
    const session = atGroup({}).says('250 ok', '550 never', '354 go');
    expect(session.take().at(-1)).toBe(`.\r\n${QUIT}`);
    session.says('554 no valid recipients', '221 bye').lost().closed();
    expect(session.summary).toMatchObject({ messages: { rejected: 1 }, errors: [], endings: ['completed'] });
  });

  test('with every recipient and DATA refused: RSET goes with the next envelope', () => {
    const session = atGroup({}, 2);
    session.take();
    session.says('250 ok', '550 never', '503 no valid recipients');
    expect(session.take()).toEqual([RSET + MAIL(2) + RCPT(2) + DATA]);
    session.says('250 reset', '250 ok', '250 ok', '354 go').says('250 queued', '221 bye').lost().closed();
    expect(session.summary).toMatchObject({
      messages: { accepted: 1, rejected: 1 },
      recipients: { accepted: 1, rejected: 1 },
      endings: ['completed'],
    });
    expect(session.pipelined).toMatchObject({ rset: 1, mail: 2 });
  });

  test.each([
    ['451 later', { deferred: 1 }, { rejected: 1, deferred: 1 }],
    ['554 no', { rejected: 1 }, { rejected: 2 }],
  ])('with DATA refused (%s) behind an accepted recipient', (reply, messages, recipients) => {
    const session = atGroup({ recipients: 2 }, 2);
    session.take();
    session.says('250 ok', '550 never', '250 ok', reply);
    expect(session.summary).toMatchObject({ messages, recipients, errors: [] });
    expect(session.take()).toEqual([RSET + MAIL(2) + RCPT(3, 4) + DATA]);
  });

  test('with MAIL rejected, the 503 behind it settle nothing and no RSET is needed', () => {
    const session = atGroup({ recipients: 2 }, 2);
    session.take();
    session.says('550 5.1.8 who', '503 no', '503 no', '503 no');
    expect(session.take()).toEqual([MAIL(2) + RCPT(3, 4) + DATA]);
    expect(session.summary).toMatchObject({ messages: { rejected: 1 }, recipients: { rejected: 2 }, errors: [] });
    expect(session.replies).toEqual(expect.arrayContaining(['mail 550 x1', 'rcpt 503 x2', 'data 503 x1']));
  });

  test('with MAIL deferred, the 503 behind it settle nothing and QUIT follows', () => {
    const session = atGroup({ recipients: 2 }, 5);
    session.take();
    session.says('451 later', '503 no', '503 no');
    expect(session.take()).toEqual([]);
    session.says('503 no');
    expect(session.take()).toEqual([QUIT]);
    session.says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({
      messages: { deferred: 1 },
      recipients: { deferred: 2 },
      errors: [],
      endings: ['completed'],
    });
    expect(session.takenCount).toBe(1);
  });

  test('with MAIL deferred and more recipients than fit one group, the rest is not sent', () => {
    const session = atGroup({ recipients: 100 });
    session.take();
    session.says('451 later', ...new Array<string>(62).fill('503 no'));
    expect(session.take()).toEqual([QUIT]);
    expect(session.recipients).toEqual({ deferred: 100 });
    expect(session.sent).toMatchObject({ mail: 1, rcpt: 62, quit: 1 });
  });

  test('with MAIL rejected and more recipients than fit one group, the next message follows', () => {
    const session = atGroup({ recipients: 100 }, 2);
    session.take();
    session.says('550 who', ...new Array<string>(62).fill('503 no'));
    expect(session.take()[0]).toMatch(/^MAIL FROM:<sender2@example.test>\r\nRCPT TO:<user101@example.test>/);
  });

  test('of a server that says 354 to a refused MAIL get it a lone dot', () => {
    const session = atGroup({}, 2).says('550 who', '250 ok', '354 go');
    expect(session.take().at(-1)).toBe('.\r\n');
    session.says('554 no');
    expect(session.take()).toEqual([MAIL(2) + RCPT(2) + DATA]);
    expect(session.messages).toEqual({ rejected: 1 });
  });

  test('across messages settle each message by its own', () => {
    const session = atGroup({ pipelining: 'across', recipients: 2 }, 3);
    session.says('250 ok', '250 ok', '550 never', '354 go').take();
    session.says('451 full', '250 ok', '550 never', '550 never', '503 none');
    expect(session.summary).toMatchObject({
      messages: { deferred: 1, rejected: 1 },
      recipients: { deferred: 1, rejected: 3 },
    });
    expect(session.take()).toEqual([RSET + MAIL(3) + RCPT(5, 6) + DATA]);
    session.says('250 ok', '250 ok', '250 ok', '250 ok', '354 go').says('250 queued', '221 bye').lost().closed();
    expect(session.summary).toMatchObject({
      messages: { accepted: 1, deferred: 1, rejected: 1 },
      recipients: { accepted: 2, deferred: 1, rejected: 3 },
      endings: ['completed'],
    });
  });

  test('across messages with MAIL deferred: QUIT once every reply is in', () => {
    const session = atGroup({ pipelining: 'across' }, 4).says('250 ok', '250 ok', '354 go');
    session.take();
    session.says('250 queued', '452 enough', '503 no', '503 no');
    expect(session.take()).toEqual([QUIT]);
    session.says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({ messages: { accepted: 1, deferred: 1 }, endings: ['completed'] });
  });

  test('across messages with more recipients than fit behind the content, they follow in groups', () => {
    const session = atGroup({ pipelining: 'across', recipients: 70 }, 2);
    const ok = (count: number): string[] => new Array<string>(count).fill('250 ok');
    session.says(...ok(63)).says(...ok(8), '354 go');
    const written = session.take().at(-1)!;
    expect(written.split('\r\n.\r\n')[1]).toBe(MAIL(2) + RCPT(...Array.from({ length: 61 }, (_, index) => index + 71)));
    session.says(...ok(1), ...ok(62));
    expect(session.take()).toEqual([RCPT(...Array.from({ length: 9 }, (_, index) => index + 132)) + DATA]);
    session
      .says(...ok(9), '354 go')
      .says('250 queued', '221 bye')
      .lost()
      .closed();
    expect(session.summary).toMatchObject({ messages: { accepted: 2 }, recipients: { accepted: 140 } });
  });

  test('with a code that no command expects fail it and everything behind it', () => {
    const session = atGroup({ recipients: 2 }).says('250 ok', '250 ok', '354 go');
    expect(session.connection.isDropped).toBe(true);
    expect(session.closed().summary).toMatchObject({
      messages: { failed: 1 },
      recipients: { failed: 2 },
      errors: ['data unexpectedCode x1', 'rcpt unexpectedCode x1'],
      endings: ['failed'],
    });
    expect(session.replies).toContain('rcpt 354 x1 interim');
  });

  test('with 421 among them: what follows is counted, and nothing more is sent', () => {
    const session = atGroup({ recipients: 3 }, 2).says('250 ok', '550 never', '421 leaving');
    session.take();
    expect(session.summary).toMatchObject({ messages: { deferred: 1 }, recipients: { deferred: 2, rejected: 1 } });
    session.says('421 leaving', '354 go');
    expect(session.take()).toEqual([]);
    expect(session.deadlineInUs).toBe(2_000_000);
    session.lost().closed();
    expect(session.summary).toMatchObject({ messages: { deferred: 1 }, errors: [], endings: ['failed'] });
    expect(session.replies).toEqual(expect.arrayContaining(['rcpt 421 x2', 'rcpt 550 x1', 'data 354 x1']));
  });

  test('with 421 among them and a close: what is unanswered fails once each', () => {
    const session = atGroup({ recipients: 3 }).says('250 ok', '421 leaving').lost().closed();
    expect(session.summary).toMatchObject({
      messages: { deferred: 1 },
      recipients: { deferred: 3 },
      errors: ['data closed x1', 'rcpt closed x2'],
      endings: ['failed'],
    });
  });

  test('with 421 to the content, across: the message behind it is deferred too', () => {
    const session = atGroup({ pipelining: 'across' }, 2).says('250 ok', '250 ok', '354 go').says('421 leaving').lost();
    expect(session.closed().summary).toMatchObject({
      messages: { deferred: 2 },
      errors: ['data closed x1', 'mail closed x1', 'rcpt closed x1'],
    });
  });

  test('with more of them than commands: what is left over answers nothing', () => {
    const session = atGroup({}).says('250 ok', '250 ok', '354 go', '250 queued');
    expect(session.connection.isDropped).toBe(true);
    expect(session.sent).not.toHaveProperty('transfer');
    expect(session.closed().summary).toMatchObject({
      messages: { failed: 1 },
      errors: ['session unaskedReply x1'],
      endings: ['failed'],
    });
  });
});
