/** Sessions other than the standard one: step by step, held open, dropped. */
import { describe, expect, test } from 'vitest';
import type { EngineOptions } from '../support/engine-plan.js';
import { EngineSession } from '../support/engine-session.js';

function greeted(options: EngineOptions, messages = 0): EngineSession {
  const session = new EngineSession(options, { messages }).begin().connected().says('220 mx.test');
  return session;
}

describe('a session of steps', () => {
  test('says each command as written, one after the other, whatever the replies', () => {
    const session = greeted({ steps: 'noop:x ehlo vrfy:postmaster expn:list help help:mail raw:"XTRA one two" rset' });
    const replies = [
      '250 ok',
      '250-mx\r\n250 PIPELINING',
      '252 maybe',
      '550 no',
      '214 help',
      '504 no',
      '500 what',
      '250 ok',
    ];
    const commands: string[] = [];
    for (const reply of replies) {
      commands.push(...session.take());
      session.says(reply);
    }
    expect([...commands, ...session.take()]).toEqual([
      'NOOP x\r\n',
      'EHLO postrush.test\r\n',
      'VRFY postmaster\r\n',
      'EXPN list\r\n',
      'HELP\r\n',
      'HELP mail\r\n',
      'XTRA one two\r\n',
      'RSET\r\n',
      'QUIT\r\n',
    ]);
    session.says('221 bye').lost().closed();
    expect(session.endings).toEqual([{ ending: 'completed', accepted: 0 }]);
    expect(session.sent).toMatchObject({ noop: 1, vrfy: 1, expn: 1, help: 2, raw: 1, rset: 1, quit: 1 });
  });

  test('sends messages where it has mail, rcpt and data, and abandons those that it resets', () => {
    const session = greeted({ steps: 'ehlo mail rcpt rset mail rcpt noop data' }, 2).says('250-mx\r\n250 PIPELINING');
    const writes = session.take();
    expect(writes.at(-1)).toBe('MAIL FROM:<sender1@example.test>\r\nRCPT TO:<user1@example.test>\r\n');
    session.says('250 ok', '250 ok');
    expect(session.take()).toEqual(['RSET\r\n']);
    expect(session.messages).toEqual({ abandoned: 1 });
    session.says('250 reset');
    session.says('250 ok', '250 ok');
    expect(session.take().at(-1)).toBe('NOOP\r\n');
    session.says('250 ok');
    expect(session.take()).toEqual(['DATA\r\n']);
    session.says('354 go').says('250 queued', '221 bye').lost().closed();
    expect(session.summary).toMatchObject({ messages: { accepted: 1, abandoned: 1 }, endings: ['completed'] });
  });

  test('goes on behind a message that was refused', () => {
    const session = greeted({ steps: 'ehlo mail rcpt data noop', pipelining: 'off' }, 1).says('250 mx');
    session.says('550 no');
    expect(session.take().at(-1)).toBe('NOOP\r\n');
    session.says('250 ok').says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({ messages: { rejected: 1 }, endings: ['completed'] });
  });

  test('begins with HELO where that is asked for', () => {
    const session = greeted({ steps: 'helo quit' });
    expect(session.take()).toEqual(['HELO postrush.test\r\n']);
    session.says('250 mx').says('221 bye').lost().closed();
    expect(session.endings[0]?.ending).toBe('completed');
  });

  test('says XCLIENT behind EHLO, and EHLO again behind that', () => {
    const session = new EngineSession({ xclient: ['NAME=a b', 'ADDR=192.0.2.1'] }).opened('XCLIENT NAME ADDR');
    expect(session.take()).toEqual(['XCLIENT NAME=a+20b ADDR=192.0.2.1\r\n']);
    session.says('220 mx');
    expect(session.take()).toEqual(['EHLO postrush.test\r\n']);
    session.says('250 mx');
    expect(session.take().join('')).toMatch(/^MAIL FROM/);
  });

  test('ends where XCLIENT is refused, and settles its message by that', () => {
    const session = new EngineSession({ xclient: 'NAME=a' }).opened('XCLIENT').says('550 not you');
    session.says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({ messages: { rejected: 1 }, endings: ['failed'] });
  });

  test('says XFORWARD before every MAIL, in its group where there is one', () => {
    const session = new EngineSession({ xforward: 'NAME=a' }, { messages: 2 }).opened('PIPELINING', 'XFORWARD');
    const expected = (number: number): string =>
      `XFORWARD NAME=a\r\nMAIL FROM:<sender${number}@example.test>\r\nRCPT TO:<user${number}@example.test>\r\nDATA\r\n`;
    expect(session.take()).toEqual([expected(1)]);
    session.says('250 ok', '250 ok', '250 ok', '354 go').says('250 queued');
    expect(session.take().at(-1)).toBe(expected(2));
    const apart = new EngineSession({ xforward: 'NAME=a', pipelining: 'off' }).opened('XFORWARD');
    expect(apart.take()).toEqual(['XFORWARD NAME=a\r\n']);
    apart.says('250 ok');
    expect(apart.take().join('')).toMatch(/^MAIL FROM/);
  });
});

describe('a session that is held open', () => {
  test('says nothing for its time, and then QUIT', () => {
    const session = new EngineSession({ hold: '10s' }, { messages: 0 }).opened();
    expect(session.take()).toEqual([]);
    session.passes(9_900_000);
    expect(session.take()).toEqual([]);
    session.passes(200_000);
    expect(session.take()).toEqual(['QUIT\r\n']);
    session.says('221 bye').lost().closed();
    expect(session.endings[0]?.ending).toBe('completed');
  });

  test('ends before its time when the run does', () => {
    const session = new EngineSession({ hold: '1h' }, { messages: 0 }).opened();
    session.session.endHold(session.nowUs);
    expect(session.take()).toEqual(['QUIT\r\n']);
  });

  test.each([
    ['lost', 'closed x1'],
    ['says 421', ''],
  ])('has failed when its connection is %s meanwhile', (how, error) => {
    const session = new EngineSession({ hold: '10s' }, { messages: 0 }).opened();
    if (how === 'lost') session.lost().closed();
    else session.says('421 idle for too long').lost().closed();
    expect(session.endings[0]?.ending).toBe('failed');
    expect(session.errors).toEqual(error === '' ? [] : [`session ${error}`]);
  });
});

describe('a session that is dropped', () => {
  test.each([
    ['connect', 0, {}],
    ['greeting', 0, {}],
    ['ehlo', 0, {}],
    ['mail', 1, { abandoned: 1 }],
    ['rcpt', 1, { abandoned: 1 }],
    ['data', 1, { abandoned: 1 }],
    ['endOfData', 1, { accepted: 1 }],
  ] as const)('behind %s is complete, and its message is not lost in the books', (dropAfter, messages, outcomes) => {
    const session = new EngineSession({ dropAfter, pipelining: 'off' }, { messages }).begin().connected();
    for (const reply of ['220 mx', '250 mx', '250 ok', '250 ok', '354 go', '250 queued']) {
      if (session.connection.isDropped) break;
      session.says(reply);
    }
    expect(session.connection.isDropped).toBe(true);
    session.closed();
    expect(session.summary).toMatchObject({ messages: outcomes, errors: [], endings: ['completed'] });
    expect(session.connection.sent).not.toContain('QUIT');
  });
});
