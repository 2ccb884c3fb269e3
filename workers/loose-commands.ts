/** Commands of a message that come out of order, as part of none: sent alone, to see what is answered. */
import { assert } from '../src/assert.js';
import { DATA, END_OF_DATA } from '../src/protocol/commands.js';
import { Step } from '../src/protocol/steps.js';
import { Op } from '../src/scenario/compiled-script.js';
import type { CompiledScript, MailScript, RcptScript } from '../src/scenario/compiled-script.js';
import { recipientNumber, senderNumber } from '../src/scenario/message-template.js';
import type { CommandWriter } from './command-writer.js';
import { NO_MESSAGE, type SessionMessages } from './session-messages.js';

/** A chunk of nothing, which ends the content (RFC 3030 §2). */
const LAST_CHUNK = new TextEncoder().encode('BDAT 0 LAST\r\n');

/** Those of one session. */
export class LooseCommands {
  #script: CompiledScript;
  readonly #writer: CommandWriter;
  readonly #messages: SessionMessages;
  /** Recipients of the group under way that were sent. */
  #rcptSent = 0;

  constructor(script: CompiledScript, writer: CommandWriter, messages: SessionMessages) {
    this.#script = script;
    this.#writer = writer;
    this.#messages = messages;
  }

  /** The sessions from now on are those of another script. */
  enter(script: CompiledScript): void {
    this.#script = script;
  }

  /** A session begins. */
  reset(): void {
    this.#rcptSent = 0;
  }

  /** Sends the step. @returns whether it has nothing more to send */
  send(op: number, argument: number, nowUs: number): boolean {
    const { mails, rcpts } = this.#script;
    const { none } = this.#messages;
    none.number = this.#messages.current.number;
    none.isSettled = true;
    switch (op) {
      case Op.looseMail:
        this.#writeMail(mails[argument] as MailScript, none.number, nowUs);
        return true;
      case Op.looseRcpt:
        return this.#writeRcpt(rcpts[argument] as RcptScript, none.number, nowUs);
      case Op.looseData:
        none.hasGoAhead = false;
        this.#writer.command(Step.data, NO_MESSAGE, DATA, nowUs);
        return true;
      case Op.looseDot:
        if (!none.hasGoAhead) return true;
        none.hasGoAhead = false;
        none.beginContent(false);
        this.#writer.command(Step.endOfData, NO_MESSAGE, END_OF_DATA, nowUs);
        return true;
      default:
        assert(op === Op.looseChunk, 'a command out of order is one of these');
        none.beginContent(false);
        this.#writer.command(Step.endOfData, NO_MESSAGE, LAST_CHUNK, nowUs);
        return true;
    }
  }

  #writeMail({ octets, template }: MailScript, number: number, nowUs: number): void {
    const { outbox, templates } = this.#writer;
    if (template !== null) templates.append(template, number, 0);
    else outbox.length = octets.write(outbox.target, outbox.length, senderNumber(number, this.#script.addresses));
    this.#writer.sent(Step.mail, NO_MESSAGE, nowUs);
  }

  #writeRcpt({ octets, template, count }: RcptScript, number: number, nowUs: number): boolean {
    const { outbox, templates } = this.#writer;
    const { recipientStride, addresses } = this.#script;
    if (template === null) {
      const recipient = recipientNumber(number, this.#rcptSent, recipientStride, addresses);
      outbox.length = octets.write(outbox.target, outbox.length, recipient);
    } else templates.append(template, number, this.#rcptSent);
    this.#writer.sent(Step.rcpt, NO_MESSAGE, nowUs);
    this.#rcptSent = (this.#rcptSent + 1) % count;
    return this.#rcptSent === 0;
  }
}
