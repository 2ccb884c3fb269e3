/** LMTP (RFC 2033): LHLO, and one reply behind the content for each accepted recipient. */
import { describe, expect, test } from 'vitest';
import { Step } from '../../src/protocol/steps.js';
import type { EngineOptions } from '../support/engine-plan.js';
import { EngineSession } from '../support/engine-session.js';

const TARGET = 'lmtp://127.0.0.1:2424';

function atContent(options: EngineOptions = {}, ...rcpt: string[]): EngineSession {
  const replies = rcpt.length > 0 ? rcpt : ['250 ok', '250 ok', '250 ok'];
  return new EngineSession({ recipients: replies.length, ...options }, { target: TARGET, messages: 1 })
    .opened('PIPELINING')
    .says('250 ok', ...replies, '354 go');
}

describe('a session of LMTP', () => {
  test('says LHLO, and nothing else when that is refused', () => {
    const session = new EngineSession({}, { target: TARGET }).begin().connected().says('220 lmtp.test ready');
    expect(session.take()).toEqual(['LHLO postrush.test\r\n']);
    session.says('500 what');
    expect(session.take()).toEqual(['QUIT\r\n']);
    session.says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({ messages: { rejected: 1 }, endings: ['failed'] });
  });

  test('gives each recipient its own outcome and its own latency', () => {
    const session = atContent({ pipelining: 'off' });
    const apart = new EngineSession({ recipients: 3, pipelining: 'off' }, { target: TARGET }).opened();
    apart.says('250 ok').says('250 ok').says('250 ok').says('250 ok').says('354 go');
    expect(apart.inFlight).toEqual({ endOfData: 3 });
    apart.says('250 queued').says('452 full');
    expect(apart.inFlight).toEqual({ endOfData: 1 });
    expect(apart.messages).toEqual({});
    apart.says('550 never');
    expect(apart.sent['endOfData']).toBe(3);
    expect(apart.recipients).toEqual({ accepted: 1, deferred: 1, rejected: 1 });
    // From the content's last octet: 1, 2 and 3 ms.
    expect(apart.latencies().get(Step.endOfData)).toEqual({ count: 3, sumUs: 6_000 });
    apart.says('221 bye').lost().closed();
    expect(apart.summary).toMatchObject({ messages: { accepted: 1 }, endings: ['completed'] });
    session.destroy();
  });

  test('has as many replies as recipients were accepted, whatever was refused before', () => {
    const session = atContent({}, '250 ok', '550 never', '450 later', '250 ok');
    session.says('250 queued', '250 queued', '221 bye').lost().closed();
    expect(session.summary).toMatchObject({
      messages: { accepted: 1 },
      recipients: { accepted: 2, deferred: 1, rejected: 1 },
      endings: ['completed'],
    });
    expect(session.sent['endOfData']).toBe(2);
  });

  test.each([
    [['452 full', '452 full', '452 full'], 'deferred', { deferred: 3 }],
    [['550 no', '550 no', '550 no'], 'rejected', { rejected: 3 }],
    [['550 no', '452 full', '550 no'], 'deferred', { rejected: 2, deferred: 1 }],
    [['550 no', '550 no', '250 ok'], 'accepted', { rejected: 2, accepted: 1 }],
  ])('of which the replies %j make the message %s', (replies, outcome, recipients) => {
    const session = atContent()
      .says(...replies, '221 bye')
      .lost()
      .closed();
    expect(session.summary).toMatchObject({ messages: { [outcome]: 1 }, recipients, endings: ['completed'] });
  });

  test('that is lost between the replies fails what was not answered, and keeps what was', () => {
    const session = atContent({ pipelining: 'off' });
    const lost = new EngineSession({ recipients: 3, pipelining: 'off' }, { target: TARGET }).opened();
    lost.says('250 ok').says('250 ok').says('250 ok').says('250 ok').says('354 go').says('550 never');
    lost.lost('reset').closed();
    expect(lost.summary).toMatchObject({
      messages: { failed: 1 },
      recipients: { rejected: 1, failed: 2 },
      errors: ['endOfData reset x2'],
      endings: ['failed'],
    });
    session.destroy();
  });

  test('whose server shuts down between the replies defers what was not answered', () => {
    const session = atContent().says('250 queued', '421 going').lost().closed();
    expect(session.summary).toMatchObject({
      messages: { accepted: 1 },
      recipients: { accepted: 1, deferred: 2 },
      endings: ['failed'],
    });
  });

  test('that is answered before it had the content counts all replies from its first octet', () => {
    const session = new EngineSession({ recipients: 2, pipelining: 'off' }, { target: TARGET }).opened();
    session.says('250 ok').says('250 ok').says('250 ok');
    session.connection.isBlocked = true;
    session.says('354 go').says('552 too big').closed();
    expect(session.summary).toMatchObject({
      recipients: { rejected: 1, failed: 1 },
      errors: ['endOfData earlyReply x1', 'transfer earlyReply x1'],
    });
    expect(session.sent).toMatchObject({ endOfData: 2, transfer: 1 });
  });

  test('has a reply to its lone dot for each recipient that was accepted, though MAIL was not', () => {
    const session = new EngineSession({ recipients: 2 }, { target: TARGET, messages: 2 }).opened('PIPELINING');
    session.says('503 one is open', '250 ok', '250 ok', '354 go');
    expect(session.take().at(-1)).toBe('.\r\n');
    expect(session.inFlight).toEqual({ endOfData: 2 });
    session.says('250 nothing', '250 nothing');
    expect(session.take().at(-1)).toMatch(/^MAIL FROM/);
    expect(session.summary).toMatchObject({ messages: { rejected: 1 }, recipients: { rejected: 2 }, errors: [] });
  });

  test('sends its messages one after the other on one connection', () => {
    const session = new EngineSession({ recipients: 2, pipelining: 'across' }, { target: TARGET, messages: 3 });
    session.opened('PIPELINING');
    for (let left = 3; left > 0; left--) {
      session.says('250 ok', '250 ok', '250 ok', '354 go');
      session.says('250 queued', '250 queued', ...(left === 1 ? ['221 bye'] : []));
    }
    session.lost().closed();
    expect(session.summary).toMatchObject({ messages: { accepted: 3 }, recipients: { accepted: 6 } });
  });
});
