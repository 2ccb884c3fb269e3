/** One session in lock-step: every reply at every step, and what is counted for it. */
import { describe, expect, test } from 'vitest';
import { LatencyKey } from '../../src/metrics/interval-record.js';
import { Ending } from '../../src/metrics/outcome.js';
import { Step } from '../../src/protocol/steps.js';
import { EngineSession } from '../support/engine-session.js';

const GREETED = ['ehlo 250 x1', 'greeting 220 x1'];

/** A session in lock-step whose first MAIL is written. */
function atMail(options: ConstructorParameters<typeof EngineSession>[0] = {}, messages = 1): EngineSession {
  return new EngineSession(options, { messages }).opened();
}

/** The same, with `recipients` written one after another and all but the last answered with 250. */
function atData(options: ConstructorParameters<typeof EngineSession>[0] = {}, messages = 1): EngineSession {
  const session = atMail(options, messages).says('250 ok');
  for (let index = 0; index < session.lane.recipients; index++) session.says('250 ok');
  return session;
}

/** The same up to the content: everything before it was accepted. */
function atContent(options: ConstructorParameters<typeof EngineSession>[0] = {}, messages = 1): EngineSession {
  return atData(options, messages).says('354 go ahead');
}

describe('a message in lock-step', () => {
  test('is sent one command per write, each after the reply before it', () => {
    const session = new EngineSession({ recipients: 2 }).begin();
    expect(session.take()).toEqual([]);
    session.connected();
    expect(session.take()).toEqual([]);
    session.says('220 mx.test ready');
    expect(session.take()).toEqual(['EHLO postrush.test\r\n']);
    session.says('250 mx.test');
    expect(session.take()).toEqual(['MAIL FROM:<sender1@example.test>\r\n']);
    session.says('250 ok');
    expect(session.take()).toEqual(['RCPT TO:<user1@example.test>\r\n']);
    session.says('250 ok');
    expect(session.take()).toEqual(['RCPT TO:<user2@example.test>\r\n']);
    session.says('250 ok');
    expect(session.take()).toEqual(['DATA\r\n']);
    session.says('354 go ahead');
    const [content, ...others] = session.take();
    expect(others).toEqual([]);
    expect(content).toMatch(/^Message-ID: <000000000000\.1@postrush\.test>\r\n[^]*\r\n\.\r\n$/);
    expect(content!.length - '.\r\n'.length).toBe(1024);
    session.says('250 queued');
    expect(session.take()).toEqual(['QUIT\r\n']);
    session.says('221 bye').lost().closed();
    expect(session.take()).toEqual([]);
    expect(session.summary).toEqual({
      messages: { accepted: 1 },
      recipients: { accepted: 2 },
      replies: ['data 354 x1', ...GREETED, 'mail 250 x1', 'quit 221 x1', 'rcpt 250 x2', 'endOfData 250 x1'].sort(),
      errors: [],
      endings: ['completed'],
    });
    expect(session.endings).toEqual([{ ending: 'completed', accepted: 1 }]);
    expect(session.pipelined).toEqual({});
  });

  test('times each step from its own write to the last line of its reply', () => {
    const session = new EngineSession().begin();
    session.connected().saysOctets('220 mx\r\n', 7_000).saysOctets('250 mx\r\n', 11_000);
    session.saysOctets('250-still\r\n', 3_000).saysOctets('250 ok\r\n', 10_000);
    session.saysOctets('550 no\r\n', 17_000).saysOctets('221 bye\r\n', 19_000).lost().closed();
    const latencies = session.latencies();
    const steps = [Step.connect, Step.greeting, Step.ehlo, Step.mail, Step.rcpt, Step.quit];
    expect(steps.map((step) => latencies.get(step))).toEqual([
      { count: 1, sumUs: 1_000 },
      { count: 1, sumUs: 7_000 },
      { count: 1, sumUs: 11_000 },
      { count: 1, sumUs: 13_000 },
      { count: 1, sumUs: 17_000 },
      { count: 1, sumUs: 19_000 },
    ]);
    expect(latencies.get(LatencyKey.session)).toEqual({ count: 1, sumUs: 70_000 });
    // From the write of MAIL to the reply that settled it.
    expect(latencies.get(LatencyKey.refused)).toEqual({ count: 1, sumUs: 30_000 });
    expect(latencies.get(LatencyKey.message)).toBeUndefined();
  });

  test('is followed by the next one on the same connection, without RSET', () => {
    const session = atContent({ messagesPerSession: 'all' }, 2);
    session.take();
    session.says('250 queued');
    expect(session.take()).toEqual(['MAIL FROM:<sender2@example.test>\r\n']);
    session.says('250 ok');
    expect(session.take()).toEqual(['RCPT TO:<user2@example.test>\r\n']);
    session.says('250 ok').says('354 go').says('250 queued').says('221 bye').lost().closed();
    expect(session.messages).toEqual({ accepted: 2 });
    expect(session.endings).toEqual([{ ending: 'completed', accepted: 2 }]);
  });

  test('goes to the recipients that were accepted', () => {
    const session = atMail({ recipients: 3 }).says('250 ok').says('250 ok').says('450 later').says('550 never');
    expect(session.take().at(-1)).toBe('DATA\r\n');
    session.says('354 go').says('250 queued').says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({
      messages: { accepted: 1 },
      recipients: { accepted: 1, deferred: 1, rejected: 1 },
      endings: ['completed'],
    });
  });

  test.each([
    ['450 later', '451 later', 'deferred'],
    ['550 never', '551 never', 'rejected'],
    ['450 later', '550 never', 'deferred'],
    ['550 never', '450 later', 'deferred'],
  ])('with all recipients refused (%s, %s) has no DATA and is %s', (first, second, outcome) => {
    const session = atMail({ recipients: 2, messagesPerSession: 'all' }, 2).says('250 ok').says(first);
    session.take();
    session.says(second);
    expect(session.messages).toEqual({ [outcome]: 1 });
    expect(session.take()).toEqual(['RSET\r\n']);
    session.says('250 ok');
    expect(session.take()).toEqual(['MAIL FROM:<sender2@example.test>\r\n']);
  });

  test('with all recipients refused is followed by QUIT when it was the last one', () => {
    const session = atMail().says('250 ok').says('550 never');
    expect(session.take().at(-1)).toBe('QUIT\r\n');
    session.says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({ messages: { rejected: 1 }, errors: [], endings: ['completed'] });
    expect(session.endings).toEqual([{ ending: 'completed', accepted: 0 }]);
  });

  test('goes on though RSET was refused', () => {
    const session = atMail({ messagesPerSession: 'all' }, 2).says('250 ok').says('550 never').says('502 what');
    expect(session.take().at(-1)).toBe('MAIL FROM:<sender2@example.test>\r\n');
    expect(session.replies).toContain('rset 502 x1');
  });

  test('is attempted when RSET is sent for it, so that its loss there is its failure', () => {
    const session = atMail({ messagesPerSession: 'all' }, 2).says('250 ok').says('550 never').lost('reset').closed();
    expect(session.summary).toMatchObject({
      messages: { rejected: 1, failed: 1 },
      errors: ['rset reset x1'],
      endings: ['failed'],
    });
  });

  test('deferred at MAIL ends the session with QUIT, which is a completed script', () => {
    const session = atMail({ recipients: 2, messagesPerSession: 'all' }, 5);
    session.take();
    session.says('451 4.3.2 too many messages');
    expect(session.take()).toEqual(['QUIT\r\n']);
    session.says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({
      messages: { deferred: 1 },
      recipients: { deferred: 2 },
      errors: [],
      endings: ['completed'],
    });
    expect(session.takenCount).toBe(1);
  });

  test('rejected at MAIL is followed by the next one without RSET', () => {
    const session = atMail({ messagesPerSession: 'all' }, 2);
    session.take();
    session.says('550 5.1.8 who');
    expect(session.take()).toEqual(['MAIL FROM:<sender2@example.test>\r\n']);
    expect(session.messages).toEqual({ rejected: 1 });
  });

  test.each([
    ['451 later', 'deferred'],
    ['554 no', 'rejected'],
  ])('whose DATA is refused with %s is %s, and RSET comes before the next one', (reply, outcome) => {
    const session = atData({ messagesPerSession: 'all', recipients: 2 }, 2);
    session.take();
    session.says(reply);
    expect(session.take()).toEqual(['RSET\r\n']);
    expect(session.summary).toMatchObject({ messages: { [outcome]: 1 }, recipients: { [outcome]: 2 }, errors: [] });
  });

  test.each([
    ['452 full', 'deferred'],
    ['552 too big', 'rejected'],
  ])('whose content is refused with %s is %s, and nothing is reset', (reply, outcome) => {
    const session = atContent({ messagesPerSession: 'all', recipients: 2 }, 2);
    session.take();
    session.says(reply);
    expect(session.take()).toEqual(['MAIL FROM:<sender2@example.test>\r\n']);
    expect(session.summary).toMatchObject({ messages: { [outcome]: 1 }, recipients: { [outcome]: 2 }, errors: [] });
  });

  test('with a recipient rejected by name and the content deferred is deferred', () => {
    const session = atMail({ recipients: 2 }).says('250 ok').says('550 never').says('250 ok').says('354 go');
    session.says('451 later');
    expect(session.summary).toMatchObject({ messages: { deferred: 1 }, recipients: { deferred: 1, rejected: 1 } });
  });
});

describe('a reply that no script expects', () => {
  const wrong = (session: EngineSession, reply: string): Record<string, unknown> => {
    session.says(reply);
    expect(session.connection.isDropped).toBe(true);
    return session.closed().summary;
  };

  test.each([
    ['354 go ahead', 'MAIL'],
    ['150 wait', 'MAIL'],
  ])('%s to MAIL is counted, and fails the command and the message', (reply) => {
    const code = reply.slice(0, 3);
    expect(wrong(atMail({ recipients: 2 }), reply)).toEqual({
      messages: { failed: 1 },
      recipients: { failed: 2 },
      replies: [...GREETED, `mail ${code} x1 interim`],
      errors: ['mail unexpectedCode x1'],
      endings: ['failed'],
    });
  });

  test('250 to DATA promises what the server cannot keep', () => {
    expect(wrong(atData(), '250 ok')).toMatchObject({
      messages: { failed: 1 },
      replies: ['data 250 x1 interim', ...GREETED, 'mail 250 x1', 'rcpt 250 x1'],
      errors: ['data unexpectedCode x1'],
      endings: ['failed'],
    });
  });

  test('354 to the content is no verdict', () => {
    expect(wrong(atContent(), '354 more')).toMatchObject({
      messages: { failed: 1 },
      errors: ['endOfData unexpectedCode x1'],
    });
  });

  test('354 as greeting ends the session before its EHLO', () => {
    const session = new EngineSession().begin().connected();
    expect(wrong(session, '354 hello')).toEqual({
      messages: { failed: 1 },
      recipients: { failed: 1 },
      replies: ['greeting 354 x1 interim'],
      errors: ['greeting unexpectedCode x1'],
      endings: ['failed'],
    });
    expect(session.sent).toEqual({ connect: 1, greeting: 1 });
  });

  test('nothing that follows it in the same chunk is read', () => {
    const session = atMail();
    session.saysOctets('150 wait\r\n250 ok\r\nnonsense');
    expect(session.replies).toEqual([...GREETED, 'mail 150 x1 interim']);
  });

  test('a reply behind the answer to QUIT is a row outside the books', () => {
    const session = atContent().says('250 queued').says('221 bye', '250 and more');
    expect(session.connection.isDropped).toBe(true);
    expect(session.closed().summary).toMatchObject({
      messages: { accepted: 1 },
      errors: ['session unaskedReply x1'],
      endings: ['failed'],
    });
    expect(session.replies).toContain('session 250 x1');
  });

  test('a second reply to one command was said before the next one, and answers nothing', () => {
    const session = atMail().says('250 ok', '250 ok');
    expect(session.connection.isDropped).toBe(true);
    expect(session.sent).not.toHaveProperty('rcpt');
    expect(session.closed().summary).toMatchObject({
      messages: { failed: 1 },
      errors: ['session unaskedReply x1'],
      endings: ['failed'],
    });
    expect(session.replies).toEqual(expect.arrayContaining(['mail 250 x1', 'session 250 x1']));
  });

  test('a second reply that comes later answers the next command', () => {
    const session = atMail().says('250 ok').says('250 ok');
    expect(session.take().slice(-2)).toEqual(['RCPT TO:<user1@example.test>\r\n', 'DATA\r\n']);
    session.says('250 ok');
    expect(session.errors).toEqual(['data unexpectedCode x1']);
  });

  test('421 in the same chunk as a reply defers the message, and nothing more is sent', () => {
    const session = atMail();
    session.take();
    session.says('250 ok', '421 leaving');
    expect(session.take()).toEqual([]);
    session.lost().closed();
    expect(session.summary).toMatchObject({ messages: { deferred: 1 }, errors: [], endings: ['failed'] });
    expect(session.replies).toContain('session 421 x1');
  });
});

describe('octets that are no reply', () => {
  test.each([
    ['malformed', 'HTTP/1.1 400 Bad Request\r\n'],
    ['malformed', '250-one\r\n251 two\r\n'],
    ['malformed', '\0\0\0\0'],
    ['overlong', `250 ${'x'.repeat(70_000)}`],
    ['limit', '250-again\r\n'.repeat(600)],
  ])('%s: the command fails with that, and so does the message', (kind, octets) => {
    const session = atMail({ recipients: 2 });
    session.saysOctets(octets);
    expect(session.connection.isDropped).toBe(true);
    expect(session.closed().summary).toMatchObject({
      messages: { failed: 1 },
      recipients: { failed: 2 },
      errors: [`mail ${kind} x1`],
      endings: ['failed'],
    });
  });

  test('after the answer to QUIT they are counted at the session', () => {
    const session = atContent().says('250 queued').says('221 bye').saysOctets('garbage');
    expect(session.closed().summary).toMatchObject({
      messages: { accepted: 1 },
      errors: ['session malformed x1'],
      endings: ['failed'],
    });
  });

  test('what comes after the connection was dropped is passed over', () => {
    const session = atMail().saysOctets('garbage\r\n').says('250 ok');
    expect(session.closed().replies).toEqual(GREETED);
  });
});

describe('a server that says 421', () => {
  const leave = '421 4.3.2 shutting down';
  const steps: readonly [string, () => EngineSession, string][] = [
    ['greeting', () => new EngineSession({ recipients: 2 }).begin().connected(), 'greeting'],
    ['ehlo', () => new EngineSession({ recipients: 2 }).begin().connected().says('220 mx'), 'ehlo'],
    ['mail', () => atMail({ recipients: 2 }), 'mail'],
    ['rcpt', () => atMail({ recipients: 2 }).says('250 ok'), 'rcpt'],
    ['second rcpt', () => atMail({ recipients: 2 }).says('250 ok').says('250 ok'), 'rcpt'],
    ['data', () => atData({ recipients: 2 }), 'data'],
    ['content', () => atContent({ recipients: 2 }), 'endOfData'],
  ];

  test.each(steps)('at %s defers what has no verdict, is sent nothing more and closes first', (_, begin, step) => {
    const session = begin();
    session.take();
    session.says(leave);
    expect(session.take()).toEqual([]);
    expect(session.connection.isDropped).toBe(false);
    expect(session.summary).toMatchObject({ messages: { deferred: 1 }, recipients: { deferred: 2 }, errors: [] });
    expect(session.replies.filter((row) => row.includes('421'))).toEqual([`${step} 421 x1`]);
    session.lost();
    expect(session.connection.isDropped).toBe(true);
    expect(session.closed().summary).toMatchObject({ errors: [], endings: ['failed'] });
  });

  test('keeps what it had refused before', () => {
    const session = atMail({ recipients: 3 }).says('250 ok').says('550 never').says(leave);
    expect(session.recipients).toEqual({ deferred: 2, rejected: 1 });
    expect(session.messages).toEqual({ deferred: 1 });
  });

  test('at RSET defers the message that was taken for what follows', () => {
    const session = atMail({ messagesPerSession: 'all' }, 3).says('250 ok').says('550 never').says(leave);
    expect(session.messages).toEqual({ rejected: 1, deferred: 1 });
    expect(session.takenCount).toBe(2);
  });

  test('in place of 221 has failed the session though every message has its verdict', () => {
    const session = atContent().says('250 queued').says(leave).lost().closed();
    expect(session.summary).toMatchObject({ messages: { accepted: 1 }, errors: [], endings: ['failed'] });
    expect(session.replies).toContain('quit 421 x1');
  });

  test('unasked, behind 221, is a row of the session and no error', () => {
    const session = atContent().says('250 queued').says('221 bye').says(leave).lost().closed();
    expect(session.summary).toMatchObject({ messages: { accepted: 1 }, errors: [], endings: ['failed'] });
    expect(session.replies).toContain('session 421 x1');
  });

  test('and keeps the connection open is closed after two seconds', () => {
    const session = atMail().says(leave);
    expect(session.deadlineInUs).toBe(2_000_000);
    session.passesDeadline('before');
    expect(session.connection.isDropped).toBe(false);
    session.passesDeadline('behind');
    expect(session.connection.isDropped).toBe(true);
    expect(session.closed().summary).toMatchObject({ errors: [], endings: ['failed'] });
  });
});

describe('a greeting', () => {
  test.each([
    ['450 busy', 'deferred'],
    ['554 go away', 'rejected'],
  ])('%s: the message that the session was opened for is %s, and QUIT follows', (reply, outcome) => {
    const session = new EngineSession({ recipients: 2, messagesPerSession: 'all' }, { messages: 5 });
    session.begin().connected().says(reply);
    expect(session.take()).toEqual(['QUIT\r\n']);
    session.says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({
      messages: { [outcome]: 1 },
      recipients: { [outcome]: 2 },
      errors: [],
      endings: ['failed'],
    });
    expect([session.greetedCount, session.takenCount]).toEqual([0, 1]);
  });

  test('is told to the owner, and known of the session until its next connection', () => {
    const session = new EngineSession({}, { messages: 2 }).begin().connected();
    expect(session.session.wasGreeted).toBe(false);
    session.says('220-mx.test', '220 ready');
    expect(session.greetedCount).toBe(1);
    expect(session.session.wasGreeted).toBe(true);
    session.lost().closed();
    expect(session.session.wasGreeted).toBe(true);
    expect(session.begin().session.wasGreeted).toBe(false);
  });

  test('may come octet by octet', () => {
    const session = new EngineSession().begin().connected();
    for (const octet of '220-mx.test\r\n220 ready\r\n') session.saysOctets(octet);
    expect(session.take()).toEqual(['EHLO postrush.test\r\n']);
    expect(session.replies).toEqual(['greeting 220 x1']);
  });
});

describe('a server that knows no EHLO', () => {
  test.each(['500 what', '502 not implemented', '554 no'])('(%s) is greeted with HELO', (reply) => {
    const session = new EngineSession().begin().connected().says('220 mx');
    session.take();
    session.says(reply);
    expect(session.take()).toEqual(['HELO postrush.test\r\n']);
    expect(session.messages).toEqual({});
    session.says('250 mx');
    expect(session.take()).toEqual(['MAIL FROM:<sender1@example.test>\r\n']);
    expect(session.sent).toMatchObject({ ehlo: 2, mail: 1 });
  });

  test('offers nothing, whatever it listed before it refused', () => {
    const session = new EngineSession({ pipelining: 'auto' }).begin().connected().says('220 mx');
    session.says('502-mx', '502-PIPELINING', '502 no').says('250-mx', '250 PIPELINING');
    expect(session.take().at(-1)).toBe('MAIL FROM:<sender1@example.test>\r\n');
  });

  test('and no HELO either rejects the message', () => {
    const session = new EngineSession().begin().connected().says('220 mx').says('502 what').says('502 what');
    expect(session.take().at(-1)).toBe('QUIT\r\n');
    session.says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({ messages: { rejected: 1 }, endings: ['failed'] });
    expect(session.replies).toContain('ehlo 502 x2');
  });

  test('for now (4yz) is not asked with HELO', () => {
    const session = new EngineSession().begin().connected().says('220 mx').says('450 later');
    expect(session.take().at(-1)).toBe('QUIT\r\n');
    expect(session.messages).toEqual({ deferred: 1 });
  });
});

describe('the end of a session', () => {
  test('is left to the server, for two seconds', () => {
    const session = atContent().says('250 queued').says('221 bye');
    expect(session.deadlineInUs).toBe(2_000_000);
    session.passesDeadline('before');
    expect(session.connection.isDropped).toBe(false);
    session.passesDeadline('behind');
    expect(session.connection.isDropped).toBe(true);
    expect(session.closed().summary).toMatchObject({ errors: [], endings: ['completed'] });
  });

  test('whatever the answer to QUIT was, the script is complete', () => {
    const session = atContent().says('250 queued').says('500 what').lost('reset').closed();
    expect(session.summary).toMatchObject({ messages: { accepted: 1 }, errors: [], endings: ['completed'] });
  });

  test('without an answer to QUIT is a failure of QUIT alone', () => {
    const session = atContent().says('250 queued').lost().closed();
    expect(session.summary).toMatchObject({
      messages: { accepted: 1 },
      errors: ['quit closed x1'],
      endings: ['failed'],
    });
  });

  test('is told to the owner once the descriptor is free', () => {
    const session = atMail().lost();
    expect(session.endings).toEqual([]);
    expect(session.session.isOpen).toBe(true);
    session.closed();
    expect(session.endings).toEqual([{ ending: Object.keys(Ending)[Ending.failed], accepted: 0 }]);
    expect(session.session.isOpen).toBe(false);
  });

  test('leaves nothing behind for the next session of the same client', () => {
    const session = new EngineSession({ recipients: 2, messagesPerSession: 'all' }, { messages: 3 });
    session.opened('PIPELINING').saysOctets('250 ok\r\n550 half');
    session.lost().closed().opened();
    expect(session.take()).toEqual(['MAIL FROM:<sender2@example.test>\r\n']);
    session.says('250 ok').says('250 ok').says('250 ok').says('354 go').says('250 queued');
    session.says('250 ok').says('250 ok').says('250 ok').says('354 go').says('250 queued').says('221 bye');
    session.lost().closed();
    expect(session.summary).toMatchObject({
      messages: { failed: 1, accepted: 2 },
      errors: ['data closed x1', 'rcpt closed x2'],
      endings: ['failed', 'completed'],
    });
  });
});
