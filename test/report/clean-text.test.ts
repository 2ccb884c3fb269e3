import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanText, clip, wrap } from '../../src/report/clean-text.js';

test.each([
  ['250 2.1.5 Ok', '250 2.1.5 Ok'],
  ['850µs', '850µs'],
  ['\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'],
  ['\x1b]0;title\x07', '\\x1b]0;title\\x07'],
  ['C1 \x9b2J, DEL \x7f, NUL \0', 'C1 \\x9b2J, DEL \\x7f, NUL \\x00'],
  ['two\r\nlines and\ta\r\n\r\ntab', 'two lines and a tab'],
  ['\u202eright to left\u202c \u2066isolate\u2069', '?right to left? ?isolate?'],
  ['zero\u200bwidth, e\u0301, soft\u00adhyphen, \u2028, \u00a0', 'zero?width, e?, soft?hyphen, ?, ?'],
  ['日本 😀 \ud800', '?? ? ?'],
])('%j becomes %j', (text, clean) => {
  expect(cleanText(text)).toBe(clean);
});

test('clean text is printable, one column per character, and stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const clean = cleanText(text);
      expect(clean).toMatch(/^[\x20-\x7eµ]*$/);
      expect(cleanText(clean)).toBe(clean);
    }),
  );
});

test('a text that is too long ends in an ellipsis', () => {
  expect(clip('four', 4)).toBe('four');
  expect(clip('fives', 4)).toBe('fiv…');
  expect(clip('a word', 3)).toBe('a…');
  expect(clip('any', 1)).toBe('…');
  expect(clip('any', 0)).toBe('');
});

test('a paragraph breaks at spaces, and within words that are too long', () => {
  expect(wrap('one two three', 7, 3)).toEqual(['one two', 'three']);
  expect(wrap('abcdefghij', 4, 3)).toEqual(['abcd', 'efgh', 'ij']);
  expect(wrap('', 4, 3)).toEqual(['']);
});

test('a paragraph that is too long ends in an ellipsis', () => {
  expect(wrap('one two three four five', 9, 2)).toEqual(['one two', 'three fo…']);
});

test('no line of a paragraph is too wide, and none is lost before the last', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 300 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 6 }),
      (text, width, maxLines) => {
        const lines = wrap(text, width, maxLines);
        expect(lines.length).toBeLessThanOrEqual(maxLines);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
        if (!lines.at(-1)!.endsWith('…')) expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      },
    ),
  );
});
