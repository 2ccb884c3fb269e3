import { beforeEach, describe, expect, test } from 'vitest';
import { FaultTable } from '../../src/sink/fault-table.js';
import type { FaultRow } from '../../src/sink/sink-options.js';

/** The clock of all tables. */
let nowMs = 0;
beforeEach(() => {
  nowMs = 0;
});

function tableOf(...rows: readonly FaultRow[]): FaultTable {
  return new FaultTable(rows, 1, () => nowMs);
}

/** Which of the first ten occurrences a row strikes, counted from 1. */
function strikesOf(row: Partial<FaultRow>): number[] {
  const table = tableOf({ on: 'mail', then: 'close', ...row });
  return Array.from({ length: 10 }, (_, index) => index + 1).filter(() => table.match('mail', 'MAIL') !== null);
}

describe('a fault row', () => {
  test.each([
    ['always', {}, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ['at the n-th occurrence', { nth: 3 }, [3]],
    ['at every n-th occurrence', { everyNth: 4 }, [4, 8]],
    ['after so many occurrences', { after: 7 }, [8, 9, 10]],
    ['at the n-th after so many', { after: 2, nth: 3 }, [5]],
    ['at every n-th after so many', { after: 1, everyNth: 3 }, [4, 7, 10]],
  ])('strikes %s', (_name, row, strikes) => {
    expect(strikesOf(row)).toEqual(strikes);
  });

  test('counts only the occurrences that fit its text', () => {
    const table = tableOf({ on: 'rcpt', matching: 'bad', nth: 2, reply: '550 no' });
    const lines = ['RCPT TO:<bad@b.test>', 'RCPT TO:<good@b.test>', 'RCPT TO:<BAD@b.test>', 'RCPT TO:<bad@b.test>'];
    expect(lines.map((line) => table.match('rcpt', line) !== null)).toEqual([false, false, false, true]);
  });

  test('wins over those behind it, which count all the same', () => {
    const table = tableOf({ on: 'mail', nth: 1, reply: '450 one' }, { on: 'mail', nth: 2, reply: '450 two' });
    expect([1, 2, 3].map(() => table.match('mail', '')?.row ?? null)).toEqual([0, 1, null]);
  });

  test('waits for its own event alone', () => {
    const table = tableOf({ on: 'mail', then: 'close' });
    expect(table.match('rcpt', '')).toBeNull();
    expect(table.match('mail', '')).not.toBeNull();
  });

  test('strikes with its probability, and the same times for the same seed', () => {
    const play = (seed: number): number[] => {
      const row: FaultRow = { on: 'mail', probability: 0.3, then: 'close' };
      const table = new FaultTable([row], seed, () => 0);
      return Array.from({ length: 20_000 }, (_, index) => index).filter(() => table.match('mail', '') !== null);
    };
    const strikes = play(1);
    // Five standard deviations of the binomial distribution: sqrt(20000 * 0.3 * 0.7) is 65.
    expect(Math.abs(strikes.length - 6000)).toBeLessThan(325);
    expect(play(1)).toEqual(strikes);
    expect(play(2)).not.toEqual(strikes);
  });

  test('is not disturbed by the luck of those before it', () => {
    const lucky: FaultRow = { on: 'mail', probability: 0.5, reply: '451 lucky' };
    const strikes = (...rows: readonly FaultRow[]): number[] => {
      const table = tableOf(...rows);
      return Array.from({ length: 100 }, (_, index) => index).filter(() => table.match('mail', '')?.row === 0);
    };
    const alone = strikes(lucky, { on: 'mail', probability: 0.5, reply: '452 other' });
    expect(strikes(lucky)).toEqual(alone);
    expect(alone.length).toBeGreaterThan(20);
  });

  test('strikes only in its window of time', () => {
    const table = tableOf({ on: 'mail', fromSec: 1, untilSec: 2, then: 'close' });
    const strikes = [0, 999, 1000, 1999, 2000, 5000].filter((ms) => {
      nowMs = ms;
      return table.match('mail', '') !== null;
    });
    expect(strikes).toEqual([1000, 1999]);
  });

  test('strikes at its rate, however often it could, and makes up for no long pause', () => {
    const table = tableOf({ on: 'mail', ratePerSec: 10, then: 'close' });
    const strikesFrom = (fromMs: number, untilMs: number): number => {
      let strikes = 0;
      for (nowMs = fromMs; nowMs < untilMs; nowMs += 7) if (table.match('mail', '') !== null) strikes++;
      return strikes;
    };
    expect(strikesFrom(0, 10_000)).toBe(100);
    expect(strikesFrom(60_000, 61_000)).toBe(10);
  });
});
