import { expect, test } from 'vitest';
import { sparkline } from '../../src/report/sparkline.js';

test('blocks are eighths of the largest value', () => {
  expect(sparkline([1, 2, 3, 4, 5, 6, 7, 8])).toBe('▁▂▃▄▅▆▇█');
});

test('nothing is told from little', () => {
  expect(sparkline([0, 0.001, 1_000])).toBe('·▁█');
  expect(sparkline([0, 0])).toBe('··');
  expect(sparkline([])).toBe('');
});
