/** LMTP, BDAT, extensions and other sessions, end to end: the sink counts what the result says. */
import { describe, expect, test } from 'vitest';
import { outcomesOf, reasonsOf, repliesOf, runLoad } from '../support/integration-run.js';

const MESSAGES = 60;
const LMTP = { listen: ['lmtp://127.0.0.1:0'] };

describe('LMTP', () => {
  test.each(['off', 'auto', 'across'])('settles each recipient for itself with pipelining %s', async (pipelining) => {
    const { result, stats } = await runLoad({
      options: { messages: MESSAGES, recipients: 5, messagesPerSession: 10, pipelining },
      sink: {
        ...LMTP,
        faults: [
          { on: 'rcpt', everyNth: 7, reply: '550 5.1.1 no such user' },
          { on: 'endOfData', everyNth: 4, reply: '452 4.2.2 mailbox full' },
        ],
      },
    });
    const { recipients, steps } = result;
    expect(recipients.attempted).toBe(MESSAGES * 5);
    expect(recipients.rejected).toBe(Math.floor((MESSAGES * 5) / 7));
    expect(recipients.deferred).toBe(Math.floor((MESSAGES * 5 - recipients.rejected) / 4));
    expect(steps.endOfData?.sent).toBe(MESSAGES * 5 - recipients.rejected);
    expect(steps.endOfData?.latency.count).toBe(recipients.accepted + recipients.deferred);
    expect(stats.recipients).toBe(recipients.accepted);
  });

  test('fails what a connection that breaks between the replies leaves open', async () => {
    const { result } = await runLoad({
      options: { messages: 8, recipients: 4, pipelining: 'off' },
      sink: { ...LMTP, faults: [{ on: 'endOfData', everyNth: 3, then: 'close' }] },
      hidden: ['commands', 'replies'],
    });
    // The third of four replies never comes: two recipients were answered, two were not.
    expect(result.recipients).toMatchObject({
      attempted: 32,
      failed: result.recipients.attempted - result.recipients.accepted,
    });
    expect(result.messages.accepted).toBe(8);
    expect(result.steps.endOfData?.sent).toBe(32);
  });
});

describe('BDAT', () => {
  /** Content of each message by its number, as it came by DATA. */
  async function contents(options: object): Promise<string[]> {
    const { sink, result } = await runLoad({
      options: { messages: 20, messagesPerSession: 5, size: 5000, ...options },
      sink: { keepMessages: 20 },
    });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 20 });
    return sink
      .messages()
      .map(({ content }) => content.toString('latin1'))
      .sort();
  }

  test('carries the same octets as DATA, in one chunk and in many, in lock-step and in groups', async () => {
    const byData = await contents({});
    for (const bdat of [true, 512, 4999, 100_000]) {
      for (const pipelining of ['off', 'auto', 'across']) expect(await contents({ bdat, pipelining })).toEqual(byData);
    }
  });

  test('is a step of its own for every chunk but the last', async () => {
    const { result } = await runLoad({ options: { messages: 10, size: 5000, bdat: 2000, recipients: 2 } });
    expect(result.steps.bdat).toMatchObject({ sent: 20, replied: 20 });
    expect(result.steps.endOfData).toMatchObject({ sent: 10, replied: 10 });
    expect(result.steps.data).toBeUndefined();
  });

  test.each(['off', 'auto'])('whose chunk is refused loses that message alone (pipelining %s)', async (pipelining) => {
    const { result, stats } = await runLoad({
      options: { messages: 12, messagesPerSession: 4, sessions: 1, size: 3000, bdat: 1000, pipelining },
      sink: { faults: [{ on: 'bdat', everyNth: 5, reply: '452 4.3.1 no room' }] },
    });
    expect(result.messages.deferred).toBeGreaterThan(0);
    expect(result.messages.accepted + result.messages.deferred).toBe(12);
    expect(stats.messages).toBe(result.messages.accepted);
    expect(result.steps.rset?.sent).toBeGreaterThan(0);
  });

  test('goes to LMTP as well', async () => {
    const { result } = await runLoad({ options: { messages: 10, recipients: 3, bdat: 300 }, sink: LMTP });
    expect(outcomesOf(result.recipients)).toEqual({ accepted: 30 });
  });
});

describe('extensions', () => {
  test('stand in MAIL and RCPT as they were asked for', async () => {
    const dsn = 'RET=HDRS ENVID=run+2B%d NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;user%d@example.test';
    const { result, sink } = await runLoad({
      options: { messages: 4, dsn, declareSize: true, eightBitMime: true, smtpUtf8: true, to: 'käthe%d@exämple.test' },
      sink: {
        keepMessages: 4,
        faults: [
          { on: 'mail', matching: ' SIZE=1024 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=run+2B', reply: '250 2.1.0 seen' },
        ],
      },
    });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 4 });
    expect(repliesOf(result, 'mail')).toEqual({ '250 2.1.0': 4 });
    expect(result.replies.find(({ step }) => step === 'mail')?.sample).toBe('2.1.0 seen');
    for (const { content, forwardPaths } of sink.messages()) {
      expect(content.toString('utf8')).toContain('pöstrüsh');
      expect(content).toHaveLength(1024);
      expect(forwardPaths[0]).toMatch(/^käthe\d@exämple\.test$/);
    }
  });

  test.each([
    ['CHUNKING', { bdat: true }],
    ['8BITMIME', { eightBitMime: true }],
    ['SMTPUTF8', { smtpUtf8: true }],
    ['SIZE', { declareSize: true }],
    ['DSN', { dsn: 'RET=FULL' }],
    ['XFORWARD', { xforward: 'NAME=x' }],
  ])('%s that is not offered is refused before the load', async (keyword, options) => {
    const trial = runLoad({
      options: { messages: 1, ...options },
      sink: { withhold: keyword === 'XFORWARD' ? [] : [keyword] },
    });
    await expect(trial).rejects.toMatchObject({
      code: 'E_TARGET',
      message: expect.stringContaining(`does not offer ${keyword}`),
    });
  });
});

describe('sessions step by step', () => {
  test('send as many messages as they have mail, and begin anew when they are over', async () => {
    const { result, stats } = await runLoad({
      options: { steps: 'ehlo mail rcpt rset mail rcpt data', messages: 40, sessions: 2, workers: 2 },
    });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 20, abandoned: 20 });
    expect(result.sessions).toMatchObject({ started: 20, completed: 20 });
    expect(result.plan.scenarios[0].messagesPerSession).toBe(2);
    expect(stats.messages).toBe(20);
  });

  test.each(['mail', 'rcpt', 'data'] as const)(
    'come back at once when they left a message behind %s on purpose',
    async (dropAfter) => {
      const { result } = await runLoad({ options: { dropAfter, messages: 60, sessions: 2, duration: '5s' } });
      expect(outcomesOf(result.messages)).toEqual({ abandoned: 60 });
    },
  );
});

describe('sessions that send no mail', () => {
  test('are as many as asked for, and none is a message', async () => {
    const { result, stats } = await runLoad({
      options: { steps: 'ehlo noop noop vrfy:postmaster', connections: 30, workers: 2 },
    });
    expect(result.messages).toMatchObject({ offered: 0, attempted: 0 });
    expect(result.sessions).toMatchObject({ started: 30, completed: 30 });
    expect(stats.commands).toMatchObject({ noop: 60, vrfy: 30 });
    expect(result.steps.noop?.latency.count).toBe(60);
  });

  test('can be nothing but AUTH', async () => {
    const { result, stats } = await runLoad({
      options: { authOnly: true, auth: 'login', user: 'u', password: 'p', connections: 20 },
      sink: { users: { u: 'p' } },
    });
    expect(result.sessions.completed).toBe(20);
    expect(stats.authenticated).toBe(20 + result.preflight.connections);
  });

  test('end when the run does, however long they were to be held', async () => {
    const { result } = await runLoad({ options: { hold: '1h', sessions: 10, duration: '300ms' } });
    expect(result.sessions).toMatchObject({ started: 10, completed: 10, peakOpen: 10 });
    expect(result.steps.quit?.sent).toBe(10);
  });

  test('that are held open for longer than --give-up are no sign of a lost target', async () => {
    const { result } = await runLoad({ options: { hold: '1h', sessions: 2, duration: '3s', giveUp: '1s' } });
    expect(result.endedBy).toBe('plan');
    expect(result.sessions).toMatchObject({ started: 2, completed: 2 });
  });

  test('have been measured though no message was, when a signal ends them', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1_500);
    const { result } = await runLoad({ options: { hold: '1h', duration: '60s' }, hooks: { stop: stop.signal } });
    expect(result.endedBy).toBe('signal');
    expect(reasonsOf(result)).toEqual([]);
  });

  test('leave in the middle, as asked', async () => {
    const { result, stats } = await runLoad({ options: { dropAfter: 'rcpt', messages: 15 }, hidden: ['replies'] });
    expect(outcomesOf(result.messages)).toEqual({ abandoned: 15 });
    expect(result.sessions).toMatchObject({ started: 15, completed: 15 });
    expect(stats.messages).toBe(0);
  });
});
