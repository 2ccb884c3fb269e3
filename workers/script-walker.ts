/**
 * Where a session stands in its script, and what it sends next: single commands in lock-step, groups where the server
 * offers PIPELINING (RFC 2920). Knows what was sent and is unanswered, and nothing of what replies mean.
 */
import { assert } from '../src/assert.js';
import { ErrorKind, Outcome } from '../src/metrics/outcome.js';
import type { Census } from '../src/metrics/phase-book.js';
import { DATA, QUIT, RSET, STARTTLS } from '../src/protocol/commands.js';
import { Extension, ServerExtensions, extensionNames } from '../src/protocol/extensions.js';
import { AuthDialogue } from '../src/protocol/sasl/auth-dialogue.js';
import { chooseMechanism } from '../src/protocol/sasl/mechanisms.js';
import { Step } from '../src/protocol/steps.js';
import { Op, type CompiledScript, type ScriptCommand } from '../src/scenario/compile-script.js';
import { recipientNumber, senderNumber } from '../src/scenario/message-template.js';
import type { CommandRing } from './command-ring.js';
import { CommandWriter } from './command-writer.js';
import { ContentSender } from './content-sender.js';
import type { DeadlineWheel, WheelEntry } from './deadline-wheel.js';
import type { Recorder } from './recorder.js';
import type { Connection, SessionOwner } from './session-state.js';
import type { LaneTools, SessionTools } from './session-tools.js';
import { Stage, Transaction } from './transaction.js';

/** What `advance` gives when nothing stands in the way. */
export const NOT_BLOCKED = -1;

/** What `advance` gives when the script ends the session without a word. */
export const DROP = -2;

/** Octets that are left free for the commands behind the recipients of a group. */
const GROUP_RESERVE = 1024;

/** The sending half of a session, with the messages that it sends. */
export class ScriptWalker {
  readonly extensions = new ServerExtensions();
  readonly transactions: readonly [Transaction, Transaction] = [new Transaction(), new Transaction()];
  /** Messages since the session began that were accepted, or ended on purpose by the script. */
  servedCount = 0;
  /** QUIT is written: nothing follows. */
  hasQuit = false;
  /** EHLO was refused; HELO takes its place. */
  isHelo = false;
  /** Nothing is said until the deadline, as the script wants it. */
  isHolding = false;
  /** The AUTH that is under way; null but for its time, since most sessions are somewhere else. */
  auth: AuthDialogue | null = null;

  #script: CompiledScript;
  #recorder: Recorder;
  readonly #wheel: DeadlineWheel;
  readonly #entry: WheelEntry;
  readonly #owner: SessionOwner;
  readonly #writer: CommandWriter;
  readonly #content: ContentSender;
  #stepIndex = 0;
  /** Slot of the transaction whose envelope is next or under way. */
  #slot = 0;
  #isGrouping = false;
  #needsRset = false;
  /** XFORWARD was said for the transaction that is next. */
  #isForwarded = false;

  /** @param entry - the session's place in the wheel, for the deadlines of what is sent */
  constructor(tools: SessionTools, owner: SessionOwner, entry: WheelEntry) {
    this.#script = tools.script;
    this.#recorder = tools.recorder;
    this.#wheel = tools.wheel;
    this.#entry = entry;
    this.#owner = owner;
    this.#writer = new CommandWriter(tools, entry);
    this.#content = new ContentSender(tools.script, this.#writer, tools.clock, (nowUs) => {
      this.#followContent(nowUs);
    });
  }

  /** The sessions from now on are those of another lane. */
  enter({ script, recorder }: LaneTools): void {
    this.#script = script;
    this.#recorder = recorder;
    this.#writer.enter({ script, recorder });
    this.#content.enter(script);
  }

  get connection(): Connection {
    return this.#writer.connection;
  }

  set connection(connection: Connection) {
    this.#writer.connection = connection;
  }

  /** What was sent and is unanswered. */
  get ring(): CommandRing {
    return this.#writer.ring;
  }

  /** Content is written, and not all of it taken by the kernel. */
  get isTransferring(): boolean {
    return this.#writer.isTransferring;
  }

  /** The step at which the session stands. */
  get op(): number {
    return this.#script.ops[this.#stepIndex] as number;
  }

  /** Back to the first step. `message`: already taken for this session; -1: none. */
  reset(message: number, nowUs: number): void {
    this.#stepIndex = 0;
    this.#slot = 0;
    this.hasQuit = false;
    this.isHelo = false;
    this.isHolding = false;
    this.#isGrouping = false;
    this.servedCount = 0;
    this.#needsRset = false;
    this.#isForwarded = false;
    this.forgetOutstanding();
    this.extensions.clear();
    for (const transaction of this.transactions) {
      transaction.stage = Stage.idle;
      transaction.isChunkRefused = false;
    }
    if (message >= 0) this.transactions[0].take(message, this.#script.recipients, nowUs);
  }

  transaction(slot: number): Transaction {
    return this.transactions[slot] as Transaction;
  }

  timeoutUs(step: number): number {
    return this.#writer.timeoutUs(step);
  }

  step(): void {
    this.#stepIndex++;
  }

  /** STARTTLS is not used: goes on behind what belongs to it. */
  skipTls(): void {
    this.#stepIndex = this.#script.args[this.#stepIndex] as number;
  }

  /** QUIT is all that is left to do. */
  goToQuit(): void {
    this.#stepIndex = this.#script.quitIndex;
  }

  /** EHLO was answered: decides whether commands may be grouped on this connection. */
  learnPipelining(): void {
    const isOffered = (this.extensions.flags & Extension.pipelining) !== 0;
    const { pipelining } = this.#script;
    this.#isGrouping = pipelining === 'force' || (pipelining !== 'off' && isOffered);
  }

  /** A reply of `step` is now due, though no command asks for it. */
  await(step: number, nowUs: number): void {
    this.#writer.await(step, this.#slot, nowUs);
  }

  /** Sends what the AUTH under way has to say to the reply it heard. */
  continueAuth(auth: AuthDialogue, nowUs: number): void {
    this.#writer.begin();
    this.#writer.outbox.append(auth.line);
    this.#writer.schedule(Step.auth, nowUs);
    this.#writer.flush(nowUs);
  }

  /**
   * Nothing is outstanding: sends what the transaction under way needs, or goes on in the script.
   *
   * @returns {@link NOT_BLOCKED}, {@link DROP}, or the error kind of what the next step needs and the server does not offer
   */
  proceed(nowUs: number): number {
    const transaction = this.transaction(this.#slot);
    if (transaction.stage === Stage.content) {
      if (this.#content.hasChunks && !transaction.isChunkRefused) {
        this.#content.sendChunks(transaction, this.#slot, this.#isGrouping, nowUs);
        return NOT_BLOCKED;
      }
      if (this.#content.hasChunks) {
        this.leaveChunks();
        this.#leaveTransaction(transaction);
      }
    } else if (transaction.stage === Stage.envelope) {
      // Chunks need no go-ahead but a recipient.
      const mayBegin =
        this.#script.chunks === null
          ? transaction.hasGoAhead && this.op !== Op.drop
          : this.op === Op.content && transaction.rcptAccepted > 0 && !transaction.isSettled;
      if (mayBegin) {
        this.#sendContent(transaction, nowUs);
        return NOT_BLOCKED;
      }
      if (transaction.isHopeless) this.#leaveTransaction(transaction);
    }
    return this.advance(nowUs);
  }

  /** Sends the next command, or as many as may go together. Returns as {@link proceed}. */
  advance(nowUs: number): number {
    this.#writer.begin();
    const blockedBy = this.#fill(nowUs);
    this.#writer.flush(nowUs);
    return blockedBy;
  }

  /** The last octet of the content is with the kernel: from here on the server is at it. */
  contentTaken(nowUs: number): void {
    // While chunks wait for their turn, or for the kernel, what is taken is not yet all.
    if (this.#script.chunks !== null && (this.#content.hasChunks || !this.connection.isDrained)) return;
    this.#writer.contentTaken(this.#repliesDue, nowUs);
  }

  /**
   * The verdict came before the content was taken: the transfer has failed, and the end of the content counts as sent
   * with its first octet.
   *
   * @returns when that was
   */
  contentAnsweredEarly(sample: string): number {
    const startedAtUs = this.#writer.transferStartedAtUs;
    this.#writer.isTransferring = false;
    this.#recorder.failed(Step.transfer, startedAtUs, ErrorKind.earlyReply, sample);
    this.#writer.countEndOfData(this.#repliesDue, startedAtUs);
    return startedAtUs;
  }

  /** The server wants no more of the content under way: chunks that are left are not sent, and the transfer has failed. */
  leaveChunks(): void {
    const isIncomplete = this.#content.hasChunks && this.#writer.isTransferring;
    this.#content.reset();
    if (!isIncomplete) return;
    this.#writer.isTransferring = false;
    const sample = 'a chunk was refused before the last one was sent';
    this.#recorder.failed(Step.transfer, this.#writer.transferStartedAtUs, ErrorKind.earlyReply, sample);
  }

  /** One of the replies behind the content has come; whether it was the last (in LMTP there is one for each recipient). */
  isLastReply(slot: number): boolean {
    return --this.transaction(slot).finalLeft <= 0;
  }

  /** What the script asks for and the server does not offer. */
  missingExtensions(): string[] {
    return extensionNames(this.#script.required & ~this.extensions.flags);
  }

  /** Replies that are due behind the content under way. */
  get #repliesDue(): number {
    const { ring } = this.#writer;
    for (let index = 0; index < ring.count; index++) {
      if (ring.stepAt(index) === Step.endOfData) return this.transaction(ring.slotAt(index)).finalLeft;
    }
    return 1;
  }

  /** Visits every command that was sent and not answered, and the content on its way. Not for the hot path. */
  forEachOutstanding(visit: (step: number, sentAtUs: number) => void): void {
    const { ring, isTransferring, transferStartedAtUs } = this.#writer;
    if (isTransferring) visit(Step.transfer, transferStartedAtUs);
    let isBehindContent = false;
    for (let index = 0; index < ring.count; index++) {
      const step = ring.stepAt(index);
      if (step !== Step.endOfData) visit(step, ring.sentAtUsAt(index));
      // The server is not yet at the end of the content while the content is still on its way.
      else if (isBehindContent || !isTransferring) {
        const replies = this.transaction(ring.slotAt(index)).finalLeft;
        for (let count = 0; count < replies; count++) visit(step, ring.sentAtUsAt(index));
      } else isBehindContent = true;
    }
  }

  /** No reply is waited for any more. */
  forgetOutstanding(): void {
    this.#writer.forget();
    this.#content.reset();
    this.auth = null;
  }

  /** Gives a message its outcome. */
  settle(transaction: Transaction, outcome: Outcome, nowUs: number): void {
    transaction.settle(outcome);
    if (transaction.outcome === Outcome.accepted || transaction.outcome === Outcome.abandoned) this.servedCount++;
    this.#recorder.messageSettled(transaction, nowUs);
  }

  /** Settles every message that is under way here. */
  settleOpen(outcome: Outcome, nowUs: number): void {
    for (const transaction of this.transactions) {
      if (transaction.stage !== Stage.idle && !transaction.isSettled) this.settle(transaction, outcome, nowUs);
      transaction.stage = Stage.idle;
    }
  }

  /** Adds the messages without an outcome to the census of the phase in which each was taken. */
  countMessages(censusOf: (takenAtUs: number) => Census): void {
    for (const transaction of this.transactions) {
      if (transaction.stage === Stage.idle || transaction.isSettled) continue;
      const census = censusOf(transaction.takenAtUs);
      census.messages++;
      census.recipients += transaction.recipientsTotal;
    }
  }

  /** Fills the outbox from the script until a command has to wait for its reply. Returns as {@link proceed}. */
  #fill(nowUs: number): number {
    for (;;) {
      switch (this.op) {
        case Op.ehlo:
          this.#command(Step.ehlo, this.isHelo ? this.#script.helo : this.#script.ehlo, nowUs);
          return NOT_BLOCKED;
        case Op.startTls:
          if (!this.connection.wantsTls) {
            this.skipTls();
            break;
          }
          if ((this.extensions.flags & Extension.starttls) !== 0) {
            this.#command(Step.starttls, STARTTLS, nowUs);
            return NOT_BLOCKED;
          }
          if (this.#script.tlsRequired) return ErrorKind.tlsNotOffered;
          this.skipTls();
          break;
        case Op.auth:
          return this.#sendAuth(nowUs);
        case Op.mail:
          if ((this.extensions.flags & this.#script.required) !== this.#script.required) {
            return ErrorKind.notOffered;
          }
          if (this.#sendMail(nowUs) && !this.#isGrouping) return NOT_BLOCKED;
          break;
        case Op.rcpt:
          if (!this.#sendRcpt(nowUs)) return NOT_BLOCKED;
          break;
        case Op.data:
          this.#command(Step.data, DATA, nowUs);
          this.#stepIndex++;
          return NOT_BLOCKED;
        case Op.content:
          // Chunks wait for the replies to the recipients, as content does for that to DATA.
          return NOT_BLOCKED;
        case Op.repeat:
          this.#stepIndex = this.#script.args[this.#stepIndex] as number;
          break;
        case Op.quit:
          this.#abandonEnvelope(nowUs);
          this.#command(Step.quit, QUIT, nowUs);
          this.hasQuit = true;
          return NOT_BLOCKED;
        default:
          return this.#fillAlone(nowUs);
      }
    }
  }

  /** Steps that nothing may be grouped with. */
  #fillAlone(nowUs: number): number {
    // What stands before it is answered first.
    if (this.#writer.ring.count > 0) return NOT_BLOCKED;
    const argument = this.#script.args[this.#stepIndex] as number;
    switch (this.op) {
      case Op.command: {
        const { step, octets } = this.#script.commands[argument] as ScriptCommand;
        this.#command(step, octets, nowUs);
        return NOT_BLOCKED;
      }
      case Op.rset:
        this.#abandonEnvelope(nowUs);
        this.#command(Step.rset, RSET, nowUs);
        this.#stepIndex++;
        return NOT_BLOCKED;
      case Op.hold:
        this.isHolding = true;
        this.#wheel.schedule(this.#entry, nowUs + (this.#script.holdsUs[argument] as number));
        return NOT_BLOCKED;
      default:
        assert(this.op === Op.drop, 'a script goes on only with steps that are sent');
        return DROP;
    }
  }

  #sendAuth(nowUs: number): number {
    const { auth } = this.#script;
    assert(auth !== null, 'a script with AUTH has credentials');
    const mechanism = chooseMechanism(auth.candidates, this.extensions.authMechanisms, this.connection.isSecure);
    if (mechanism === null) return ErrorKind.authNotOffered;
    this.auth = new AuthDialogue(mechanism, auth.accounts.knowledgeOf(this.connection));
    this.#command(Step.auth, this.auth.line, nowUs);
    return NOT_BLOCKED;
  }

  /** Begins the next transaction. @returns whether a command was sent that lock-step must wait for */
  #sendMail(nowUs: number): boolean {
    let transaction = this.transaction(this.#slot);
    if (transaction.stage !== Stage.taken) {
      if (!this.#owner.hasMessage(nowUs)) {
        this.#stepIndex = this.#script.args[this.#stepIndex] as number;
        return false;
      }
      // What is left of the last one is forgotten before the next one begins (RFC 3030 §2).
      if (transaction.isChunkRefused) this.#needsRset = true;
      this.#slot = 1 - this.#slot;
      transaction = this.transaction(this.#slot);
      assert(transaction.stage === Stage.idle, 'two transactions are enough for a session');
      transaction.take(this.#owner.takeMessage(nowUs), this.#script.recipients, nowUs);
      this.#isForwarded = false;
    }
    if (this.#needsRset) {
      this.#needsRset = false;
      this.#command(Step.rset, RSET, nowUs);
      // In lock-step the step index stays: MAIL follows the reply.
      if (!this.#isGrouping) return true;
    }
    const { mail, addresses, xforward } = this.#script;
    if (xforward !== null && !this.#isForwarded) {
      this.#isForwarded = true;
      this.#command(Step.xforward, xforward, nowUs);
      if (!this.#isGrouping) return true;
    }
    const { outbox } = this.#writer;
    outbox.length = mail.write(outbox.target, outbox.length, senderNumber(transaction.number, addresses));
    this.#writer.sent(Step.mail, this.#slot, nowUs);
    transaction.beganAtUs = nowUs;
    transaction.stage = Stage.envelope;
    this.#stepIndex++;
    return true;
  }

  /** Sends recipients. @returns whether the group may go on behind them */
  #sendRcpt(nowUs: number): boolean {
    const { rcpt, recipients, addresses } = this.#script;
    const transaction = this.transaction(this.#slot);
    const outbox = this.#writer.outbox;
    while (transaction.rcptSent < recipients) {
      // One place in the ring stays free for DATA.
      if (this.#writer.ring.room <= 1 || outbox.room < rcpt.maxLength + GROUP_RESERVE) return false;
      const number = recipientNumber(transaction.number, transaction.rcptSent, recipients, addresses);
      outbox.length = rcpt.write(outbox.target, outbox.length, number);
      this.#writer.sent(Step.rcpt, this.#slot, nowUs);
      transaction.rcptSent++;
      if (!this.#isGrouping) {
        if (transaction.rcptSent === recipients) this.#stepIndex++;
        return false;
      }
    }
    this.#stepIndex++;
    return true;
  }

  /** The transaction ends without content; the server is told so before the next one. */
  #leaveTransaction(transaction: Transaction): void {
    transaction.stage = Stage.idle;
    this.#needsRset = transaction.isMailAccepted;
    this.#skipContent();
  }

  /** The script ends a transaction before its content. */
  #abandonEnvelope(nowUs: number): void {
    const transaction = this.transaction(this.#slot);
    if (transaction.stage !== Stage.envelope) return;
    if (!transaction.isSettled) this.settle(transaction, Outcome.abandoned, nowUs);
    transaction.stage = Stage.idle;
  }

  /** Sends the content, or a lone dot when every recipient was refused, and what may go behind it in the same write. */
  #sendContent(transaction: Transaction, nowUs: number): void {
    this.#skipContent();
    if (transaction.isSettled || transaction.rcptAccepted === 0) {
      this.#content.sendNothing(transaction, this.#slot, nowUs);
    } else {
      this.#content.send(transaction, this.#slot, this.#isGrouping, nowUs);
    }
  }

  /** Goes on behind the content, and what leads to it. */
  #skipContent(): void {
    while (this.op === Op.rcpt || this.op === Op.data || this.op === Op.content) this.#stepIndex++;
  }

  /** RFC 2920 §3.1: content may begin a group. QUIT goes behind it when this is the last message. */
  #followContent(nowUs: number): void {
    if (!this.#isGrouping || (this.op !== Op.quit && this.op !== Op.repeat)) return;
    const isLast = this.op === Op.quit || !this.#owner.hasMessage(nowUs);
    if (isLast) this.goToQuit();
    if (isLast || this.#script.pipelining === 'across') this.#fill(nowUs);
  }

  #command(step: number, octets: Uint8Array, nowUs: number): void {
    this.#writer.command(step, this.#slot, octets, nowUs);
  }
}
