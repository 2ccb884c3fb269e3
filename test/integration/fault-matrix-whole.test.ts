/** What the fault matrix leaves out, and some of its combinations through the complete program with its threads. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ReplyParser } from '../../src/protocol/reply-parser.js';
import { SessionActor } from '../../workers/session-actor.js';
import { NO_VERDICT, Transaction } from '../../workers/transaction.js';
import { FAULTS, PIPELININGS, PLACES, SECURITIES, cellsOf, type Cell, type Manner } from '../support/fault-matrix.js';
import { faultsOf, messagesWanted, sentences, trialOf } from '../support/fault-matrix-run.js';
import { errorsOf, outcomesOf, reasonsOf, runLoad } from '../support/integration-run.js';

const CELLS = SECURITIES.flatMap(cellsOf);

test('the matrix leaves out no step and no fault, and keeps all that a grouped session adds', () => {
  const has = (what: (cell: Cell) => boolean): boolean => CELLS.some(what);
  expect(PLACES.filter((place) => !has((cell) => cell.place === place))).toEqual([]);
  expect(FAULTS.filter((fault) => !has((cell) => cell.fault === fault))).toEqual([]);
  // An end of the connection is possible everywhere.
  const closing = CELLS.filter(({ fault }) => fault.name.startsWith('closes'));
  expect(new Set(closing.map(({ place }) => place.name)).size).toBe(PLACES.length);
  const kinds = new Set(closing.map(({ security, pipelining, manner }) => `${manner} ${security} ${pipelining}`));
  expect([...kinds].toSorted()).toEqual(
    [
      ...SECURITIES.flatMap((security) => PIPELININGS.map((pipelining) => `data ${security} ${pipelining}`)),
      ...SECURITIES.flatMap((security) => ['off', 'auto'].map((pipelining) => `bdat ${security} ${pipelining}`)),
      ...['plain', 'starttls'].flatMap((security) => ['off', 'auto'].map((grouping) => `lmtp ${security} ${grouping}`)),
    ].toSorted(),
  );
  expect(CELLS.length).toBeGreaterThan(4_000);
});

/** Steps behind the pre-flight session, whose own commands no occurrence counts. */
const WHOLE: readonly (readonly [string, string, string, string, string])[] = [
  ['mail', 'closes the connection without a word', 'plain', 'across', 'data'],
  ['rcpt', 'says 421 and closes', 'starttls', 'auto', 'data'],
  ['data', 'never comes to the end of a line', 'implicit', 'off', 'data'],
  ['content', 'sends garbage', 'starttls', 'across', 'data'],
  ['endOfData', 'answers twice at once', 'plain', 'across', 'data'],
  ['endOfData', 'falls silent', 'implicit', 'auto', 'data'],
  ['rset', 'has two codes in one answer', 'plain', 'off', 'data'],
  ['bdat', 'falls silent', 'implicit', 'auto', 'bdat'],
  ['bdat', 'says 421 and goes on as if it had not', 'starttls', 'off', 'bdat'],
  ['endOfData', 'sends garbage behind its answer', 'plain', 'auto', 'lmtp'],
];
const whole = CELLS.filter(({ place, fault, security, pipelining, manner }) =>
  WHOLE.some((each) => each.join() === [place.name, fault.name, security, pipelining, manner].join()),
);

test.for(sentences(whole))('with threads %s', async ([, cell]) => {
  const { sink, options } = trialOf(cell);
  const { result } = await runLoad({
    sink,
    options: { workers: Number(options.sessions), ...options },
    hidden: ['commands', 'replies'],
  });
  expect(Object.entries(outcomesOf(result.messages)).toSorted()).toEqual(messagesWanted(cell));
  expect(errorsOf(result)).toEqual(cell.fault.expected(cell).errors);
  expect(result).toMatchObject({ endedBy: 'plan', complete: true });
  expect(reasonsOf(result)).toEqual([]);
});

test('every combination that is run with threads is one of the matrix', () => {
  expect(whole).toHaveLength(WHOLE.length);
});

describe('the matrix finds', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** What is wrong in clear and in lock-step. */
  async function complaints(
    place: string,
    fault: string,
    { longestMs, manner = 'data' }: { longestMs?: number; manner?: Manner } = {},
  ): Promise<string> {
    const cell = CELLS.find(
      (each) =>
        each.place.name === place &&
        each.fault.name === fault &&
        each.security === 'plain' &&
        each.manner === manner &&
        each.pipelining === 'off',
    );
    if (cell === undefined) throw new Error(`no combination of ${place} and ${fault}`);
    return (await faultsOf(cell, longestMs)).join('\n');
  }

  test('a parser that loses a reply which straddles two chunks', async () => {
    const execute = ReplyParser.prototype.execute;
    vi.spyOn(ReplyParser.prototype, 'execute').mockImplementation(function (this: ReplyParser, chunk, length) {
      execute.call(this, chunk, length);
      if (chunk[length - 1] !== 10) this.reset();
    });
    expect(await complaints('mail', 'drips its answer, but in time', { longestMs: 1_500 })).toMatch(
      /errors: |had not ended/,
    );
  });

  test('a session that takes 4yz for a success', async () => {
    const onReply = SessionActor.prototype.onReply;
    vi.spyOn(SessionActor.prototype, 'onReply').mockImplementation(function (this: SessionActor, parser) {
      if (parser.code >= 400 && parser.code < 500) parser.code -= 200;
      onReply.call(this, parser);
    });
    expect(await complaints('endOfData', 'refuses for now')).toMatch(/6 accepted, 5 by the sink/);
  });

  test('a message that is settled otherwise than its books say', async () => {
    const settle = Transaction.prototype.settle;
    vi.spyOn(Transaction.prototype, 'settle').mockImplementation(function (this: Transaction, outcome) {
      settle.call(this, outcome);
      if (outcome === 3) this.recipients[3] = 0;
    });
    expect(await complaints('mail', 'closes the connection without a word')).toMatch(/recipients: attempted/);
  });

  test('a session that takes a refused chunk for an accepted one', async () => {
    vi.spyOn(Transaction.prototype, 'answerChunk').mockReturnValue(NO_VERDICT);
    // The sink says 503 to what follows, though with another code than the first refusal.
    expect(await complaints('bdat', 'refuses for now', { manner: 'bdat' })).toMatch(/messages: .*deferred/);
  });

  test('a session of LMTP that waits for one reply behind the content', async () => {
    const beginContent = Transaction.prototype.beginContent;
    vi.spyOn(Transaction.prototype, 'beginContent').mockImplementation(function (this: Transaction) {
      beginContent.call(this, false);
    });
    expect(await complaints('endOfData', 'refuses for now', { manner: 'lmtp' })).toMatch(/session unaskedReply/);
  });

  test('a session that does not mind its deadlines', async () => {
    vi.spyOn(SessionActor.prototype, 'onDeadline').mockImplementation(() => undefined);
    expect(await complaints('data', 'falls silent', { longestMs: 5_000 })).toMatch(/had not ended after 5000 ms/);
  });
});
