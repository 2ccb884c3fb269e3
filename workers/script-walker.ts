/**
 * Where a session stands in its script, and what it sends next: single commands in lock-step, groups where the server
 * offers PIPELINING (RFC 2920). Knows what was sent and is unanswered, and nothing of what replies mean.
 */
import { assert } from '../src/assert.js';
import { ErrorKind } from '../src/metrics/outcome.js';
import { DATA, QUIT, RSET } from '../src/protocol/commands.js';
import { Extension, ServerExtensions } from '../src/protocol/extensions.js';
import { Step } from '../src/protocol/steps.js';
import { FIRST_TURN, Op } from '../src/scenario/compiled-script.js';
import type {
  AuthScript,
  CompiledScript,
  ContentScript,
  MailScript,
  PauseScript,
  RcptScript,
  ScriptCommand,
} from '../src/scenario/compiled-script.js';
import type { CommandRing } from './command-ring.js';
import { CommandWriter } from './command-writer.js';
import { ContentSender } from './content-sender.js';
import { WHEEL_TICK_US, type DeadlineWheel, type WheelEntry } from './deadline-wheel.js';
import { EnvelopeSender, Sent } from './envelope-sender.js';
import { LooseCommands } from './loose-commands.js';
import { OpeningSender, SAID, WITHOUT_TLS } from './opening-sender.js';
import { forEachOutstanding, repliesDue } from './outstanding.js';
import { ScriptTurns } from './script-turns.js';
import { SessionMessages } from './session-messages.js';
import type { Connection, PlannedOwner, SessionOwner } from './session-state.js';
import type { LaneTools, SessionTools } from './session-tools.js';
import type { CapturedValues } from './template-writer.js';
import { Stage, type Transaction } from './transaction.js';

/** What `advance` gives when nothing stands in the way. */
export const NOT_BLOCKED = -1;
/** What `advance` gives when the script ends the session without a word. */
export const DROP = -2;
/** What a step that is sent alone gives when it had nothing to send. */
const GO_ON = -3;
/** After so many turns in which nothing was sent a session pauses, so that no script stops its worker. */
const MOST_TURNS = 10_000;

/** The sending half of a session. */
export class ScriptWalker {
  readonly extensions = new ServerExtensions();
  readonly messages: SessionMessages;
  readonly opening: OpeningSender;
  /** QUIT is written: nothing follows. */
  hasQuit = false;
  /** Nothing is said until the deadline, as the script wants it. */
  isHolding = false;
  /** How the script drops the session, see `DropHow`. */
  dropHow = 0;

  #script: CompiledScript;
  readonly #envelope: EnvelopeSender;
  readonly #wheel: DeadlineWheel;
  readonly #entry: WheelEntry;
  readonly #owner: SessionOwner;
  readonly #writer: CommandWriter;
  readonly #content: ContentSender;
  readonly #turns: ScriptTurns;
  readonly #loose: LooseCommands;
  #stepIndex = 0;
  #isGrouping = false;
  /** The message was left before its content: what belonged to it is not said. */
  #isLeft = false;
  /** The script expected that the message would be refused. */
  #isRefusalExpected = false;
  /** The rule for the replies to the content under way. */
  #contentRule = 0;

  /** @param entry - the session's place in the wheel, for the deadlines of what is sent */
  constructor(tools: SessionTools, owner: SessionOwner, entry: WheelEntry, captured: CapturedValues) {
    const { script } = tools;
    this.#script = script;
    this.#wheel = tools.wheel;
    this.#entry = entry;
    this.#owner = owner;
    this.messages = new SessionMessages(tools);
    this.#writer = new CommandWriter(tools, entry, captured);
    this.opening = new OpeningSender(script, this.#writer, this.extensions);
    this.#content = new ContentSender(script, this.#writer, tools.clock, (nowUs) => {
      this.#followContent(nowUs);
    });
    this.#envelope = new EnvelopeSender(tools, owner, this.#writer, this.messages);
    this.#turns = new ScriptTurns(script, this.messages);
    this.#loose = new LooseCommands(script, this.#writer, this.messages);
  }

  /** The sessions from now on are those of another lane. */
  enter(tools: LaneTools): void {
    const { script, recorder } = tools;
    this.#script = script;
    this.messages.enter(tools);
    this.#writer.enter({ script, recorder });
    this.opening.enter(script);
    this.#content.enter(script);
    this.#envelope.enter({ script, recorder });
    this.#turns.enter(script);
    this.#loose.enter(script);
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

  timeoutUs(step: number): number {
    return this.#writer.timeoutUs(step);
  }

  /** The step at which the session stands. */
  get op(): number {
    return this.#script.ops[this.#stepIndex] as number;
  }

  /** Back to the first step. `message`: already taken for this session; -1: none. */
  reset(message: number, nowUs: number): void {
    this.#stepIndex = 0;
    this.hasQuit = false;
    this.isHolding = false;
    this.dropHow = 0;
    this.#isGrouping = false;
    this.#isLeft = false;
    this.#isRefusalExpected = false;
    this.forgetOutstanding();
    this.extensions.clear();
    this.messages.reset();
    this.opening.reset();
    this.#envelope.reset();
    this.#turns.reset();
    this.#loose.reset();
    if (message >= 0) this.#envelope.take(message, nowUs);
  }

  /** How the session says who it is; undefined at any other step than that. */
  get authScript(): AuthScript | undefined {
    return this.op === Op.auth ? this.#script.auths[this.#script.args[this.#stepIndex] as number] : undefined;
  }

  step(): void {
    this.#stepIndex++;
  }

  /** A step before the messages is over, whatever came of it. */
  leaveOpeningStep(): void {
    if (this.op === Op.startTls) this.skipTls();
    else this.step();
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

  /** The script ends as soon as it can: pauses and rounds are over. */
  end(): void {
    this.#turns.isEnding = true;
  }

  /** A refusal in the message under way is what the script wants to see. */
  refusalExpected(): void {
    this.#isRefusalExpected = true;
  }

  /** A reply of `step` is now due, though no command asks for it. */
  await(step: number, nowUs: number): void {
    this.#writer.rule = this.#script.ruleOf[this.#stepIndex] as number;
    this.#writer.await(step, this.messages.slot, nowUs);
  }

  /** Gives up the message under way, if there is one, and says RSET; the script goes on behind the message. */
  sendReset(nowUs: number): void {
    if (this.messages.current.stage === Stage.envelope) {
      this.messages.abandon(nowUs);
      this.#envelope.leaveStep();
      this.#stepIndex = this.#turns.behindMessage(this.#stepIndex);
    }
    this.#envelope.needsRset = false;
    this.#writer.begin();
    this.#writer.rule = 0;
    this.#command(Step.rset, RSET, nowUs);
    this.#writer.flush(nowUs);
  }

  /**
   * Nothing is outstanding: sends what the transaction under way needs, or goes on in the script.
   *
   * @returns {@link NOT_BLOCKED}, {@link DROP}, or the error kind of what the next step needs and the server does not offer
   */
  proceed(nowUs: number): number {
    const transaction = this.messages.current;
    if (transaction.stage === Stage.content) {
      if (this.#content.hasChunks && !transaction.isChunkRefused) {
        this.#writer.rule = this.#contentRule;
        this.#content.sendChunks(transaction, this.messages.slot, this.#isGrouping, nowUs);
        return NOT_BLOCKED;
      }
      if (this.#content.hasChunks) {
        this.leaveChunks();
        this.#leaveTransaction(transaction);
      }
      return this.advance(nowUs);
    }
    if (transaction.stage === Stage.envelope && !transaction.hasGoAhead && transaction.isHopeless) {
      this.#leaveTransaction(transaction);
    }
    if (this.op >= FIRST_TURN && !this.#turn(nowUs)) return NOT_BLOCKED;
    if (transaction.stage === Stage.envelope && this.#mayBeginContent(transaction)) {
      this.#sendContent(transaction, nowUs);
      return NOT_BLOCKED;
    }
    return this.advance(nowUs);
  }

  /** Behind 354, unless the script wants to be silent there; chunks need no go-ahead but a recipient. */
  #mayBeginContent(transaction: Transaction): boolean {
    if (transaction.hasGoAhead) return this.op !== Op.drop && this.op !== Op.hold;
    return this.op === Op.content && transaction.rcptAccepted > 0 && !transaction.isSettled;
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
    if (this.#content.isChunked && (this.#content.hasChunks || !this.connection.isDrained)) return;
    this.#writer.contentTaken(repliesDue(this.#writer, this.messages), nowUs);
  }

  /**
   * The verdict came before the content was taken: the transfer has failed, and the end of the content counts as sent
   * with its first octet.
   *
   * @returns when that was
   */
  contentAnsweredEarly(sample: string): number {
    this.#writer.failTransfer(sample);
    const { transferStartedAtUs } = this.#writer;
    this.#writer.countEndOfData(repliesDue(this.#writer, this.messages), transferStartedAtUs);
    return transferStartedAtUs;
  }

  /** The server wants no more of the content under way: chunks that are left are not sent, and the transfer has failed. */
  leaveChunks(): void {
    const isIncomplete = this.#content.hasChunks && this.#writer.isTransferring;
    this.#content.reset();
    if (isIncomplete) this.#writer.failTransfer('a chunk was refused before the last one was sent');
  }

  /** Visits every command that was sent and not answered, and the content on its way. Not for the hot path. */
  forEachOutstanding(visit: (step: number, sentAtUs: number) => void): void {
    forEachOutstanding(this.#writer, this.messages, visit);
  }

  /** No reply is waited for any more. */
  forgetOutstanding(): void {
    this.#writer.forget();
    this.#content.reset();
    this.opening.auth = null;
  }

  /** Fills the outbox from the script until a command has to wait for its reply. Returns as {@link proceed}. */
  #fill(nowUs: number): number {
    for (;;) {
      if (this.op >= FIRST_TURN && !this.#turn(nowUs)) return NOT_BLOCKED;
      const isAlone = this.#isRuleAlone;
      if (isAlone && this.#writer.ring.count > 0) return NOT_BLOCKED;
      this.#writer.rule = this.#script.ruleOf[this.#stepIndex] as number;
      const isGrouping = this.#isGrouping && !isAlone;
      switch (this.op) {
        case Op.mail:
          if ((this.extensions.flags & this.#script.required) !== this.#script.required) {
            return ErrorKind.notOffered;
          }
          if (!this.#sendMail(isGrouping, nowUs)) return NOT_BLOCKED;
          break;
        case Op.rcpt:
          if (!this.#sendRcpt(isGrouping, nowUs)) return NOT_BLOCKED;
          break;
        case Op.data:
          this.#command(Step.data, DATA, nowUs);
          this.#stepIndex++;
          return NOT_BLOCKED;
        case Op.content:
          // Chunks wait for the replies to the recipients, as content does for that to DATA.
          assert(this.#writer.ring.count > 0, 'content waits only while something is due');
          return NOT_BLOCKED;
        case Op.repeat:
          this.#stepIndex = this.#script.args[this.#stepIndex] as number;
          break;
        case Op.quit:
          this.messages.abandon(nowUs);
          this.#command(Step.quit, QUIT, nowUs);
          this.hasQuit = true;
          return NOT_BLOCKED;
        default: {
          const blockedBy = this.op <= Op.auth ? this.#fillOpening(nowUs) : this.#fillAlone(nowUs);
          if (blockedBy !== GO_ON) return blockedBy;
        }
      }
    }
  }

  /** Steps before the messages. */
  #fillOpening(nowUs: number): number {
    const argument = this.#script.args[this.#stepIndex] as number;
    const said = this.opening.send(this.op, argument, this.messages.slot, nowUs);
    if (said === SAID) return NOT_BLOCKED;
    if (said !== WITHOUT_TLS) return said;
    this.skipTls();
    return GO_ON;
  }

  /** Steps that nothing may be grouped with. */
  #fillAlone(nowUs: number): number {
    // What stands before it is answered first.
    if (this.#writer.ring.count > 0) return NOT_BLOCKED;
    const argument = this.#script.args[this.#stepIndex] as number;
    switch (this.op) {
      case Op.command:
        this.#writer.line(this.#script.commands[argument] as ScriptCommand, this.messages.slot, nowUs);
        return NOT_BLOCKED;
      case Op.rset:
        if (this.messages.current.stage === Stage.envelope) this.messages.abandon(nowUs);
        this.#envelope.needsRset = false;
        this.#isLeft = false;
        this.#command(Step.rset, RSET, nowUs);
        this.#stepIndex++;
        return NOT_BLOCKED;
      case Op.hold: {
        const us = this.#turns.pauseUs(this.#script.pauses[argument] as PauseScript, this.connection.session);
        this.#stepIndex++;
        this.#hold(us, nowUs);
        return NOT_BLOCKED;
      }
      case Op.drop:
        this.dropHow = argument;
        return DROP;
      default:
        if (this.#isLeft) this.#stepIndex++;
        else if (this.#loose.send(this.op, argument, nowUs)) this.#stepIndex++;
        return this.#writer.ring.count > 0 ? NOT_BLOCKED : GO_ON;
    }
  }

  #hold(us: number, nowUs: number): void {
    this.isHolding = true;
    this.#wheel.schedule(this.#entry, nowUs + us);
  }

  /** Whether the step must have all replies before it, and its own before the next is sent. */
  get #isRuleAlone(): boolean {
    const rule = this.#script.ruleOf[this.#stepIndex] as number;
    return rule !== 0 && this.#script.rules[rule]?.isAlone === true;
  }

  /** Goes on to the next step that is sent. @returns whether it may be: not while a turn waits for replies, or out of breath */
  #turn(nowUs: number): boolean {
    const isWaiting = this.#writer.ring.count > 0;
    for (let turns = 0; this.op >= FIRST_TURN; turns++) {
      const { op } = this;
      if (turns === MOST_TURNS) {
        if (!isWaiting) this.#hold(WHEEL_TICK_US, nowUs);
        return false;
      }
      if (op <= Op.jump) {
        // Whether there is content to send shows when the recipients are answered.
        const mayWait = this.#isRuleAlone || this.#script.ops[this.#stepIndex + 1] === Op.content;
        if (isWaiting && mayWait) return false;
        this.#stepIndex = this.#turns.goesTo(op, this.#stepIndex);
      } else if (isWaiting) return false;
      else if (op === Op.seal) this.#seal(nowUs);
      else if (op === Op.withdraw) {
        this.#stepIndex++;
        if (this.messages.withdraw(nowUs)) this.#envelope.needsRset = true;
      } else this.#stepIndex = this.#turns.decides(op, this.#stepIndex, this.connection.session);
    }
    return true;
  }

  /** No recipient follows: if all were refused, so is the message. */
  #seal(nowUs: number): void {
    this.#stepIndex++;
    if (this.messages.seal(nowUs)) this.#leaveTransaction(this.messages.current);
  }

  /** Begins the next message. @returns whether the group may go on behind it */
  #sendMail(isGrouping: boolean, nowUs: number): boolean {
    const mail = this.#script.mails[this.#script.args[this.#stepIndex] as number] as MailScript;
    const sent = this.#envelope.sendMail(mail, isGrouping, nowUs);
    // In lock-step the step stays the same: MAIL follows the reply to RSET.
    if (sent === Sent.part) return false;
    if (sent === Sent.nothing) {
      if (this.#owner.planned?.isKeptOpen === true) return this.#awaitMessage(this.#owner.planned, nowUs);
      this.#stepIndex = mail.exit;
      return true;
    }
    this.#turns.messageBegan();
    this.#isLeft = false;
    this.#isRefusalExpected = false;
    this.#stepIndex++;
    return sent === Sent.whole;
  }

  /** Once all is answered the session waits for a message. @returns that the group does not go on */
  #awaitMessage({ onIdle }: PlannedOwner, nowUs: number): false {
    if (this.#writer.ring.count > 0) return false;
    this.#hold(Infinity, nowUs);
    onIdle(nowUs);
    return false;
  }

  /** Sends recipients. @returns whether the group may go on behind them */
  #sendRcpt(isGrouping: boolean, nowUs: number): boolean {
    const rcpt = this.#script.rcpts[this.#script.args[this.#stepIndex] as number] as RcptScript;
    const sent = this.#envelope.sendRcpt(rcpt, isGrouping, nowUs);
    if (sent !== Sent.part) this.#stepIndex++;
    return sent === Sent.whole;
  }

  /** The transaction ends without content; the server is told so before the next one. */
  #leaveTransaction(transaction: Transaction): void {
    transaction.stage = Stage.idle;
    this.#envelope.needsRset = transaction.isMailAccepted;
    // Who expects the refusal wants to see what comes of the steps behind it.
    this.#isLeft = !this.#isRefusalExpected;
    this.#skipContent();
  }

  /** Sends the content, or a lone dot when every recipient was refused, and what may go behind it in the same write. */
  #sendContent(transaction: Transaction, nowUs: number): void {
    const { contents, args, ruleOf } = this.#script;
    const isDue = this.op === Op.content;
    const content = isDue ? (contents[args[this.#stepIndex] as number] as ContentScript) : null;
    this.#contentRule = isDue ? (ruleOf[this.#stepIndex] as number) : 0;
    this.#writer.rule = this.#contentRule;
    this.#skipContent();
    const { slot } = this.messages;
    if (content === null || transaction.isSettled || transaction.rcptAccepted === 0) {
      this.#content.sendNothing(transaction, slot, nowUs);
    } else {
      this.#content.send(content, transaction, slot, this.#isGrouping, nowUs);
    }
  }

  /** Goes on behind the content, and what leads to it. */
  #skipContent(): void {
    this.#envelope.leaveStep();
    while (this.op === Op.rcpt || this.op === Op.data || this.op === Op.content) this.#stepIndex++;
    while (this.op === Op.jump) this.#stepIndex = this.#turns.goesTo(Op.jump, this.#stepIndex);
  }

  /** RFC 2920 §3.1: content may begin a group. QUIT goes behind it when this is the last message. */
  #followContent(nowUs: number): void {
    if (!this.#isGrouping || (this.op !== Op.quit && this.op !== Op.repeat)) return;
    if (this.#script.rules[this.#contentRule]?.isAlone === true) return;
    const isLast = this.op === Op.quit || !(this.#owner.planned?.isKeptOpen === true || this.#owner.hasMessage(nowUs));
    if (isLast && this.op !== Op.quit) this.goToQuit();
    if (isLast || this.#script.pipelining === 'across') this.#fill(nowUs);
  }

  #command(step: number, octets: Uint8Array, nowUs: number): void {
    this.#writer.command(step, this.messages.slot, octets, nowUs);
  }
}
