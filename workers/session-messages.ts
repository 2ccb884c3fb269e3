/** The messages of one session: the transactions that carry them, and their outcomes. Knows no octets. */
import { Outcome } from '../src/metrics/outcome.js';
import type { Census } from '../src/metrics/phase-book.js';
import { Step } from '../src/protocol/steps.js';
import type { LaneRetries } from './lane-retries.js';
import type { Recorder } from './recorder.js';
import { NO_VERDICT, Stage, Transaction } from './transaction.js';

/** The slot of commands that are part of no message. */
export const NO_MESSAGE = 2;

/** What messages need of their lane. */
interface MessageTools {
  readonly recorder: Recorder;
  /** Null: nothing is tried twice. */
  readonly retries: LaneRetries | null;
}

/** Two transactions, so that the next one can begin while the last waits for its reply; and one that is none. */
export class SessionMessages {
  /** Slot of the transaction whose envelope is next or under way. */
  slot = 0;
  /** Messages since the session began that were accepted, or ended on purpose by the script. */
  servedCount = 0;
  /** Takes the replies to commands that are part of no message. */
  readonly none = new Transaction();
  readonly #pair: readonly [Transaction, Transaction] = [new Transaction(), new Transaction()];
  #recorder: Recorder;
  #retries: LaneRetries | null;

  constructor({ recorder, retries }: MessageTools) {
    this.#recorder = recorder;
    this.#retries = retries;
    for (const transaction of this.#pair) transaction.isRetried = retries !== null;
  }

  /** The messages from now on are those of another lane. */
  enter({ recorder, retries }: MessageTools): void {
    this.#recorder = recorder;
    this.#retries = retries;
    for (const transaction of this.#pair) transaction.isRetried = retries !== null;
  }

  /** Nothing is under way. */
  reset(): void {
    this.slot = 0;
    this.servedCount = 0;
    for (const transaction of this.#pair) {
      transaction.stage = Stage.idle;
      transaction.isChunkRefused = false;
    }
  }

  /** The one whose envelope is next or under way. */
  get current(): Transaction {
    return this.#pair[this.slot] as Transaction;
  }

  of(slot: number): Transaction {
    return slot === NO_MESSAGE ? this.none : (this.#pair[slot] as Transaction);
  }

  /** What the reply to a command does to the message that it belongs to. */
  answer(step: number, slot: number, code: number, nowUs: number): void {
    const transaction = this.of(slot);
    const verdict = verdictOf(transaction, step, code);
    if (verdict !== NO_VERDICT) this.settle(transaction, verdict as Outcome, nowUs);
  }

  /** One of the replies behind the content has come; whether it was the last (in LMTP there is one for each recipient). */
  isLastReply(slot: number): boolean {
    return --this.of(slot).finalLeft <= 0;
  }

  /** Gives a message its outcome. */
  settle(transaction: Transaction, outcome: Outcome, nowUs: number): void {
    transaction.settle(outcome);
    const isKept = this.#retries?.keeps(transaction, nowUs) === true;
    const isGood = transaction.outcome === Outcome.accepted || transaction.outcome === Outcome.abandoned;
    if (isKept || isGood) this.servedCount++;
    if (!isKept) this.#recorder.messageSettled(transaction, nowUs);
  }

  /** Settles every message that is under way here. */
  settleOpen(outcome: Outcome, nowUs: number): void {
    for (const transaction of this.#pair) {
      if (transaction.stage !== Stage.idle && !transaction.isSettled) this.settle(transaction, outcome, nowUs);
      transaction.stage = Stage.idle;
    }
  }

  /** The script ends a message before its content, and one that was never begun. */
  abandon(nowUs: number): void {
    const transaction = this.current;
    if (transaction.stage !== Stage.envelope && transaction.stage !== Stage.taken) return;
    if (!transaction.isSettled) this.settle(transaction, Outcome.abandoned, nowUs);
    transaction.stage = Stage.idle;
  }

  /** The message under way has nobody to go to, and ends here. @returns whether the server has to be told */
  withdraw(nowUs: number): boolean {
    const { current } = this;
    if (current.stage !== Stage.envelope) return false;
    this.abandon(nowUs);
    return current.isMailAccepted;
  }

  /** The message under way has all its recipients. @returns whether none of them is left */
  seal(nowUs: number): boolean {
    const transaction = this.current;
    if (transaction.stage !== Stage.envelope || transaction.rcptSent === 0) return false;
    transaction.isGrowing = false;
    if (!transaction.isHopeless) return false;
    // Each has its own outcome; that of the message follows from them.
    if (!transaction.isSettled) this.settle(transaction, Outcome.rejected, nowUs);
    return true;
  }

  /** Adds the messages without an outcome to the census of the phase in which each was taken. */
  count(censusOf: (takenAtUs: number) => Census): void {
    for (const transaction of this.#pair) {
      if (transaction.stage === Stage.idle || transaction.isSettled) continue;
      const census = censusOf(transaction.takenAtUs);
      census.messages++;
      census.recipients += transaction.recipientsTotal;
      // Those that earlier tries have settled are recipients of the message as well.
      for (const count of transaction.retry?.settled ?? []) census.recipients += count;
    }
  }
}

/** The outcome that the reply gives to all recipients without one, or {@link NO_VERDICT}. */
function verdictOf(transaction: Transaction, step: number, code: number): number {
  switch (step) {
    case Step.mail:
      return transaction.answerMail(code);
    case Step.rcpt:
      return transaction.answerRcpt(code);
    case Step.data:
      return transaction.answerData(code);
    case Step.bdat:
      return transaction.answerChunk(code);
    case Step.endOfData:
      return transaction.answerContent(code);
    default:
      return NO_VERDICT;
  }
}
