/** Writes the envelopes of a session's messages: MAIL with what comes before it, and RCPT. Knows no place in the script. */
import { assert } from '../src/assert.js';
import { RSET } from '../src/protocol/commands.js';
import { Step } from '../src/protocol/steps.js';
import type { CompiledScript, MailScript, RcptScript } from '../src/scenario/compiled-script.js';
import { recipientNumber, senderNumber } from '../src/scenario/message-template.js';
import type { CommandWriter } from './command-writer.js';
import type { Recorder } from './recorder.js';
import type { SessionMessages } from './session-messages.js';
import type { SessionOwner } from './session-state.js';
import type { LaneTools } from './session-tools.js';
import { Stage } from './transaction.js';

/** Octets that are left free for the commands behind the recipients of a group. */
const GROUP_RESERVE = 1024;

/** How far a step has come. */
export const Sent = {
  /** Its rest follows the replies to what was sent. */
  part: 0,
  /** All of it, and nothing may go behind it before it is answered. */
  alone: 1,
  /** All of it. */
  whole: 2,
  /** Nothing: there is no further message. */
  nothing: 3,
} as const;

/** The envelopes of one session. */
export class EnvelopeSender {
  /** The server is told to forget what is left of a message before the next one. */
  needsRset = false;
  #script: CompiledScript;
  #recorder: Recorder;
  readonly #owner: SessionOwner;
  readonly #writer: CommandWriter;
  readonly #messages: SessionMessages;
  /** Recipients of the step that were sent. */
  #rcptInStep = 0;
  /** XFORWARD was said for the transaction that is next. */
  #isForwarded = false;

  constructor({ script, recorder }: LaneTools, owner: SessionOwner, writer: CommandWriter, messages: SessionMessages) {
    this.#script = script;
    this.#recorder = recorder;
    this.#owner = owner;
    this.#writer = writer;
    this.#messages = messages;
  }

  /** The messages from now on are those of another lane. */
  enter({ script, recorder }: Pick<LaneTools, 'script' | 'recorder'>): void {
    this.#script = script;
    this.#recorder = recorder;
  }

  /** A session begins. */
  reset(): void {
    this.needsRset = false;
    this.#rcptInStep = 0;
    this.#isForwarded = false;
    this.#writer.templates.reset();
  }

  /** The step under way is left. */
  leaveStep(): void {
    this.#rcptInStep = 0;
  }

  /** A message is taken for the transaction that is next. */
  take(message: number, nowUs: number): void {
    const { current } = this.#messages;
    const { retried, planned } = this.#owner;
    if (retried === null) {
      current.take(message, this.#script.recipients, nowUs);
      if (planned !== null) current.arriveAs(planned.phaseUs, planned.clocks);
      current.isGrowing = this.#script.recipientsVary;
    } else current.takeAgain(retried, nowUs);
    this.#writer.templates.messageTaken(message);
    this.#isForwarded = false;
  }

  /** Begins the next transaction. @returns one of {@link Sent}; `part` before the replies to what comes before MAIL */
  sendMail({ octets, template }: MailScript, isGrouping: boolean, nowUs: number): number {
    const writer = this.#writer;
    const messages = this.#messages;
    const { rule } = writer;
    if (messages.current.stage !== Stage.taken) {
      if (!this.#owner.hasMessage(nowUs)) return Sent.nothing;
      if (messages.current.stage === Stage.envelope) {
        messages.abandon(nowUs);
        this.needsRset = true;
      }
      // What is left of the last one is forgotten before the next one begins (RFC 3030 §2).
      if (messages.current.isChunkRefused) this.needsRset = true;
      messages.slot = 1 - messages.slot;
      assert(messages.current.stage === Stage.idle, 'two transactions are enough for a session');
      this.take(this.#owner.takeMessage(nowUs), nowUs);
    }
    const { addresses, xforward } = this.#script;
    if (this.needsRset) {
      this.needsRset = false;
      writer.rule = 0;
      writer.command(Step.rset, messages.slot, RSET, nowUs);
      if (!isGrouping) return Sent.part;
    }
    if (xforward !== null && !this.#isForwarded) {
      this.#isForwarded = true;
      writer.rule = 0;
      writer.command(Step.xforward, messages.slot, xforward, nowUs);
      if (!isGrouping) return Sent.part;
    }
    const { outbox } = writer;
    const transaction = messages.current;
    if (template === null) {
      outbox.length = octets.write(outbox.target, outbox.length, senderNumber(transaction.number, addresses));
    } else if (outbox.room < template.maxLength + GROUP_RESERVE) return Sent.part;
    else writer.templates.append(template, transaction.number, 0);
    writer.rule = rule;
    writer.sent(Step.mail, messages.slot, nowUs);
    transaction.beganAtUs = nowUs;
    transaction.stage = Stage.envelope;
    return isGrouping ? Sent.whole : Sent.alone;
  }

  /** Sends recipients, as many as may go together. @returns one of {@link Sent} */
  sendRcpt({ octets, template, count }: RcptScript, isGrouping: boolean, nowUs: number): number {
    const { recipientStride, addresses } = this.#script;
    const { current: transaction, slot } = this.#messages;
    const { outbox, ring, templates } = this.#writer;
    const longest = template?.maxLength ?? octets.maxLength;
    let hasSent = false;
    while (this.#rcptInStep < count) {
      const { position } = transaction;
      if (!transaction.wants(position)) {
        transaction.position++;
        this.#rcptInStep++;
        continue;
      }
      // One place in the ring stays free for DATA.
      if (ring.room <= 1 || outbox.room < longest + GROUP_RESERVE) return Sent.part;
      if (template === null) {
        const number = recipientNumber(transaction.number, position, recipientStride, addresses);
        outbox.length = octets.write(outbox.target, outbox.length, number);
      } else templates.append(template, transaction.number, position);
      this.#writer.sent(Step.rcpt, slot, nowUs);
      hasSent = true;
      transaction.position++;
      transaction.rcptSent++;
      this.#rcptInStep++;
      if (transaction.rcptSent > transaction.recipientsTotal) {
        transaction.recipientsTotal++;
        this.#recorder.recipientAdded(transaction.takenAtUs);
      }
      if (!isGrouping) break;
    }
    if (this.#rcptInStep < count) return Sent.part;
    this.#rcptInStep = 0;
    return isGrouping || !hasSent ? Sent.whole : Sent.alone;
  }
}
