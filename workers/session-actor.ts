/**
 * One SMTP session as a state machine over a script. No socket, no timer, no promise: everything it hears comes through
 * its methods with the time of the event, and everything it does goes to its connection and its recorder.
 */
import { assert } from '../src/assert.js';
import type { Clock } from '../src/clock.js';
import type { TlsDescription } from '../src/messages/coordinator-worker.js';
import type { Census } from '../src/metrics/phase-book.js';
import { Ending, ErrorKind, Outcome } from '../src/metrics/outcome.js';
import { AUTH_LOGIN, DATA, END_OF_DATA, QUIT, RSET, STARTTLS } from '../src/protocol/commands.js';
import { Extension, ServerExtensions } from '../src/protocol/extensions.js';
import { ReplyParser, type MalformedKind, type ReplySink } from '../src/protocol/reply-parser.js';
import { Step } from '../src/protocol/steps.js';
import { Op, type CompiledScript } from '../src/scenario/compile-script.js';
import { recipientNumber, senderNumber } from '../src/scenario/message-template.js';
import { CommandRing } from './command-ring.js';
import type { DeadlineWheel, WheelEntry } from './deadline-wheel.js';
import { LARGEST_COPIED_BODY, type Outbox } from './outbox.js';
import type { Recorder } from './recorder.js';
import {
  CLOSE_WAIT_US,
  SessionState,
  type Connection,
  type ConnectionListener,
  type SessionObserver,
  type SessionOwner,
} from './session-state.js';
import { Stage, Transaction, refusalOf } from './transaction.js';

/** What all sessions of a worker share. */
export interface SessionTools {
  readonly script: CompiledScript;
  readonly recorder: Recorder;
  readonly wheel: DeadlineWheel;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly observer: SessionObserver | null;
}

/** Octets that are left free for the commands behind the recipients of a group. */
const GROUP_RESERVE = 1024;

/** A session; the object serves all sessions of a client, one after another. */
export class SessionActor implements ReplySink, WheelEntry, ConnectionListener {
  deadlineUs = Infinity;
  bucketDueUs = Infinity;
  nextInBucket: WheelEntry | null = null;
  previousInBucket: WheelEntry | null = null;

  readonly #script: CompiledScript;
  readonly #recorder: Recorder;
  readonly #wheel: DeadlineWheel;
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #observer: SessionObserver | null;
  readonly #owner: SessionOwner;
  readonly #parser: ReplyParser;
  readonly #ring = new CommandRing();
  readonly #extensions = new ServerExtensions();
  readonly #transactions: readonly [Transaction, Transaction] = [new Transaction(), new Transaction()];
  #connection: Connection | null = null;
  #state: number = SessionState.idle;
  #stepIndex = 0;
  /** Slot of the transaction whose envelope is next or under way. */
  #slot = 0;
  #nowUs = 0;
  #startedAtUs = 0;
  #tlsStartedAtUs = 0;
  #transferStartedAtUs = 0;
  #isTransferring = false;
  /** Commands may be grouped on this connection. */
  #isGrouping = false;
  #isHelo = false;
  #authPrompts = 0;
  #needsRset = false;
  #hasFailed = false;
  #isCut = false;
  #isGreeted = false;
  #acceptedCount = 0;
  #groupSize = 0;
  #groupFirstStep = 0;

  constructor(tools: SessionTools, owner: SessionOwner) {
    this.#script = tools.script;
    this.#recorder = tools.recorder;
    this.#wheel = tools.wheel;
    this.#outbox = tools.outbox;
    this.#clock = tools.clock;
    this.#observer = tools.observer;
    this.#owner = owner;
    this.#parser = new ReplyParser(this);
  }

  /** A server has greeted this session and it is still open. */
  get isGreeted(): boolean {
    return this.#isGreeted;
  }

  get isOpen(): boolean {
    return this.#state !== SessionState.idle;
  }

  /** Gives the session its connection; once, since each needs the other. */
  attach(connection: Connection): void {
    this.#connection = connection;
  }

  /**
   * Opens a connection and walks the script.
   *
   * @param message - the message it is opened for, already taken from the plan; -1: none
   */
  begin(message: number, nowUs: number): void {
    assert(this.#state === SessionState.idle, 'a session begins when the one before it has ended');
    this.#state = SessionState.connecting;
    this.#stepIndex = 0;
    this.#slot = 0;
    this.#startedAtUs = nowUs;
    this.#isTransferring = false;
    this.#isGrouping = false;
    this.#isHelo = false;
    this.#authPrompts = 0;
    this.#needsRset = false;
    this.#hasFailed = false;
    this.#isCut = false;
    this.#isGreeted = false;
    this.#acceptedCount = 0;
    this.#ring.clear();
    this.#parser.reset();
    this.#parser.wantsLines = false;
    this.#extensions.clear();
    this.#transactions[0].stage = Stage.idle;
    this.#transactions[1].stage = Stage.idle;
    if (message >= 0) this.#transactions[0].take(message, this.#script.recipients, nowUs);
    this.#recorder.sessionStarted(nowUs);
    this.#recorder.sent(Step.connect, nowUs);
    this.#wheel.schedule(this, nowUs + this.#timeoutUs(Step.connect));
    this.#conn.open();
  }

  onConnected(nowUs: number): void {
    this.#recorder.replied(Step.connect, this.#startedAtUs, nowUs);
    this.#owner.onConnectSettled();
    this.#stepIndex++;
    if (this.#script.ops[this.#stepIndex] === Op.tls) this.#startTls(nowUs);
    else this.#awaitGreeting(nowUs);
  }

  onTlsReady(tls: TlsDescription | null, nowUs: number): void {
    this.#recorder.replied(Step.tls, this.#tlsStartedAtUs, nowUs);
    if (tls !== null) this.#observer?.onTls(tls);
    this.#parser.reset();
    this.#extensions.clear();
    this.#stepIndex++;
    this.#state = SessionState.dialogue;
    if (this.#script.ops[this.#stepIndex] === Op.greeting) this.#awaitGreeting(nowUs);
    else this.#advance(nowUs);
  }

  onData(buffer: Uint8Array, length: number, nowUs: number): void {
    this.#nowUs = nowUs;
    this.#recorder.bytesReceived(length, nowUs);
    this.#parser.execute(buffer, length);
  }

  onDrained(nowUs: number): void {
    if (this.#isTransferring) this.#contentTaken(nowUs);
  }

  onReplyLine(parser: ReplyParser, buffer: Uint8Array, start: number, end: number): void {
    if (parser.lineCount === 1) return;
    this.#extensions.addLine(buffer, start, end);
    if (this.#observer !== null) this.#observer.onKeyword(Buffer.from(buffer.subarray(start, end)).toString('latin1'));
  }

  onReply(parser: ReplyParser): void {
    const nowUs = this.#nowUs;
    const ring = this.#ring;
    const { code } = parser;
    if (ring.count === 0) {
      this.#onUnaskedReply(code, parser, nowUs);
      return;
    }
    const { step } = ring;
    const replyClass = Math.floor(code / 100);
    if (replyClass === 3 && step === Step.auth) {
      this.#onAuthPrompt(code, parser, nowUs);
      return;
    }
    // A 1yz never has a place; a 3yz answers DATA alone, and a 2yz to DATA promises what it cannot keep.
    if (replyClass === 1 || (replyClass === 3) !== (step === Step.data && replyClass < 4)) {
      this.#recorder.reply(step, ring.sentAtUs, nowUs, code, parser.enhanced, true, parser);
      this.#breakOff(ErrorKind.unexpectedCode, `${String(code)} ${parser.text()}`, nowUs);
      return;
    }
    if (this.#isTransferring && step === Step.endOfData) {
      if (this.#conn.isDrained) this.#contentTaken(nowUs);
      else {
        this.#onEarlyReply(code, parser, nowUs);
        return;
      }
    }
    const { sentAtUs, slot } = ring;
    ring.pop();
    this.#recorder.reply(step, sentAtUs, nowUs, code, parser.enhanced, false, parser);
    this.#recorder.replied(step, sentAtUs, nowUs);
    if (ring.count > 0) this.#wheel.schedule(this, nowUs + this.#timeoutUs(ring.step));
    else this.#wheel.cancel(this);
    if (code === 421) {
      this.#onShutdown(step, parser, nowUs);
      return;
    }
    this.#decide(step, slot, code, replyClass, nowUs);
  }

  onMalformed(_parser: ReplyParser, kind: MalformedKind, sample: string): void {
    if (this.#ring.count === 0 && !this.#isTransferring) this.#recorder.unasked(this.#nowUs, ErrorKind[kind], sample);
    this.#breakOff(ErrorKind[kind], sample, this.#nowUs);
  }

  onDeadline(nowUs: number): void {
    if (this.#state === SessionState.closing || this.#state === SessionState.idle) return;
    if (this.#state === SessionState.leaving && this.#ring.count === 0) {
      this.#close();
      return;
    }
    this.#breakOff(ErrorKind.timeout, 'no answer before the deadline', nowUs);
  }

  onConnectionLost(kind: number, sample: string, nowUs: number): void {
    if (this.#state === SessionState.idle || this.#state === SessionState.closing) return;
    this.#parser.halt();
    const isExpected = this.#state === SessionState.leaving && this.#ring.count === 0 && !this.#isTransferring;
    if (!isExpected) {
      this.#failOutstanding(kind, sample);
      this.#hasFailed = true;
      this.#settleOpen(Outcome.failed, nowUs);
    }
    this.#close();
  }

  onClosed(nowUs: number): void {
    if (this.#state === SessionState.idle) return;
    assert(this.#state === SessionState.closing, 'a connection is lost before it is closed');
    this.#state = SessionState.idle;
    this.#wheel.cancel(this);
    const ending = this.#isCut ? Ending.cut : this.#hasFailed ? Ending.failed : Ending.completed;
    this.#recorder.sessionEnded(ending, this.#startedAtUs, nowUs);
    this.#owner.onSessionEnded(ending, this.#acceptedCount, nowUs);
  }

  /** The run's end: messages under way are cut, commands without an answer stay so. */
  cut(nowUs: number): void {
    if (this.#state === SessionState.idle || this.#state === SessionState.closing) return;
    const isOver = this.#state === SessionState.leaving && this.#ring.count === 0 && !this.#isTransferring;
    if (!isOver) {
      this.#isCut = true;
      this.#forEachOutstanding((step, sentAtUs) => {
        this.#recorder.cutOff(step, sentAtUs);
      });
      this.#ring.clear();
      this.#settleOpen(Outcome.cut, nowUs);
    }
    this.#close();
  }

  /** Adds what is under way here to the census of its phase; `censuses` as [warm-up, after it]. */
  count(censuses: readonly [Census, Census], warmupEndUs: number): void {
    if (this.#state === SessionState.idle) return;
    const of = (beganAtUs: number): Census => censuses[beganAtUs < warmupEndUs ? 0 : 1];
    of(this.#startedAtUs).sessions++;
    this.#forEachOutstanding((step, sentAtUs) => {
      const { steps } = of(sentAtUs);
      steps[step] = (steps[step] as number) + 1;
    });
    for (const transaction of this.#transactions) {
      if (transaction.stage === Stage.idle || transaction.isSettled) continue;
      const census = of(transaction.takenAtUs);
      census.messages++;
      census.recipients += transaction.recipientsTotal;
    }
  }

  get #conn(): Connection {
    return this.#connection as Connection;
  }

  #timeoutUs(step: number): number {
    return this.#script.timeoutsUs[step] as number;
  }

  #transaction(slot: number): Transaction {
    return this.#transactions[slot] as Transaction;
  }

  #awaitGreeting(nowUs: number): void {
    this.#state = SessionState.dialogue;
    this.#await(Step.greeting, nowUs);
  }

  /** A reply of `step` is now due. */
  #await(step: number, nowUs: number): void {
    this.#recorder.sent(step, nowUs);
    this.#ring.push(step, this.#slot, nowUs);
    if (this.#ring.count === 1) this.#wheel.schedule(this, nowUs + this.#timeoutUs(step));
  }

  #startTls(nowUs: number): void {
    this.#state = SessionState.securing;
    this.#tlsStartedAtUs = nowUs;
    this.#recorder.sent(Step.tls, nowUs);
    this.#wheel.schedule(this, nowUs + this.#timeoutUs(Step.tls));
    this.#conn.startTls();
  }

  /** What follows from a reply, by the step it ends. */
  #decide(step: number, slot: number, code: number, replyClass: number, nowUs: number): void {
    const isPositive = replyClass === 2;
    switch (step) {
      case Step.greeting:
        this.#observer?.onGreeting(code, this.#parser.text());
        if (!isPositive) return this.#refused(step, code, nowUs);
        this.#isGreeted = true;
        this.#owner.onGreeted(nowUs);
        return this.#next(nowUs);
      case Step.ehlo:
        return this.#onEhloReply(isPositive, code, nowUs);
      case Step.starttls:
        return this.#onStartTlsReply(isPositive, code, nowUs);
      case Step.auth:
        if (!isPositive) return this.#refused(step, code, nowUs);
        return this.#next(nowUs);
      case Step.mail:
        this.#onMailReply(this.#transaction(slot), isPositive, code, nowUs);
        break;
      case Step.rcpt:
        this.#onRcptReply(this.#transaction(slot), isPositive, code, nowUs);
        break;
      case Step.data:
        this.#onDataReply(this.#transaction(slot), replyClass === 3, code, nowUs);
        break;
      case Step.endOfData:
        this.#onFinalReply(this.#transaction(slot), isPositive, code, nowUs);
        break;
      case Step.quit:
        this.#wheel.schedule(this, nowUs + CLOSE_WAIT_US);
        return;
      default:
        assert(step === Step.rset, 'every step that has replies is decided here');
    }
    if (this.#ring.count === 0 && this.#state === SessionState.dialogue) this.#proceed(nowUs);
    else if (this.#ring.count === 0) this.#wheel.schedule(this, nowUs + CLOSE_WAIT_US);
  }

  #onEhloReply(isPositive: boolean, code: number, nowUs: number): void {
    this.#parser.wantsLines = false;
    if (isPositive) {
      const isOffered = (this.#extensions.flags & Extension.pipelining) !== 0;
      const { pipelining } = this.#script;
      this.#isGrouping = pipelining === 'force' || (pipelining !== 'off' && isOffered);
      this.#next(nowUs);
      return;
    }
    this.#extensions.clear();
    if (this.#isHelo || code < 500) {
      this.#refused(Step.ehlo, code, nowUs);
      return;
    }
    this.#isHelo = true;
    this.#advance(nowUs);
  }

  #onStartTlsReply(isPositive: boolean, code: number, nowUs: number): void {
    if (!isPositive) {
      if (this.#script.tlsRequired) return this.#refused(Step.starttls, code, nowUs);
      this.#stepIndex = this.#script.args[this.#stepIndex] as number;
      return this.#advance(nowUs);
    }
    if (this.#parser.bytesAfter > 0) {
      // RFC 3207 §6: what came in clear behind the 220 was put there by somebody in between.
      this.#recorder.unasked(nowUs, ErrorKind.unaskedReply, 'data in clear behind the 220 of STARTTLS');
      return this.#breakOff(ErrorKind.unaskedReply, 'data in clear behind the 220 of STARTTLS', nowUs);
    }
    this.#stepIndex++;
    return this.#startTls(nowUs);
  }

  #onAuthPrompt(code: number, parser: ReplyParser, nowUs: number): void {
    const { auth } = this.#script;
    this.#recorder.reply(Step.auth, this.#ring.sentAtUs, nowUs, code, parser.enhanced, true, parser);
    this.#authPrompts++;
    if (code !== 334 || auth === null || !auth.isLogin || this.#authPrompts > 2) {
      this.#breakOff(ErrorKind.unexpectedCode, `${String(code)} ${parser.text()}`, nowUs);
      return;
    }
    this.#outbox.clear();
    this.#outbox.append(this.#authPrompts === 1 ? auth.loginUser : auth.loginPassword);
    this.#wheel.schedule(this, nowUs + this.#timeoutUs(Step.auth));
    this.#flush(nowUs);
  }

  #onMailReply(transaction: Transaction, isPositive: boolean, code: number, nowUs: number): void {
    if (isPositive) {
      transaction.isMailAccepted = true;
      return;
    }
    transaction.isMailRefused = true;
    this.#settle(transaction, refusalOf(code), nowUs);
    // Limits per session do not go away by asking again: QUIT once every reply is in.
    if (code < 500) this.#stepIndex = this.#script.quitIndex;
  }

  #onRcptReply(transaction: Transaction, isPositive: boolean, code: number, nowUs: number): void {
    if (isPositive) transaction.rcptAccepted++;
    else if (!transaction.isSettled) {
      transaction.refuseRecipient(code);
      if (transaction.rcptRefused === transaction.recipientsTotal) this.#settle(transaction, refusalOf(code), nowUs);
    }
  }

  #onDataReply(transaction: Transaction, isGoAhead: boolean, code: number, nowUs: number): void {
    if (isGoAhead) {
      transaction.hasGoAhead = true;
      return;
    }
    transaction.isDataRefused = true;
    if (!transaction.isSettled) this.#settle(transaction, refusalOf(code), nowUs);
  }

  #onFinalReply(transaction: Transaction, isPositive: boolean, code: number, nowUs: number): void {
    transaction.stage = Stage.idle;
    if (transaction.isSettled) return;
    if (isPositive) this.#acceptedCount++;
    this.#settle(transaction, isPositive ? Outcome.accepted : refusalOf(code), nowUs);
  }

  /** Before the messages, a refusal ends the session; it settles the message that the session was opened for. */
  #refused(step: number, code: number, nowUs: number): void {
    this.#observer?.onRefused(step, code, -1, this.#parser.text());
    this.#hasFailed = true;
    this.#settleOpen(refusalOf(code), nowUs);
    this.#stepIndex = this.#script.quitIndex;
    this.#advance(nowUs);
  }

  /** What the script wants is not offered: the dialogue ends before its first octet. */
  #notOffered(step: number, kind: number, sample: string, nowUs: number): void {
    this.#observer?.onRefused(step, 0, kind, sample);
    this.#recorder.sent(step, nowUs);
    this.#recorder.failed(step, nowUs, kind, sample);
    this.#hasFailed = true;
    this.#settleOpen(Outcome.failed, nowUs);
    this.#stepIndex = this.#script.quitIndex;
  }

  /** 421: the server is leaving. Every recipient without a verdict is deferred by it. */
  #onShutdown(step: number, parser: ReplyParser, nowUs: number): void {
    this.#observer?.onRefused(step, 421, -1, parser.text());
    if (step === Step.greeting) this.#observer?.onGreeting(421, parser.text());
    this.#hasFailed = true;
    this.#settleOpen(Outcome.deferred, nowUs);
    this.#state = SessionState.leaving;
    if (this.#ring.count === 0) this.#wheel.schedule(this, nowUs + CLOSE_WAIT_US);
  }

  #onUnaskedReply(code: number, parser: ReplyParser, nowUs: number): void {
    this.#recorder.reply(Step.session, nowUs, nowUs, code, parser.enhanced, false, parser);
    if (code === 421) {
      this.#onShutdown(Step.session, parser, nowUs);
      return;
    }
    this.#recorder.unasked(nowUs, ErrorKind.unaskedReply, `${String(code)} ${parser.text()}`);
    this.#breakOff(ErrorKind.unaskedReply, `${String(code)} ${parser.text()}`, nowUs);
  }

  /** The verdict came before the content was taken: it counts, and the connection is of no further use. */
  #onEarlyReply(code: number, parser: ReplyParser, nowUs: number): void {
    const startedAtUs = this.#transferStartedAtUs;
    this.#isTransferring = false;
    this.#recorder.failed(Step.transfer, startedAtUs, ErrorKind.earlyReply, `${String(code)} ${parser.text()}`);
    this.#recorder.sent(Step.endOfData, startedAtUs);
    this.#recorder.reply(Step.endOfData, startedAtUs, nowUs, code, parser.enhanced, false, parser);
    this.#recorder.replied(Step.endOfData, startedAtUs, nowUs);
    const transaction = this.#transaction(this.#ring.slot);
    this.#ring.pop();
    this.#onFinalReply(transaction, code < 400, code, nowUs);
    this.#breakOff(ErrorKind.earlyReply, 'the server answered before it had the content', nowUs);
  }

  /** Nothing is outstanding: what the transaction under way needs next. */
  #proceed(nowUs: number): void {
    const transaction = this.#transaction(this.#slot);
    if (transaction.stage === Stage.envelope) {
      if (transaction.hasGoAhead) {
        this.#sendContent(transaction, nowUs);
        return;
      }
      if (transaction.isHopeless) this.#leaveTransaction(transaction);
    }
    this.#advance(nowUs);
  }

  /** The transaction ends without content; the server is told so before the next one. */
  #leaveTransaction(transaction: Transaction): void {
    transaction.stage = Stage.idle;
    this.#needsRset = transaction.isMailAccepted;
    if (this.#stepIndex !== this.#script.quitIndex) this.#stepIndex = this.#script.afterContentIndex;
  }

  #next(nowUs: number): void {
    this.#stepIndex++;
    this.#advance(nowUs);
  }

  /** Writes the next command, or as many as may go together. */
  #advance(nowUs: number): void {
    this.#outbox.clear();
    this.#groupSize = 0;
    this.#fill(nowUs);
    this.#flush(nowUs);
  }

  /** Fills the outbox from the script until a command has to wait for its reply. */
  #fill(nowUs: number): void {
    const { ops, args } = this.#script;
    for (;;) {
      switch (ops[this.#stepIndex]) {
        case Op.ehlo:
          this.#parser.wantsLines = !this.#isHelo;
          this.#command(Step.ehlo, this.#isHelo ? this.#script.helo : this.#script.ehlo, nowUs);
          return;
        case Op.startTls:
          if ((this.#extensions.flags & Extension.starttls) !== 0) {
            this.#command(Step.starttls, STARTTLS, nowUs);
            return;
          }
          if (this.#script.tlsRequired) {
            this.#notOffered(Step.starttls, ErrorKind.tlsNotOffered, 'STARTTLS is not among the EHLO keywords', nowUs);
          } else this.#stepIndex = args[this.#stepIndex] as number;
          break;
        case Op.auth:
          if (this.#sendAuth(nowUs)) return;
          break;
        case Op.mail:
          if (!this.#sendMail(nowUs)) break;
          if (!this.#isGrouping) return;
          break;
        case Op.rcpt:
          if (!this.#sendRcpt(nowUs)) return;
          break;
        case Op.data:
          this.#command(Step.data, DATA, nowUs);
          this.#stepIndex++;
          return;
        case Op.repeat:
          this.#stepIndex = args[this.#stepIndex] as number;
          break;
        default:
          assert(ops[this.#stepIndex] === Op.quit, 'a script goes on only with steps that are sent');
          this.#command(Step.quit, QUIT, nowUs);
          this.#state = SessionState.leaving;
          return;
      }
    }
  }

  /** @returns whether a reply must now be waited for */
  #sendAuth(nowUs: number): boolean {
    const { auth } = this.#script;
    assert(auth !== null, 'a script with AUTH has credentials');
    if ((this.#extensions.authMechanisms & auth.mechanism) === 0) {
      const sample = `${auth.isLogin ? 'LOGIN' : 'PLAIN'} is not among the AUTH mechanisms of EHLO`;
      this.#notOffered(Step.auth, ErrorKind.authNotOffered, sample, nowUs);
      return false;
    }
    this.#authPrompts = 0;
    this.#command(Step.auth, auth.isLogin ? AUTH_LOGIN : auth.plainLine, nowUs);
    return true;
  }

  /** Begins the next transaction. @returns false when something else comes first, or there is no message */
  #sendMail(nowUs: number): boolean {
    let transaction = this.#transaction(this.#slot);
    if (transaction.stage !== Stage.taken) {
      if (!this.#owner.hasMessage(nowUs)) {
        this.#stepIndex = this.#script.args[this.#stepIndex] as number;
        return false;
      }
      this.#slot = 1 - this.#slot;
      transaction = this.#transaction(this.#slot);
      assert(transaction.stage === Stage.idle, 'two transactions are enough for a session');
      transaction.take(this.#owner.takeMessage(nowUs), this.#script.recipients, nowUs);
      this.#recorder.messageTaken(this.#script.recipients, nowUs);
    }
    if (this.#needsRset) {
      this.#needsRset = false;
      this.#command(Step.rset, RSET, nowUs);
      // In lock-step the step index stays: MAIL follows the reply.
      return !this.#isGrouping;
    }
    const { mail, addresses } = this.#script;
    this.#outbox.length = mail.write(
      this.#outbox.target,
      this.#outbox.length,
      senderNumber(transaction.number, addresses),
    );
    this.#sent(Step.mail, nowUs);
    transaction.beganAtUs = nowUs;
    transaction.stage = Stage.envelope;
    this.#stepIndex++;
    return true;
  }

  /** Sends recipients. @returns whether the group may go on behind them */
  #sendRcpt(nowUs: number): boolean {
    const { rcpt, recipients, addresses } = this.#script;
    const transaction = this.#transaction(this.#slot);
    const outbox = this.#outbox;
    while (transaction.rcptSent < recipients) {
      // One place in the ring stays free for DATA.
      if (this.#ring.room <= 1 || outbox.room < rcpt.maxLength + GROUP_RESERVE) return false;
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

  /** Sends the content, or a lone dot when every recipient was refused, and what may go behind it in the same write. */
  #sendContent(transaction: Transaction, nowUs: number): void {
    const outbox = this.#outbox;
    const { message } = this.#script;
    outbox.clear();
    this.#groupSize = 0;
    transaction.stage = Stage.content;
    if (this.#stepIndex !== this.#script.quitIndex) this.#stepIndex = this.#script.afterContentIndex;
    if (transaction.rcptAccepted === 0) {
      this.#command(Step.endOfData, END_OF_DATA, nowUs);
      this.#followContent(nowUs);
      this.#flush(nowUs);
      return;
    }
    this.#isTransferring = true;
    this.#transferStartedAtUs = nowUs;
    this.#recorder.sent(Step.transfer, nowUs);
    this.#wheel.schedule(this, nowUs + this.#timeoutUs(Step.transfer));
    outbox.length = message.writeHead(outbox.target, 0, transaction.number);
    const headEnd = outbox.length;
    const isCopied = message.body.length <= LARGEST_COPIED_BODY;
    if (isCopied) outbox.append(message.body);
    this.#ring.push(Step.endOfData, this.#slot, nowUs);
    this.#group(Step.endOfData, nowUs);
    this.#followContent(nowUs);
    if (isCopied) this.#flush(nowUs);
    else this.#flushAround(headEnd, message.body as Buffer, nowUs);
    if (this.#isTransferring && this.#conn.isDrained) this.#contentTaken(this.#clock.nowUs());
  }

  /** RFC 2920 §3.1: content may begin a group. QUIT goes behind it when this is the last message. */
  #followContent(nowUs: number): void {
    if (!this.#isGrouping) return;
    const isLast = this.#stepIndex === this.#script.quitIndex || !this.#owner.hasMessage(nowUs);
    if (isLast) this.#stepIndex = this.#script.quitIndex;
    if (isLast || this.#script.pipelining === 'across') this.#fill(nowUs);
  }

  /** The last octet of the content is with the kernel: from here on the server is at it. */
  #contentTaken(nowUs: number): void {
    this.#isTransferring = false;
    this.#recorder.replied(Step.transfer, this.#transferStartedAtUs, nowUs);
    this.#recorder.sent(Step.endOfData, nowUs);
    assert(this.#ring.step === Step.endOfData, 'the content is the oldest thing under way while it is being taken');
    this.#ring.sentAtUs = nowUs;
    this.#wheel.schedule(this, nowUs + this.#timeoutUs(Step.endOfData));
  }

  #command(step: number, bytes: Uint8Array, nowUs: number): void {
    this.#outbox.append(bytes);
    this.#sent(step, nowUs);
  }

  #sent(step: number, nowUs: number): void {
    this.#await(step, nowUs);
    this.#group(step, nowUs);
  }

  /** Counts a command into the group that the next write carries. */
  #group(step: number, nowUs: number): void {
    this.#groupSize++;
    if (this.#groupSize === 1) {
      this.#groupFirstStep = step;
      return;
    }
    if (this.#groupSize === 2) this.#recorder.pipelined(this.#groupFirstStep, nowUs);
    this.#recorder.pipelined(step, nowUs);
  }

  #flush(nowUs: number): void {
    const outbox = this.#outbox;
    if (outbox.length === 0) return;
    this.#recorder.bytesSent(outbox.length, nowUs);
    this.#conn.write(outbox.view(0, outbox.length));
    this.#afterWrite();
  }

  /** Writes a body that is not copied between its head and what follows it, in one system call. */
  #flushAround(headEnd: number, body: Buffer, nowUs: number): void {
    const outbox = this.#outbox;
    this.#recorder.bytesSent(outbox.length + body.length, nowUs);
    this.#conn.cork();
    this.#conn.write(outbox.view(0, headEnd));
    this.#conn.write(body);
    if (outbox.length > headEnd) this.#conn.write(outbox.view(headEnd, outbox.length));
    this.#conn.uncork();
    this.#afterWrite();
  }

  #afterWrite(): void {
    if (this.#conn.isDrained) return;
    this.#outbox.giveAway();
    if (this.#isTransferring) this.#conn.notifyDrained();
  }

  #settle(transaction: Transaction, outcome: Outcome, nowUs: number): void {
    transaction.settle(outcome);
    this.#recorder.messageSettled(transaction, nowUs);
  }

  /** Settles every message that is under way here. */
  #settleOpen(outcome: Outcome, nowUs: number): void {
    for (const transaction of this.#transactions) {
      if (transaction.stage === Stage.idle) continue;
      if (!transaction.isSettled) this.#settle(transaction, outcome, nowUs);
      transaction.stage = Stage.idle;
    }
  }

  /** Ends the session because the server cannot be followed any further. */
  #breakOff(kind: number, sample: string, nowUs: number): void {
    this.#parser.halt();
    this.#failOutstanding(kind, sample);
    this.#hasFailed = true;
    this.#settleOpen(Outcome.failed, nowUs);
    this.#close();
  }

  #failOutstanding(kind: number, sample: string): void {
    this.#forEachOutstanding((step, sentAtUs) => {
      this.#observer?.onRefused(step, 0, kind, sample);
      this.#recorder.failed(step, sentAtUs, kind, sample);
    });
    this.#ring.clear();
    this.#isTransferring = false;
  }

  /** Visits everything that was begun here and not answered. Not for the hot path. */
  #forEachOutstanding(visit: (step: number, sentAtUs: number) => void): void {
    if (this.#state === SessionState.connecting) visit(Step.connect, this.#startedAtUs);
    if (this.#state === SessionState.securing) visit(Step.tls, this.#tlsStartedAtUs);
    if (this.#isTransferring) visit(Step.transfer, this.#transferStartedAtUs);
    for (let index = 0; index < this.#ring.count; index++) {
      // The server is not yet at what follows the content while the content is still on its way.
      if (index === 0 && this.#isTransferring) continue;
      visit(this.#ring.stepAt(index), this.#ring.sentAtUsAt(index));
    }
  }

  #close(): void {
    if (this.#state === SessionState.connecting) this.#owner.onConnectSettled();
    this.#state = SessionState.closing;
    this.#isGreeted = false;
    this.#parser.halt();
    this.#wheel.cancel(this);
    this.#conn.drop();
  }
}
