/** The README tells of every flag, and of no other. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readCommandLine } from '../../src/cli/command-line.js';
import { prepareRun } from '../../src/cli/run-settings.js';
import { readProgram } from '../support/program.js';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

type CommandName = 'run' | 'sink' | 'check' | 'init' | 'explain' | 'calibrate';

function tableOf(command: CommandName): string {
  const name = command === 'run' ? 'flags' : `${command}-flags`;
  return new RegExp(`<!-- ${name} -->([\\s\\S]*?)<!-- /${name} -->`).exec(readme)?.[1] ?? '';
}

function helpText(command: CommandName): string {
  const invocation = readCommandLine([command, '--help'], '0.0.0');
  if (invocation.kind !== 'print') throw new Error('help is printed');
  return invocation.text;
}

const flagsOf = (text: string): Set<string> => new Set(text.match(/--[a-z0-9][a-z0-9-]*[a-z][a-z0-9-]*/g));

describe('the tables of flags in the README', () => {
  test.each([
    ['run', 30],
    ['sink', 15],
    ['check', 8],
    ['calibrate', 8],
  ] as const)('hold every flag of the help of %s, and no other', (command, least) => {
    const flags = [...flagsOf(helpText(command))].filter((flag) => flag !== '--help').sort();
    expect(flags.length).toBeGreaterThan(least);
    expect([...flagsOf(tableOf(command))].sort()).toEqual(flags);
  });

  test('are all there is: no other flag is named anywhere', () => {
    // `npm run bench` and curl have flags of their own.
    const ofPostrush = readme.replace(/(?:npm run bench|curl)[^`]*`/g, '');
    const known = new Set(
      (['run', 'sink', 'check', 'init', 'explain', 'calibrate'] as const).flatMap((command) => [
        ...flagsOf(helpText(command)),
      ]),
    );
    expect([...flagsOf(ofPostrush)].filter((flag) => !known.has(flag))).toEqual([]);
  });
});

test('the table of profiles names all of them', () => {
  const profiles = readdirSync(new URL('../../examples/', import.meta.url)).map((name) => name.replace('.yaml', ''));
  const [, table = ''] = /\| profile [^\n]*\n([^]*?)\n\n/.exec(readme) ?? [];
  expect([...table.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name).sort()).toEqual(profiles.sort());
});

test('what explain said in it is what explain says', { timeout: 60_000 }, async () => {
  const [, shown = ''] = /<!-- explain -->\s*```\n([^]*?)```/.exec(readme) ?? [];
  const file = fileURLToPath(new URL('../../examples/office-submission.yaml', import.meta.url));
  const { stdout } = await readProgram(['explain', '-f', file, '-w', '2']);
  // Limits are those of the machine.
  const comparable = (text: string): string => text.replace(/\((?:this|there) [^)]*\)/g, '');
  expect(comparable(stdout)).toContain(comparable(shown));
});

test('the module in it is one that a run takes', async () => {
  const [, text = ''] = /<!-- module -->\s*```js\n([^]*?)```/.exec(readme) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'postrush-readme-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'scenario.mjs');
  const source = fileURLToPath(new URL('../../src/index.ts', import.meta.url));
  writeFileSync(file, text.replace("'postrush'", JSON.stringify(source)));
  const invocation = readCommandLine(['run', '127.0.0.1:25', '-f', file], '0');
  if (invocation.kind !== 'run') throw new Error('not a run');
  const { plan } = await prepareRun(invocation, {}, 2);
  expect(plan.functions?.names).toEqual(['box', 'message.subject']);
});

test.each(['scenario', 'data'])('the file behind <!-- %s --> is one that a run takes', async (name) => {
  const [, yaml = ''] = new RegExp(`<!-- ${name} -->\\s*\`\`\`yaml\\n([^]*?)\`\`\``).exec(readme) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'postrush-readme-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'scenario.yaml');
  writeFileSync(file, yaml);
  const invocation = readCommandLine(['run', '127.0.0.1:25', '-f', file], '0');
  if (invocation.kind !== 'run') throw new Error('not a run');
  const { plan } = await prepareRun(invocation, {}, 2);
  expect(plan.scenarios.length).toBeGreaterThan(0);
});
