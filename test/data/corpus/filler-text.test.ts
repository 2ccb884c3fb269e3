import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillerText } from '../../../src/data/corpus/filler-text.js';
import { fuzzParameters } from '../../support/property-time.js';

test('text has the length asked for, lines as mail has them, and no line that begins with a dot', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.nat(3_000), fc.integer({ min: 131_060, max: 131_090 })),
      fc.nat(),
      fc.boolean(),
      (length, seed, isUnicode) => {
        const text = fillerText(length, seed, 0, isUnicode);
        expect(text).toHaveLength(length);
        expect(fillerText(length, seed, 0, isUnicode).equals(text)).toBe(true);
        if (length < 2) return;
        const lines = text.toString('latin1').split('\r\n');
        expect(lines.pop()).toBe('');
        for (const line of lines) {
          expect(line).not.toMatch(/^\.|[\r\n]|[ \t]$/);
          // The last line is filled up with what no word fitted into.
          expect(line.length).toBeLessThanOrEqual(110);
        }
        // Throws where a character is cut in two.
        const words = new TextDecoder('utf-8', { fatal: true }).decode(text);
        if (!isUnicode) expect(words).toMatch(/^[\x20-\x7e\r\n]*$/);
      },
    ),
    fuzzParameters(400),
  );
});

test('text of more than ASCII has some, and differs by stream and seed', () => {
  expect(/[^\0-\x7f]/.test(fillerText(500, 1, 0, true).toString())).toBe(true);
  const texts = [fillerText(500, 1, 0, false), fillerText(500, 1, 1, false), fillerText(500, 2, 0, false)];
  expect(new Set(texts.map(String)).size).toBe(3);
});

test('long text is whole lines, whatever its length', () => {
  for (const length of [131_072, 131_073, 131_074, 131_075, 262_144, 262_145, 262_146, 262_147, 1_000_000]) {
    const text = fillerText(length, 1, 0, true).toString('latin1');
    expect(text).toHaveLength(length);
    expect(text.endsWith('\r\n')).toBe(true);
    expect(/[\r\n]/.test(text.replaceAll('\r\n', ''))).toBe(false);
    expect(Math.max(...text.split('\r\n').map((line) => line.length))).toBeLessThan(111);
  }
});
