import { describe, expect, test } from 'vitest';
import { MAX_REPLY_ROWS, ReplyCounts } from '../../src/metrics/reply-counts.js';
import { Step } from '../../src/protocol/steps.js';

const text = (sample: string): { text: () => string } => ({ text: () => sample });
const total = (counts: ReplyCounts): number => counts.rows().reduce((sum, { count }) => sum + count, 0);

describe('a reply', () => {
  test('is counted by step, code, enhanced code and whether it ended its command', () => {
    const counts = new ReplyCounts();
    counts.count(Step.mail, 250, 2_001_000, false, 10, text('first'));
    counts.count(Step.mail, 250, 0, false, 20, text('second'));
    counts.count(Step.mail, 250, 2_001_000, false, 30, text('third'));
    counts.count(Step.rcpt, 250, 2_001_000, false, 40, text('fourth'));
    counts.count(Step.auth, 334, 0, true, 50, text('fifth'));
    counts.count(Step.auth, 334, 0, false, 60, text('sixth'));
    expect(
      counts.rows().map(({ step, code, enhanced, interim, count }) => [step, code, enhanced, interim, count]),
    ).toEqual([
      [Step.mail, 250, 2_001_000, false, 2],
      [Step.mail, 250, 0, false, 1],
      [Step.rcpt, 250, 2_001_000, false, 1],
      [Step.auth, 334, 0, true, 1],
      [Step.auth, 334, 0, false, 1],
    ]);
  });

  test('keeps the text of the first, and when the first and the last came', () => {
    const counts = new ReplyCounts();
    for (const [index, sample] of ['first', 'second', 'third'].entries()) {
      counts.count(Step.mail, 250, 0, false, index * 10, text(sample));
    }
    expect(counts.rows()).toMatchObject([{ sample: 'first', firstSeenUs: 0, lastSeenUs: 20 }]);
  });

  test('builds no text when its row is there already', () => {
    const counts = new ReplyCounts();
    counts.count(Step.mail, 250, 0, false, 0, text('first'));
    const never = {
      text: () => {
        throw new Error('a string was built');
      },
    };
    counts.count(Step.mail, 250, 0, false, 1, never);
    counts.count(Step.mail, 451, 0, false, 2, text('other'));
    counts.count(Step.mail, 250, 0, false, 3, never);
    expect(total(counts)).toBe(4);
  });

  test('with an enhanced code of any digits is no other', () => {
    const counts = new ReplyCounts();
    counts.count(Step.mail, 250, 5_999_999, false, 0, text(''));
    counts.count(Step.mail, 251, 0, false, 0, text(''));
    counts.count(Step.mail, 550, 5_999_999, true, 0, text(''));
    counts.count(Step.rcpt, 550, 5_999_999, false, 0, text(''));
    expect(counts.rows()).toHaveLength(4);
  });
});

test('rows are copies', () => {
  const counts = new ReplyCounts();
  counts.count(Step.mail, 250, 0, false, 0, text(''));
  const [row] = counts.rows();
  counts.count(Step.mail, 250, 0, false, 9, text(''));
  expect(row).toMatchObject({ count: 1, lastSeenUs: 0 });
});

describe('a server that invents codes', () => {
  test('fills a bounded table, and every reply is counted in it', () => {
    const counts = new ReplyCounts();
    let said = 0;
    for (let detail = 0; detail < 1_000; detail++) {
      for (const step of [Step.mail, Step.rcpt, Step.data, Step.endOfData]) {
        counts.count(step, 550, 5_000_000 + detail, false, said++, text(`x${detail}`));
      }
    }
    for (let code = 200; code < 600; code++) {
      for (let step = 0; step < 14; step++)
        counts.count(step, code, 4_000_000 + code, code % 2 === 0, said++, text(''));
    }
    const rows = counts.rows();
    expect(total(counts)).toBe(said);
    expect(rows.length).toBeGreaterThanOrEqual(MAX_REPLY_ROWS);
    expect(rows.length).toBeLessThan(700);
  });

  test('loses first enhanced codes, then all digits but the class; step and class stay right', () => {
    const counts = new ReplyCounts();
    for (let detail = 0; detail < MAX_REPLY_ROWS; detail++)
      counts.count(Step.rcpt, 550, 5_000_000 + detail, false, 0, text(''));
    counts.count(Step.mail, 451, 4_007_001, false, 0, text(''));
    counts.count(Step.mail, 451, 4_007_002, false, 0, text(''));
    expect(counts.rows().filter(({ step }) => step === Step.mail)).toMatchObject([
      { code: 451, enhanced: 0, count: 2 },
    ]);
    for (let code = 500; code < 599; code++) counts.count(Step.data, code, 0, false, 0, text(''));
    counts.count(Step.quit, 221, 2_000_000, false, 0, text(''));
    counts.count(Step.quit, 222, 0, true, 0, text(''));
    expect(counts.rows().filter(({ step }) => step === Step.quit)).toMatchObject([
      { code: 299, enhanced: 0, interim: false, count: 1 },
      { code: 299, enhanced: 0, interim: true, count: 1 },
    ]);
    // Rows that are there go on as before.
    counts.count(Step.rcpt, 550, 5_000_007, false, 9, text(''));
    expect(counts.rows()).toContainEqual(expect.objectContaining({ enhanced: 5_000_007, count: 2, lastSeenUs: 9 }));
  });
});
