/**
 * The server's side of one SMTP session: octets in, replies out. Knows no socket and no timer; what it wants done it
 * asks of a {@link SinkWire}. States are {@link Phase}; what each command needs is in `#refusal`, what it does in `#perform`.
 */
import { assertNever } from '../assert.js';
import { CR, LF } from '../protocol/ascii.js';
import { Verb, verbOf } from './command-verb.js';
import { ContentScanner, unstuff } from './content-scanner.js';
import { decodeBase64 } from './credentials.js';
import type { Credentials } from './credentials.js';
import { ArgumentProblem } from './envelope-argument.js';
import type { EnvelopeArgument } from './envelope-argument.js';
import type { Fault, FaultTable } from './fault-table.js';
import type { KeptMessages } from './kept-messages.js';
import type { CountedReply, ReplyBook, ReplyStep } from './reply-book.js';
import type { CommandCounts, SinkCounters } from './sink-counters.js';
import type { FaultEvent, SinkSettings } from './sink-options.js';
import type { SinkExtensions, SinkReplies } from './sink-replies.js';

/** What all sessions of a sink share. */
export interface SinkCore {
  readonly settings: SinkSettings;
  readonly extensions: SinkExtensions;
  readonly book: ReplyBook;
  readonly replies: SinkReplies;
  readonly faults: FaultTable;
  readonly counters: SinkCounters;
  readonly credentials: Credentials;
  readonly argument: EnvelopeArgument;
  readonly kept: KeptMessages;
}

/** What a session asks of its connection. Everything happens in the order asked for. */
export interface SinkWire {
  send(reply: CountedReply): void;
  /** Sends after `delayMs`, octet by octet if `dripMs` is more than 0. */
  sendSlowly(reply: CountedReply, delayMs: number, dripMs: number): void;
  /** The next reply is sent slowly. */
  slowNext(delayMs: number, dripMs: number): void;
  /** FIN. */
  close(delayMs: number): void;
  /** RST. */
  reset(delayMs: number): void;
  /** Calls {@link SinkSession.onSecure} when the handshake is done. */
  startTls(delayMs: number): void;
  /** Reads nothing for `forMs`, then calls {@link SinkSession.resume}; 0: for ever. */
  stopReading(forMs: number): void;
}

const Phase = {
  /** Between commands. */
  commands: 0,
  /** Behind 354, before the dot. */
  content: 1,
  /** AUTH PLAIN without initial response. */
  plainResponse: 2,
  loginUser: 3,
  loginPassword: 4,
  /** STARTTLS was answered with 220, or TLS comes first. */
  handshake: 5,
  /** Whatever comes is ignored: after QUIT, 421 or a fault row that ends the session. */
  deaf: 6,
} as const;
type Phase = (typeof Phase)[keyof typeof Phase];

/** Octets of a command line with CRLF (RFC 5321 §4.5.3.1.4). */
const LINE_OCTETS_MAX = 512;
/** MAIL may be longer by what SIZE (26, RFC 1870 §3), 8BITMIME (17, RFC 6152 §2) and AUTH (500, RFC 4954 §3) add. */
const MAIL_LINE_OCTETS_MAX = LINE_OCTETS_MAX + 26 + 17 + 500;
/** Lines of an AUTH dialogue (RFC 4954 §4). */
const AUTH_LINE_OCTETS_MAX = 12_288;

/** By verb: its key in the counters, and where a fault row can meet it. */
const COMMANDS: readonly (keyof CommandCounts)[] = [
  'unknown',
  'ehlo',
  'ehlo',
  'starttls',
  'auth',
  'mail',
  'rcpt',
  'data',
  'rset',
  'noop',
  'vrfy',
  'help',
  'quit',
  'unknown',
];
const EVENTS: readonly (FaultEvent | null)[] = [
  null,
  'ehlo',
  'helo',
  'starttls',
  'auth',
  'mail',
  'rcpt',
  'data',
  'rset',
  null,
  null,
  null,
  'quit',
  null,
];

/** One session. */
export class SinkSession {
  readonly #core: SinkCore;
  readonly #wire: SinkWire;
  readonly #scanner = new ContentScanner();
  #phase: Phase = Phase.commands;
  /** The greeting was a refusal: only QUIT is obeyed (RFC 5321 §3.1). */
  #isTurnedAway = false;
  #hasHelo = false;
  #isSecure = false;
  #user: string | null = null;
  #loginUser = '';
  #hasMail = false;
  #reversePath = '';
  #recipients = 0;
  #forwardPaths: string[] = [];
  #content: Buffer[] = [];
  #hasContent = false;
  /** Code of a reply that came before the content's end; 0: none. */
  #earlyCode = 0;
  #messages = 0;
  /** Begin of a line whose end has not come. */
  #partial = '';
  /** Nothing came behind the line at hand. */
  #isLastLine = true;
  /** What the argument of the MAIL or RCPT at hand suffers from. */
  #problem: ArgumentProblem = ArgumentProblem.none;
  /** What was read though reading is stopped; null: it is not. */
  #held: Buffer[] | null = null;

  constructor(core: SinkCore, wire: SinkWire) {
    this.#core = core;
    this.#wire = wire;
  }

  /** A client has connected. */
  open(): void {
    if (this.#core.settings.implicitTls) this.#handshake();
    else this.#greet();
  }

  /** The TLS handshake is done: nothing of what was said in clear counts any more (RFC 3207 §4.2). */
  onSecure(): void {
    this.#phase = Phase.commands;
    this.#isSecure = true;
    this.#hasHelo = false;
    this.#user = null;
    this.#partial = '';
    this.#clearTransaction();
    this.#core.counters.tlsSessions++;
    if (this.#core.settings.implicitTls) this.#greet();
  }

  /** Octets have come. `chunk` is kept only as content for {@link KeptMessages}. */
  receive(chunk: Buffer): void {
    this.#core.counters.bytesReceived += chunk.length;
    this.#take(chunk);
  }

  /** Reading goes on after {@link SinkWire.stopReading}. */
  resume(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const chunk of held) this.#take(chunk);
  }

  #take(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#held !== null) {
        this.#held.push(chunk.subarray(at));
        return;
      }
      switch (this.#phase) {
        case Phase.content:
          at = this.#takeContent(chunk, at);
          break;
        case Phase.handshake:
          // Behind STARTTLS and before our 220 nobody but an attacker speaks (RFC 3207 §6).
          this.#hangUp();
          return;
        case Phase.deaf:
          return;
        default:
          at = this.#takeLine(chunk, at);
      }
    }
  }

  /** Takes a line, or the part of one; returns the index behind it. */
  #takeLine(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(LF, from);
    if (end === -1) {
      this.#partial += chunk.toString('latin1', from);
      if (this.#partial.length > Math.max(this.#lineOctetsMax(this.#partial), MAIL_LINE_OCTETS_MAX)) {
        this.#core.counters.commands.unknown++;
        this.#wire.send(this.#core.replies.lineEndless);
        this.#hangUp();
      }
      return chunk.length;
    }
    this.#isLastLine = end === chunk.length - 1;
    if (this.#partial !== '') {
      const whole = this.#partial + chunk.toString('latin1', from, end);
      this.#partial = '';
      this.#onLine(whole.endsWith('\r') ? whole.slice(0, -1) : whole, whole.endsWith('\r'));
    } else if (end > from && chunk[end - 1] === CR) {
      this.#onLine(chunk.toString('latin1', from, end - 1), true);
    } else {
      this.#onLine('', false);
    }
    return end + 1;
  }

  /** A line without its end. `hasCr`: it ended with CRLF, not with a bare LF, which ends no line (RFC 5321 §2.3.8). */
  #onLine(line: string, hasCr: boolean): void {
    const { counters, replies } = this.#core;
    const isTooLong = line.length + 2 > LINE_OCTETS_MAX && line.length + 2 > this.#lineOctetsMax(line);
    if (!hasCr || isTooLong) {
      this.#phase = Phase.commands;
      counters.commands.unknown++;
      this.#wire.send(hasCr ? replies.lineTooLong : replies.bareLineFeed);
    } else if (this.#phase === Phase.commands) {
      this.#onCommand(line);
    } else {
      this.#onAuthLine(line);
    }
  }

  #lineOctetsMax(line: string): number {
    if (this.#phase !== Phase.commands) return AUTH_LINE_OCTETS_MAX;
    const verb = verbOf(line);
    if (verb === Verb.auth) return AUTH_LINE_OCTETS_MAX;
    return verb === Verb.mail ? MAIL_LINE_OCTETS_MAX : LINE_OCTETS_MAX;
  }

  #onCommand(line: string): void {
    const { counters, argument } = this.#core;
    const verb = verbOf(line);
    const event = EVENTS[verb] ?? null;
    counters.commands[COMMANDS[verb] ?? 'unknown']++;
    if (verb === Verb.mail) this.#problem = argument.readMail(line);
    else if (verb === Verb.rcpt) this.#problem = argument.readRcpt(line);

    const fault = event === null ? null : this.#core.faults.match(event, line);
    if (fault !== null && this.#play(fault)) {
      if (fault.reply !== null) this.#performIfAnsweredSo(verb, line, fault.reply.code);
      return;
    }
    const refusal = this.#refusal(verb, line);
    if (refusal === null) {
      this.#wire.send(this.#perform(verb, line));
      this.#follow(verb);
    } else {
      this.#wire.send(refusal);
      if (refusal.code === 421 || refusal === this.#core.replies.nothing) this.#hangUp();
    }
  }

  /** A fault row has answered: the command takes effect if the row's code says so. */
  #performIfAnsweredSo(verb: Verb, line: string, code: number): void {
    if (this.#phase === Phase.deaf) return;
    if (verb === Verb.auth && isPositive(code)) {
      this.#user = '';
      this.#core.counters.authenticated++;
    } else if (verb === Verb.data || verb === Verb.auth ? isIntermediate(code) : isPositive(code)) {
      this.#perform(verb, line);
      this.#follow(verb);
    }
  }

  /** Why a command is refused, or null. */
  #refusal(verb: Verb, line: string): CountedReply | null {
    const { extensions, replies } = this.#core;
    if (this.#isTurnedAway && verb !== Verb.quit) return this.#outOfOrder(verb);
    switch (verb) {
      case Verb.unknown:
        return replies.unrecognised;
      case Verb.unimplemented:
        return this.#notImplemented(verb);
      case Verb.ehlo:
        if (!extensions.isEsmtp) return this.#notImplemented(verb);
        return /^.{4} +[^ ]/.test(line) ? null : this.#badArgument(verb);
      case Verb.helo:
        return /^.{4} +[^ ]/.test(line) ? null : this.#badArgument(verb);
      case Verb.starttls:
        return this.#startTlsRefusal(line);
      case Verb.auth:
        return this.#authRefusal(line);
      case Verb.mail:
        return this.#mailRefusal();
      case Verb.rcpt:
        return this.#rcptRefusal();
      case Verb.data:
        if (!this.#hasMail) return this.#outOfOrder(verb);
        if (line.length > 4) return this.#badArgument(verb);
        return this.#recipients === 0 ? replies.dataWithoutRecipients : null;
      case Verb.rset:
      case Verb.quit:
        return line.length > 4 ? this.#badArgument(verb) : null;
      case Verb.vrfy:
        return line.length > 5 ? null : this.#badArgument(verb);
      case Verb.noop:
      case Verb.help:
        return null;
      default:
        return assertNever(verb);
    }
  }

  #startTlsRefusal(line: string): CountedReply | null {
    if (!this.#core.extensions.startTls) return this.#notImplemented(Verb.starttls);
    if (!this.#hasHelo || this.#isSecure) return this.#outOfOrder(Verb.starttls);
    if (line.length > 'starttls'.length) return this.#badArgument(Verb.starttls);
    return this.#isLastLine ? null : this.#core.replies.injection;
  }

  #authRefusal(line: string): CountedReply | null {
    const { extensions, replies } = this.#core;
    if (!extensions.auth) return this.#notImplemented(Verb.auth);
    if (this.#user !== null) return replies.authTwice;
    if (!this.#hasHelo || this.#hasMail) return this.#outOfOrder(Verb.auth);
    if (!/^.{4} [^ ]+(?: [^ ]+)?$/.test(line)) return this.#badArgument(Verb.auth);
    return /^.{4} (?:plain|login)(?: |$)/i.test(line) ? null : replies.authMechanism;
  }

  #mailRefusal(): CountedReply | null {
    const { settings, replies, argument } = this.#core;
    if (!this.#hasHelo || this.#hasMail) return this.#outOfOrder(Verb.mail);
    if (settings.requireAuth && this.#user === null) return replies.authFirst;
    if (settings.maxMessagesPerSession > 0 && this.#messages >= settings.maxMessagesPerSession) {
      if (settings.messageLimitReply === 'mail452') return replies.messageLimit;
      return settings.messageLimitReply === 'close' ? replies.nothing : replies.messageLimitClosing;
    }
    if (this.#problem !== ArgumentProblem.none) return this.#argumentRefusal(Verb.mail, replies.senderSyntax);
    return argument.declaredOctets > settings.maxSize ? replies.declaredTooBig : null;
  }

  #rcptRefusal(): CountedReply | null {
    const { settings, replies } = this.#core;
    if (!this.#hasMail) return this.#outOfOrder(Verb.rcpt);
    if (this.#problem !== ArgumentProblem.none) return this.#argumentRefusal(Verb.rcpt, replies.recipientSyntax);
    return this.#recipients >= settings.maxRecipients ? replies.recipientLimit : null;
  }

  #argumentRefusal(verb: Verb, badPath: CountedReply): CountedReply {
    if (this.#problem === ArgumentProblem.path) return badPath;
    if (this.#problem === ArgumentProblem.syntax) return this.#badArgument(verb);
    return this.#core.book.line(stepOf(verb), 555, '5.5.4', 'parameter not recognised');
  }

  #outOfOrder(verb: Verb): CountedReply {
    return this.#core.book.line(stepOf(verb), 503, '5.5.1', 'bad sequence of commands');
  }

  #badArgument(verb: Verb): CountedReply {
    return this.#core.book.line(stepOf(verb), 501, '5.5.4', 'syntax error in arguments');
  }

  #notImplemented(verb: Verb): CountedReply {
    return this.#core.book.line(stepOf(verb), 502, '5.5.1', 'command not implemented');
  }

  /** Does what a command asks for and returns the usual reply. What follows the reply is in `#follow`. */
  #perform(verb: Verb, line: string): CountedReply {
    const { replies, argument, kept } = this.#core;
    switch (verb) {
      case Verb.ehlo:
      case Verb.helo:
        this.#hasHelo = true;
        this.#clearTransaction();
        if (verb === Verb.helo) return replies.helo;
        return this.#isSecure ? replies.ehloInTls : replies.ehlo;
      case Verb.starttls:
        return replies.readyForTls;
      case Verb.auth:
        return this.#beginAuth(line);
      case Verb.mail:
        this.#hasMail = true;
        this.#reversePath = argument.path;
        return replies.mailOk;
      case Verb.rcpt:
        this.#recipients++;
        if (kept.limit > 0) this.#forwardPaths.push(argument.path);
        return replies.rcptOk;
      case Verb.data:
        this.#phase = Phase.content;
        this.#hasContent = false;
        this.#earlyCode = 0;
        this.#scanner.begin();
        return replies.dataGo;
      case Verb.rset:
        this.#clearTransaction();
        return replies.resetOk;
      case Verb.noop:
        return replies.noopOk;
      case Verb.vrfy:
        return replies.vrfyOk;
      case Verb.help:
        return replies.help;
      case Verb.quit:
        return replies.bye;
      case Verb.unknown:
      case Verb.unimplemented:
        return replies.unrecognised;
      default:
        return assertNever(verb);
    }
  }

  /** What happens behind the reply of a command that was performed. */
  #follow(verb: Verb): void {
    if (verb === Verb.quit) this.#hangUp();
    else if (verb === Verb.starttls) this.#handshake();
  }

  #beginAuth(line: string): CountedReply {
    const { replies } = this.#core;
    const [, mechanism = '', initialResponse] = line.split(' ');
    const isPlain = mechanism.toUpperCase() === 'PLAIN';
    this.#phase = isPlain ? Phase.plainResponse : Phase.loginUser;
    if (initialResponse !== undefined) return this.#authReply(initialResponse);
    return isPlain ? replies.plainChallenge : replies.userChallenge;
  }

  #onAuthLine(line: string): void {
    this.#wire.send(this.#authReply(line));
  }

  /** Takes a client's response and returns the next challenge or the verdict (RFC 4954 §4). */
  #authReply(response: string): CountedReply {
    const { replies, credentials, counters } = this.#core;
    const phase = this.#phase;
    this.#phase = Phase.commands;
    if (response === '*') return replies.authCancelled;
    const text = decodeBase64(response);
    if (text === null) return replies.authSyntax;
    if (phase === Phase.loginUser) {
      this.#phase = Phase.loginPassword;
      this.#loginUser = text;
      return replies.passwordChallenge;
    }
    if (phase === Phase.plainResponse) this.#user = credentials.verifyPlain(text);
    else this.#user = credentials.verify(this.#loginUser, text) ? this.#loginUser : null;
    if (this.#user === null) return replies.credentialsWrong;
    counters.authenticated++;
    return replies.authenticated;
  }

  #greet(): void {
    const fault = this.#core.faults.match('connect', '');
    if (fault !== null && this.#play(fault)) {
      this.#isTurnedAway = fault.reply !== null && !isPositive(fault.reply.code);
    } else {
      this.#wire.send(this.#core.replies.greeting);
    }
  }

  #handshake(): void {
    this.#phase = Phase.handshake;
    const fault = this.#core.faults.match('tls', '');
    const isOnlyDelay = fault?.reply === null && fault.then === 'continue';
    if (isOnlyDelay) this.#core.counters.faults++;
    else if (fault !== null && this.#play(fault) && this.#isDeaf()) return;
    this.#wire.startTls(isOnlyDelay ? fault.delayMs : 0);
  }

  /** Takes content; returns the index behind what it took. */
  #takeContent(chunk: Buffer, from: number): number {
    if (!this.#hasContent) {
      this.#hasContent = true;
      const fault = this.#core.faults.match('content', '');
      if (fault !== null) {
        this.#play(fault);
        if (fault.reply !== null && !fault.isRaw) this.#earlyCode = fault.reply.code;
        if (this.#held !== null || this.#isDeaf()) return from;
      }
    }
    const end = this.#scanner.scan(chunk, from);
    if (this.#core.kept.limit > 0 && this.#scanner.octets <= this.#core.settings.maxSize) {
      this.#content.push(chunk.subarray(from, end === -1 ? chunk.length : end));
    }
    if (end === -1) return chunk.length;
    this.#onEndOfData();
    return end;
  }

  #onEndOfData(): void {
    const { counters, faults } = this.#core;
    counters.commands.endOfData++;
    this.#phase = Phase.commands;
    let code = this.#earlyCode;
    if (code === 0) {
      const fault = faults.match('endOfData', '');
      if (fault !== null && this.#play(fault)) {
        code = fault.reply?.code ?? 0;
      } else {
        const verdict = this.#messageVerdict();
        this.#wire.send(verdict);
        code = verdict.code;
      }
    }
    if (isPositive(code) && this.#recipients > 0) this.#acceptMessage();
    this.#clearTransaction();
  }

  #messageVerdict(): CountedReply {
    const { replies, settings } = this.#core;
    if (this.#recipients === 0) return replies.messageWithoutRecipients;
    return this.#scanner.octets > settings.maxSize ? replies.messageTooBig : replies.messageOk;
  }

  #acceptMessage(): void {
    const { counters, kept } = this.#core;
    counters.messages++;
    counters.recipients += this.#recipients;
    this.#messages++;
    if (kept.limit === 0) return;
    const raw = Buffer.concat(this.#content);
    kept.add({
      reversePath: this.#reversePath,
      forwardPaths: this.#forwardPaths,
      content: unstuff(raw.subarray(0, raw.length - '.\r\n'.length)),
      user: this.#user,
      isSecure: this.#isSecure,
    });
  }

  #clearTransaction(): void {
    this.#hasMail = false;
    this.#recipients = 0;
    if (this.#core.kept.limit === 0) return;
    this.#forwardPaths = [];
    this.#content = [];
  }

  /** Plays a fault row; true when it has answered, or ended the session, in place of the usual reply. */
  #play(fault: Fault): boolean {
    this.#core.counters.faults++;
    if (fault.stopsReading) {
      this.#held = [];
      this.#wire.stopReading(fault.delayMs);
    }
    if (fault.reply !== null) this.#wire.sendSlowly(fault.reply, fault.delayMs, fault.dripMs);
    const delayMs = fault.reply === null ? fault.delayMs : 0;
    switch (fault.then) {
      case 'continue':
        if (fault.reply === null && !fault.stopsReading) this.#wire.slowNext(fault.delayMs, fault.dripMs);
        return fault.reply !== null;
      case 'close':
        this.#wire.close(delayMs);
        break;
      case 'reset':
        this.#wire.reset(delayMs);
        break;
      case 'silence':
        break;
      default:
        assertNever(fault.then);
    }
    this.#phase = Phase.deaf;
    return true;
  }

  /** A method, because the compiler does not see that `#play` changes the phase. */
  #isDeaf(): boolean {
    return this.#phase === Phase.deaf;
  }

  #hangUp(): void {
    this.#phase = Phase.deaf;
    this.#wire.close(0);
  }
}

function stepOf(verb: Verb): ReplyStep {
  return COMMANDS[verb] ?? 'unknown';
}

function isPositive(code: number): boolean {
  return code >= 200 && code < 300;
}

function isIntermediate(code: number): boolean {
  return code >= 300 && code < 400;
}
