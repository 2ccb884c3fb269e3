/** Replies that speak of another message than the one they answer. */
import { describe, expect, test } from 'vitest';
import type { Recipients, ScriptStep } from '../../src/plan/script-steps.js';
import type { EngineOptions } from '../support/engine-plan.js';
import { EngineSession } from '../support/engine-session.js';

/** Errors of a session whose server answers MAIL, three RCPTs and the content of its second message like this. */
function errorsAfter(replies: readonly string[], options: EngineOptions = {}, target?: string): string[] {
  const session = new EngineSession(
    { recipients: 3, ...options },
    { messages: 2, ...(target === undefined ? {} : { target }) },
  );
  session.opened('PIPELINING').says('250 ok', '250 ok', '250 ok', '250 ok', '354 go');
  session.says(...new Array<string>(target === undefined ? 1 : 3).fill('250 queued'));
  const [mail = '250 ok', ...rest] = replies;
  session.says(mail, ...Array.from({ length: 3 }, (_, index) => rest[index] ?? '250 ok'), '354 go');
  session.says(...(replies.length > 4 ? replies.slice(4) : ['250 queued']));
  return session.errors;
}

const CROSSED = ['session crossedReply x1'];

describe('a reply is told to have crossed', () => {
  test.each<[string, readonly string[]]>([
    ['MAIL names another sender', ['250 <sender1@example.test> ok']],
    ['RCPT names a recipient of another message', ['250 ok', '250 user3@example.test is welcome']],
    ['RCPTs are answered out of order', ['250 ok', '250 ok', '550 5.1.1 <user6@example.test>: no such user']],
    [
      'the content names another message',
      ['250 ok', '250 ok', '250 ok', '250 ok', '250 <000000000000.1@postrush.test> Queued'],
    ],
    [
      'the content names a recipient of another message',
      ['250 ok', '250 ok', '250 ok', '250 ok', '250 <user7@example.test> saved'],
    ],
  ])('where %s', (_name, replies) => {
    expect(errorsAfter(replies)).toEqual(CROSSED);
  });

  test('for each recipient of LMTP that is none of the message', () => {
    const saved = (number: number): string => `250 2.0.0 <user${number}@example.test> saved`;
    const replies = ['250 ok', '250 ok', '250 ok', '250 ok', saved(4), saved(1), saved(6)];
    expect(errorsAfter(replies, {}, 'lmtp://127.0.0.1')).toEqual(CROSSED);
  });
});

describe('a reply is left alone', () => {
  test.each<[string, readonly string[], EngineOptions]>([
    [
      'that names what it answers',
      [
        '250 <SENDER2@example.test> ok',
        '250 <user4@example.test>',
        '250 user5@example.test',
        '250 x user6@example.test.',
        '250 <000000000001.1@postrush.test> queued',
      ],
      {},
    ],
    [
      'that names nobody',
      ['250 2.1.0 a long text about the weather and the sea', '250 2.1.5 more of it, at length'],
      {},
    ],
    [
      'that names an address that only looks like ours',
      ['250 ok', '250 superuser1@example.test', '250 user1@example.testing', '250 user1@example.test.org'],
      {},
    ],
    [
      'where addresses have no number',
      ['250 <load@example.test>', '250 <x@example.test>'],
      { from: 'load@example.test', to: 'x@example.test', recipients: 1 },
    ],
  ])('%s', (_name, replies, options) => {
    const session = options.recipients === 1 ? { ...options, recipients: 1 } : options;
    if (session.recipients === 1) {
      const single = new EngineSession(session)
        .opened()
        .says(replies[0] ?? '')
        .says(replies[1] ?? '');
      expect(single.errors).toEqual([]);
    } else expect(errorsAfter(replies, session)).toEqual([]);
  });

  test('that names a recipient whose number has wrapped', () => {
    const session = new EngineSession({ addresses: 3, pipelining: 'off' }, { messages: 5 }).opened();
    for (let message = 0; message < 4; message++) {
      session
        .says('250 ok')
        .says(`250 <user${(message % 3) + 1}@example.test>`)
        .says('354 go')
        .says('250 ok');
    }
    expect(session.errors).toEqual([]);
  });
});

describe('in a script', () => {
  const answered = { expect: null, captures: [] } as const;
  const ehlo = { kind: 'ehlo', name: null, ...answered } as const;
  const mail = (from: string | null): ScriptStep => ({ kind: 'mail', from, parameters: '', ...answered });
  const rcpt = (recipients: Recipients): ScriptStep => ({ kind: 'rcpt', recipients, parameters: '', ...answered });

  /** Errors where the second RCPT of the second message is answered with `reply`. */
  function errorsOf(recipients: Recipients, reply: string, from: string | null = null): readonly string[] {
    const data: ScriptStep = { kind: 'data', sendsContent: true, ...answered };
    const message = [mail(from), rcpt(recipients), data];
    const session = new EngineSession({ steps: [ehlo, ...message, ...message], pipelining: 'off' }, { messages: 2 }).opened(); // prettier-ignore
    const replies = ['250 ok', '250 ok', '250 ok', '354 go', '250 ok'];
    replies.push('250 <sender1@example.test> ok', '250 ok', reply, '354 go', '250 ok');
    for (const each of replies) session.says(each);
    return session.errors;
  }

  test.each<[string, Recipients, string, string | null, readonly string[]]>([
    [
      'numbered recipients are those of their message',
      { count: 2, to: null },
      '250 <user4@example.test>',
      'a@b.test',
      [],
    ],
    ['others have crossed', { count: 2, to: null }, '250 <user2@example.test>', 'a@b.test', CROSSED],
    ['addresses of its own follow no rule', { addresses: ['x@example.test', 'user1@example.test'] }, '250 <user1@example.test>', 'a@b.test', []], // prettier-ignore
    ['nor does a template of its own', { count: 2, to: 'user%d@example.test' }, '250 <user1@example.test>', 'a@b.test', []], // prettier-ignore
    ['senders that are numbered are those of their message', { count: 2, to: null }, '250 ok', null, CROSSED],
  ])('%s', (_name, recipients, reply, from, errors) => {
    expect(errorsOf(recipients, reply, from)).toEqual(errors);
  });
});
