/** The README tells of every flag, and of no other. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readCommandLine } from '../../src/cli/command-line.js';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const table = /<!-- flags -->([\s\S]*?)<!-- \/flags -->/.exec(readme)?.[1] ?? '';

function helpText(): string {
  const invocation = readCommandLine(['run', '--help'], '0.0.0');
  if (invocation.kind !== 'print') throw new Error('help is printed');
  return invocation.text;
}

const flagsOf = (text: string): Set<string> => new Set(text.match(/--[a-z][a-z-]+/g));

describe('the table of flags in the README', () => {
  test('holds every flag of the help text', () => {
    const flags = [...flagsOf(helpText())].filter((flag) => flag !== '--help');
    expect(flags.length).toBeGreaterThan(30);
    expect(flags.filter((flag) => !flagsOf(table).has(flag))).toEqual([]);
  });

  test('holds no flag that does not exist', () => {
    // `npm run bench` has flags of its own.
    const ofPostrush = readme.replace(/npm run bench[^`]*`/g, '');
    expect([...flagsOf(ofPostrush)].filter((flag) => !flagsOf(helpText()).has(flag))).toEqual([]);
  });
});
