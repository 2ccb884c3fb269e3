/**
 * Where a session stands in its script, and what it sends next: single commands in lock-step, groups where the server
 * offers PIPELINING (RFC 2920). Knows what was sent and is unanswered, and nothing of what replies mean.
 */
import { assert } from '../src/assert.js';
import type { Clock } from '../src/clock.js';
import { ErrorKind, Outcome } from '../src/metrics/outcome.js';
import type { Census } from '../src/metrics/phase-book.js';
import { DATA, END_OF_DATA, QUIT, RSET, STARTTLS } from '../src/protocol/commands.js';
import { Extension, ServerExtensions } from '../src/protocol/extensions.js';
import { AuthDialogue } from '../src/protocol/sasl/auth-dialogue.js';
import { chooseMechanism } from '../src/protocol/sasl/mechanisms.js';
import { Step } from '../src/protocol/steps.js';
import { Op, type CompiledScript } from '../src/scenario/compile-script.js';
import { recipientNumber, senderNumber } from '../src/scenario/message-template.js';
import { CommandRing } from './command-ring.js';
import type { DeadlineWheel, WheelEntry } from './deadline-wheel.js';
import { LARGEST_COPIED_BODY, type Outbox } from './outbox.js';
import type { Recorder } from './recorder.js';
import type { Connection, SessionObserver, SessionOwner } from './session-state.js';
import { Stage, Transaction } from './transaction.js';

/** What all sessions of a worker share. */
export interface SessionTools {
  readonly script: CompiledScript;
  readonly recorder: Recorder;
  readonly wheel: DeadlineWheel;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly observer: SessionObserver | null;
}

/** What `advance` gives when nothing stands in the way. */
export const NOT_BLOCKED = -1;

/** Octets that are left free for the commands behind the recipients of a group. */
const GROUP_RESERVE = 1024;

/** The sending half of a session, with the messages that it sends. */
export class ScriptWalker {
  readonly ring: CommandRing;
  readonly extensions = new ServerExtensions();
  readonly transactions: readonly [Transaction, Transaction] = [new Transaction(), new Transaction()];
  /** Messages that were accepted since the session began. */
  acceptedCount = 0;
  /** The content is written and not yet taken by the kernel. */
  isTransferring = false;
  transferStartedAtUs = 0;
  /** QUIT is written: nothing follows. */
  hasQuit = false;
  /** EHLO was refused; HELO takes its place. */
  isHelo = false;
  /** The AUTH that is under way; null but for its time, since most sessions are somewhere else. */
  auth: AuthDialogue | null = null;

  readonly #script: CompiledScript;
  readonly #recorder: Recorder;
  readonly #wheel: DeadlineWheel;
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #owner: SessionOwner;
  readonly #entry: WheelEntry;
  #connection: Connection | null = null;
  #stepIndex = 0;
  /** Slot of the transaction whose envelope is next or under way. */
  #slot = 0;
  #isGrouping = false;
  #needsRset = false;
  #groupSize = 0;
  #groupFirstStep = 0;
  /** Something went behind the content in the same write. */
  #isContentGrouped = false;

  /** @param entry - the session's place in the wheel, for the deadlines of what is sent */
  constructor(tools: SessionTools, owner: SessionOwner, entry: WheelEntry) {
    this.ring = new CommandRing(tools.script.recipients);
    this.#script = tools.script;
    this.#recorder = tools.recorder;
    this.#wheel = tools.wheel;
    this.#outbox = tools.outbox;
    this.#clock = tools.clock;
    this.#owner = owner;
    this.#entry = entry;
  }

  get connection(): Connection {
    return this.#connection as Connection;
  }

  set connection(connection: Connection) {
    this.#connection = connection;
  }

  /** The step at which the session stands. */
  get op(): number {
    return this.#script.ops[this.#stepIndex] as number;
  }

  /** Back to the first step. `message`: already taken for this session; -1: none. */
  reset(message: number, nowUs: number): void {
    this.#stepIndex = 0;
    this.#slot = 0;
    this.isTransferring = false;
    this.hasQuit = false;
    this.isHelo = false;
    this.#isGrouping = false;
    this.acceptedCount = 0;
    this.auth = null;
    this.#needsRset = false;
    this.ring.clear();
    this.extensions.clear();
    this.transactions[0].stage = Stage.idle;
    this.transactions[1].stage = Stage.idle;
    if (message >= 0) this.transactions[0].take(message, this.#script.recipients, nowUs);
  }

  transaction(slot: number): Transaction {
    return this.transactions[slot] as Transaction;
  }

  timeoutUs(step: number): number {
    return this.#script.timeoutsUs[step] as number;
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

  /** A reply of `step` is now due. */
  await(step: number, nowUs: number): void {
    this.#recorder.sent(step, nowUs);
    this.ring.push(step, this.#slot, nowUs);
    if (this.ring.count === 1) this.#wheel.schedule(this.#entry, nowUs + this.timeoutUs(step));
  }

  /** Sends what the AUTH under way has to say to the reply it heard. */
  continueAuth(auth: AuthDialogue, nowUs: number): void {
    this.#outbox.clear();
    this.#outbox.append(auth.line);
    this.#wheel.schedule(this.#entry, nowUs + this.timeoutUs(Step.auth));
    this.#flush(nowUs);
  }

  /**
   * Nothing is outstanding: sends what the transaction under way needs, or goes on in the script.
   *
   * @returns {@link NOT_BLOCKED}, or the error kind of what the next step needs and the server does not offer
   */
  proceed(nowUs: number): number {
    const transaction = this.transaction(this.#slot);
    if (transaction.stage === Stage.envelope) {
      if (transaction.hasGoAhead) {
        this.#sendContent(transaction, nowUs);
        return NOT_BLOCKED;
      }
      if (transaction.isHopeless) this.#leaveTransaction(transaction);
    }
    return this.advance(nowUs);
  }

  /** Sends the next command, or as many as may go together. Returns as {@link proceed}. */
  advance(nowUs: number): number {
    this.#outbox.clear();
    this.#groupSize = 0;
    const blockedBy = this.#fill(nowUs);
    this.#flush(nowUs);
    return blockedBy;
  }

  /** The last octet of the content is with the kernel: from here on the server is at it. */
  contentTaken(nowUs: number): void {
    this.isTransferring = false;
    this.#recorder.replied(Step.transfer, this.transferStartedAtUs, nowUs);
    this.countEndOfData(nowUs);
    assert(this.ring.step === Step.endOfData, 'the content is the oldest thing under way while it is being taken');
    this.ring.sentAtUs = nowUs;
    this.#wheel.schedule(this.#entry, nowUs + this.timeoutUs(Step.endOfData));
  }

  /** The end of the content counts as sent from here on. */
  countEndOfData(sentAtUs: number): void {
    this.#recorder.sent(Step.endOfData, sentAtUs);
    if (this.#isContentGrouped) this.#recorder.pipelined(Step.endOfData, sentAtUs);
  }

  /** Visits every command that was sent and not answered, and the content on its way. Not for the hot path. */
  forEachOutstanding(visit: (step: number, sentAtUs: number) => void): void {
    if (this.isTransferring) visit(Step.transfer, this.transferStartedAtUs);
    for (let index = 0; index < this.ring.count; index++) {
      // The server is not yet at what follows the content while the content is still on its way.
      if (index === 0 && this.isTransferring) continue;
      visit(this.ring.stepAt(index), this.ring.sentAtUsAt(index));
    }
  }

  /** No reply is waited for any more. */
  forgetOutstanding(): void {
    this.ring.clear();
    this.isTransferring = false;
    this.auth = null;
  }

  /** Gives a message its outcome. */
  settle(transaction: Transaction, outcome: Outcome, nowUs: number): void {
    transaction.settle(outcome);
    if (transaction.outcome === Outcome.accepted) this.acceptedCount++;
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
          if (this.#sendMail(nowUs) && !this.#isGrouping) return NOT_BLOCKED;
          break;
        case Op.rcpt:
          if (!this.#sendRcpt(nowUs)) return NOT_BLOCKED;
          break;
        case Op.data:
          this.#command(Step.data, DATA, nowUs);
          this.#stepIndex++;
          return NOT_BLOCKED;
        case Op.repeat:
          this.#stepIndex = this.#script.args[this.#stepIndex] as number;
          break;
        default:
          assert(this.op === Op.quit, 'a script goes on only with steps that are sent');
          this.#command(Step.quit, QUIT, nowUs);
          this.hasQuit = true;
          return NOT_BLOCKED;
      }
    }
  }

  #sendAuth(nowUs: number): number {
    const { auth } = this.#script;
    assert(auth !== null, 'a script with AUTH has credentials');
    const mechanism = chooseMechanism(auth.candidates, this.extensions.authMechanisms, this.connection.isSecure);
    if (mechanism === null) return ErrorKind.authNotOffered;
    this.auth = new AuthDialogue(mechanism, auth.knowledge);
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
      this.#slot = 1 - this.#slot;
      transaction = this.transaction(this.#slot);
      assert(transaction.stage === Stage.idle, 'two transactions are enough for a session');
      transaction.take(this.#owner.takeMessage(nowUs), this.#script.recipients, nowUs);
    }
    if (this.#needsRset) {
      this.#needsRset = false;
      this.#command(Step.rset, RSET, nowUs);
      // In lock-step the step index stays: MAIL follows the reply.
      if (!this.#isGrouping) return true;
    }
    const { mail, addresses } = this.#script;
    const outbox = this.#outbox;
    outbox.length = mail.write(outbox.target, outbox.length, senderNumber(transaction.number, addresses));
    this.#sent(Step.mail, nowUs);
    transaction.beganAtUs = nowUs;
    transaction.stage = Stage.envelope;
    this.#stepIndex++;
    return true;
  }

  /** Sends recipients. @returns whether the group may go on behind them */
  #sendRcpt(nowUs: number): boolean {
    const { rcpt, recipients, addresses } = this.#script;
    const transaction = this.transaction(this.#slot);
    const outbox = this.#outbox;
    while (transaction.rcptSent < recipients) {
      // One place in the ring stays free for DATA.
      if (this.ring.room <= 1 || outbox.room < rcpt.maxLength + GROUP_RESERVE) return false;
      const number = recipientNumber(transaction.number, transaction.rcptSent, recipients, addresses);
      outbox.length = rcpt.write(outbox.target, outbox.length, number);
      this.#sent(Step.rcpt, nowUs);
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
    if (this.op !== Op.quit) this.#stepIndex = this.#script.afterContentIndex;
  }

  /** Sends the content, or a lone dot when every recipient was refused, and what may go behind it in the same write. */
  #sendContent(transaction: Transaction, nowUs: number): void {
    const outbox = this.#outbox;
    const { message } = this.#script;
    outbox.clear();
    this.#groupSize = 0;
    transaction.stage = Stage.content;
    if (this.op !== Op.quit) this.#stepIndex = this.#script.afterContentIndex;
    if (transaction.isSettled || transaction.rcptAccepted === 0) {
      this.#command(Step.endOfData, END_OF_DATA, nowUs);
      this.#followContent(nowUs);
      this.#flush(nowUs);
      return;
    }
    this.isTransferring = true;
    this.#isContentGrouped = false;
    this.transferStartedAtUs = nowUs;
    this.#recorder.sent(Step.transfer, nowUs);
    this.#wheel.schedule(this.#entry, nowUs + this.timeoutUs(Step.transfer));
    outbox.length = message.writeHead(outbox.target, 0, transaction.number);
    const headEnd = outbox.length;
    const isCopied = message.body.length <= LARGEST_COPIED_BODY;
    if (isCopied) outbox.append(message.body);
    this.ring.push(Step.endOfData, this.#slot, nowUs);
    this.#group(Step.endOfData, nowUs);
    this.#followContent(nowUs);
    if (isCopied) this.#flush(nowUs);
    else this.#flushAround(headEnd, message.body as Buffer, nowUs);
    if (this.connection.isDrained) this.contentTaken(this.#clock.nowUs());
  }

  /** RFC 2920 §3.1: content may begin a group. QUIT goes behind it when this is the last message. */
  #followContent(nowUs: number): void {
    if (!this.#isGrouping) return;
    const isLast = this.op === Op.quit || !this.#owner.hasMessage(nowUs);
    if (isLast) this.goToQuit();
    if (isLast || this.#script.pipelining === 'across') this.#fill(nowUs);
  }

  #command(step: number, bytes: Uint8Array, nowUs: number): void {
    this.#outbox.append(bytes);
    this.#sent(step, nowUs);
  }

  #sent(step: number, nowUs: number): void {
    this.await(step, nowUs);
    this.#group(step, nowUs);
  }

  /** Counts a command into the group that the next write carries. */
  #group(step: number, nowUs: number): void {
    this.#groupSize++;
    if (this.#groupSize === 1) {
      this.#groupFirstStep = step;
      return;
    }
    if (this.#groupSize === 2) {
      // The end of the content is sent when its last octet is taken, and counted then.
      if (this.isTransferring) this.#isContentGrouped = true;
      else this.#recorder.pipelined(this.#groupFirstStep, nowUs);
    }
    this.#recorder.pipelined(step, nowUs);
  }

  #flush(nowUs: number): void {
    const outbox = this.#outbox;
    if (outbox.length === 0) return;
    this.#recorder.bytesSent(outbox.length, nowUs);
    this.connection.write(outbox.view(0, outbox.length));
    this.#afterWrite();
  }

  /** Writes a body that is not copied between its head and what follows it, in one system call. */
  #flushAround(headEnd: number, body: Buffer, nowUs: number): void {
    const outbox = this.#outbox;
    const { connection } = this;
    this.#recorder.bytesSent(outbox.length + body.length, nowUs);
    connection.cork();
    connection.write(outbox.view(0, headEnd));
    connection.write(body, true);
    if (outbox.length > headEnd) connection.write(outbox.view(headEnd, outbox.length));
    connection.uncork();
    this.#afterWrite();
  }

  #afterWrite(): void {
    if (this.connection.isDrained) return;
    // Inside TLS the octets were copied.
    if (!this.connection.isSecure) this.#outbox.giveAway();
    if (this.isTransferring) this.connection.notifyDrained();
  }
}
