/** Whole runs told by a file, against the sink: its counts are the other side of every figure. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { resultOf, runPostrush } from '../support/real-server-run.js';
import { openSink } from '../support/integration-run.js';

function fileOf(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'postrush-scenario-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'mix.yaml');
  writeFileSync(file, text);
  return file;
}

const MIX = `
load: { sessions: 20, messages: 900, seed: 7 }
scenarios:
  - name: inbound
    weight: 7
    steps:
      - ehlo
      - repeat:
          count: { min: 1, max: 3 }
          steps:
            - mail: news%d@example.test
            - choose:
                - weight: 9
                  steps:
                    - rcpt: { count: 2, to: user%d@example.test }
                    - pause: { shape: exponential, mean: 1ms }
                    - data
                - weight: 1
                  steps: [{ rcpt: reject@example.test, expect: 550 }, rset]
      - quit
  - name: submission
    weight: 2
    auth: { mechanism: plain, user: load, password: secret }
    messagesPerSession: 5
  - name: newsletter
    weight: 1
    recipients: 50
`;

test('scenarios divide the clients of a run by weight, and each has its own numbers', async () => {
  const sink = await openSink({ users: { load: 'secret' } });
  const result = resultOf(await runPostrush([sink.url, '-f', fileOf(MIX)]));
  const { messages, recipients } = sink.stats();
  expect(result).toMatchObject({ verdict: 'pass', messages: { attempted: 900, accepted: messages }, books: { balanced: true } }); // prettier-ignore
  expect(result.recipients.accepted).toBe(recipients);
  expect(result.sessions.started + result.preflight.connections).toBe(sink.stats().connections);

  const [inbound, submission, newsletter] = result.scenarios;
  expect(result.scenarios.map(({ name }) => name)).toEqual(['inbound', 'submission', 'newsletter']);
  const clients = result.clients.started;
  for (const [lane, share] of [
    [inbound, 0.7],
    [submission, 0.2],
    [newsletter, 0.1],
  ] as const) {
    // Within two clients of each worker.
    expect(Math.abs(lane!.clients.started - share * clients)).toBeLessThanOrEqual(2 * result.plan.workers);
  }
  expect(submission!.steps.auth?.replied).toBe(sink.stats().authenticated - 1);
  expect(newsletter!.recipients.attempted).toBe(50 * newsletter!.messages.attempted);
  // What was expected to be refused is a rejected message all the same, and nothing unexpected.
  expect(inbound!.messages.rejected).toBeGreaterThan(0);
  expect(result.unexpected).toEqual([]);
});

test('an unexpected reply is a row of its own and changes no outcome; another one ends the session', async () => {
  const sink = await openSink();
  const steps = (otherwise: string): string =>
    `load: { sessions: 2, connections: 6 }\nscenarios: [{ steps: [ehlo, { vrfy: a, expect: { codes: 250, otherwise: ${otherwise} } }, noop] }]`;
  const counted = resultOf(await runPostrush([sink.url, '-f', fileOf(steps('count'))]));
  expect(counted.unexpected).toMatchObject([{ step: 'vrfy', code: 252, expected: '250', count: 6 }]);
  expect(counted.sessions).toMatchObject({ started: 6, completed: 6 });
  expect(counted.steps.noop?.replied).toBe(6);
  const ended = resultOf(await runPostrush([sink.url, '-f', fileOf(steps('quit'))]));
  expect(ended.steps.noop).toBeUndefined();
  expect(ended.steps.quit?.replied).toBe(6);
});

test('content goes by DATA and by BDAT as each step says, and a session may end without a word', async () => {
  const sink = await openSink({ keepMessages: 20 });
  const yaml = `load: { sessions: 2, messages: 20 }
message: { size: 3KiB }
scenarios: [{ steps: [ehlo, mail, rcpt, data, mail, rcpt, { bdat: 1KiB }, { drop: rst }] }]`;
  const result = resultOf(await runPostrush([sink.url, '-f', fileOf(yaml)]));
  expect(result.messages).toMatchObject({ attempted: 20, accepted: 20 });
  expect(result.steps.data?.replied).toBe(10);
  expect(result.steps.bdat?.replied).toBe(20);
  expect(new Set(sink.messages().map(({ content }) => content.length))).toEqual(new Set([3072]));
  expect(result.steps.quit).toBeUndefined();
});
