/** One mail transaction of a session, from the taking of the message to its outcome. Knows no socket and no script. */
import { OUTCOME_COUNT, Outcome } from '../src/metrics/outcome.js';
import type { MessageEnd } from './recorder.js';

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

/** Whether a reply accepts, defers or rejects. */
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
  readonly recipients = new Float64Array(OUTCOME_COUNT);
  recipientsTotal = 0;
  rcptSent = 0;
  rcptAccepted = 0;
  isMailAccepted = false;
  isMailRefused = false;
  isDataRefused = false;
  hasGoAhead = false;

  /** Takes message `number`. */
  take(number: number, recipients: number, nowUs: number): void {
    this.stage = Stage.taken;
    this.isSettled = false;
    this.number = number;
    this.takenAtUs = nowUs;
    this.beganAtUs = nowUs;
    this.recipients.fill(0);
    this.recipientsTotal = recipients;
    this.rcptSent = 0;
    this.rcptAccepted = 0;
    this.isMailAccepted = false;
    this.isMailRefused = false;
    this.isDataRefused = false;
    this.hasGoAhead = false;
  }

  /** Recipients that were refused by name. */
  get rcptRefused(): number {
    return (this.recipients[Outcome.deferred] as number) + (this.recipients[Outcome.rejected] as number);
  }

  /** No recipient is left to send content to. */
  get isHopeless(): boolean {
    return this.isMailRefused || this.isDataRefused || this.rcptRefused === this.recipientsTotal;
  }

  /** A RCPT was refused with `code`. */
  refuseRecipient(code: number): void {
    const outcome = refusalOf(code);
    this.recipients[outcome] = (this.recipients[outcome] as number) + 1;
  }

  /**
   * Gives every recipient that has no outcome yet `outcome`, and the message its own.
   * `accepted` if one recipient was; else `abandoned` or `cut` if that ended it; else `failed` if one has no settling
   * reply; else `deferred` if one was; else `rejected`.
   */
  settle(outcome: Outcome): void {
    const rest = this.recipientsTotal - this.rcptRefused;
    this.recipients[outcome] = (this.recipients[outcome] as number) + rest;
    this.isSettled = true;
    if (rest > 0 && outcome !== Outcome.deferred && outcome !== Outcome.rejected) this.outcome = outcome;
    else this.outcome = (this.recipients[Outcome.deferred] as number) > 0 ? Outcome.deferred : Outcome.rejected;
  }
}
