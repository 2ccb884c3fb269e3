import { describe, expect, test } from 'vitest';
import type { FaultRow } from '../../src/sink/sink.js';
import { errorsOf, outcomesOf, reasonsOf, repliesOf, runLoad } from '../support/integration-run.js';

const MODES = ['off', 'auto', 'across'] as const;

describe('before the first message', () => {
  test('a greeting of 421, 450 or 554 settles the message that the session was opened for', async () => {
    const { result } = await runLoad({
      options: { messages: 4, sessions: 4 },
      sink: {
        faults: [
          { on: 'connect', after: 1, nth: 1, reply: '421 4.3.2 shutting down', then: 'close' },
          { on: 'connect', after: 1, nth: 2, reply: '450 4.3.2 come back later' },
          { on: 'connect', after: 1, nth: 3, reply: '554 5.7.1 not you' },
        ],
      },
    });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 1, deferred: 2, rejected: 1 });
    expect(repliesOf(result, 'greeting')).toEqual({ '220': 1, '421 4.3.2': 1, '450 4.3.2': 1, '554 5.7.1': 1 });
    // Who was told 421 says nothing more; the others say QUIT.
    expect(result.steps.quit).toMatchObject({ sent: 3, replied: 3 });
    expect(errorsOf(result)).toEqual({});
    expect(result.sessions).toMatchObject({ started: 4, completed: 1, failed: 3 });
    expect(result.latency.refused).toMatchObject({ count: 3 });
    expect(reasonsOf(result)).toEqual([]);
  });

  test('a server without EHLO is spoken to with HELO', async () => {
    const { result } = await runLoad({ options: { messages: 6, recipients: 2 }, sink: { withhold: ['EHLO'] } });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 6 });
    expect(repliesOf(result, 'ehlo')).toEqual({ '502': 6, '250': 6 });
    expect(result.steps.mail).toMatchObject({ sent: 6, pipelined: 0 });
    expect(result.preflight).toEqual({ connections: 1, commands: 3 });
  });

  test('a server that refuses EHLO for now is left alone', async () => {
    const { result } = await runLoad({
      options: { messages: 4 },
      sink: { faults: [{ on: 'ehlo', after: 1, reply: '451 4.3.0 not now' }] },
    });
    expect(outcomesOf(result.messages)).toEqual({ deferred: 4 });
    expect(result.steps.ehlo).toMatchObject({ sent: 4 });
  });

  test('a server that refuses HELO too settles the message', async () => {
    const { result } = await runLoad({
      options: { messages: 4 },
      sink: { withhold: ['EHLO'], faults: [{ on: 'helo', after: 1, reply: '550 5.7.1 go away' }] },
    });
    expect(outcomesOf(result.messages)).toEqual({ rejected: 4 });
    expect(repliesOf(result, 'ehlo')).toEqual({ '502': 4, '550 5.7.1': 4 });
  });

  test('credentials refused in the run settle the message', async () => {
    const { result } = await runLoad({
      options: { messages: 4, auth: 'login', user: 'load', password: 'secret' },
      sink: { users: { load: 'secret' }, faults: [{ on: 'auth', after: 1, reply: '535 5.7.8 no longer' }] },
    });
    expect(outcomesOf(result.messages)).toEqual({ rejected: 4 });
    expect(repliesOf(result, 'auth')).toEqual({ '535 5.7.8': 4 });
  });
});

describe('limits per session', () => {
  test.each(MODES)('after 452 to MAIL a new session goes on at once, pipelining %s', async (pipelining) => {
    const { result } = await runLoad({
      options: { messages: 500, sessions: 1, messagesPerSession: 'all', pipelining },
      sink: { maxMessagesPerSession: 100, messageLimitReply: 'mail452' },
    });
    // A hundred and one per session, the last of them refused: four sessions full, and 96 more.
    expect(outcomesOf(result.messages)).toEqual({ accepted: 496, deferred: 4 });
    expect(result.sessions).toMatchObject({ started: 5, completed: 5 });
    expect(result.steps.quit).toMatchObject({ sent: 5, replied: 5 });
    expect(repliesOf(result, 'mail')).toEqual({ '250 2.1.0': 496, '452 4.5.3': 4 });
    expect(errorsOf(result)).toEqual({});
  });

  test.each([
    ['off', {}],
    ['auto', { 'rcpt closed': 16, 'data closed': 8 }],
  ] as const)('421 to MAIL defers its message and a new session goes on, pipelining %s', async (pipelining, errors) => {
    const { result } = await runLoad({
      options: { messages: 50, sessions: 1, messagesPerSession: 'all', recipients: 2, pipelining },
      sink: { maxMessagesPerSession: 5, messageLimitReply: '421' },
      hidden: pipelining === 'off' ? [] : ['commands'],
    });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 42, deferred: 8 });
    expect(outcomesOf(result.recipients)).toEqual({ accepted: 84, deferred: 16 });
    expect(errorsOf(result)).toEqual(errors);
    expect(result.sessions).toMatchObject({ started: 9, completed: 1, failed: 8 });
  });

  test('a close without a word fails its message and a new session goes on', async () => {
    const { result } = await runLoad({
      options: { messages: 50, sessions: 1, messagesPerSession: 'all', pipelining: 'off' },
      sink: { maxMessagesPerSession: 5, messageLimitReply: 'close' },
    });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 42, failed: 8 });
    expect(errorsOf(result)).toEqual({ 'mail closed': 8 });
    expect(result.clients).toMatchObject({ started: 1, completed: 1 });
  });

  test('a client goes on with the rest of its messages in a new session', async () => {
    const { result } = await runLoad({
      options: { messages: 40, sessions: 1, messagesPerSession: 20, pipelining: 'off' },
      sink: { maxMessagesPerSession: 6, messageLimitReply: 'mail452' },
    });
    // Per client 6 and a refusal, 6 and a refusal, then the 6 that are left.
    expect(outcomesOf(result.messages)).toEqual({ accepted: 36, deferred: 4 });
    expect(result.clients).toMatchObject({ started: 2, completed: 2 });
    expect(result.sessions).toMatchObject({ started: 6, completed: 6 });
  });

  test('closing between messages costs only what was under way', async () => {
    const { result } = await runLoad({
      options: { messages: 30, sessions: 1, messagesPerSession: 'all', pipelining: 'off' },
      sink: { faults: [{ on: 'endOfData', everyNth: 10, reply: '250 2.0.0 last one', then: 'close' }] },
      // The sink is deaf once it has closed.
      hidden: ['commands'],
    });
    expect(result.messages.attempted).toBe(30);
    expect(result.messages.accepted + result.messages.failed).toBe(30);
    expect(result.messages.failed).toBeLessThanOrEqual(3);
  });
});

describe('421 anywhere', () => {
  test('defers the message, at whatever step it comes', async () => {
    const farewell = { reply: '421 4.3.2 going down', then: 'close' } as const;
    const steps = ['mail', 'rcpt', 'data', 'endOfData'] as const;
    const { result } = await runLoad({
      options: { messages: 6, sessions: 6, pipelining: 'off' },
      sink: {
        faults: [{ on: 'ehlo', after: 1, nth: 1, ...farewell }, ...steps.map((on) => ({ on, nth: 1, ...farewell }))],
      },
    });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 1, deferred: 5 });
    for (const step of ['ehlo', ...steps]) expect(repliesOf(result, step)).toMatchObject({ '421 4.3.2': 1 });
    expect(errorsOf(result)).toEqual({});
    expect(result.sessions).toMatchObject({ completed: 1, failed: 5 });
    expect(result.steps.quit).toMatchObject({ sent: 1 });
  });

  test('takes nothing from a message that was accepted before it', async () => {
    const { result } = await runLoad({
      options: { messages: 4, sessions: 4 },
      sink: { faults: [{ on: 'quit', after: 1, raw: '221 2.0.0 bye\r\n421 4.3.2 going down\r\n', then: 'close' }] },
      hidden: ['replies'],
    });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 4 });
    expect(repliesOf(result, 'session')).toEqual({ '421 4.3.2': 4 });
    expect(errorsOf(result)).toEqual({});
  });
});

/** Refuses recipients by their numbers, message i having 3·i + 1 to 3·i + 3. */
function refuse(numbers: readonly number[], reply: string): FaultRow[] {
  return numbers.map((number) => ({ on: 'rcpt', matching: `<user${number}@`, reply }));
}

test.each(MODES)('in one session every refusal settles its own message, pipelining %s', async (pipelining) => {
  const noSuchUser = '550 5.1.1 no such user';
  const busy = '450 4.2.1 mailbox busy';
  const { result, stats } = await runLoad({
    options: { messages: 12, sessions: 1, messagesPerSession: 'all', recipients: 3, pipelining },
    sink: {
      faults: [
        { on: 'data', nth: 1, reply: '554 5.5.1 no' },
        { on: 'data', nth: 2, reply: '451 4.3.0 not now' },
        { on: 'endOfData', nth: 1, reply: '554 5.7.1 spam' },
        { on: 'endOfData', nth: 2, reply: '452 4.3.1 disk full' },
        { on: 'mail', nth: 6, reply: '550 5.1.0 not from there' },
        ...refuse([20], noSuchUser),
        ...refuse([22, 24], busy),
        ...refuse([25, 26, 27], noSuchUser),
        ...refuse([28, 29, 30], busy),
        ...refuse([31, 33], noSuchUser),
        ...refuse([32], busy),
      ],
    },
  });
  // Rejected: DATA, content, MAIL, all users unknown. Deferred: DATA, content, all busy, unknown and busy.
  expect(outcomesOf(result.messages)).toEqual({ accepted: 4, rejected: 4, deferred: 4 });
  expect(outcomesOf(result.recipients)).toEqual({ accepted: 9, rejected: 3 * 4 + 1 + 2, deferred: 3 * 3 + 2 + 1 });
  expect(stats.recipients).toBe(9);
  expect(repliesOf(result, 'endOfData')).toEqual({ '554 5.7.1': 1, '452 4.3.1': 1, '250 2.0.0': 4 });
  // Nobody is asked for content when nobody takes it; in a group the question is already there.
  expect(repliesOf(result, 'data')['554 5.5.1']).toBe(pipelining === 'off' ? 1 : 1 + 3);
  // After DATA refused (2), and after all recipients refused (3).
  expect(result.steps.rset).toMatchObject({ sent: 5 });
  expect(result.sessions).toMatchObject({ started: 1, completed: 1 });
  expect(errorsOf(result)).toEqual({});
});

test('an accepted DATA behind refused recipients is ended with a lone dot', async () => {
  const { result, stats } = await runLoad({
    options: { messages: 6, sessions: 1, messagesPerSession: 'all', pipelining: 'auto' },
    sink: {
      faults: [
        { on: 'rcpt', reply: '550 5.1.1 no such user' },
        { on: 'data', reply: '354 go ahead all the same' },
      ],
    },
  });
  expect(outcomesOf(result.messages)).toEqual({ rejected: 6 });
  expect(repliesOf(result, 'endOfData')).toEqual({ '554 5.5.1': 6 });
  expect(result.steps.transfer).toBeUndefined();
  expect(stats.messages).toBe(0);
  expect(result.sessions).toMatchObject({ started: 1, completed: 1 });
});

test('a lone dot that is accepted settles nothing', async () => {
  const { result } = await runLoad({
    options: { messages: 6, sessions: 1, messagesPerSession: 'all', pipelining: 'auto' },
    sink: {
      faults: [
        { on: 'rcpt', reply: '550 5.1.1 no such user' },
        { on: 'data', reply: '354 go ahead all the same' },
        { on: 'endOfData', reply: '250 2.0.0 nothing to deliver' },
      ],
    },
  });
  expect(outcomesOf(result.messages)).toEqual({ rejected: 6 });
  expect(outcomesOf(result.recipients)).toEqual({ rejected: 6 });
  expect(repliesOf(result, 'endOfData')).toEqual({ '250 2.0.0': 6 });
});

test('more recipients than a group can hold are sent in several, and all are counted', async () => {
  const { result } = await runLoad({
    options: { messages: 4, sessions: 2, messagesPerSession: 2, recipients: 250 },
    sink: { maxRecipients: 200 },
  });
  expect(outcomesOf(result.messages)).toEqual({ accepted: 4 });
  expect(outcomesOf(result.recipients)).toEqual({ accepted: 800, deferred: 200 });
});

test('a QUIT without a reply takes nothing from the message', async () => {
  const { result } = await runLoad({
    options: { messages: 8, sessions: 4 },
    sink: { faults: [{ on: 'quit', after: 1, then: 'close' }] },
  });
  expect(outcomesOf(result.messages)).toEqual({ accepted: 8 });
  expect(errorsOf(result)).toEqual({ 'quit closed': 8 });
});

test('a server that refuses everybody is not hammered', async () => {
  const sessions = 10;
  const { result, stats } = await runLoad({
    options: { duration: '2s', sessions, workers: 2 },
    sink: { faults: [{ on: 'connect', after: 1, reply: '554 5.7.1 go away', then: 'close' }] },
    hidden: ['commands'],
  });
  // At best 25 + 50 + 100 + 200 + 400 + 800 ms of pauses: six of them, seven connections.
  expect(stats.connections).toBeLessThanOrEqual(1 + 7 * sessions);
  expect(stats.connections).toBeGreaterThanOrEqual(1 + 3 * sessions);
  expect(result.messages.attempted).toBe(result.messages.rejected);
  expect(result.clients.started).toBeGreaterThan(sessions);
});

test('a server that refuses every MAIL for now is not hammered either', async () => {
  const { stats } = await runLoad({
    options: { duration: '1s', sessions: 5, messagesPerSession: 'all' },
    sink: { faults: [{ on: 'mail', reply: '452 4.3.1 disk full' }] },
  });
  expect(stats.connections).toBeLessThanOrEqual(1 + 6 * 5);
});
