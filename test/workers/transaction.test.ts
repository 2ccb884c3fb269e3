/** Who settles a recipient, and what that makes of the message: design and table in one. */
import { describe, expect, test } from 'vitest';
import { Outcome } from '../../src/metrics/outcome.js';
import { NO_VERDICT, Stage, Transaction, refusalOf } from '../../workers/transaction.js';
import { outcomes } from '../support/engine-books.js';

type Outcomes = Record<string, number>;

function taken(recipients: number): Transaction {
  const transaction = new Transaction();
  transaction.take(7, recipients, 1_000);
  return transaction;
}

/** Replies in the order of a session: MAIL, RCPTs, DATA, content; then `settle` if one of them said so. */
function after(recipients: number, ...replies: readonly [keyof Answers, number][]): Transaction {
  const transaction = taken(recipients);
  for (const [command, code] of replies) {
    const verdict = answers[command](transaction, code);
    if (verdict !== NO_VERDICT) transaction.settle(verdict as Outcome);
  }
  return transaction;
}

const answers = {
  mail: (transaction: Transaction, code: number) => transaction.answerMail(code),
  rcpt: (transaction: Transaction, code: number) => transaction.answerRcpt(code),
  data: (transaction: Transaction, code: number) => transaction.answerData(code),
  content: (transaction: Transaction, code: number) => transaction.answerContent(code),
};
type Answers = typeof answers;

describe('replies settle', () => {
  test.each<[string, number, readonly [keyof Answers, number][], string, Outcomes]>([
    [
      'the content accepted',
      2,
      [
        ['mail', 250],
        ['rcpt', 250],
        ['rcpt', 251],
        ['data', 354],
        ['content', 250],
      ],
      'accepted',
      { accepted: 2 },
    ],
    [
      'one recipient rejected',
      2,
      [
        ['mail', 250],
        ['rcpt', 550],
        ['rcpt', 250],
        ['data', 354],
        ['content', 250],
      ],
      'accepted',
      { accepted: 1, rejected: 1 },
    ],
    [
      'all but one refused',
      3,
      [
        ['mail', 250],
        ['rcpt', 550],
        ['rcpt', 450],
        ['rcpt', 250],
        ['data', 354],
        ['content', 250],
      ],
      'accepted',
      { accepted: 1, deferred: 1, rejected: 1 },
    ],
    [
      'all rejected',
      2,
      [
        ['mail', 250],
        ['rcpt', 550],
        ['rcpt', 551],
      ],
      'rejected',
      { rejected: 2 },
    ],
    [
      'all deferred',
      2,
      [
        ['mail', 250],
        ['rcpt', 450],
        ['rcpt', 451],
      ],
      'deferred',
      { deferred: 2 },
    ],
    [
      'refused both ways',
      2,
      [
        ['mail', 250],
        ['rcpt', 450],
        ['rcpt', 550],
      ],
      'deferred',
      { deferred: 1, rejected: 1 },
    ],
    [
      'refused both ways, turned',
      2,
      [
        ['mail', 250],
        ['rcpt', 550],
        ['rcpt', 450],
      ],
      'deferred',
      { deferred: 1, rejected: 1 },
    ],
    ['MAIL deferred', 2, [['mail', 451]], 'deferred', { deferred: 2 }],
    ['MAIL rejected', 2, [['mail', 550]], 'rejected', { rejected: 2 }],
    [
      'MAIL rejected, 503 behind it',
      2,
      [
        ['mail', 550],
        ['rcpt', 503],
        ['rcpt', 503],
        ['data', 503],
      ],
      'rejected',
      { rejected: 2 },
    ],
    [
      'MAIL deferred, 503 behind it',
      2,
      [
        ['mail', 451],
        ['rcpt', 503],
        ['rcpt', 503],
        ['data', 503],
      ],
      'deferred',
      { deferred: 2 },
    ],
    [
      'DATA deferred',
      2,
      [
        ['mail', 250],
        ['rcpt', 550],
        ['rcpt', 250],
        ['data', 451],
      ],
      'deferred',
      { deferred: 1, rejected: 1 },
    ],
    [
      'DATA rejected',
      2,
      [
        ['mail', 250],
        ['rcpt', 450],
        ['rcpt', 250],
        ['data', 554],
      ],
      'deferred',
      { deferred: 1, rejected: 1 },
    ],
    [
      'the content deferred',
      2,
      [
        ['mail', 250],
        ['rcpt', 250],
        ['rcpt', 250],
        ['data', 354],
        ['content', 452],
      ],
      'deferred',
      { deferred: 2 },
    ],
    [
      'the content rejected',
      2,
      [
        ['mail', 250],
        ['rcpt', 250],
        ['rcpt', 250],
        ['data', 354],
        ['content', 552],
      ],
      'rejected',
      { rejected: 2 },
    ],
    [
      'the content rejected, a recipient deferred',
      2,
      [
        ['mail', 250],
        ['rcpt', 450],
        ['rcpt', 250],
        ['data', 354],
        ['content', 552],
      ],
      'deferred',
      { deferred: 1, rejected: 1 },
    ],
    [
      'all refused, a lone dot accepted',
      1,
      [
        ['mail', 250],
        ['rcpt', 550],
        ['data', 354],
        ['content', 250],
      ],
      'rejected',
      { rejected: 1 },
    ],
    [
      'all refused, a lone dot refused',
      1,
      [
        ['mail', 250],
        ['rcpt', 450],
        ['data', 354],
        ['content', 554],
      ],
      'deferred',
      { deferred: 1 },
    ],
    [
      'all refused, DATA too',
      1,
      [
        ['mail', 250],
        ['rcpt', 550],
        ['data', 451],
      ],
      'rejected',
      { rejected: 1 },
    ],
  ])('%s', (_, recipients, replies, outcome, counts) => {
    const transaction = after(recipients, ...replies);
    expect(transaction.isSettled).toBe(true);
    expect(transaction.outcome).toBe(Outcome[outcome as keyof typeof Outcome]);
    expect(outcomes([...transaction.recipients])).toEqual(counts);
  });

  test('nothing while a recipient may still be accepted', () => {
    expect(after(2, ['mail', 250], ['rcpt', 550], ['rcpt', 250]).isSettled).toBe(false);
    expect(after(3, ['mail', 250], ['rcpt', 550], ['rcpt', 450]).isSettled).toBe(false);
    expect(after(1, ['mail', 250], ['rcpt', 250], ['data', 354]).isSettled).toBe(false);
  });
});

describe('an end before the last reply', () => {
  const twoLeft = (): Transaction => after(3, ['mail', 250], ['rcpt', 550], ['rcpt', 250]);

  test.each<[keyof typeof Outcome, keyof typeof Outcome, Outcomes]>([
    ['failed', 'failed', { failed: 2, rejected: 1 }],
    ['cut', 'cut', { cut: 2, rejected: 1 }],
    ['abandoned', 'abandoned', { abandoned: 2, rejected: 1 }],
    ['deferred', 'deferred', { deferred: 2, rejected: 1 }],
  ])('%s gives it to the recipients without a verdict, and the message is %s', (how, outcome, counts) => {
    const transaction = twoLeft();
    transaction.settle(Outcome[how]);
    expect(transaction.outcome).toBe(Outcome[outcome]);
    expect(outcomes([...transaction.recipients])).toEqual(counts);
  });

  test.each(['failed', 'cut', 'deferred', 'rejected'] as const)('before MAIL (%s) takes all recipients', (how) => {
    const transaction = taken(5);
    transaction.settle(Outcome[how]);
    expect(transaction.outcome).toBe(Outcome[how]);
    expect(outcomes([...transaction.recipients])).toEqual({ [how]: 5 });
  });
});

describe('a transaction', () => {
  test('is hopeless once no recipient is left to send content to', () => {
    expect(after(2, ['mail', 250]).isHopeless).toBe(false);
    expect(after(2, ['mail', 250], ['rcpt', 550]).isHopeless).toBe(false);
    expect(after(2, ['mail', 250], ['rcpt', 550], ['rcpt', 450]).isHopeless).toBe(true);
    expect(after(2, ['mail', 550]).isHopeless).toBe(true);
    expect(after(2, ['mail', 250], ['rcpt', 250], ['rcpt', 250], ['data', 451]).isHopeless).toBe(true);
  });

  test('is over with the reply to its content', () => {
    const transaction = after(1, ['mail', 250], ['rcpt', 250], ['data', 354]);
    transaction.stage = Stage.content;
    transaction.answerContent(250);
    expect(transaction.stage).toBe(Stage.idle);
  });

  test.each<[string, readonly [keyof Answers, number][]]>([
    [
      'was accepted',
      [
        ['mail', 250],
        ['rcpt', 250],
        ['rcpt', 250],
        ['data', 354],
        ['content', 250],
      ],
    ],
    [
      'was refused at DATA',
      [
        ['mail', 250],
        ['rcpt', 550],
        ['rcpt', 250],
        ['data', 451],
      ],
    ],
    [
      'was refused at MAIL',
      [
        ['mail', 550],
        ['rcpt', 503],
        ['rcpt', 250],
      ],
    ],
  ])('takes its next message as if there had been none before, when that %s', (_, replies) => {
    const transaction = after(2, ...replies);
    transaction.take(8, 3, 2_000);
    const fresh = new Transaction();
    fresh.take(8, 3, 2_000);
    fresh.outcome = transaction.outcome;
    expect({ ...transaction }).toEqual({ ...fresh });
    expect(transaction).toMatchObject({ number: 8, takenAtUs: 2_000, beganAtUs: 2_000, recipientsTotal: 3 });
  });
});

test.each([
  [400, 'deferred'],
  [421, 'deferred'],
  [499, 'deferred'],
  [500, 'rejected'],
  [599, 'rejected'],
] as const)('a refusal with %i has %s', (code, outcome) => {
  expect(refusalOf(code)).toBe(Outcome[outcome]);
});
