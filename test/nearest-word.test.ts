import { expect, test } from 'vitest';
import { nearestWord } from '../src/nearest-word.js';

test.each<[string, string | null]>([
  ['sesion', 'session'],
  ['SESSION', 'session'],
  ['sq', 'seq'],
  ['worker', 'worker'],
  ['wroker', 'worker'],
  ['sqe', 'seq'],
  ['esq', 'seq'],
  ['qes', null],
  ['elephant', null],
  ['x', null],
  ['', null],
])('%j probably means %j', (unknown, meant) => {
  expect(nearestWord(unknown, ['seq', 'session', 'worker'])).toBe(meant);
});

test('the first of two equally similar words is taken', () => {
  expect(nearestWord('aaax', ['aaab', 'aaac'])).toBe('aaab');
});

test('a word of any length is answered at once', () => {
  expect(nearestWord('session'.repeat(1_000_000), ['session'])).toBeNull();
});
