import { MessageChannel } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import type { SinkNotice, SinkRequest } from '../../src/sink/sink-messages.js';
import type { SinkOptions, SinkStats } from '../../src/sink/sink.js';
import runSink from '../../workers/sink-worker.js';
import { LineClient } from '../support/line-client.js';
import { openSink, sendMessage } from './open-sink.js';

/** The task on this thread, and its owner's side of the port. */
function startTask(options: SinkOptions = {}): {
  result: Promise<SinkStats>;
  next: () => Promise<SinkNotice>;
  ask: (request: SinkRequest) => void;
  hangUp: () => void;
} {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  return {
    result: runSink({ options, port: port2 }),
    next: () => new Promise((resolve) => port1.once('message', resolve)),
    ask: (request) => port1.postMessage(request),
    hangUp: () => port1.close(),
  };
}

test('a sink thread says where it listens, what it has seen, and ends with the whole of it', async () => {
  const task = startTask({ name: 'thread.test' });
  const listening = await task.next();
  expect(listening).toEqual({ type: 'listening', url: expect.stringMatching(/^smtp:\/\/127\.0\.0\.1:\d+$/) });
  const client = await LineClient.connect(listening.type === 'listening' ? Number(new URL(listening.url).port) : 0);
  await client.hello();
  await sendMessage(client);
  const answer = task.next();
  task.ask({ type: 'stats' });
  expect(await answer).toMatchObject({ type: 'stats', stats: { messages: 1, open: 1 } });
  await sendMessage(client);
  task.ask({ type: 'close' });
  const stats = await task.result;
  expect(stats).toMatchObject({ messages: 2, open: 0, connections: 1 });
  expect(structuredClone(stats)).toEqual(stats);
  await client.ended;
});

test('a sink thread ends when its owner is gone', async () => {
  const task = startTask();
  await task.next();
  task.hangUp();
  expect(await task.result).toMatchObject({ connections: 0 });
});

test('a sink thread that cannot listen fails with one sentence', async () => {
  const { url } = await openSink();
  await expect(startTask({ listen: [url] }).result).rejects.toMatchObject({
    code: 'E_CONFIG',
    message: `the sink cannot listen on ${url}: another program listens there; choose another port`,
  });
});
