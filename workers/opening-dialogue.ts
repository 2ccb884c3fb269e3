/** What follows from replies to all that is no part of a message: greeting, EHLO, STARTTLS, AUTH, and single commands. */
import { assert } from '../src/assert.js';
import { ErrorKind } from '../src/metrics/outcome.js';
import type { ReplyParser } from '../src/protocol/reply-parser.js';
import { Step } from '../src/protocol/steps.js';
import type { CompiledScript } from '../src/scenario/compile-script.js';
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
      case ErrorKind.notOffered:
        return {
          step: Step.mail,
          sample: `${this.#walker.missingExtensions().join(', ')} not among the EHLO keywords`,
        };
      default:
        return { step: Step.auth, sample: this.#script.auth?.notOffered ?? '' };
    }
  }

  /** A step was answered. */
  onReply(step: number, isPositive: boolean, code: number, parser: ReplyParser, nowUs: number): void {
    switch (step) {
      case Step.greeting:
        this.#onGreetingReply(isPositive, code, parser, nowUs);
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

  get #isWrongOnPurpose(): boolean {
    return this.#script.auth?.accounts.isWrong(this.#walker.connection) === true;
  }

  #onGreetingReply(isPositive: boolean, code: number, parser: ReplyParser, nowUs: number): void {
    this.#observer?.onGreeting(code, parser.text());
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
    this.#walker.extensions.clear();
    if (this.#walker.isHelo || this.#script.isLmtp || code < 500) {
      this.#host.refused(Step.ehlo, code, nowUs);
      return;
    }
    this.#walker.isHelo = true;
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
