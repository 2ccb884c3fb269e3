/** Scenarios as code in whole runs: functions are called in workers, their cost is told, and one that fails is named. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { resultOf, runPostrush } from '../support/real-server-run.js';
import { openSink } from '../support/integration-run.js';

function moduleOf(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'postrush-code-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'scenario.mjs');
  writeFileSync(path, text);
  return path;
}

const MODULE = `
/** @type {import('postrush').ScenarioDefinition} */
export default {
  load: { sessions: 3, messages: 90, seed: 7 },
  functions: {
    local: ({ seq, index, random }) => 'u' + seq + '.' + index + '.' + Math.floor(random() * 1000),
    dose: ({ random }) => Math.floor(random() * 100),
  },
  to: '{{function.local}}@example.test',
  recipients: 2,
  message: { size: 2000, subject: ({ seq }) => 'Nr. ' + seq + '\\r\\nX-Evil: yes' },
};
`;

test('functions write the same by one worker or by three, and cannot write a header of their own', async () => {
  const path = moduleOf(MODULE);
  const mailOf = async (workers: number): Promise<string[]> => {
    const sink = await openSink({ keepMessages: 100 });
    const result = resultOf(await runPostrush([sink.url, '-f', path, '-w', String(workers)]));
    expect(result.messages).toMatchObject({ attempted: 90, accepted: 90 });
    expect(result.plan).toMatchObject({ functions: ['local', 'dose', 'message.subject'] });
    const { functions } = result.generator;
    // Each message has two recipients, a header To and a subject; what nobody names is not called.
    expect(functions!.calls).toBeGreaterThanOrEqual(90 * 4);
    expect(functions!.usPerCall).toBeGreaterThan(0);
    const stdout = (await runPostrush([sink.url, '-f', path, '-m', '5', '--progress', 'none'])).stdout;
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/Functions \d+ calls of the scenario's functions took [\d.]+µs each, /);
    return sink
      .messages()
      .slice(0, 90)
      .map(({ forwardPaths, content }) => `${forwardPaths.join()}\n${content.toString('latin1')}`)
      .sort();
  };
  const [one, three] = [await mailOf(1), await mailOf(3)];
  expect(three).toEqual(one);
  for (const mail of one) {
    expect(mail).toMatch(/^u\d+\.1\.\d+@example\.test,u\d+\.2\.\d+@example\.test\n/);
    expect(mail).toMatch(/^Subject: Nr\. \d+\?\?X-Evil: yes\r$/m);
    expect(mail).not.toMatch(/^X-Evil/m);
  }
});

test('a run without functions tells nothing of them', async () => {
  const sink = await openSink();
  const run = await runPostrush([sink.url, '-m', '5', '--progress', 'none']);
  expect(resultOf(run).generator.functions).toBeNull();
  expect(run.stdout).not.toContain('Functions');
});

test('a function that fails in the load ends its worker, and the verdict names it', async () => {
  const path = moduleOf(`export default {
    load: { sessions: 2, messages: 100, workers: 1 },
    message: { size: 3000, subject: ({ seq }) => { if (seq > 10) throw new Error('no more'); return seq; } },
  };`);
  const sink = await openSink();
  const run = await runPostrush([sink.url, '-f', path, '--progress', 'none']);
  expect(run.exitCode).toBe(3);
  expect(run.result!.reasons.map(({ text }) => text).join()).toContain(
    'function.message.subject of the scenario failed: Error: no more',
  );
});
