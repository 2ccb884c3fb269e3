/** One mail transaction of a session, from the taking of the message to its outcome. Knows no socket and no script. */
import { OUTCOME_COUNT, Outcome } from '../src/metrics/outcome.js';
import type { RetryEntry } from './lane-retries.js';
import type { ArrivalClocks, MessageEnd } from './recorder.js';

/** How far a transaction has come. */
export const Stage = {
  /** No message, or everything about it is over. */
  idle: 0,
  /** The message is taken; MAIL is not yet written. */
  taken: 1,
  /** MAIL is written; the content is not. */
  envelope: 2,
  /** The content (or a lone dot) is written. */
  content: 3,
} as const;

/** Stands for "nothing is settled by that". */
export const NO_VERDICT = -1;

/** The outcome of a message is the first of these that one of its recipients has. */
const OUTCOME_ORDER: readonly Outcome[] = [
  Outcome.accepted,
  Outcome.abandoned,
  Outcome.cut,
  Outcome.failed,
  Outcome.deferred,
  Outcome.rejected,
];

/** A recipient that has no outcome of its own: it has that of the message. */
const PENDING = -1;

/** Whether a refusal defers or rejects. */
export function refusalOf(code: number): Outcome {
  return code < 500 ? Outcome.deferred : Outcome.rejected;
}

/** A transaction. Two of them serve a session for its whole life. */
export class Transaction implements MessageEnd {
  stage: number = Stage.idle;
  /** The message has its outcome; what still comes is counted and settles nothing. */
  isSettled = true;
  /** Global number of the message. */
  number = 0;
  takenAtUs = 0;
  beganAtUs = 0;
  outcome: Outcome = Outcome.accepted;
  /** By `Outcome`; complete once settled. */
  readonly recipients: number[] = new Array<number>(OUTCOME_COUNT).fill(0);
  recipientsTotal = 0;
  /** A script may add recipients, so that those refused so far are perhaps not all. */
  isGrowing = false;
  rcptSent = 0;
  rcptAccepted = 0;
  /** RCPTs answered, whatever the answer. */
  rcptAnswered = 0;
  isMailAccepted = false;
  isMailRefused = false;
  isDataRefused = false;
  hasGoAhead = false;
  /** A chunk of the content was refused: the rest belongs to nothing (RFC 3030 §2). */
  isChunkRefused = false;
  /** Replies that are due behind the content: one, in LMTP one for each accepted recipient (RFC 2033 §4.2). */
  finalLeft = 0;
  /** The clocks of the arrival that it is the first message of; null: it is not. */
  arrival: ArrivalClocks | null = null;
  /** The message was tried before; null: it was not. */
  retry: RetryEntry | null = null;
  /** Recipients under way, sent or left out, so far. */
  position = 0;
  /** What became of each recipient by its RCPT, in order; null: nobody asks. */
  #marks: number[] | null = null;
  /** The next of those accepted that waits for its reply behind the content (RFC 2033 §4.2). */
  #nextFinal = 0;
  /** The outcome of recipients that have none of their own. */
  #rest: Outcome = Outcome.accepted;

  /** Messages from now on may be tried again, or not: whether it has to be known which recipients were deferred. */
  set isRetried(isRetried: boolean) {
    if (isRetried !== (this.#marks !== null)) this.#marks = isRetried ? [] : null;
  }

  /** Takes message `number`. */
  take(number: number, recipients: number, nowUs: number): void {
    this.stage = Stage.taken;
    this.isSettled = false;
    this.number = number;
    this.takenAtUs = nowUs;
    this.beganAtUs = nowUs;
    this.recipients.fill(0);
    this.recipientsTotal = recipients;
    this.isGrowing = false;
    this.rcptSent = 0;
    this.rcptAccepted = 0;
    this.rcptAnswered = 0;
    this.isMailAccepted = false;
    this.isMailRefused = false;
    this.isDataRefused = false;
    this.hasGoAhead = false;
    this.isChunkRefused = false;
    this.finalLeft = 0;
    this.arrival = null;
    this.retry = null;
    this.position = 0;
    this.#nextFinal = 0;
    if (this.#marks !== null) this.#marks.length = 0;
  }

  /** The message taken is one of an arrival. `phaseUs`: when that was to begin; -1: it is of none. */
  arriveAs(phaseUs: number, clocks: ArrivalClocks | null): void {
    if (phaseUs >= 0) this.takenAtUs = phaseUs;
    this.arrival = clocks;
  }

  /** Takes a message that was tried before: the recipients that were deferred then, and no other. */
  takeAgain(retry: RetryEntry, nowUs: number): void {
    this.take(retry.number, retry.positions.length, nowUs);
    this.takenAtUs = retry.takenAtUs;
    this.arrival = retry.arrival;
    this.retry = retry;
  }

  /** Write of the first MAIL of the message; null: nobody asks. */
  get firstBeganAtUs(): number | null {
    return this.#marks === null ? null : (this.retry?.firstBeganAtUs ?? this.beganAtUs);
  }

  /** Whether the recipient at this place of the message is sent in this try. */
  wants(position: number): boolean {
    return this.retry === null || this.retry.positions[this.rcptSent] === position;
  }

  /** The place in the message of the recipient that was sent as number `index` of this try. */
  positionOf(index: number): number {
    return this.retry === null ? index : (this.retry.positions[index] ?? index);
  }

  /** The places of the recipients that were deferred; call when it is settled. */
  deferredPositions(): Uint16Array {
    const marks = this.#marks ?? [];
    const positions: number[] = [];
    for (let index = 0; index < this.recipientsTotal; index++) {
      const mark = marks[index] ?? PENDING;
      if ((mark === PENDING ? this.#rest : mark) === Outcome.deferred) positions.push(this.positionOf(index));
    }
    return Uint16Array.from(positions);
  }

  /** Adds recipients that were settled in earlier tries, and what follows from them for the message. */
  merge(settled: readonly number[]): void {
    for (let each = 0; each < OUTCOME_COUNT; each++) {
      this.recipients[each] = (this.recipients[each] as number) + (settled[each] as number);
    }
    this.outcome = this.#worthOf(this.outcome);
  }

  /** Recipients that were refused by name. */
  get rcptRefused(): number {
    return (this.recipients[Outcome.deferred] as number) + (this.recipients[Outcome.rejected] as number);
  }

  /** No recipient is left to send content to. */
  get isHopeless(): boolean {
    return this.isMailRefused || this.isDataRefused || this.#areAllRefused;
  }

  get #areAllRefused(): boolean {
    return !this.isGrowing && this.rcptRefused === this.recipientsTotal;
  }

  /** MAIL was answered. Gives the outcome of all recipients, or {@link NO_VERDICT}; so do the three below. */
  answerMail(code: number): number {
    this.isMailAccepted = code < 400;
    this.isMailRefused = !this.isMailAccepted;
    return this.isMailRefused ? this.#unlessSettled(refusalOf(code)) : NO_VERDICT;
  }

  /** A RCPT was answered: a refusal settles its recipient, and the last one the message. */
  answerRcpt(code: number): number {
    this.rcptAnswered++;
    if (code < 400) {
      this.rcptAccepted++;
      this.#marks?.push(PENDING);
      return NO_VERDICT;
    }
    // What MAIL's refusal has settled is not settled again by the 503 that follows from it.
    if (this.isSettled) return NO_VERDICT;
    const outcome = refusalOf(code);
    this.#marks?.push(outcome);
    this.recipients[outcome] = (this.recipients[outcome] as number) + 1;
    return this.#areAllRefused ? outcome : NO_VERDICT;
  }

  /** DATA was answered. */
  answerData(code: number): number {
    this.hasGoAhead = code < 400;
    this.isDataRefused = !this.hasGoAhead;
    return this.isDataRefused ? this.#unlessSettled(refusalOf(code)) : NO_VERDICT;
  }

  /** A chunk but the last was answered: a refusal settles the message, though more may follow. */
  answerChunk(code: number): number {
    if (code < 400) return NO_VERDICT;
    this.isChunkRefused = true;
    return this.#unlessSettled(refusalOf(code));
  }

  /** The content (or a lone dot) is on its way. `isLmtp`: each accepted recipient is answered for itself. */
  beginContent(isLmtp: boolean): void {
    this.stage = Stage.content;
    this.finalLeft = isLmtp ? Math.max(1, this.rcptAccepted) : 1;
  }

  /** One of the replies behind the content, taken off `finalLeft` before. With the last one the transaction is over. */
  answerContent(code: number): number {
    const outcome = code < 400 ? Outcome.accepted : refusalOf(code);
    if (this.finalLeft > 0) {
      if (!this.isSettled) {
        this.recipients[outcome] = (this.recipients[outcome] as number) + 1;
        this.#markFinal(outcome);
      }
      return NO_VERDICT;
    }
    this.stage = Stage.idle;
    return this.#unlessSettled(outcome);
  }

  /**
   * Gives every recipient that has no outcome yet `outcome`, and the message its own.
   * `accepted` if one recipient was; else `abandoned` or `cut` if that ended it; else `failed` if one has no settling
   * reply; else `deferred` if one was; else `rejected`.
   */
  settle(outcome: Outcome): void {
    let settled = 0;
    for (let each = 0; each < OUTCOME_COUNT; each++) settled += this.recipients[each] as number;
    this.recipients[outcome] = (this.recipients[outcome] as number) + this.recipientsTotal - settled;
    this.isSettled = true;
    this.#rest = outcome;
    this.outcome = this.#worthOf(outcome);
  }

  /** The next recipient that was accepted has its outcome. */
  #markFinal(outcome: Outcome): void {
    if (this.#marks === null) return;
    while (this.#nextFinal < this.#marks.length && this.#marks[this.#nextFinal] !== PENDING) this.#nextFinal++;
    this.#marks[this.#nextFinal++] = outcome;
  }

  /** @param otherwise - the outcome of a message without recipients */
  #worthOf(otherwise: Outcome): Outcome {
    for (let index = 0; index < OUTCOME_ORDER.length; index++) {
      const outcome = OUTCOME_ORDER[index] as Outcome;
      if ((this.recipients[outcome] as number) > 0) return outcome;
    }
    return otherwise;
  }

  #unlessSettled(outcome: Outcome): number {
    return this.isSettled ? NO_VERDICT : outcome;
  }
}
