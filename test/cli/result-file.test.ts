/** The file that `--json` names. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { resultPathProblem, jsonText, writeJsonFile } from '../../src/cli/result-file.js';
import { sampleResult } from '../support/sample-result.js';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'postrush-result-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const result = sampleResult();

test('holds the result, and nothing is left beside it', () => {
  const path = join(folder, 'result.json');
  writeJsonFile(path, result);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(JSON.stringify(result)));
  expect(readFileSync(path, 'utf8')).toBe(jsonText(result));
  expect(readdirSync(folder)).toEqual(['result.json']);
});

test('takes the place of an older one', () => {
  const path = join(folder, 'result.json');
  writeFileSync(path, 'old');
  expect(resultPathProblem(path)).toBeNull();
  writeJsonFile(path, result);
  expect(readFileSync(path, 'utf8')).toBe(jsonText(result));
});

test('is written into a pipe that somebody reads, and refused to one that nobody does', async () => {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  expect(resultPathProblem(path)).toBeNull();
  expect(() => {
    writeJsonFile(path, result);
  }).toThrow(`the result could not be written to ${path}: nobody reads from it`);
  const copy = join(folder, 'copy');
  const reader = spawn('cp', [path, copy], { stdio: 'ignore' });
  // It is refused until the reader has opened its end.
  await vi.waitFor(
    () => {
      writeJsonFile(path, result);
    },
    { timeout: 10_000 },
  );
  await once(reader, 'exit');
  expect(readFileSync(copy, 'utf8')).toBe(jsonText(result));
});

test('is written behind a link, which stays one', () => {
  const path = join(folder, 'real.json');
  const link = join(folder, 'link.json');
  writeFileSync(path, 'old');
  symlinkSync(path, link);
  writeJsonFile(link, result);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe(jsonText(result));
});

test('does not replace a device', () => {
  expect(resultPathProblem('/dev/null')).toBeNull();
  writeJsonFile('/dev/null', result);
  expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
});

test('that cannot be written is an error with a code, and leaves the older one as it was', () => {
  const path = join(folder, 'result.json');
  expect(() => writeJsonFile(join(folder, 'gone', 'result.json'), result)).toThrow(
    expect.objectContaining({ code: 'E_REPORT_WRITE', message: expect.stringContaining('there is no such file') }),
  );
  writeFileSync(path, 'old');
  // Someone else's half-written file stands in the way.
  writeFileSync(`${path}.${process.pid}.tmp`, '');
  expect(() => writeJsonFile(path, result)).toThrow(expect.objectContaining({ code: 'E_REPORT_WRITE' }));
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toHaveLength(2);
});
