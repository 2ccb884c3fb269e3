/** postrush against smtp-sink of Postfix: the usual peer of load generators, and one that can misbehave. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SmtpSink } from '../support/real-servers.js';
import { missingForSmtpSink, needServer, startSmtpSink } from '../support/real-servers.js';
import { resultOf, runPostrush, underLoad } from '../support/real-server-run.js';

const missing = missingForSmtpSink();

describe('postrush against smtp-sink', () => {
  let sink: SmtpSink | null = null;
  const start = async (...options: string[]): Promise<string> => {
    sink = await startSmtpSink(options);
    return `smtp://127.0.0.1:${sink.port}`;
  };

  beforeEach((context) => needServer(context, missing));
  afterEach(async () => {
    await sink?.stop();
    sink = null;
  });

  test('places 20,000 messages over connections that it keeps', async () => {
    const result = resultOf(await runPostrush([await start(), '-s', '20', '-m', '20000', '-n', 'all']));
    expect(result.messages).toMatchObject({ attempted: 20_000, accepted: 20_000 });
    expect(result.sessions).toMatchObject({ started: 20, completed: 20, peakOpen: 20 });
    expect(result.steps.mail?.pipelined).toBe(20_000);
  });

  test('places 3,000 messages with a connection for each', async () => {
    const result = resultOf(await runPostrush([await start(), '-s', '20', '-m', '3000', '-n', '1']));
    expect(result.messages.accepted).toBe(3000);
    expect(result.sessions).toMatchObject({ started: 3000, completed: 3000, failed: 0 });
    expect(result.steps.quit).toMatchObject({ sent: 3000, replied: 3000 });
  });

  test('waits for each reply where PIPELINING is not offered', async () => {
    const result = resultOf(await runPostrush([await start('-p'), '-s', '5', '-m', '500', '-n', '50']));
    expect(result.messages.accepted).toBe(500);
    expect(result.steps.mail?.pipelined).toBe(0);
    expect(result.target.keywords).not.toContain('PIPELINING');
  });

  test('refuses --pipelining on where PIPELINING is not offered', async () => {
    const run = await runPostrush([await start('-p'), '-s', '5', '-m', '500', '--pipelining', 'on']);
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toMatch(/PIPELINING/);
  });

  test('says HELO where EHLO is refused', async () => {
    const result = resultOf(await runPostrush([await start('-e'), '-s', '5', '-m', '100', '-n', '10']));
    expect(result.messages.accepted).toBe(100);
    expect(result.steps.ehlo?.sent).toBeGreaterThanOrEqual(result.sessions.started);
  });

  test.each([
    ['-r', 'MAIL', 'deferred', 'mail', 450],
    ['-f', 'MAIL', 'rejected', 'mail', 500],
    ['-f', 'RCPT', 'rejected', 'rcpt', 500],
    ['-r', 'DATA', 'deferred', 'data', 450],
    ['-f', '.', 'rejected', 'endOfData', 500],
  ] as const)('counts what smtp-sink %s %s refuses as %s', async (flag, command, outcome, step, code) => {
    const result = resultOf(await runPostrush([await start(flag, command), '-s', '4', '-m', '12', '-n', '5']));
    expect(result.messages).toMatchObject({ attempted: 12, accepted: 0, [outcome]: 12 });
    expect(result.replies).toContainEqual(expect.objectContaining({ step, code }));
  });

  test('counts the messages of connections that the server drops as failed', async () => {
    const result = resultOf(await runPostrush([await start('-q', 'DATA'), '-s', '4', '-m', '20', '-n', '5']));
    expect(result.messages).toMatchObject({ attempted: 20, accepted: 0, failed: 20 });
    expect(result.errors.filter(({ kind }) => kind === 'closed' || kind === 'reset')).not.toEqual([]);
  });

  test('counts the messages that a 421 cuts short as deferred', async () => {
    const result = resultOf(await runPostrush([await start('-Q', 'RCPT'), '-s', '4', '-m', '20', '-n', '5']));
    expect(result.messages).toMatchObject({ attempted: 20, accepted: 0, deferred: 20 });
    expect(result.replies).toContainEqual(expect.objectContaining({ code: 421 }));
  });

  test('ends with targetLost when the server is killed in the middle of a run', async () => {
    const target = await start();
    const run = await runPostrush(
      [target, '-s', '10', '-m', '10000000', '-n', '100', '--give-up', '2s'],
      async (child) => {
        await underLoad(child, 1500);
        process.kill(sink!.process.pid, 'SIGKILL');
      },
    );
    const result = resultOf(run, 1);
    expect(result.verdict).toBe('fail');
    expect(result.endedBy).toBe('targetLost');
    expect(result.reasons).toContainEqual(expect.objectContaining({ kind: 'targetLost' }));
    expect(result.messages.accepted).toBeGreaterThan(0);
    expect(result.messages.failed).toBeGreaterThan(0);
    expect(result.messages.dropped).toBe(result.messages.droppedBy.target);
    expect(result.messages.offered).toBe(10_000_000);
    expect(result.errors).toContainEqual(expect.objectContaining({ step: 'connect', kind: 'refused' }));
  });

  test('names the port when nothing listens there', async () => {
    const target = await start();
    await sink!.stop();
    const run = await runPostrush([target, '-m', '10']);
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toContain(target);
    expect(run.result).toBeNull();
  });
});
