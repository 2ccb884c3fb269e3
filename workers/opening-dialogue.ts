/** What follows from replies to all that is no part of a message: greeting, EHLO, STARTTLS, AUTH, and single commands. */
import { assert } from '../src/assert.js';
import { ErrorKind } from '../src/metrics/outcome.js';
import { extensionNames } from '../src/protocol/extensions.js';
import type { ReplyParser } from '../src/protocol/reply-parser.js';
import { AuthTurn, type AuthDialogue } from '../src/protocol/sasl/auth-dialogue.js';
import { Step } from '../src/protocol/steps.js';
import { Op, type CompiledScript } from '../src/scenario/compiled-script.js';
import type { Recorder } from './recorder.js';
import type { ScriptWalker } from './script-walker.js';
import type { SessionObserver } from './session-state.js';
import type { LaneTools, SessionTools } from './session-tools.js';

/** The session in which this is said. */
export interface OpeningHost {
  /** Sends the step behind the one that was answered. */
  next(nowUs: number): void;
  /** Sends what the script has now. */
  goOn(nowUs: number): void;
  /**
   * QUIT is all that is left; the message that the session was opened for is settled by `code`.
   *
   * @param isAsked - the plan wants it so, and the session does what it should
   */
  refused(step: number, code: number, nowUs: number, isAsked?: boolean): void;
  startTls(nowUs: number): void;
  /** Ends the session before its script. */
  breakOff(kind: number, sample: string, nowUs: number): void;
  /** A code cannot end its command. */
  unexpectedCode(step: number, code: number, parser: ReplyParser, nowUs: number): void;
  /** A dialogue fails, though the connection is sound: QUIT is all that is left. */
  failOpening(step: number, sentAtUs: number, kind: number, sample: string, nowUs: number): void;
  /** The server said 421. */
  shutDown(step: number, parser: ReplyParser, nowUs: number): void;
  /** The server has greeted. */
  onGreeted(nowUs: number): void;
}

/** The opening of one session. */
export class OpeningDialogue {
  #script: CompiledScript;
  #recorder: Recorder;
  readonly #observer: SessionObserver | null;
  readonly #walker: ScriptWalker;
  readonly #host: OpeningHost;

  constructor({ script, recorder, observer }: SessionTools, walker: ScriptWalker, host: OpeningHost) {
    this.#script = script;
    this.#recorder = recorder;
    this.#observer = observer;
    this.#walker = walker;
    this.#host = host;
  }

  /** The sessions from now on are those of another lane. */
  enter({ script, recorder }: LaneTools): void {
    this.#script = script;
    this.#recorder = recorder;
  }

  /** What to say of something that the script asks for and the server does not offer, by the kind of the error. */
  missing(kind: number): { step: number; sample: string } {
    switch (kind) {
      case ErrorKind.tlsNotOffered:
        return { step: Step.starttls, sample: 'STARTTLS is not among the EHLO keywords' };
      case ErrorKind.notOffered: {
        const missing = extensionNames(this.#script.required & ~this.#walker.extensions.flags);
        return { step: Step.mail, sample: `${missing.join(', ')} not among the EHLO keywords` };
      }
      default:
        return { step: Step.auth, sample: this.#walker.authScript?.notOffered ?? '' };
    }
  }

  /** A step was answered. `isExpected`: just so by the script, so that a refusal ends nothing. */
  onReply(
    step: number,
    isPositive: boolean,
    code: number,
    { parser, isExpected }: { readonly parser: ReplyParser; readonly isExpected: boolean },
    nowUs: number,
  ): void {
    if (step === Step.greeting) this.#observer?.onGreeting(code, parser.text());
    if (isExpected && !isPositive) {
      this.#onExpectedRefusal(step, parser, nowUs);
      return;
    }
    switch (step) {
      case Step.greeting:
        this.#onGreetingReply(isPositive, code, nowUs);
        break;
      case Step.ehlo:
        this.#onEhloReply(isPositive, code, parser, nowUs);
        break;
      case Step.starttls:
        this.#onStartTlsReply(isPositive, code, parser, nowUs);
        break;
      case Step.auth:
        if (isPositive) this.#host.next(nowUs);
        else this.#host.refused(step, code, nowUs, code >= 500 && this.#isWrongOnPurpose);
        break;
      case Step.xclient:
        if (isPositive) this.#host.next(nowUs);
        else this.#host.refused(step, code, nowUs);
        break;
      default:
        assert(step >= Step.noop && step <= Step.raw, 'every step that has replies is decided');
        // What they are answered says nothing of the session.
        this.#host.next(nowUs);
    }
  }

  /** Whether a reply ends AUTH as its code says. What follows from any other is done here. */
  endsAuth(code: number, parser: ReplyParser, nowUs: number): boolean {
    const { opening, ring } = this.#walker;
    const auth = opening.auth as AuthDialogue;
    const turn = auth.hear(parser);
    if (turn === AuthTurn.ends) {
      this.#observer?.onAuth(auth.mechanismName);
      opening.auth = null;
    } else if (turn === AuthTurn.unexpected) this.#host.unexpectedCode(Step.auth, code, parser, nowUs);
    else this.#recorder.reply(Step.auth, ring.sentAtUs, nowUs, code, parser.enhanced, true, parser);
    if (turn === AuthTurn.goesOn) {
      // Who goes on without waiting cannot mean what is said now.
      if (parser.bytesAfter > 0) {
        this.#host.breakOff(ErrorKind.unaskedReply, 'data behind a challenge of AUTH', nowUs);
      } else opening.continueAuth(auth, nowUs);
    } else if (turn === AuthTurn.cancelled) this.#onAuthCancelled(code, auth.problem, parser, nowUs);
    return turn === AuthTurn.ends;
  }

  /** RFC 4954 §4: 501 confirms a cancel. What failed is the challenge before it, whatever the code. */
  #onAuthCancelled(code: number, problem: string, parser: ReplyParser, nowUs: number): void {
    const { ring } = this.#walker;
    if (code < 400) {
      this.#host.breakOff(ErrorKind.malformed, problem, nowUs);
      return;
    }
    this.#host.failOpening(Step.auth, ring.sentAtUs, ErrorKind.malformed, problem, nowUs);
    ring.pop();
    if (code === 421) this.#host.shutDown(Step.auth, parser, nowUs);
    else this.#host.goOn(nowUs);
  }

  get #isWrongOnPurpose(): boolean {
    return this.#walker.authScript?.accounts.isWrong(this.#walker.connection) === true;
  }

  /** The script goes on, without what was refused. */
  #onExpectedRefusal(step: number, parser: ReplyParser, nowUs: number): void {
    if (step === Step.ehlo) {
      parser.wantsLines = false;
      this.#walker.extensions.clear();
      this.#walker.learnPipelining();
    } else if (step === Step.starttls) {
      this.#walker.skipTls();
      this.#host.goOn(nowUs);
      return;
    }
    this.#host.next(nowUs);
  }

  #onGreetingReply(isPositive: boolean, code: number, nowUs: number): void {
    if (!isPositive) {
      this.#host.refused(Step.greeting, code, nowUs);
      return;
    }
    this.#host.onGreeted(nowUs);
    this.#host.next(nowUs);
  }

  #onEhloReply(isPositive: boolean, code: number, parser: ReplyParser, nowUs: number): void {
    parser.wantsLines = false;
    if (isPositive) {
      this.#walker.learnPipelining();
      this.#host.next(nowUs);
      return;
    }
    const { opening } = this.#walker;
    this.#walker.extensions.clear();
    if (this.#walker.op !== Op.ehlo || opening.isHelo || this.#script.isLmtp || code < 500) {
      this.#host.refused(Step.ehlo, code, nowUs);
      return;
    }
    opening.isHelo = true;
    this.#host.goOn(nowUs);
  }

  #onStartTlsReply(isPositive: boolean, code: number, parser: ReplyParser, nowUs: number): void {
    if (isPositive && parser.bytesAfter > 0) {
      // RFC 3207 §6: what came in clear behind the 220 was put there by somebody in between.
      const sample = 'data in clear behind the 220 of STARTTLS';
      this.#recorder.unasked(nowUs, ErrorKind.unaskedReply, sample);
      this.#observer?.onRefused(Step.starttls, 0, ErrorKind.unaskedReply, sample);
      this.#host.breakOff(ErrorKind.unaskedReply, sample, nowUs);
    } else if (isPositive) {
      this.#walker.step();
      this.#host.startTls(nowUs);
    } else if (this.#script.tlsRequired) this.#host.refused(Step.starttls, code, nowUs);
    else {
      this.#walker.skipTls();
      this.#host.goOn(nowUs);
    }
  }
}
