import { expect, test } from 'vitest';
import { readEnhanced } from '../../src/protocol/enhanced-status.js';

const read = (text: string, replyClass: number): number => {
  const buffer = Buffer.from(`9${text}.1 x`, 'latin1');
  return readEnhanced(buffer, 1, 1 + text.length, replyClass);
};

test.each([
  ['2.1.5', 2, 2_001_005],
  ['4.7.1 try later', 4, 4_007_001],
  ['5.999.0 x', 5, 5_999_000],
  ['5.1.1', 4, 0],
  ['1.1.1', 1, 0],
  ['3.1.1', 3, 0],
  ['2.1', 2, 0],
  ['2.1.', 2, 0],
  ['2..1 ', 2, 0],
  ['2.1234.1', 2, 0],
  ['2.1.1234', 2, 0],
  ['2.1.1:', 2, 0],
  ['2,1.1', 2, 0],
  ['', 2, 0],
])('%j behind a code of class %i is read as %i', (text, replyClass, enhanced) => {
  expect(read(text, replyClass)).toBe(enhanced);
});
