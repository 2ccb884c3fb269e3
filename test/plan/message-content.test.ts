/** Messages as mail data wants them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { minMessageBytes, withCrlfLines } from '../../src/plan/message-content.js';
import { firstLane } from '../../src/plan/lane-plan.js';
import { resolvePlan } from '../../src/plan/resolve-plan.js';
import { MessageTemplate } from '../../src/scenario/message-template.js';

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

test('the smallest message that is taken can be made, and one octet less is refused', () => {
  const texts = fc.record({
    from: fc.constantFrom('', 'a%d@b.test', '%d%d@%d.b.test'),
    to: fc.constantFrom('a@b.test', 'u%d@b.test'),
    addresses: fc.integer({ min: 1, max: 1_000_000_000 }),
    subject: fc.string({ unit: fc.constantFrom('s', ' '), maxLength: 900 }),
    seed: fc.integer({ min: 0, max: 0xffff_ffff }),
  });
  fc.assert(
    fc.property(texts, ({ seed, ...headers }) => {
      const size = minMessageBytes(headers);
      const options = { target: 'smtp://127.0.0.1:25', ...headers, seed };
      expect(new MessageTemplate(firstLane(resolvePlan({ ...options, size }, 1))).sizeBytes).toBe(size);
      expect(() => resolvePlan({ ...options, size: size - 1 }, 1)).toThrow(`takes at least ${size} octets`);
    }),
  );
});
