import { describe, expect, test } from 'vitest';
import { formatEnhanced, meaningOfReply } from '../../src/protocol/reply-codes.js';

/** The codes that people who read a report ask about. */
const COMMON_CODES = [
  211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 421, 432, 450, 451, 452, 454, 455, 500, 501, 502, 503, 504, 521,
  523, 530, 534, 535, 538, 550, 551, 552, 553, 554, 555, 556,
];
/** How many details the registry has per subject. */
const DETAILS = [0, 10, 4, 6, 7, 6, 10, 30];
const CLASS_WORDS = ['completed', 'more input wanted', 'failed for now', 'failed for good', 'preliminary'];

describe('the meaning of a reply', () => {
  test.each(COMMON_CODES)('is more than its class for %i', (code) => {
    expect(meaningOfReply(code, 0)).not.toBe('');
    if (code !== 250) expect(CLASS_WORDS).not.toContain(meaningOfReply(code, 0));
  });

  test('differs from code to code', () => {
    expect(new Set(COMMON_CODES.map((code) => meaningOfReply(code, 0))).size).toBe(COMMON_CODES.length);
  });

  test.each([
    [199, 'preliminary'],
    [299, 'completed'],
    [399, 'more input wanted'],
    [499, 'failed for now'],
    [599, 'failed for good'],
    [0, 'not an SMTP reply code'],
    [600, 'not an SMTP reply code'],
  ])('of the unknown code %i is its class: %s', (code, meaning) => {
    expect(meaningOfReply(code, 0)).toBe(meaning);
  });

  test.each([
    [550, 5_001_001, 'mailbox not found or no access: no such mailbox'],
    [550, 5_007_001, 'mailbox not found or no access: refused by policy'],
    [452, 4_005_003, 'server out of storage, try again: too many recipients'],
    [535, 5_007_008, 'authentication credentials invalid: bad credentials'],
    [250, 2_001_005, 'completed: valid recipient'],
    [599, 5_007_026, 'failed for good: several checks failed'],
  ])('of %i with %i joins both: %s', (code, enhanced, meaning) => {
    expect(meaningOfReply(code, enhanced)).toBe(meaning);
  });

  test('of an unknown enhanced code falls back to its subject', () => {
    expect(meaningOfReply(550, 5_007_999)).toBe('mailbox not found or no access: security or policy');
    expect(meaningOfReply(451, 4_003_000)).toBe('error in the server, try again: mail system');
  });

  test.each([2_000_000, 2_001_000, 2_006_000, 5_000_000, 5_009_001, 4_999_999])(
    'says nothing more for %i, which says nothing more',
    (enhanced) => {
      expect(meaningOfReply(250, enhanced)).toBe('completed');
    },
  );

  test('fits a row of a report for every code and every enhanced code of its class', () => {
    const tooLong: string[] = [];
    for (const code of COMMON_CODES) {
      DETAILS.forEach((details, subject) => {
        for (let detail = 0; detail <= details + 1; detail++) {
          const enhanced = Math.floor(code / 100) * 1_000_000 + subject * 1_000 + detail;
          const meaning = meaningOfReply(code, enhanced);
          if (meaning.length > 60) tooLong.push(meaning);
        }
      });
    }
    expect(tooLong).toEqual([]);
  });

  test('knows every detail of the registry', () => {
    const bare = meaningOfReply(599, 5_000_000);
    const subjects = DETAILS.map((_, subject) => meaningOfReply(599, 5_000_000 + subject * 1_000 + 999));
    DETAILS.forEach((details, subject) => {
      for (let detail = 1; detail <= details; detail++) {
        const meaning = meaningOfReply(599, 5_000_000 + subject * 1_000 + detail);
        expect([bare, ...subjects]).not.toContain(meaning);
      }
    });
  });
});

test.each([
  [0, null],
  [2_001_005, '2.1.5'],
  [5_000_000, '5.0.0'],
  [4_710_999, '4.710.999'],
])('the enhanced code %i is written %s', (enhanced, text) => {
  expect(formatEnhanced(enhanced)).toBe(text);
});
