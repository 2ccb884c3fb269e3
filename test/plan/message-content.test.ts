/** Messages as mail data wants them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withCrlfLines } from '../../src/plan/message-content.js';

const convert = (text: string): string => Buffer.from(withCrlfLines(Buffer.from(text, 'latin1'))).toString('latin1');

test('every line ends in CRLF, whatever it ended in', () => {
  expect(convert('a\nb\r\nc\rd')).toBe('a\r\nb\r\nc\r\nd\r\n');
  expect(convert('a\r\n')).toBe('a\r\n');
  expect(convert('a\r')).toBe('a\r\n');
  expect(convert('\n\r')).toBe('\r\n\r\n');
  expect(convert('')).toBe('');
});

test('line by line the text stays as it was, and a second time changes nothing', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', '.', '\r', '\n', '\r\n', '\xff', '\0') });
  fc.assert(
    fc.property(texts, (text) => {
      const plain = text.replace(/\r\n|\r|\n/g, '\r\n');
      const expected = plain === '' || plain.endsWith('\r\n') ? plain : `${plain}\r\n`;
      expect(convert(text)).toBe(expected);
      expect(convert(expected)).toBe(expected);
    }),
  );
});
