/** Scripted sessions end to end: the octets of both sides, and what the result says of them. */
import { expect, test } from 'vitest';
import type { LoadPlan } from '../../src/plan/load-plan.js';
import type { ScriptStep } from '../../src/plan/script-steps.js';
import { resolvePlan } from '../../src/plan/resolve-plan.js';
import type { RunResult } from '../../src/report/result-schema.js';
import { checkResult, loadOptions, openSink } from '../support/integration-run.js';
import { runPlan } from '../support/integration-build.js';
import { openRecordingRelay } from '../support/recording-relay.js';
import { bdat, choose, expecting, numbered, rcpts, repeat, wait, word, words } from '../support/script-tree.js';

/** A plan whose sessions have these steps. */
function planOf(target: string, steps: readonly ScriptStep[], options: object = {}): LoadPlan {
  const plan = resolvePlan(loadOptions(target, { sessions: 1, pipelining: 'off', size: '400', ...options }), 2);
  const [scenario] = plan.scenarios;
  return { ...plan, scenarios: [{ ...scenario, session: { ...scenario.session, steps }, messagesPerSession: null }] };
}

/** The dialogue of the first session, without the octets of contents and what differs from run to run. */
async function dialogueOf(
  steps: readonly ScriptStep[],
  options: object,
): Promise<{ lines: string[]; result: RunResult }> {
  const sink = await openSink({ name: 'mx.test' });
  const relay = await openRecordingRelay(sink);
  const result = await runPlan(planOf(relay.url, steps, options));
  checkResult(result);
  const isContent = /^C: (?!EHLO|HELO|MAIL|RCPT|DATA|BDAT|RSET|NOOP|VRFY|HELP|QUIT|XTRA|\.$)/;
  const lines = (relay.dialogues[1] ?? []).filter((line) => !isContent.test(line));
  return { lines: lines.map((line) => line.replace(/(queued as|220 |250-).*$/, '$1')), result };
}

test('every step of a script is said as it stands, and answered', async () => {
  const steps: ScriptStep[] = [
    ...words('ehlo noop:one vrfy:postmaster'),
    expecting(word('data'), '503'),
    repeat(2, 2, word('mail'), rcpts('a@example.test', 'b@example.test'), word('data')),
    word('mail'),
    numbered(2),
    bdat(200),
    word('rset'),
    wait(20),
    choose([1, { kind: 'raw', text: 'XTRA  one', expect: null, captures: [] }], [0, word('help')]),
    word('quit'),
  ];
  const { lines, result } = await dialogueOf(steps, { messages: 3 });
  const envelope = (number: number): string[] => [
    `C: MAIL FROM:<sender${number}@example.test>`,
    'S: 250 2.1.0 sender ok',
  ];
  expect(lines.filter((line) => line.startsWith('C: '))).toEqual([
    'C: EHLO postrush.test',
    'C: NOOP one',
    'C: VRFY postmaster',
    'C: DATA',
    ...[1, 2].flatMap((number) => [
      envelope(number)[0],
      'C: RCPT TO:<a@example.test>',
      'C: RCPT TO:<b@example.test>',
      'C: DATA',
      'C: .',
    ]),
    'C: MAIL FROM:<sender3@example.test>',
    'C: RCPT TO:<user5@example.test>',
    'C: RCPT TO:<user6@example.test>',
    'C: BDAT 200',
    'C: BDAT 200 LAST',
    'C: RSET',
    'C: XTRA  one',
    'C: QUIT',
  ]);
  expect(
    lines.filter((line) => line.startsWith('S: ') && !line.startsWith('S: 250-')).map((line) => line.slice(3, 6)),
  ).toEqual([
    ...['220', '250', '250', '252', '503'],
    ...['250', '250', '250', '354', '250'],
    ...['250', '250', '250', '354', '250'],
    ...['250', '250', '250', '250', '250'],
    ...['250', '500', '221'],
  ]);
  expect(result.messages).toMatchObject({ accepted: 3, attempted: 3 });
  expect(result.recipients).toMatchObject({ accepted: 6, attempted: 6 });
  expect(result.unexpected).toEqual([]);
});

test('what was not expected is a row of its own, over all workers, and changes nothing else', async () => {
  const sink = await openSink({ faults: [{ on: 'rcpt', everyNth: 2, reply: '550 5.1.1 nobody' }] });
  const steps = [word('ehlo'), repeat(5, 5, word('mail'), expecting(numbered(2), { codes: ['250'] }), word('data'))];
  const result = await runPlan(planOf(sink.url, steps, { messages: 40, sessions: 4, workers: 2, pipelining: 'auto' }));
  checkResult(result);
  expect(result.unexpected).toMatchObject([{ step: 'rcpt', code: 550, enhanced: '5.1.1', expected: '250', count: 40 }]);
  expect(result.recipients).toMatchObject({ accepted: 40, rejected: 40 });
  expect(result.messages.accepted).toBe(40);
});

test('a reply can end the whole run', async () => {
  const sink = await openSink({ faults: [{ on: 'noop', nth: 30, reply: '250 2.0.0 enough' }] });
  const rule = { codes: ['2yz'], pattern: '^(?!.*enough)', otherwise: 'stopRun' as const };
  const steps = [word('ehlo'), repeat(1e6, 1e6, expecting(word('noop'), rule), wait(10))];
  const result = await runPlan(planOf(sink.url, steps, { duration: '60s', sessions: 4, workers: 2 }));
  checkResult(result);
  expect(result.endedBy).toBe('stopRun');
  expect(result.unexpected).toMatchObject([{ step: 'noop', count: 1, sample: '2.0.0 enough' }]);
  expect(result.sessions).toMatchObject({ started: 4, completed: 4 });
});

test('a message has the same recipients on one worker and on four', async () => {
  const ways = choose([1, numbered(1)], [1, rcpts('a@example.test', 'b@example.test')], [1, numbered(3)]);
  const steps = [word('ehlo'), repeat(5, 5, word('mail'), ways, word('data'))];
  const seen: (readonly string[])[] = [];
  for (const workers of [1, 4]) {
    const sink = await openSink({ keepMessages: 100 });
    const result = await runPlan(planOf(sink.url, steps, { messages: 60, sessions: 4, workers, seed: 7 }));
    checkResult(result);
    expect(result.messages.accepted).toBe(60);
    const messages = sink.messages().map(({ content, forwardPaths }) => {
      const [id] = /Message-ID: .*/.exec(content.toString('latin1')) ?? [];
      return `${id} ${forwardPaths.join()}`;
    });
    seen.push(messages.sort());
  }
  expect(seen[1]).toEqual(seen[0]);
  expect(new Set(seen[0]?.map((message) => message.split(',').length)).size).toBe(3);
});
