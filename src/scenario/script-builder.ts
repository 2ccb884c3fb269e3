/** A script in the making: the flat list of steps, and the tables that they point into. Knows no tree. */
import type { LanePlan } from '../plan/lane-plan.js';
import type { RecipientRange } from '../plan/script-counts.js';
import type { Capture, ReplyExpectation } from '../plan/script-steps.js';
import { commandLine } from '../protocol/commands.js';
import { NumberedBytes } from '../protocol/numbered-bytes.js';
import { Step } from '../protocol/steps.js';
import { Op } from './compiled-script.js';
import type {
  AuthScript,
  ChoiceScript,
  ContentScript,
  LoopScript,
  MailScript,
  PauseScript,
  RcptScript,
  ScriptCommand,
} from './compiled-script.js';
import { ContentChunks } from './content-chunks.js';
import type { LaneMessages } from './lane-messages.js';
import type { MessageTemplate } from './message-template.js';
import { ReplyRule } from './reply-rule.js';

/** The place of a step that is not yet there. */
const UNKNOWN = -1;

/** Steps and tables; {@link add} and the functions behind it append. */
export class ScriptBuilder {
  readonly lane: LanePlan;
  readonly ops: number[] = [];
  readonly args: number[] = [];
  readonly ruleOf: number[] = [];
  readonly rules: (ReplyRule | null)[] = [null];
  readonly hellos: Uint8Array[] = [];
  readonly auths: AuthScript[] = [];
  readonly mails: MailScript[] = [];
  readonly rcpts: RcptScript[] = [];
  readonly contents: ContentScript[] = [];
  readonly commands: ScriptCommand[] = [];
  readonly pauses: PauseScript[] = [];
  readonly choices: ChoiceScript[] = [];
  readonly loops: LoopScript[] = [];
  readonly captures: string[] = [];
  /** The rule of what is added now; 0: none. */
  rule = 0;
  /** Recipients of a message. */
  readonly recipients: RecipientRange;
  readonly #messages: LaneMessages;

  constructor(lane: LanePlan, recipients: RecipientRange, messages: LaneMessages) {
    this.lane = lane;
    this.#messages = messages;
    this.recipients = recipients;
  }

  /** Index of the step that is added next. */
  get here(): number {
    return this.ops.length;
  }

  /** @returns the index of the step */
  add(op: number, argument = 0): number {
    this.args.push(argument);
    this.ruleOf.push(this.rule);
    return this.ops.push(op) - 1;
  }

  /** A turn that goes somewhere later. @returns what to call where that is */
  turn(op: number): () => void {
    const index = this.add(op, UNKNOWN);
    return () => {
      this.args[index] = this.here;
    };
  }

  /** What is added until the next call is answered as `expect` says. */
  expecting(expect: ReplyExpectation | null, captures: readonly Capture[], isOfContent: boolean): void {
    if (expect === null && captures.length === 0) {
      this.rule = 0;
      return;
    }
    const indexOf = (name: string): number => {
      const known = this.captures.indexOf(name);
      return known === -1 ? this.captures.push(name) - 1 : known;
    };
    this.rule = this.rules.push(new ReplyRule(expect, captures, { isOfContent, indexOf })) - 1;
  }

  hello(octets: Uint8Array): number {
    return this.add(Op.ehlo, this.hellos.push(octets) - 1);
  }

  command(step: number, octets: Uint8Array): void {
    this.add(Op.command, this.commands.push({ step, octets }) - 1);
  }

  /** STARTTLS, the handshake, and EHLO again: what was learnt in clear is forgotten (RFC 3207 §4.2). */
  startTls(octets: Uint8Array): void {
    const goOn = this.turn(Op.startTls);
    this.rule = 0;
    this.add(Op.tls);
    this.hello(octets);
    goOn();
  }

  /** Behind XCLIENT the server greets anew, and knows nothing of what was said before (Postfix, XCLIENT_README). */
  xclient(line: string, octets: Uint8Array): void {
    this.command(Step.xclient, commandLine(line, ''));
    this.hello(octets);
  }

  /** @returns which of the mails it is */
  mail(from: string, parameters: string): number {
    const octets = new NumberedBytes(`${from}>${parameters}`, 'MAIL FROM:<', '\r\n');
    return this.mails.push({ octets, exit: UNKNOWN }) - 1;
  }

  /** @returns which of the groups of recipients it is */
  rcpt(to: string, parameters: string, count: number): number {
    return this.rcpts.push({ octets: new NumberedBytes(`${to}>${parameters}`, 'RCPT TO:<', '\r\n'), count }) - 1;
  }

  /** @returns which of the contents it is: by DATA */
  data(): number {
    return this.contents.push({ message: this.message(false), chunks: null }) - 1;
  }

  /** @returns which of the contents it is: by BDAT */
  bdat(chunkBytes: number | null): number {
    const message = this.message(true);
    return this.contents.push({ message, chunks: new ContentChunks(message.sizeBytes, chunkBytes) }) - 1;
  }

  /** The messages of the lane, as DATA or as chunks have them. */
  message(isChunked: boolean): MessageTemplate {
    return this.#messages.of(isChunked);
  }

  /** What MAIL says behind the reverse-path, where the plan leaves it to us. */
  get mailParameters(): string {
    const { declareSize, eightBitMime, smtpUtf8, requireTls, dsnMail, isChunked } = this.lane.extensions;
    return [
      declareSize ? ` SIZE=${String(this.message(isChunked).sizeBytes)}` : '',
      eightBitMime ? ' BODY=8BITMIME' : '',
      smtpUtf8 ? ' SMTPUTF8' : '',
      requireTls ? ' REQUIRETLS' : '',
      dsnMail,
    ].join('');
  }

  /** Where MAIL goes when there is no further message, from the mail `first` on; elsewhere it is known already. */
  exitTo(exit: number, first = 0): void {
    for (const mail of this.mails.slice(first)) if (mail.exit === UNKNOWN) mail.exit = exit;
  }
}
