/** Which recipients of a message are sent again: exactly those that were deferred, however the tries before went. */
import { LoadWindow } from '../../src/metrics/load-window.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Outcome } from '../../src/metrics/outcome.js';
import { Census } from '../../src/metrics/phase-book.js';
import type { RetryEntry } from '../../workers/lane-retries.js';
import { Recorder } from '../../workers/recorder.js';
import { SessionMessages } from '../../workers/session-messages.js';
import { NO_VERDICT, Transaction } from '../../workers/transaction.js';
import { fuzzParameters } from '../support/property-time.js';

const CODES = [250, 450, 550] as const;
const OUTCOME_OF: Readonly<Record<number, Outcome>> = {
  250: Outcome.accepted,
  450: Outcome.deferred,
  550: Outcome.rejected,
};

/** What a server says to one try: to each recipient by its place, and to the content. */
interface Try {
  readonly mail: number;
  readonly rcpt: readonly number[];
  readonly content: readonly number[];
}

const anyCode = fc.constantFrom(...CODES);
const anyTry: fc.Arbitrary<Try> = fc.record({
  mail: fc.constantFrom(250, 250, 250, 250, 450),
  rcpt: fc.array(anyCode, { minLength: 8, maxLength: 8 }),
  content: fc.array(anyCode, { minLength: 8, maxLength: 8 }),
});

/** Plays a try; gives the outcome of each recipient that was sent, by its place. */
function play(transaction: Transaction, { mail, rcpt, content }: Try, isLmtp: boolean): Map<number, Outcome> {
  const expected = new Map<number, Outcome>();
  const places = Array.from({ length: transaction.recipientsTotal }, (_, index) => transaction.positionOf(index));
  const answer = (verdict: number): void => {
    if (verdict !== NO_VERDICT) transaction.settle(verdict as Outcome);
  };
  answer(transaction.answerMail(mail));
  if (mail >= 400) {
    for (const place of places) expected.set(place, OUTCOME_OF[mail]!);
    return expected;
  }
  const accepted: number[] = [];
  for (const place of places) {
    while (!transaction.wants(transaction.position)) transaction.position++;
    expect(transaction.position).toBe(place);
    transaction.position++;
    transaction.rcptSent++;
    answer(transaction.answerRcpt(rcpt[place]!));
    if (rcpt[place] === 250) accepted.push(place);
    else expected.set(place, OUTCOME_OF[rcpt[place]!]!);
  }
  if (accepted.length === 0) return expected;
  transaction.beginContent(isLmtp);
  const replies = transaction.finalLeft;
  for (let index = 0; index < replies; index++) {
    transaction.finalLeft--;
    answer(transaction.answerContent(content[isLmtp ? accepted[index]! : 0]!));
  }
  for (const place of accepted) expected.set(place, OUTCOME_OF[content[isLmtp ? place : 0]!]!);
  return expected;
}

test('recipients are tried again as long as they are deferred, and each has its last outcome', () => {
  fc.assert(
    fc.property(
      fc.array(anyTry, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 8 }),
      fc.boolean(),
      (tries, recipients, isLmtp) => {
        const transaction = new Transaction();
        transaction.isRetried = true;
        transaction.take(7, recipients, 0);
        const last = new Map<number, Outcome>();
        const settled = new Array<number>(transaction.recipients.length).fill(0);
        for (const each of tries) {
          for (const [place, outcome] of play(transaction, each, isLmtp)) last.set(place, outcome);
          const deferred = [...last].filter(([, outcome]) => outcome === Outcome.deferred).map(([place]) => place);
          expect([...transaction.deferredPositions()]).toEqual(deferred.toSorted((a, b) => a - b));
          if (deferred.length === 0) break;
          transaction.recipients.forEach((count, outcome) => {
            if (outcome !== Outcome.deferred) settled[outcome]! += count;
          });
          const entry = { number: 7, takenAtUs: 0, firstBeganAtUs: 0, positions: transaction.deferredPositions() };
          transaction.takeAgain(entry as unknown as RetryEntry, 1);
          if (each === tries.at(-1)) return;
        }
        transaction.merge(settled);
        for (const outcome of [Outcome.accepted, Outcome.rejected]) {
          expect(transaction.recipients[outcome]).toBe([...last.values()].filter((one) => one === outcome).length);
        }
        expect(transaction.outcome).toBe(
          [...last.values()].includes(Outcome.accepted) ? Outcome.accepted : Outcome.rejected,
        );
      },
    ),
    fuzzParameters(500),
  );
});

test('while it is tried again a message counts with all its recipients, those that are settled among them', () => {
  const recorder = new Recorder(new LoadWindow(0));
  const messages = new SessionMessages({ recorder, retries: null });
  const settled = [2, 0, 1, 0, 0, 0];
  const entry = { number: 5, takenAtUs: 0, positions: Uint16Array.of(1, 4), settled } as unknown as RetryEntry;
  messages.current.takeAgain(entry, 0);
  const census = new Census();
  messages.count(() => census);
  // Two to try again, two that were accepted and one that was rejected before.
  expect([census.messages, census.recipients]).toEqual([1, 5]);
});
