/** The file of ceilings: what it keeps, what it refuses, and that it breaks nothing. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  MOST_CEILINGS,
  ceilingPath,
  findCeiling,
  readCeilings,
  storeCeiling,
  type StoredCeiling,
} from '../../src/cli/calibration-file.js';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postrush-ceilings-'));
  path = join(folder, 'state', 'calibration.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const CEILING: StoredCeiling = {
  ...{ node: 'v20.1.0', cpuModel: 'cpu', cores: 2, workers: 2, shape: 'abc' },
  ...{ messagesPerSec: 1000, sessionsPerSec: 10, calibratedAt: '2026-11-27T02:00:00.000Z' },
};

describe('the place of the file', () => {
  test('is what POSTRUSH_CALIBRATION says, and nowhere for none', () => {
    expect(ceilingPath({ POSTRUSH_CALIBRATION: '/a/b.json', XDG_STATE_HOME: '/c' })).toBe('/a/b.json');
    expect(ceilingPath({ POSTRUSH_CALIBRATION: 'none' })).toBeNull();
  });

  test('is the directory for state otherwise', () => {
    expect(ceilingPath({ XDG_STATE_HOME: '/c' })).toBe('/c/postrush/calibration.json');
    const usual = join(homedir(), '.local/state/postrush/calibration.json');
    expect(ceilingPath({ POSTRUSH_CALIBRATION: '' })).toBe(usual);
    expect(ceilingPath({ XDG_STATE_HOME: 'relative' })).toBe(usual);
  });
});

describe('the file', () => {
  test('makes its folder, keeps the newest of each key, and leaves nothing else behind', () => {
    expect(readCeilings(path)).toEqual([]);
    expect(storeCeiling(path, CEILING)).toBeNull();
    expect(storeCeiling(path, { ...CEILING, shape: 'other' })).toBeNull();
    const newer = { ...CEILING, messagesPerSec: 2000 };
    expect(storeCeiling(path, newer)).toBeNull();
    expect(readCeilings(path)).toEqual([newer, { ...CEILING, shape: 'other' }]);
    expect(readdirSync(join(folder, 'state'))).toEqual(['calibration.json']);
  });

  test('forgets the oldest beyond its bound', () => {
    for (let number = 0; number <= MOST_CEILINGS; number++) storeCeiling(path, { ...CEILING, shape: `s${number}` });
    const kept = readCeilings(path) as StoredCeiling[];
    expect(kept.length).toBe(MOST_CEILINGS);
    expect([kept[0]?.shape, kept.at(-1)?.shape]).toEqual([`s${MOST_CEILINGS}`, 's1']);
  });

  test.each([
    ['no JSON', '{"format": '],
    ['another file', '{"name": "x"}'],
    ['no object', 'null'],
    ['what a later version wrote', '{"format": "postrush.ceilings/2", "ceilings": []}'],
    ['a list of something else', '{"format": "postrush.ceilings/1", "ceilings": [{"shape": 1}]}'],
    [
      'a ceiling of nothing',
      JSON.stringify({ format: 'postrush.ceilings/1', ceilings: [{ ...CEILING, messagesPerSec: 0 }] }),
    ],
  ])('that holds %s is one sentence, and is left as it is', (_what, text) => {
    path = join(folder, 'x.json');
    writeFileSync(path, text);
    expect(readCeilings(path)).toEqual({ problem: expect.stringContaining(`${path} is no file of calibrations`) });
    expect(storeCeiling(path, CEILING)).toContain('is no file of calibrations');
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('that cannot be read or written is one sentence', () => {
    mkdirSync(path, { recursive: true });
    expect(readCeilings(path)).toEqual({ problem: `${path} cannot be read: it is a directory` });
    const beside = join(folder, 'file');
    writeFileSync(beside, 'x');
    const below = join(beside, 'calibration.json');
    expect(storeCeiling(below, CEILING)).toMatch(/calibration\.json cannot be written: /);
  });
});

describe('a ceiling', () => {
  test.each([{ node: 'v22.0.0' }, { cpuModel: 'other' }, { cores: 4 }, { workers: 1 }, { shape: 'xyz' }])(
    'does not hold with %j',
    (change) => {
      expect(findCeiling([CEILING], { ...CEILING, ...change })).toBeNull();
      expect(findCeiling([CEILING], CEILING)).toBe(CEILING);
    },
  );
});
