/** `init` writes profiles, and what it writes can be used at once. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readProgram } from '../support/program.js';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const NAMES = readdirSync(EXAMPLES)
  .map((name) => name.replace('.yaml', ''))
  .sort();

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postrush-init-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('without a name it lists what there is, a line each', async () => {
  const { code, stdout } = await readProgram(['init']);
  expect(code).toBe(0);
  const listed = stdout.split('\n').slice(2, -1);
  expect(listed.map((line) => line.trim().split(/\s+/, 1)[0])).toEqual(NAMES);
  for (const line of listed) {
    expect(line).toMatch(/^ {2}[a-z-]+ +[A-Z].*: .+$/);
    expect(line.length).toBeLessThanOrEqual(80);
  }
});

test.each(NAMES)('%s is written as it is, and says where its numbers come from', async (name) => {
  const { code, stdout } = await readProgram(['init', name], folder);
  expect(code).toBe(0);
  expect(stdout).toContain(`postrush explain -f ${name}.yaml\n`);
  const text = readFileSync(join(folder, `${name}.yaml`), 'utf8');
  expect(text).toBe(readFileSync(join(EXAMPLES, `${name}.yaml`), 'utf8'));
  expect(text).toMatch(/^# Where the numbers come from: .*guess/m);
});

test('a file that is there is replaced only when that is asked for', async () => {
  const path = join(folder, 'mine.yaml');
  writeFileSync(path, 'mine');
  expect(await readProgram(['init', 'auth-storm', '-o', path])).toEqual({
    code: 2,
    stdout: '',
    stderr: `postrush: ${path}: is there already: take another name (-o), or --force\n`,
  });
  expect(readFileSync(path, 'utf8')).toBe('mine');
  expect(await readProgram(['init', 'auth-storm', '-o', path, '--force'])).toMatchObject({ code: 0, stderr: '' });
  expect(readFileSync(path, 'utf8')).toContain('# AUTH storm');
});

test.each([
  [['init', 'auth-strom'], 'postrush: auth-strom: is not a profile: did you mean auth-storm?\n'],
  [['init', 'x'], `postrush: x: takes one of: ${NAMES.join(', ')}\n`],
  [['init', '-o', 'a.yaml'], 'postrush: -o: needs a profile to write: postrush init PROFILE -o FILE\n'],
  [['init', 'auth-storm', '-o', '/no/such/a.yaml'], 'postrush: /no/such/a.yaml: there is no such folder\n'],
])('%j is refused in a sentence', async (words, stderr) => {
  expect(await readProgram(words)).toEqual({ code: 2, stdout: '', stderr });
});
