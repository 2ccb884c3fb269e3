import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NumberedBytes } from '../../src/protocol/numbered-bytes.js';

function written(bytes: NumberedBytes, value: number): string {
  const target = new Uint8Array(bytes.maxLength);
  return Buffer.from(target.subarray(0, bytes.write(target, 0, value))).toString('utf8');
}

describe('numbered bytes', () => {
  test('are what stands before, the template with its number, and what stands behind', () => {
    const bytes = new NumberedBytes('user-%d@example.test', 'RCPT TO:<', '>\r\n');
    expect(written(bytes, 42)).toBe('RCPT TO:<user-42@example.test>\r\n');
  });

  test('are always the same when the template has no place for a number', () => {
    const bytes = new NumberedBytes('a@example.test', 'MAIL FROM:<', '>\r\n');
    expect(written(bytes, 7)).toBe('MAIL FROM:<a@example.test>\r\n');
    expect(bytes.maxLength).toBe('MAIL FROM:<a@example.test>\r\n'.length);
  });

  test.each([
    ['%d', '<7>'],
    ['%d%d', '<77>'],
    ['%d@%d.test', '<7@7.test>'],
    ['', '<>'],
    ['100%', '<100%>'],
    ['%%d', '<%7>'],
    ['%D', '<%D>'],
  ])('of the template %j are %j', (template, wanted) => {
    expect(written(new NumberedBytes(template, '<', '>'), 7)).toBe(wanted);
  });

  test('hold UTF-8', () => {
    expect(written(new NumberedBytes('jürgen%d@例え.test', '<', '>'), 12)).toBe('<jürgen12@例え.test>');
  });

  test('take no number from what stands around the template', () => {
    expect(written(new NumberedBytes('x', '%d<', '>%d'), 1)).toBe('%d<x>%d');
  });

  test('are written where they are told to and report where they end', () => {
    const target = Buffer.from('..........');
    expect(new NumberedBytes('a%d', '', ';').write(target, 2, 305)).toBe(7);
    expect(target.toString()).toBe('..a305;...');
  });

  test('write every whole number that a double holds exactly', () => {
    const bytes = new NumberedBytes('%d', '', '');
    for (const value of [0, 1, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 1e15, 2 ** 53 - 2, 2 ** 53 - 1]) {
      expect(written(bytes, value)).toBe(String(value));
    }
    for (let digits = 1; digits < 16; digits++) {
      for (const value of [10 ** digits - 1, 10 ** digits, 10 ** digits + 1]) {
        expect(written(bytes, value)).toBe(String(value));
      }
    }
    fc.assert(fc.property(fc.maxSafeNat(), (value) => written(bytes, value) === String(value)));
  });

  test.each([-1, 1.5, NaN, Infinity, 2 ** 53])('refuse the number %d', (value) => {
    expect(() => written(new NumberedBytes('%d', '', ''), value)).toThrow('whole number');
  });

  test('refuse a target without room instead of losing octets', () => {
    const bytes = new NumberedBytes('abc%d', '', '');
    expect(() => bytes.write(new Uint8Array(4), 0, 10)).toThrow('has room');
    expect(bytes.write(new Uint8Array(5), 0, 10)).toBe(5);
  });
});
