/** Deferred messages are tried again, as an MTA does: against a sink that greylists, or refuses in turn. */
import { describe, expect, test } from 'vitest';
import { outcomesOf, repliesOf, runLoad } from '../support/integration-run.js';

const QUICK = 'after=200ms,factor=1,attempts=20,jitter=10%';

describe('greylisting', () => {
  test.each([
    ['one message per connection', {}],
    ['kept connections, several recipients', { messagesPerSession: 'all', recipients: 5 }],
    ['lock-step', { pipelining: 'off', recipients: 3, messagesPerSession: 4 }],
    ['groups across messages', { pipelining: 'across', messagesPerSession: 'all' }],
    ['chunks', { bdat: '300', messagesPerSession: 2 }],
  ] as const)('ends in acceptance, by two workers: %s', async (_name, options) => {
    const { result, stats } = await runLoad({
      options: { messages: 60, sessions: 6, workers: 2, retry: QUICK, ...options },
      sink: { greylistMs: 500 },
    });
    const recipients = 60 * ('recipients' in options ? options.recipients : 1);
    expect(outcomesOf(result.messages)).toEqual({ accepted: 60 });
    expect(outcomesOf(result.recipients)).toEqual({ accepted: recipients });
    // Where the time of greylisting ends between two RCPTs of a message, it is taken in two parts.
    expect(stats).toMatchObject({ messages: repliesOf(result, 'endOfData')['250 2.0.0']!, recipients });
    expect(stats.messages).toBeGreaterThanOrEqual(60);
    expect(result.retries).toMatchObject({ accepted: 60, gaveUp: 0, waiting: 0 });
    // Every try says MAIL, and each recipient is refused before it is accepted.
    expect(result.steps.mail!.sent).toBe(60 + result.retries!.scheduled);
    expect(result.steps.rcpt!.sent).toBe(recipients + repliesOf(result, 'rcpt')['450 4.7.1']!);
    expect(result.latency.timeToSuccess).toMatchObject({ count: 60 });
    expect(result.latency.timeToSuccess!.minUs).toBeGreaterThan(450_000);
    expect(result.latency.message!.count).toBe(60);
  });

  test('LMTP tries again those recipients alone that were deferred behind the content', async () => {
    const { result, stats } = await runLoad({
      options: { messages: 20, sessions: 2, workers: 1, recipients: 3, retry: QUICK, to: 'user%d@example.test' },
      sink: { listen: ['lmtp://127.0.0.1:0'], faults: [{ on: 'endOfData', everyNth: 3, reply: '451 4.3.0 later' }] },
    });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 20 });
    expect(outcomesOf(result.recipients)).toEqual({ accepted: 60 });
    expect(stats.recipients).toBe(60);
    // Each deferral is one RCPT more.
    expect(result.steps.rcpt!.sent).toBe(60 + repliesOf(result, 'endOfData')['451 4.3.0']!);
  });
});

test('a message that stays deferred gives up after its last try, and counts once', async () => {
  const { result } = await runLoad({
    options: {
      messages: 10,
      sessions: 5,
      workers: 1,
      retry: 'after=50ms,factor=1,attempts=3',
      to: 'defer%d@example.test',
    },
    sink: { faults: [{ on: 'rcpt', reply: '450 4.2.1 busy' }] },
  });
  expect(outcomesOf(result.messages)).toEqual({ deferred: 10 });
  expect(result.retries).toEqual({ scheduled: 20, accepted: 0, gaveUp: 10, waiting: 0 });
  expect(result.steps.rcpt!.sent).toBe(30);
  expect(result.latency).toMatchObject({ refused: { count: 10 }, timeToSuccess: { count: 0 } });
});

test('what still waits when the time is over counts as deferred, and as waiting', async () => {
  const { result } = await runLoad({
    options: { duration: '1s', sessions: 3, workers: 2, retry: '10m' },
    sink: { faults: [{ on: 'mail', everyNth: 2, reply: '451 4.3.0 later' }] },
  });
  expect(result.messages.deferred).toBeGreaterThan(0);
  expect(result.retries).toEqual({
    scheduled: result.messages.deferred,
    accepted: 0,
    gaveUp: 0,
    waiting: result.messages.deferred,
  });
  expect(result.messages.attempted).toBe(result.messages.accepted + result.messages.deferred);
});

test('recipients that were accepted are not sent again, nor those that were rejected', async () => {
  const { result, stats } = await runLoad({
    options: { messages: 12, sessions: 3, workers: 1, recipients: 4, retry: QUICK, pipelining: 'off' },
    sink: {
      faults: [
        { on: 'rcpt', everyNth: 4, reply: '550 5.1.1 nobody' },
        { on: 'rcpt', everyNth: 3, reply: '450 4.2.1 busy' },
      ],
    },
  });
  const { accepted, rejected, deferred } = result.recipients;
  expect(accepted + rejected).toBe(48);
  expect(deferred).toBe(0);
  expect(stats.recipients).toBe(accepted);
  expect(result.steps.rcpt!.sent).toBe(48 + repliesOf(result, 'rcpt')['450 4.2.1']!);
});

test('without it nothing is tried twice, and nothing is told of it', async () => {
  const { result } = await runLoad({
    options: { messages: 5, sessions: 1 },
    sink: { faults: [{ on: 'mail', reply: '451 4.3.0 later' }] },
  });
  expect(outcomesOf(result.messages)).toEqual({ deferred: 5 });
  expect(result.retries).toBeNull();
  expect(result.latency.timeToSuccess).toBeNull();
});
