import { describe, expect, test } from 'vitest';
import { FaultTable } from '../../src/sink/fault-table.js';
import { ReplyBook } from '../../src/sink/reply-book.js';
import type { FaultRow } from '../../src/sink/sink-options.js';

function tableOf(...rows: readonly FaultRow[]): FaultTable {
  return new FaultTable(rows, new ReplyBook(true));
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
    expect(lines.map((line) => table.match('rcpt', line)?.reply?.octets ?? null)).toEqual([
      null,
      null,
      null,
      '550 no\r\n',
    ]);
  });

  test('wins over those behind it, which count all the same', () => {
    const table = tableOf({ on: 'mail', nth: 1, reply: '450 one' }, { on: 'mail', nth: 2, reply: '450 two' });
    expect([1, 2, 3].map(() => table.match('mail', '')?.reply?.octets ?? null)).toEqual([
      '450 one\r\n',
      '450 two\r\n',
      null,
    ]);
  });

  test('waits for its own event alone', () => {
    const table = tableOf({ on: 'mail', then: 'close' });
    expect(table.match('rcpt', '')).toBeNull();
    expect(table.match('mail', '')).not.toBeNull();
  });
});
