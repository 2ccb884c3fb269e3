import { expect, test } from 'vitest';
import type { SinkMessage } from '../../src/sink/sink.js';
import { errorsOf, outcomesOf, reasonsOf, runLoad } from '../support/integration-run.js';

const MESSAGES = 500;
const SIZE = 2000;

/** Every pair of workers and pipelining; messages per session and recipients change from row to row. */
const ROWS = [
  { workers: 1, pipelining: 'off', messagesPerSession: 1, recipients: 1 },
  { workers: 2, pipelining: 'off', messagesPerSession: 10, recipients: 3 },
  { workers: 3, pipelining: 'off', messagesPerSession: 'all', recipients: 3 },
  { workers: 1, pipelining: 'auto', messagesPerSession: 10, recipients: 3 },
  { workers: 2, pipelining: 'auto', messagesPerSession: 'all', recipients: 1 },
  { workers: 3, pipelining: 'auto', messagesPerSession: 1, recipients: 3 },
  { workers: 1, pipelining: 'across', messagesPerSession: 'all', recipients: 3 },
  { workers: 2, pipelining: 'across', messagesPerSession: 1, recipients: 1 },
  { workers: 3, pipelining: 'across', messagesPerSession: 10, recipients: 1 },
  { workers: 1, pipelining: 'force', messagesPerSession: 10, recipients: 1 },
  { workers: 2, pipelining: 'force', messagesPerSession: 1, recipients: 3 },
  { workers: 3, pipelining: 'force', messagesPerSession: 'all', recipients: 1 },
] as const;

/** Global number of a message, from its Message-ID. */
function numberOf({ content }: SinkMessage): number {
  const digits = /^Message-ID: <(\d{12})\./.exec(content.toString('latin1'))?.[1];
  return Number(digits);
}

/** Content by recipients per message and number: equal in all rows with the same recipients, whatever the workers. */
const contents = new Map<string, string>();

test.each(ROWS)(
  'sends exactly -m messages with $workers workers, pipelining $pipelining, $messagesPerSession per session, $recipients recipients',
  async ({ workers, pipelining, messagesPerSession, recipients }) => {
    const sessions = 12;
    // Fewer connects at a time than sessions: they queue.
    const connectLimit = messagesPerSession === 1 ? 2 : 256;
    const { result, sink, stats } = await runLoad({
      options: {
        ...{ messages: MESSAGES, sessions, workers, connectLimit },
        ...{ pipelining, messagesPerSession, recipients, size: SIZE },
      },
      sink: { keepMessages: MESSAGES + 1, withhold: pipelining === 'force' ? ['PIPELINING'] : [] },
    });
    expect(result).toMatchObject({ complete: true, endedBy: 'plan' });
    expect(reasonsOf(result)).toEqual([]);
    expect(result.messages).toMatchObject({ offered: MESSAGES, attempted: MESSAGES, dropped: 0 });
    expect(outcomesOf(result.messages)).toEqual({ accepted: MESSAGES });
    expect(outcomesOf(result.recipients)).toEqual({ accepted: MESSAGES * recipients });
    expect(errorsOf(result)).toEqual({});
    expect(stats.messages).toBe(MESSAGES);
    expect(result.sessions.peakOpen).toBeLessThanOrEqual(sessions);

    const byNumber = new Map(sink.messages().map((message) => [numberOf(message), message]));
    expect([...byNumber.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: MESSAGES }, (_, index) => index));
    const found = [...byNumber].map(([number, { reversePath, forwardPaths, content }]) => {
      const key = `${recipients} ${number}`;
      const text = content.toString('latin1');
      const isAlike = (contents.get(key) ?? text) === text;
      contents.set(key, text);
      return { number, reversePath, forwardPaths, size: content.length, isAlike };
    });
    expect(found).toEqual(
      found.map(({ number }) => ({
        number,
        reversePath: `sender${number + 1}@example.test`,
        forwardPaths: Array.from({ length: recipients }, (_, at) => `user${number * recipients + at + 1}@example.test`),
        size: SIZE,
        isAlike: true,
      })),
    );

    const { sessions: lives, steps } = result;
    if (messagesPerSession === 1) expect(lives.started).toBe(MESSAGES);
    else if (messagesPerSession === 'all') expect(lives.started).toBeLessThanOrEqual(sessions);
    else expect(lives.started).toBeLessThanOrEqual(MESSAGES / messagesPerSession + sessions);
    expect(lives).toMatchObject({ completed: lives.started, failed: 0, cut: 0 });
    expect(steps.quit).toMatchObject({ sent: lives.started });
    if (pipelining === 'off') expect(steps.mail).toMatchObject({ pipelined: 0 });
    else expect(steps.mail).toMatchObject({ sent: MESSAGES, pipelined: MESSAGES });
  },
);

test('does not group commands where PIPELINING is not offered', async () => {
  const { result } = await runLoad({
    options: { messages: 20, messagesPerSession: 5, recipients: 3, pipelining: 'auto' },
    sink: { withhold: ['PIPELINING'] },
  });
  expect(outcomesOf(result.messages)).toEqual({ accepted: 20 });
  expect(Object.values(result.steps).map(({ pipelined }) => pipelined)).toEqual(
    Object.values(result.steps).map(() => 0),
  );
});

test('has recipient numbers begin again after --addresses', async () => {
  const { sink } = await runLoad({
    options: { messages: 10, messagesPerSession: 'all', sessions: 1, recipients: 3, addresses: 7 },
    sink: { keepMessages: 10 },
  });
  const numbers = sink
    .messages()
    .flatMap(({ forwardPaths }) => forwardPaths.map((path) => Number(/\d+/.exec(path)?.[0])));
  expect(numbers).toEqual(Array.from({ length: 30 }, (_, index) => (index % 7) + 1));
});

test('sends a message of your own with a Message-ID of its own, dots and all', async () => {
  const message = 'Subject: mine\nMessage-ID: <old@example.test>\n\n.one\n..two\n.\nlast';
  const { sink } = await runLoad({ options: { messages: 4, message }, sink: { keepMessages: 4 } });
  const texts = sink.messages().map(({ content }) => content.toString('latin1'));
  const ids = texts.map((text) => /^Message-ID: <[^>]+>/m.exec(text)?.[0]);
  expect(new Set(ids).size).toBe(4);
  for (const text of texts) {
    expect(text).toContain('\r\n\r\n.one\r\n..two\r\n.\r\nlast\r\n');
    expect(text).not.toContain('old@example.test');
  }
});

test.each([100_000, 3_000_000])('sends a message of %d octets whole', async (size) => {
  const { sink } = await runLoad({
    options: { messages: 6, messagesPerSession: 3, sessions: 2, size, pipelining: 'across' },
    sink: { keepMessages: 6 },
  });
  expect(sink.messages().map(({ content }) => content.length)).toEqual(new Array(6).fill(size));
});
