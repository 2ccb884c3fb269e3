import { expect, onTestFinished, test, vi } from 'vitest';
import { run } from '../support/integration-build.js';
import { loadOptions, openSink, reasonsOf, runLoad } from '../support/integration-run.js';

/** A worker module whose first worker ends before its time. */
function crashing(how: string): { url: URL; heapMb: number } {
  // Threads start with a copy of the environment.
  vi.stubEnv('INTEGRATION_CRASH', how);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  return { url: new URL('../support/crashing-generator.mjs', import.meta.url), heapMb: 48 };
}

const MESSAGES = 100_000;

test.each([
  ['throws', 'throw', /thrown by the worker/],
  ['has its task fail', 'reject', /thrown by the task/],
  ['exits', 'exit', /exit.* 7/],
  ['runs out of memory', 'memory', /memory/],
])(
  'a worker that %s ends the run in order: the others drain, the result says what is missing',
  async (_what, how, reason) => {
    const { result, stats } = await runLoad({
      options: { messages: MESSAGES, sessions: 6, workers: 3, messagesPerSession: 'all', recipients: 2 },
      sink: { replyDelayMs: 5 },
      hooks: { workers: crashing(how) },
      hidden: ['commands', 'replies'],
    });
    expect(result).toMatchObject({ verdict: 'invalid', complete: false, endedBy: 'abort' });
    expect(reasonsOf(result)).toEqual(['workerLost']);
    expect(result.reasons.find(({ kind }) => kind === 'workerLost')?.text).toMatch(/^worker 0 was lost /);
    expect(result.reasons.find(({ kind }) => kind === 'workerLost')?.text).toMatch(reason);

    const { messages, recipients, sessions, generator } = result;
    expect(generator.workers.map(({ lost }) => lost)).toEqual([true, false, false]);
    // What the two others did counts as ever: they finished what they had, and so nothing of theirs is cut.
    expect(messages.accepted).toBeGreaterThan(0);
    expect(messages.failed).toBe(0);
    // The lost worker had two sessions.
    expect(messages.cut).toBeLessThanOrEqual(2);
    expect(recipients.cut).toBe(2 * messages.cut);
    expect(sessions).toMatchObject({ started: 6, completed: 4, cut: 2 });
    // The shares are equal; the first worker's is one more, since 100,000 leaves one over.
    expect(messages.offered).toBe(MESSAGES);
    expect(messages.droppedBy).toMatchObject({ cap: 0, target: 0 });
    expect(messages.droppedBy.worker).toBeGreaterThan(MESSAGES / 3 - stats.messages);
    expect(messages.droppedBy.worker).toBeLessThan(MESSAGES / 3 + 1);
    expect(messages.droppedBy.end).toBeGreaterThan(0);
    expect(result.window.measuredSec).toBeGreaterThan(1);
    expect(result.window.measuredSec).toBeLessThan(10);
  },
);

test('a worker that is lost before the load begins ends the run with an error', async () => {
  const sink = await openSink();
  const options = loadOptions(sink.url, { messages: 100, workers: 2 });
  await expect(run(options, { workers: crashing('early') })).rejects.toMatchObject({
    code: 'E_WORKER_CRASH',
    message: expect.stringMatching(/^worker 0 ended before the load began: .*thrown before the load/),
  });
  expect(sink.stats()).toMatchObject({ connections: 1, commands: { mail: 0 } });
});

test('a lone worker that is lost leaves a result with what it had told', async () => {
  const { result } = await runLoad({
    options: { duration: '5s', sessions: 2, workers: 1, messagesPerSession: 'all' },
    sink: { replyDelayMs: 5 },
    hooks: { workers: crashing('exit') },
    hidden: ['commands', 'replies'],
  });
  expect(result).toMatchObject({ verdict: 'invalid', complete: false });
  expect(reasonsOf(result)).toEqual(['workerLost']);
  expect(result.messages.accepted).toBeGreaterThan(0);
  expect(result.messages.dropped).toBe(0);
});

test('a hook of the caller that throws ends the run with its error, and nothing else', async () => {
  const sink = await openSink();
  const options = loadOptions(sink.url, { duration: '30s', workers: 2 });
  const onProgress = ({ phase }: { phase: string }): void => {
    if (phase !== 'preflight') throw new Error('the disk of the caller is full');
  };
  await expect(run(options, { onProgress })).rejects.toThrow('the disk of the caller is full');
});
