/** Times, sizes and counts as users write them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, formatSize, parseCount, parseDurationMs, parseSizeBytes } from '../../src/plan/units.js';

const HOUR_MS = 3_600_000;

describe('a time', () => {
  test.each([
    ['10s', 10_000],
    ['250ms', 250],
    ['0s', 0],
    ['1.5s', 1500],
    ['0.1s', 100],
    ['1m30s', 90_000],
    ['1h1m1s1ms', 3_661_001],
    ['2h', 2 * HOUR_MS],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDurationMs(text, 0, 24 * HOUR_MS)).toEqual({ ok: true, value: ms });
  });

  test.each([
    ['', 'nothing'],
    ['10', 'no unit'],
    ['0', 'no unit, though it is zero'],
    ['10 s', 'a blank'],
    [' 10s', 'a blank before it'],
    ['10S', 'a unit in capitals'],
    ['10sec', 'an unknown unit'],
    ['10us', 'a unit that is too small'],
    ['-5s', 'a sign'],
    ['+5s', 'a sign'],
    ['1e3s', 'an exponent'],
    ['.5s', 'no digit before the point'],
    ['5.s', 'no digit behind the point'],
    ['30s1m', 'units in the wrong order'],
    ['1s1s', 'a unit twice'],
    ['1.5ms', 'part of the smallest unit'],
    ['Infinitys', 'no number'],
    ['10s\n', 'a line end'],
    ['25h', 'too much'],
  ])('%j is refused: %s', (text) => {
    expect(parseDurationMs(text, 0, 24 * HOUR_MS)).toEqual({
      ok: false,
      takes: 'takes a time from 0s to 24h with its unit (ms, s, m, h), such as 10s or 1m30s',
    });
  });

  test('may be the largest value that is taken, and the smallest', () => {
    expect(parseDurationMs('1h', 1, HOUR_MS)).toEqual({ ok: true, value: HOUR_MS });
    expect(parseDurationMs('1ms', 1, HOUR_MS)).toEqual({ ok: true, value: 1 });
    expect(parseDurationMs('3600001ms', 1, HOUR_MS)).toMatchObject({ ok: false });
  });

  test('below the smallest value is refused', () => {
    expect(parseDurationMs('0s', 1, HOUR_MS)).toMatchObject({ ok: false });
  });

  test('is read back as it was written out', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 * HOUR_MS }), (ms) => {
        expect(parseDurationMs(formatDuration(ms), 0, 1000 * HOUR_MS)).toEqual({ ok: true, value: ms });
      }),
    );
  });
});

describe('a size', () => {
  test.each([
    ['1024', 1024],
    ['512B', 512],
    ['1KB', 1000],
    ['1KiB', 1024],
    ['1.5KiB', 1536],
    ['2MB', 2_000_000],
    ['2MiB', 2_097_152],
    ['0', 0],
  ])('%s is %d octets', (text, bytes) => {
    expect(parseSizeBytes(text, 0, 64 * 1_048_576)).toEqual({ ok: true, value: bytes });
  });

  test.each([
    '',
    'KiB',
    '1k',
    '1K',
    '1kb',
    '1kib',
    '1KIB',
    '1GiB',
    '1 KiB',
    '-1',
    '1e3',
    '1,000',
    '1.5',
    '1.0001KiB',
    '65MiB',
  ])('%j is refused', (text) => {
    expect(parseSizeBytes(text, 0, 64 * 1_048_576)).toEqual({
      ok: false,
      takes: 'takes a size from 0B to 64MiB in octets or with a unit (B, KB, KiB, MB, MiB)',
    });
  });

  test('is read back as it was written out', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (bytes) => {
        expect(parseSizeBytes(formatSize(bytes), 0, 2 ** 40)).toEqual({ ok: true, value: bytes });
      }),
    );
  });

  test.each([
    [1024, '1KiB'],
    [1000, '1000B'],
    [64 * 1_048_576, '64MiB'],
    [1536, '1536B'],
    [0, '0B'],
  ])('%d octets are written %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });
});

describe('a count', () => {
  test.each([
    ['1', 1],
    [20, 20],
    ['020', 20],
    ['100', 100],
  ])('%j is taken', (value, count) => {
    expect(parseCount(value, 1, 100)).toEqual({ ok: true, value: count });
  });

  test.each([
    '',
    ' ',
    '1 ',
    '-1',
    '+1',
    '1.0',
    '1e1',
    '0x10',
    '1_0',
    '1,0',
    'ten',
    '0',
    '101',
    -1,
    1.5,
    Number.NaN,
    Infinity,
    101,
  ])('%j is refused', (value) => {
    expect(parseCount(value, 1, 100)).toEqual({ ok: false, takes: 'takes a whole number from 1 to 100' });
  });

  test('that no double holds is refused', () => {
    expect(parseCount('9007199254740993', 0, Number.MAX_SAFE_INTEGER)).toMatchObject({ ok: false });
  });
});
