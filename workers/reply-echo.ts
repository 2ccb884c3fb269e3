/**
 * Notices replies that speak of another message: servers under load have been seen to answer one session with what was
 * meant for another, or out of order. Where a reply names one of our numbered addresses, or a Message-ID of ours, it must
 * be that of the command it answers. Knows no session.
 */
import type { LanePlan } from '../src/plan/lane-plan.js';
import { recipientRange } from '../src/plan/script-counts.js';
import { ownAddresses } from '../src/plan/script-texts.js';
import type { ReplyParser } from '../src/protocol/reply-parser.js';
import { Step } from '../src/protocol/steps.js';
import { recipientNumber, senderNumber } from '../src/scenario/message-template.js';
import type { Transaction } from './transaction.js';

/** No text is shorter than an address, so that most replies are not looked at. */
const NEVER = Infinity;
/** What may stand beside an address and is no part of it. */
const EDGE = '[^\\p{L}\\p{N}._%+-]|^|$';

/** The addresses of a run, as they would be echoed. */
export class ReplyEcho {
  /** Texts with fewer octets name nothing of ours. */
  readonly minOctets: number;
  readonly #sender: RegExp | null;
  readonly #recipient: RegExp | null;
  readonly #messageId: RegExp;
  readonly #recipients: number;
  readonly #addresses: number;

  constructor(lane: LanePlan) {
    const { from, to, addresses, seed } = lane;
    // Numbers in addresses of a script's own follow no rule.
    const own = ownAddresses(lane.session.steps ?? []);
    this.#sender = own.sender ? null : patternOf(from);
    this.#recipient = own.recipient ? null : patternOf(to);
    this.#messageId = new RegExp(`(\\d{12})\\.${(seed >>> 0).toString(16)}@postrush\\.test`);
    this.#recipients = recipientRange(lane).max;
    this.#addresses = addresses;
    const lengths = [from, to].map((template, index) =>
      [this.#sender, this.#recipient][index] === null ? NEVER : template.length - 1,
    );
    this.minOctets = Math.min(...lengths, '000000000000.1@postrush.test'.length);
  }

  /** Whether the reply at hand names another message than the command that it answers; not for short texts. */
  isCrossed(step: number, transaction: Transaction, parser: ReplyParser): boolean {
    // No other reply names a message, and making text of one takes time.
    if (step !== Step.mail && step !== Step.rcpt && step !== Step.endOfData) return false;
    const { number } = transaction;
    const text = parser.text();
    if (step === Step.mail)
      return names(this.#sender, text, (named) => named !== senderNumber(number, this.#addresses));
    if (step === Step.rcpt)
      return names(
        this.#recipient,
        text,
        (named) => named !== this.#recipientOf(number, transaction.positionOf(transaction.rcptAnswered)),
      );
    return (
      names(this.#messageId, text, (named) => named !== number) ||
      names(this.#recipient, text, (named) => !this.#isOneOf(number, named))
    );
  }

  #recipientOf(number: number, index: number): number {
    return recipientNumber(number, index, this.#recipients, this.#addresses);
  }

  #isOneOf(number: number, named: number): boolean {
    for (let index = 0; index < this.#recipients; index++) if (this.#recipientOf(number, index) === named) return true;
    return false;
  }
}

function names(pattern: RegExp | null, text: string, isWrong: (named: number) => boolean): boolean {
  const found = pattern === null ? null : pattern.exec(text);
  return found !== null && isWrong(Number(found[1]));
}

/** Finds a numbered address in a text; null: the address has no number, or more than one. */
function patternOf(template: string): RegExp | null {
  const parts = template.split('%d').map((part) => Buffer.from(part, 'utf8').toString('latin1'));
  if (parts.length !== 2) return null;
  const [before = '', after = ''] = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`(?:${EDGE})${before}(\\d{1,16})${after}(?:${EDGE})`, 'iu');
}
