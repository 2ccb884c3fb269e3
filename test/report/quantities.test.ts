import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatCounted,
  formatLatency,
  formatRate,
  formatSeconds,
  formatShare,
  formatShareOf,
} from '../../src/report/quantities.js';

test.each([
  [null, '-'],
  [0, '0µs'],
  [850, '850µs'],
  [999.4, '999µs'],
  [999.5, '1.00ms'],
  [1_240, '1.24ms'],
  [9_995, '10.0ms'],
  [12_340, '12.3ms'],
  [99_960, '100ms'],
  [999_499, '999ms'],
  [999_500, '1.00s'],
  [1_200_000, '1.20s'],
  [61_000_000, '61.0s'],
  [3_600_000_000, '3600s'],
])('%d µs is printed as %s', (us, text) => {
  expect(formatLatency(us)).toBe(text);
});

test('a latency takes at most 6 columns', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 3_600_000_000, noNaN: true }), (us) => {
      expect(formatLatency(us).length).toBeLessThanOrEqual(6);
    }),
  );
});

test('a count is shortened only when it does not fit', () => {
  expect(formatCount(0)).toBe('0');
  expect(formatCount(1_234_567)).toBe('1,234,567');
  expect(formatCount(1_234_567, 9)).toBe('1,234,567');
  expect(formatCount(1_234_567, 8)).toBe('1.23M');
  expect(formatCount(12_345, 5)).toBe('12.3k');
  expect(formatCount(Number.MAX_SAFE_INTEGER, 8)).toBe('9.01P');
});

test('a count fits its column from 5 columns on', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 5, max: 12 }), (value, width) => {
      expect(formatCount(value, width).length).toBeLessThanOrEqual(width);
    }),
  );
});

test('one is not plural', () => {
  expect(formatCounted(1, 'message')).toBe('1 message');
  expect(formatCounted(0, 'message')).toBe('0 messages');
  expect(formatCounted(2_000, 'message')).toBe('2,000 messages');
});

test('only all is 100%, only none is 0%', () => {
  expect(formatShare(0)).toBe('0%');
  expect(formatShare(0.0001)).toBe('<0.1%');
  expect(formatShare(0.0005)).toBe('0.1%');
  expect(formatShare(0.5)).toBe('50.0%');
  expect(formatShare(0.9994)).toBe('99.9%');
  expect(formatShare(0.99999)).toBe('>99.9%');
  expect(formatShare(1)).toBe('100%');
  expect(formatShareOf(1, 3)).toBe('33.3%');
  expect(formatShareOf(0, 0)).toBe('-');
});

test('rates, octets and seconds keep what matters', () => {
  expect([0, 40.14, 999.96, 1_901.5].map(formatRate)).toEqual(['0.0', '40.1', '1,000', '1,902']);
  expect([0, 1_023, 1_024, 1_536, 2_480_068].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1 KiB',
    '1.5 KiB',
    '2.4 MiB',
  ]);
  expect([0, 0.354, 9.996, 10, 10.249, 3_600].map(formatSeconds)).toEqual([
    '0 s',
    '0.35 s',
    '10.0 s',
    '10 s',
    '10.2 s',
    '3,600 s',
  ]);
});
