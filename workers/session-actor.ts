/**
 * One SMTP session as a state machine over a script. No socket, no timer, no promise: everything it hears comes through
 * its methods with the time of the event, and everything it does goes to its connection and its recorder.
 */
import { assert } from '../src/assert.js';
import type { TlsDescription } from '../src/messages/coordinator-worker.js';
import { Ending, ErrorKind, Outcome } from '../src/metrics/outcome.js';
import type { Census } from '../src/metrics/phase-book.js';
import { ReplyParser, type MalformedKind, type ReplySink } from '../src/protocol/reply-parser.js';
import { Step } from '../src/protocol/steps.js';
import { Op } from '../src/scenario/compiled-script.js';
import type { DeadlineWheel, WheelEntry } from './deadline-wheel.js';
import { OpeningDialogue, type OpeningHost } from './opening-dialogue.js';
import type { Recorder } from './recorder.js';
import type { ReplyEcho } from './reply-echo.js';
import { Judgement, ReplyJudge } from './reply-judge.js';
import { DROP, NOT_BLOCKED, ScriptWalker } from './script-walker.js';
import {
  CLOSE_WAIT_US,
  SessionState,
  type Connection,
  type ConnectionListener,
  type SessionObserver,
  type SessionOwner,
} from './session-state.js';
import type { LaneTools, SessionTools } from './session-tools.js';
import { NO_VERDICT, refusalOf } from './transaction.js';

/** A session; the object serves all sessions of a client, one after another. */
export class SessionActor implements ReplySink, WheelEntry, ConnectionListener, OpeningHost {
  deadlineUs = Infinity;
  bucketDueUs = Infinity;
  nextInBucket: WheelEntry | null = null;
  previousInBucket: WheelEntry | null = null;

  #recorder: Recorder;
  readonly #wheel: DeadlineWheel;
  readonly #observer: SessionObserver | null;
  readonly #owner: SessionOwner;
  readonly #parser: ReplyParser;
  readonly #walker: ScriptWalker;
  readonly #opening: OpeningDialogue;
  #echo: ReplyEcho;
  readonly #judge: ReplyJudge;
  #state: number = SessionState.idle;
  #nowUs = 0;
  #startedAtUs = 0;
  #tlsStartedAtUs = 0;
  /** The server said 421: it still answers what was sent, and nothing more is. */
  #isShutDown = false;
  /** The parser is at work on a chunk. */
  #isParsing = false;
  /** Something is to be sent once the chunk is through. */
  #isDue = false;
  #hasFailed = false;
  #isCut = false;
  #wasGreeted = false;
  /** What the script wants done about a reply, once every reply is in; see `Judgement`. */
  #isToDo: number = Judgement.none;

  constructor(tools: SessionTools, owner: SessionOwner) {
    this.#recorder = tools.recorder;
    this.#wheel = tools.wheel;
    this.#observer = tools.observer;
    this.#owner = owner;
    this.#parser = new ReplyParser(this);
    this.#judge = new ReplyJudge(tools.script, tools.recorder);
    this.#walker = new ScriptWalker(tools, owner, this, this.#judge);
    this.#echo = tools.echo;
    this.#opening = new OpeningDialogue(tools, this.#walker, this);
  }

  /** The last connection was greeted, whether or not it is still open. */
  get wasGreeted(): boolean {
    return this.#wasGreeted;
  }

  get isOpen(): boolean {
    return this.#state !== SessionState.idle;
  }

  /** The script has it say nothing for a while. */
  get isHolding(): boolean {
    return this.#walker.isHolding && this.#state === SessionState.dialogue;
  }

  /** The sessions from now on are those of another lane. Call only between two of them. */
  enter(tools: LaneTools): void {
    assert(this.#state === SessionState.idle, 'a session belongs to one lane from its first octet to its last');
    this.#recorder = tools.recorder;
    this.#echo = tools.echo;
    this.#walker.enter(tools);
    this.#opening.enter(tools);
    this.#judge.enter(tools);
  }

  /** Gives the session its connection; once, since each needs the other. */
  attach(connection: Connection): void {
    this.#walker.connection = connection;
  }

  /**
   * Opens a connection and walks the script.
   *
   * @param message - the message it is opened for, already taken from the plan; -1: none
   */
  begin(message: number, nowUs: number): void {
    assert(this.#state === SessionState.idle, 'a session begins when the one before it has ended');
    this.#state = SessionState.connecting;
    this.#startedAtUs = nowUs;
    this.#isShutDown = false;
    this.#isDue = false;
    this.#hasFailed = false;
    this.#isCut = false;
    this.#wasGreeted = false;
    this.#isToDo = Judgement.none;
    this.#judge.reset();
    this.#parser.reset();
    this.#parser.wantsLines = false;
    this.#walker.reset(message, nowUs);
    this.#recorder.sessionStarted(nowUs);
    this.#recorder.sent(Step.connect, nowUs);
    this.#wheel.schedule(this, nowUs + this.#walker.timeoutUs(Step.connect));
    this.#walker.connection.open();
  }

  onConnected(nowUs: number): void {
    if (this.#state !== SessionState.connecting) return;
    this.#recorder.replied(Step.connect, this.#startedAtUs, nowUs);
    this.#owner.onConnectSettled();
    this.#walker.step();
    if (this.#walker.op === Op.tls) this.startTls(nowUs);
    else this.#openDialogue(nowUs);
  }

  onTlsReady(tls: TlsDescription | null, nowUs: number): void {
    if (this.#state !== SessionState.securing) return;
    this.#recorder.replied(Step.tls, this.#tlsStartedAtUs, nowUs);
    if (tls !== null) this.#observer?.onTls(tls);
    // What was learnt in clear is forgotten (RFC 3207 §4.2).
    this.#parser.reset();
    this.#walker.extensions.clear();
    this.#walker.step();
    this.#openDialogue(nowUs);
  }

  onData(buffer: Uint8Array, length: number, nowUs: number): void {
    this.#nowUs = nowUs;
    this.#recorder.bytesReceived(length, nowUs);
    this.#isParsing = true;
    this.#parser.execute(buffer, length);
    this.#isParsing = false;
    if (!this.#isDue) return;
    this.#isDue = false;
    if (this.#state !== SessionState.dialogue || this.#isShutDown) return;
    if (this.#isToDo !== Judgement.none) this.#do(this.#isToDo, nowUs);
    else this.goOn(nowUs);
  }

  onDrained(nowUs: number): void {
    if (this.#walker.isTransferring) this.#walker.contentTaken(nowUs);
  }

  onReplyLine(parser: ReplyParser, buffer: Uint8Array, start: number, end: number): void {
    const { ring } = this.#walker;
    if (ring.count > 0 && this.#judge.readsText(ring.rule)) this.#judge.addLine(buffer, start, end);
    if (parser.lineCount === 1 || this.#walker.op !== Op.ehlo || this.#walker.opening.isHelo) return;
    this.#walker.extensions.addLine(buffer, start, end);
    // smtp-sink ends its list with an empty line.
    if (this.#observer === null || end === start) return;
    this.#observer.onKeyword(Buffer.from(buffer.subarray(start, end)).toString('latin1'));
  }

  onReply(parser: ReplyParser): void {
    const nowUs = this.#nowUs;
    const { ring } = this.#walker;
    const { code } = parser;
    if (ring.count === 0) {
      this.#onUnaskedReply(code, parser, nowUs);
      return;
    }
    const { step } = ring;
    const replyClass = Math.floor(code / 100);
    if (step === Step.auth && !this.#opening.endsAuth(code, parser, nowUs)) return;
    // A 1yz never has a place; a 3yz answers DATA alone, and a 2yz to DATA promises what it cannot keep.
    const isStrange = replyClass === 1 || (replyClass === 3) !== (step === Step.data && replyClass < 4);
    // A line of the user's own may be answered as the script says.
    if (isStrange && !(step === Step.raw && this.#judge.expects(ring.rule, code, parser.enhanced))) {
      this.unexpectedCode(step, code, parser, nowUs);
      return;
    }
    if (this.#walker.isTransferring && step === Step.endOfData) {
      if (!this.#walker.connection.isDrained) {
        this.#onEarlyReply(code, parser, nowUs);
        return;
      }
      this.#walker.contentTaken(nowUs);
    }
    const { sentAtUs, slot, rule } = ring;
    if (parser.textOctets >= this.#echo.minOctets) this.#checkEcho(step, slot, parser, nowUs);
    if (step !== Step.endOfData || this.#walker.messages.isLastReply(slot)) ring.pop();
    this.#recorder.reply(step, sentAtUs, nowUs, code, parser.enhanced, false, parser);
    this.#recorder.replied(step, sentAtUs, nowUs);
    if (ring.count > 0) this.#wheel.schedule(this, nowUs + this.#walker.timeoutUs(ring.step));
    else this.#wheel.cancel(this);
    const judgement = rule === 0 ? Judgement.none : this.#judge.judge(rule, step, sentAtUs, parser);
    if (judgement === Judgement.stopRun) this.#owner.onStopAsked();
    if (code === 421) this.shutDown(step, parser, nowUs);
    else if (judgement >= Judgement.reset) this.#decideOtherwise(judgement, step, slot, code, nowUs);
    else this.#decide(step, slot, code, replyClass, judgement === Judgement.expected, nowUs);
  }

  onMalformed(_parser: ReplyParser, kind: MalformedKind, sample: string): void {
    if (this.#walker.ring.count === 0) this.#recorder.unasked(this.#nowUs, ErrorKind[kind], sample);
    this.breakOff(ErrorKind[kind], sample, this.#nowUs);
  }

  onDeadline(nowUs: number): void {
    if (this.#walker.isHolding) this.endHold(nowUs);
    else this.onConnectionLost(ErrorKind.timeout, 'no answer before the deadline', nowUs);
  }

  onConnectionLost(kind: number, sample: string, nowUs: number): void {
    if (this.#state === SessionState.idle || this.#state === SessionState.closing) return;
    if (this.#hasNothingLeft) {
      this.#close();
      return;
    }
    // Nothing was outstanding that could fail.
    if (this.#walker.isHolding) this.#recorder.unasked(nowUs, kind, sample);
    this.breakOff(kind, sample, nowUs);
  }

  /** The script holds its session open no longer. */
  endHold(nowUs: number): void {
    if (!this.#walker.isHolding || this.#state !== SessionState.dialogue) return;
    this.#walker.isHolding = false;
    this.goOn(nowUs);
  }

  /** The run is ending: the script waits for nothing any more, and repeats nothing. */
  end(nowUs: number): void {
    this.#walker.end();
    this.endHold(nowUs);
  }

  onClosed(nowUs: number): void {
    if (this.#state === SessionState.idle) return;
    assert(this.#state === SessionState.closing, 'a connection is lost before it is closed');
    this.#state = SessionState.idle;
    this.#wheel.cancel(this);
    const ending = this.#isCut ? Ending.cut : this.#hasFailed ? Ending.failed : Ending.completed;
    this.#recorder.sessionEnded(ending, this.#startedAtUs, nowUs);
    this.#owner.onSessionEnded(ending, this.#walker.messages.servedCount, nowUs);
  }

  /** The run's end: messages under way are cut, commands without an answer stay so. */
  cut(nowUs: number): void {
    if (this.#state === SessionState.idle || this.#state === SessionState.closing) return;
    if (!this.#hasNothingLeft) {
      this.#isCut = true;
      this.#forEachOutstanding((step, sentAtUs) => {
        this.#recorder.cutOff(step, sentAtUs);
      });
      this.#walker.forgetOutstanding();
      this.#walker.messages.settleOpen(Outcome.cut, nowUs);
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
    this.#walker.messages.count(of);
  }

  /** The script is at its end, or the server's 421 was the last word: only the close is still to come. */
  get #hasNothingLeft(): boolean {
    return (
      (this.#walker.hasQuit || this.#isShutDown) &&
      this.#walker.ring.count === 0 &&
      this.#state === SessionState.dialogue
    );
  }

  /** The server has the word if its greeting is due. */
  #openDialogue(nowUs: number): void {
    this.#state = SessionState.dialogue;
    if (this.#walker.op === Op.greeting) {
      this.#walker.await(Step.greeting, nowUs);
      this.#chooseLines();
    } else this.goOn(nowUs);
  }

  /** The lines of the next reply are looked at where they hold keywords, or what the script wants to see. */
  #chooseLines(): void {
    const { ring, opening, op } = this.#walker;
    this.#parser.wantsLines =
      ring.count > 0 && ((op === Op.ehlo && !opening.isHelo) || this.#judge.readsText(ring.rule));
  }

  startTls(nowUs: number): void {
    this.#state = SessionState.securing;
    this.#tlsStartedAtUs = nowUs;
    this.#recorder.sent(Step.tls, nowUs);
    this.#wheel.schedule(this, nowUs + this.#walker.timeoutUs(Step.tls));
    this.#walker.connection.startTls();
  }

  /** A reply that names another message was meant for somebody else: it is told, and counts as it stands. */
  #checkEcho(step: number, slot: number, parser: ReplyParser, nowUs: number): void {
    if (!this.#echo.isCrossed(step, this.#walker.messages.of(slot), parser)) return;
    this.#recorder.unasked(nowUs, ErrorKind.crossedReply, `${String(parser.code)} ${parser.text()}`);
  }

  /** What follows from a reply, by the step it ends. `isExpected`: the script wants it just so. */
  #decide(step: number, slot: number, code: number, replyClass: number, isExpected: boolean, nowUs: number): void {
    if (!isOfMessage(step)) {
      this.#opening.onReply(step, replyClass === 2, code, { parser: this.#parser, isExpected }, nowUs);
      return;
    }
    // Limits per session do not go away by asking again: QUIT once every reply is in.
    if (step === Step.mail && replyClass === 4 && !isExpected) this.#walker.goToQuit();
    if (isExpected && code >= 400) this.#walker.refusalExpected();
    this.#walker.messages.answer(step, slot, code, nowUs);
    if (this.#walker.ring.count > 0) return;
    if (this.#isToDo !== Judgement.none) this.#do(this.#isToDo, nowUs);
    else if (this.#hasNothingLeft) this.#wheel.schedule(this, nowUs + CLOSE_WAIT_US);
    else this.goOn(nowUs);
  }

  /** The script wants something else than to go on; done once every reply is in. */
  #decideOtherwise(judgement: number, step: number, slot: number, code: number, nowUs: number): void {
    this.#parser.wantsLines = false;
    if (isOfMessage(step)) this.#walker.messages.answer(step, slot, code, nowUs);
    else this.#walker.leaveOpeningStep();
    this.#isToDo = Math.max(this.#isToDo, judgement);
    if (this.#walker.ring.count === 0) this.#do(this.#isToDo, nowUs);
  }

  #do(judgement: number, nowUs: number): void {
    this.#isToDo = Judgement.none;
    if (this.#hasNothingLeft) this.#wheel.schedule(this, nowUs + CLOSE_WAIT_US);
    else if (judgement === Judgement.drop) this.#abandon(nowUs);
    else if (this.#isParsing && this.#parser.bytesAfter > 0) {
      // What came together with this reply was said before the next command.
      this.#isToDo = judgement;
      this.#isDue = true;
    } else if (judgement === Judgement.reset) this.#walker.sendReset(nowUs);
    else {
      this.#walker.messages.abandon(nowUs);
      this.#walker.goToQuit();
      this.goOn(nowUs);
    }
  }

  next(nowUs: number): void {
    this.#walker.step();
    this.goOn(nowUs);
  }

  onGreeted(nowUs: number): void {
    this.#wasGreeted = true;
    this.#owner.onGreeted(nowUs);
  }

  /** Before the messages, a refusal ends the session; it settles the message that the session was opened for. */
  refused(step: number, code: number, nowUs: number, isAsked = false): void {
    this.#observer?.onRefused(step, code, -1, this.#parser.text());
    if (!isAsked) this.#hasFailed = true;
    this.#walker.messages.settleOpen(refusalOf(code), nowUs);
    this.#walker.goToQuit();
    this.goOn(nowUs);
  }

  /** What the script wants is not offered: the dialogue ends before its first octet. */
  #notOffered(kind: number, nowUs: number): void {
    const { step, sample } = this.#opening.missing(kind);
    this.#recorder.sent(step, nowUs);
    this.failOpening(step, nowUs, kind, sample, nowUs);
    this.goOn(nowUs);
  }

  /** A dialogue before the messages fails, though the connection is sound: QUIT is all that is left. */
  failOpening(step: number, sentAtUs: number, kind: number, sample: string, nowUs: number): void {
    this.#observer?.onRefused(step, 0, kind, sample);
    this.#recorder.failed(step, sentAtUs, kind, sample);
    this.#hasFailed = true;
    this.#walker.messages.settleOpen(Outcome.failed, nowUs);
    this.#walker.opening.auth = null;
    this.#walker.goToQuit();
  }

  /** 421: the server is leaving. Every recipient without a verdict is deferred by it. */
  shutDown(step: number, parser: ReplyParser, nowUs: number): void {
    if (step === Step.greeting) this.#observer?.onGreeting(421, parser.text());
    this.#observer?.onRefused(step, 421, -1, parser.text());
    this.#hasFailed = true;
    this.#isShutDown = true;
    this.#walker.leaveChunks();
    this.#walker.messages.settleOpen(Outcome.deferred, nowUs);
    if (this.#walker.ring.count === 0) this.#wheel.schedule(this, nowUs + CLOSE_WAIT_US);
  }

  #onUnaskedReply(code: number, parser: ReplyParser, nowUs: number): void {
    this.#recorder.reply(Step.session, nowUs, nowUs, code, parser.enhanced, false, parser);
    if (code === 421) {
      this.shutDown(Step.session, parser, nowUs);
      return;
    }
    const sample = `${String(code)} ${parser.text()}`;
    this.#recorder.unasked(nowUs, ErrorKind.unaskedReply, sample);
    this.breakOff(ErrorKind.unaskedReply, sample, nowUs);
  }

  /** The code cannot end the command: it is counted as interim, and the command fails with all that wait behind it. */
  unexpectedCode(step: number, code: number, parser: ReplyParser, nowUs: number): void {
    this.#recorder.reply(step, this.#walker.ring.sentAtUs, nowUs, code, parser.enhanced, true, parser);
    this.breakOff(ErrorKind.unexpectedCode, `${String(code)} ${parser.text()}`, nowUs);
  }

  /** The verdict came before the content was taken: a refusal counts, and the connection is of no further use. */
  #onEarlyReply(code: number, parser: ReplyParser, nowUs: number): void {
    const walker = this.#walker;
    const startedAtUs = walker.contentAnsweredEarly(`${String(code)} ${parser.text()}`);
    this.#recorder.reply(Step.endOfData, startedAtUs, nowUs, code, parser.enhanced, false, parser);
    this.#recorder.replied(Step.endOfData, startedAtUs, nowUs);
    const { slot } = walker.ring;
    const transaction = walker.messages.of(slot);
    if (walker.messages.isLastReply(slot)) walker.ring.pop();
    if (code === 421) walker.messages.settleOpen(Outcome.deferred, nowUs);
    else if (code >= 400) {
      // A 2yz settles nothing: nobody can have taken what was not sent. The message fails with the connection.
      const verdict = transaction.answerContent(code);
      if (verdict !== NO_VERDICT) walker.messages.settle(transaction, verdict as Outcome, nowUs);
    }
    this.breakOff(ErrorKind.earlyReply, 'the server answered before it had the content', nowUs);
  }

  /** Sends what comes next. */
  goOn(nowUs: number): void {
    // What came together with this reply was said before the next command: it must not pass for its answer.
    if (this.#isParsing && this.#parser.bytesAfter > 0) {
      this.#isDue = true;
      return;
    }
    const blockedBy = this.#walker.proceed(nowUs);
    this.#chooseLines();
    if (blockedBy === DROP) this.#abandon(nowUs);
    else if (blockedBy !== NOT_BLOCKED) this.#notOffered(blockedBy, nowUs);
  }

  /** The script ends the session without a word: it is complete, and what it had begun is abandoned. */
  #abandon(nowUs: number): void {
    this.#walker.messages.settleOpen(Outcome.abandoned, nowUs);
    this.#close();
  }

  /** Ends the session before its script: what is outstanding fails once each, what is unsettled fails with it. */
  breakOff(kind: number, sample: string, nowUs: number): void {
    // An AUTH that is being cancelled failed before, and by something else.
    const problem = this.#walker.opening.auth?.problem ?? '';
    const cause = problem === '' ? { kind, sample } : { kind: ErrorKind.malformed, sample: problem };
    this.#forEachOutstanding((step, sentAtUs) => {
      this.#observer?.onRefused(step, 0, cause.kind, cause.sample);
      this.#recorder.failed(step, sentAtUs, cause.kind, cause.sample);
    });
    this.#walker.forgetOutstanding();
    this.#hasFailed = true;
    this.#walker.messages.settleOpen(Outcome.failed, nowUs);
    this.#close();
  }

  /** Visits everything that was begun here and not answered. Not for the hot path. */
  #forEachOutstanding(visit: (step: number, sentAtUs: number) => void): void {
    if (this.#state === SessionState.connecting) visit(Step.connect, this.#startedAtUs);
    if (this.#state === SessionState.securing) visit(Step.tls, this.#tlsStartedAtUs);
    this.#walker.forEachOutstanding(visit);
  }

  #close(): void {
    if (this.#state === SessionState.connecting) this.#owner.onConnectSettled();
    this.#state = SessionState.closing;
    this.#parser.halt();
    this.#wheel.cancel(this);
    this.#walker.connection.drop(this.#walker.dropHow);
  }
}

/** Whether a reply to the step decides nothing but what becomes of the message that it belongs to. */
function isOfMessage(step: number): boolean {
  return (step >= Step.xforward && step <= Step.rset) || step === Step.quit;
}
