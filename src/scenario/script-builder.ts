/** A script in the making: the flat list of steps, and the tables that they point into. Knows no tree. */
import type { LanePlan } from '../plan/lane-plan.js';
import type { RecipientRange } from '../plan/script-counts.js';
import type { Capture, ReplyExpectation } from '../plan/script-steps.js';
import { commandLine } from '../protocol/commands.js';
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
import { ChunkTable, ContentChunks } from './content-chunks.js';
import type { LaneData, ScriptLine } from './lane-data.js';
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
  readonly hellos: ScriptCommand[] = [];
  readonly auths: AuthScript[] = [];
  readonly mails: MailScript[] = [];
  readonly rcpts: RcptScript[] = [];
  readonly contents: ContentScript[] = [];
  readonly commands: ScriptCommand[] = [];
  readonly pauses: PauseScript[] = [];
  readonly choices: ChoiceScript[] = [];
  readonly loops: LoopScript[] = [];
  /** The rule of what is added now; 0: none. */
  rule = 0;
  /** Chunks that a message has at most. */
  mostChunks = 0;
  /** Recipients of a message. */
  readonly recipients: RecipientRange;
  readonly data: LaneData;

  constructor(lane: LanePlan, recipients: RecipientRange, data: LaneData) {
    this.lane = lane;
    this.data = data;
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
    const indexOf = (name: string): number => this.data.captures.indexOf(name);
    this.rule = this.rules.push(new ReplyRule(expect, captures, { isOfContent, indexOf })) - 1;
  }

  hello(line: ScriptLine): number {
    return this.add(Op.ehlo, this.hellos.push({ step: Step.ehlo, ...line }) - 1);
  }

  command(step: number, line: ScriptLine): void {
    this.add(Op.command, this.commands.push({ step, ...line }) - 1);
  }

  /** STARTTLS, the handshake, and EHLO again: what was learnt in clear is forgotten (RFC 3207 §4.2). */
  startTls(hello: ScriptLine): void {
    const goOn = this.turn(Op.startTls);
    this.rule = 0;
    this.add(Op.tls);
    this.hello(hello);
    goOn();
  }

  /** Behind XCLIENT the server greets anew, and knows nothing of what was said before (Postfix, XCLIENT_README). */
  xclient(line: string, hello: ScriptLine): void {
    this.command(Step.xclient, { octets: commandLine(line, ''), template: null });
    this.hello(hello);
  }

  /** @returns which of the mails it is */
  mail(from: string, parameters: string, place: string): number {
    const line = this.data.path('MAIL FROM:<', from, parameters, 'sender', place);
    return this.mails.push({ ...line, exit: UNKNOWN }) - 1;
  }

  /** @returns which of the groups of recipients it is */
  rcpt(to: string, parameters: string, count: number, place: string): number {
    return this.rcpts.push({ ...this.data.path('RCPT TO:<', to, parameters, 'recipient', place), count }) - 1;
  }

  /** @returns which of the contents it is: by DATA */
  dataContent(): number {
    return this.contents.push({ messages: this.data.messages(false), chunks: null }) - 1;
  }

  /** @returns which of the contents it is: by BDAT */
  bdat(chunkBytes: number | null): number {
    const messages = this.data.messages(true);
    this.mostChunks = Math.max(this.mostChunks, new ContentChunks(messages.largestBytes, chunkBytes).count);
    return this.contents.push({ messages, chunks: new ChunkTable(chunkBytes) }) - 1;
  }

  /** What MAIL says behind the reverse-path, where the plan leaves it to us. */
  get mailParameters(): string {
    const { declareSize, eightBitMime, smtpUtf8, requireTls, dsnMail } = this.lane.extensions;
    return [
      declareSize ? this.data.sizeParameter : '',
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
