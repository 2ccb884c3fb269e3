/** When deferred messages are tried again, as a user says it. */
import { expect, test } from 'vitest';
import { OptionReader } from '../../src/plan/option-reader.js';
import { readRetry } from '../../src/plan/read-retry.js';

function read(retry: string | undefined, hasMail = true): unknown {
  const reader = new OptionReader(retry === undefined ? {} : { retry });
  const plan = readRetry(reader, hasMail);
  return reader.issues.length > 0
    ? reader.issues.map(({ message, received }) => `${message} (${received ?? ''})`)
    : plan;
}

const USUAL = { afterMs: 30_000, factor: 2, maxMs: 600_000, attempts: 5, jitterPercent: 20 };

test.each<[string | undefined, object | null]>([
  [undefined, null],
  ['off', null],
  ['30s', USUAL],
  ['1s', { ...USUAL, afterMs: 1_000 }],
  ['1s,attempts=2', { ...USUAL, afterMs: 1_000, attempts: 2 }],
  ['factor=1.5,max=1m,jitter=0%', { ...USUAL, factor: 1.5, maxMs: 60_000, jitterPercent: 0 }],
  ['after=1h', { ...USUAL, afterMs: 3_600_000, maxMs: 3_600_000 }],
])('%s', (text, plan) => {
  expect(read(text)).toEqual(plan);
});

test.each<[string, string]>([
  ['5', 'after takes a time from 1ms to 500h'],
  ['1s,2s', 'takes a time, or after=, factor=, max=, attempts= or jitter= with commas between (2s)'],
  ['1s,tries=3', 'takes a time, or after=, factor=, max=, attempts= or jitter= with commas between (tries=3)'],
  ['attempts=1', 'attempts takes a whole number from 2 to 1000'],
  ['factor=0.5', 'factor takes a factor from 1 to 100'],
  ['jitter=101%', 'jitter takes'],
])('%s is refused', (text, problem) => {
  expect(read(text)).toEqual([expect.stringContaining(problem)]);
});

test('sessions without mail have nothing to try again', () => {
  expect(read('1s', false)).toEqual(['is for sessions that send mail (1s)']);
});
