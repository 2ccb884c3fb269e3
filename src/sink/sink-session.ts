/**
 * The server's side of one SMTP session: octets in, replies out. Knows no socket and no timer; what it wants done it
 * asks of a {@link SinkWire}. States are {@link Phase}; what each command needs is in {@link CommandRules}, what it does in `#perform`.
 */
import { assertNever } from '../assert.js';
import { BDAT_LINE, Verb, eventOf, stepOf, verbOf } from './command-verb.js';
import type { Fault } from './fault-table.js';
import type { ForcedOutcome } from './forced-outcome.js';
import { LINE_OCTETS_MAX, MAIL_LINE_OCTETS_MAX, lineOctetsMax } from './line-limits.js';
import { LineReader } from './line-reader.js';
import { MailTransaction } from './mail-transaction.js';
import { isIntermediate, isPositive } from './reply-book.js';
import type { CountedReply } from './reply-book.js';
import { MECHANISM_NAMES, mechanismNamed } from './sasl/mechanisms.js';
import { SaslDialogue } from './sasl-dialogue.js';
import { SessionStanding } from './session-standing.js';
import type { SinkCore, SinkWire } from './sink-wire.js';

const Phase = {
  /** Between commands. */
  commands: 0,
  /** Behind 354, before the dot. */
  content: 1,
  /** Inside an AUTH dialogue. */
  auth: 2,
  /** STARTTLS was answered with 220, or TLS comes first. */
  handshake: 3,
  /** A fault row waits for the first octets of the handshake. */
  spoiltHandshake: 4,
  /** Whatever comes is ignored: after QUIT, 421 or a fault row that ends the session. */
  deaf: 5,
  /** Behind BDAT, before the last octet of the chunk. */
  chunk: 6,
} as const;
type Phase = (typeof Phase)[keyof typeof Phase];

/** Between a reply and RST: a client that finds both at once never sees the reply, or takes the RST for a FIN. */
const RESET_GAP_MS = 20;
/** One session. */
export class SinkSession {
  readonly #core: SinkCore;
  readonly #wire: SinkWire;
  readonly #lines = new LineReader();
  readonly #transaction: MailTransaction;
  readonly #standing: SessionStanding;
  readonly #address: string;
  /** Why the client is turned away at once, or null. */
  readonly #refusal: CountedReply | null;
  #phase: Phase = Phase.commands;
  #sasl: SaslDialogue | null = null;
  /** What `spoiltHandshake` waits to play. */
  #spoiler: Fault | null = null;
  /** Octets that the chunk at hand still owes. */
  #chunkLeft = 0;
  #isLastChunk = false;
  /** The content at which a fault row stopped reading: it has met its rows. */
  #stalledPiece: Buffer | null = null;
  /** What was read though reading is stopped; null: it is not. */
  #held: Buffer[] | null = null;

  /** @param address - of the client; '' is a unix socket */
  constructor(core: SinkCore, wire: SinkWire, address: string) {
    this.#address = address;
    this.#refusal = core.policies.enter(address);
    this.#core = core;
    this.#wire = wire;
    this.#transaction = new MailTransaction(core.kept.limit > 0, core.settings.maxSize);
    this.#standing = new SessionStanding(this.#transaction);
  }

  /** A client has connected. */
  open(): void {
    if (this.#core.implicitTls) this.#handshake();
    else this.#greet();
  }

  /** The connection is gone. */
  onClosed(): void {
    this.#core.policies.leave(this.#address);
  }

  /** The TLS handshake is done: nothing of what was said in clear counts any more (RFC 3207 §4.2). */
  onSecure(version: string, cipher: string): void {
    this.#phase = Phase.commands;
    this.#lines.partial = '';
    this.#standing.becomeSecure();
    this.#core.counters.tlsBegan(version, cipher);
    if (this.#core.implicitTls) this.#greet();
  }

  /** Octets have come. `chunk` is kept only as content for {@link KeptMessages}. */
  receive(chunk: Buffer): void {
    this.#core.counters.bytesReceived += chunk.length;
    this.#take(chunk);
  }

  /** The client has been silent for too long, though it was its turn. */
  onIdle(): void {
    if (this.#phase === Phase.deaf || this.#held !== null) return;
    if (this.#phase === Phase.handshake || this.#phase === Phase.spoiltHandshake) {
      this.#wire.cut();
      return;
    }
    this.#wire.send(this.#core.replies.idle);
    this.#hangUp();
  }

  /** Reading goes on after {@link SinkWire.stopReading}. */
  resume(): void {
    const held = this.#held ?? [];
    this.#held = null;
    this.#stalledPiece = held[0] ?? null;
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
        case Phase.chunk:
          at = this.#takeChunk(chunk, at);
          break;
        case Phase.handshake:
          // Behind STARTTLS and before our 220 nobody but an attacker speaks (RFC 3207 §6).
          this.#phase = Phase.deaf;
          this.#wire.cut();
          return;
        case Phase.spoiltHandshake:
          this.#spoilHandshake();
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
    const lines = this.#lines;
    const end = lines.read(chunk, from);
    if (lines.isWhole) {
      this.#onLine(lines.line, lines.hasCrLf);
    } else if (
      lines.partial.length > Math.max(lineOctetsMax(lines.partial, this.#phase === Phase.auth), MAIL_LINE_OCTETS_MAX)
    ) {
      this.#core.counters.commands.unknown++;
      this.#wire.send(this.#core.replies.lineEndless);
      this.#hangUp();
    }
    return end;
  }

  #onLine(line: string, hasCrLf: boolean): void {
    const { counters, replies } = this.#core;
    const isTooLong =
      line.length + 2 > LINE_OCTETS_MAX && line.length + 2 > lineOctetsMax(line, this.#phase === Phase.auth);
    if (!hasCrLf || isTooLong) {
      this.#phase = Phase.commands;
      counters.commands.unknown++;
      this.#wire.send(hasCrLf ? replies.lineTooLong : replies.bareLineFeed);
    } else if (this.#phase === Phase.auth && this.#sasl !== null) {
      this.#wire.send(this.#settle(this.#sasl, this.#sasl.respond(line)));
    } else {
      this.#onCommand(line);
    }
  }

  #onCommand(text: string): void {
    const { counters, argument } = this.#core;
    // White space before the line's end is nothing to complain about (RFC 5321 §4.1.1).
    const line = text.endsWith(' ') ? text.trimEnd() : text;
    const verb = verbOf(line);
    const event = eventOf(verb);
    if (verb === Verb.bdat && this.#core.rules.refusal(verb, line, this.#standing) === null) {
      this.#beginChunk(line);
      return;
    }
    counters.commands[stepOf(verb)]++;
    if (verb === Verb.mail) argument.readMail(line);
    else if (verb === Verb.rcpt) argument.readRcpt(line);
    this.#standing.isGroupOver = this.#lines.isLast;

    const fault = event === null ? null : this.#core.faults.match(event, line);
    if (fault !== null && this.#play(fault)) {
      if (fault.reply !== null) this.#performIfAnsweredSo(verb, line, fault.reply.code);
      return;
    }
    const forced = this.#forcedOutcome(verb, fault !== null);
    const refusal = this.#core.rules.refusal(verb, line, this.#standing) ?? forced?.reply ?? this.#policyRefusal(verb);
    if (forced !== null && forced.delayMs > 0 && refusal === null) this.#wire.slowNext(forced.delayMs, 0);
    if (refusal === null || (refusal === forced?.reply && isPositive(refusal.code))) {
      const usual = this.#perform(verb, line);
      this.#wire.send(refusal ?? usual);
      this.#follow(verb);
    } else {
      this.#wire.send(refusal);
      if (refusal.code === 421 || refusal === this.#core.replies.nothing) this.#hangUp();
    }
  }

  /** What the recipient at hand asks for by its name; a row that slows the reply down goes first. */
  #forcedOutcome(verb: Verb, isSlowed: boolean): ForcedOutcome | null {
    const { forced, argument } = this.#core;
    return verb !== Verb.rcpt || forced === null || isSlowed ? null : forced.of(argument.path);
  }

  #policyRefusal(verb: Verb): CountedReply | null {
    const { policies, argument } = this.#core;
    if (verb === Verb.mail) return policies.mailRefusal();
    if (verb === Verb.rcpt) return policies.rcptRefusal(this.#address, this.#transaction.reversePath, argument.path);
    return null;
  }

  /** A fault row has answered: the command takes effect if the row's code says so. */
  #performIfAnsweredSo(verb: Verb, line: string, code: number): void {
    if (this.#phase === Phase.deaf) return;
    if (verb === Verb.auth && isPositive(code)) {
      this.#standing.user = '';
      this.#core.counters.authenticated++;
    } else if (verb === Verb.data || verb === Verb.auth ? isIntermediate(code) : isPositive(code)) {
      this.#perform(verb, line);
      this.#follow(verb);
    }
  }

  /** Does what a command asks for and returns the usual reply. What follows the reply is in `#follow`. */
  #perform(verb: Verb, line: string): CountedReply {
    const { replies, argument } = this.#core;
    switch (verb) {
      case Verb.ehlo:
      case Verb.helo:
      case Verb.lhlo:
        this.#standing.hasHelo = true;
        this.#transaction.clear();
        if (verb === Verb.helo) return replies.helo;
        return this.#standing.isSecure ? replies.ehloInTls : replies.ehlo;
      case Verb.starttls:
        return replies.readyForTls;
      case Verb.auth:
        return this.#beginAuth(line);
      case Verb.mail:
        this.#transaction.begin(argument.path, argument.isInternational);
        return replies.mailOk;
      case Verb.rcpt:
        this.#transaction.addRecipient(argument.path);
        return replies.rcptOk;
      case Verb.data:
        this.#phase = Phase.content;
        this.#transaction.beginContent();
        return replies.dataGo;
      case Verb.rset:
        this.#transaction.clear();
        return replies.resetOk;
      case Verb.noop:
        return replies.noopOk;
      case Verb.vrfy:
        return replies.vrfyOk;
      case Verb.expn:
        return replies.expnOk;
      case Verb.help:
        return replies.help;
      case Verb.quit:
        return replies.bye;
      case Verb.bdat:
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
    const [, name = '', initialResponse = null] = line.split(' ');
    // A fault row may have said 334 to a mechanism that does not exist.
    const mechanism = mechanismNamed(name, MECHANISM_NAMES) ?? 'LOGIN';
    const sasl = new SaslDialogue(mechanism, this.#core.sasl, this.#core.replies);
    this.#sasl = sasl;
    this.#phase = Phase.auth;
    return this.#settle(sasl, sasl.begin(initialResponse));
  }

  /** After each word of an AUTH dialogue: what its end, if this is the end, means to the session. */
  #settle(sasl: SaslDialogue, reply: CountedReply): CountedReply {
    if (sasl.isOpen) return reply;
    this.#phase = Phase.commands;
    this.#sasl = null;
    this.#standing.user = sasl.user;
    if (sasl.user !== null) this.#core.counters.authenticated++;
    return reply;
  }

  #greet(): void {
    if (this.#refusal !== null) {
      this.#core.counters.refused++;
      this.#wire.send(this.#refusal);
      this.#hangUp();
      return;
    }
    const fault = this.#core.faults.match('connect', '');
    if (fault !== null && this.#play(fault)) {
      this.#standing.isTurnedAway = fault.reply !== null && !isPositive(fault.reply.code);
    } else {
      this.#wire.send(this.#core.replies.greeting);
    }
  }

  #handshake(): void {
    const fault = this.#core.faults.match('tls', '');
    if (fault === null) {
      this.#phase = Phase.handshake;
      this.#wire.startTls(0);
    } else if (fault.reply === null && fault.then === 'continue') {
      this.#core.counters.faults++;
      this.#phase = Phase.handshake;
      this.#wire.startTls(fault.delayMs);
    } else {
      this.#phase = Phase.spoiltHandshake;
      this.#spoiler = fault;
    }
  }

  /** The client has begun the handshake and gets what a fault row has for it. Nothing can follow on this connection. */
  #spoilHandshake(): void {
    if (this.#spoiler !== null) this.#play(this.#spoiler);
    this.#phase = Phase.deaf;
  }

  #takeContent(chunk: Buffer, from: number): number {
    if (this.#isHeldUp(chunk)) return from;
    const end = this.#transaction.take(chunk, from);
    if (end === -1) return chunk.length;
    this.#onEndOfData();
    return end;
  }

  /** Plays the rows that content meets as it comes; whether they keep it from being taken now. */
  #isHeldUp(piece: Buffer): boolean {
    const transaction = this.#transaction;
    if (piece === this.#stalledPiece) return false;
    const { faults } = this.#core;
    let fault = transaction.hasContent ? null : faults.match('content', '');
    transaction.hasContent = true;
    fault = faults.match('contentChunk', '') ?? fault;
    if (fault === null) return false;
    this.#play(fault);
    if (fault.reply !== null && !fault.isRaw) transaction.earlyCode = fault.reply.code;
    return this.#held !== null || this.#isDeaf();
  }

  /** BDAT (RFC 3030 §2): octets follow whatever becomes of them, and the answer comes behind them. */
  #beginChunk(line: string): void {
    const [, octets, last] = BDAT_LINE.exec(line) ?? [];
    if (octets === undefined) {
      // How many octets follow is not known, so nothing behind can be understood.
      this.#core.counters.commands.bdat++;
      this.#wire.send(this.#core.replies.chunkSyntax);
      this.#hangUp();
      return;
    }
    this.#chunkLeft = Number(octets);
    this.#isLastChunk = last !== undefined;
    if (!this.#transaction.isChunked) this.#transaction.beginChunks();
    this.#phase = Phase.chunk;
    if (this.#chunkLeft === 0) this.#onChunk();
  }

  #takeChunk(chunk: Buffer, from: number): number {
    if (this.#isHeldUp(chunk)) return from;
    const end = Math.min(chunk.length, from + this.#chunkLeft);
    this.#chunkLeft -= end - from;
    this.#transaction.takeChunk(chunk.subarray(from, end));
    if (this.#chunkLeft === 0) this.#onChunk();
    return end;
  }

  /** The last octet of a chunk has come. */
  #onChunk(): void {
    const { counters, faults, rules } = this.#core;
    const step = this.#isLastChunk ? 'endOfData' : 'bdat';
    const refusal = rules.chunkRefusal(step, this.#standing);
    if (this.#isLastChunk && refusal === null) {
      this.#onEndOfData();
      return;
    }
    this.#phase = Phase.commands;
    counters.commands[step]++;
    const fault = refusal === null ? faults.match('bdat', '') : null;
    const early = this.#transaction.earlyCode;
    this.#transaction.earlyCode = 0;
    if (early !== 0) {
      this.#transaction.isSpoilt ||= !isPositive(early);
    } else if (fault !== null && this.#play(fault)) {
      this.#transaction.isSpoilt ||= !isPositive(fault.reply?.code ?? 0);
    } else {
      this.#wire.send(refusal ?? this.#core.replies.chunkOk);
      this.#transaction.isSpoilt ||= refusal !== null;
    }
    if (!this.#transaction.isOpen) this.#transaction.clear();
  }

  #onEndOfData(): void {
    this.#phase = Phase.commands;
    const { recipients } = this.#transaction;
    const accepted =
      this.#core.isLmtp && recipients > 0 ? this.#answerRecipients() : this.#answerNext() ? recipients : 0;
    if (accepted > 0) this.#acceptMessage(accepted);
    this.#transaction.clear();
  }

  /** One reply for each recipient (RFC 2033 §4.2); returns how many of them were positive. */
  #answerRecipients(): number {
    let accepted = 0;
    for (let left = this.#transaction.recipients; left > 0 && !this.#isDeaf(); left--) {
      if (this.#answerNext()) accepted++;
    }
    return accepted;
  }

  /** The next reply behind the content; whether it was positive. */
  #answerNext(): boolean {
    const { counters, faults } = this.#core;
    counters.commands.endOfData++;
    const early = this.#transaction.earlyCode;
    this.#transaction.earlyCode = 0;
    if (early !== 0) return isPositive(early);
    const fault = faults.match('endOfData', '');
    if (fault !== null && this.#play(fault)) return isPositive(fault.reply?.code ?? 0);
    const verdict = this.#messageVerdict();
    this.#wire.send(verdict);
    return isPositive(verdict.code);
  }

  #messageVerdict(): CountedReply {
    const { replies, settings } = this.#core;
    if (this.#transaction.recipients === 0) return replies.messageWithoutRecipients;
    return this.#transaction.octets > settings.maxSize ? replies.messageTooBig : replies.messageOk;
  }

  #acceptMessage(recipients: number): void {
    const { counters, kept } = this.#core;
    counters.messages++;
    counters.recipients += recipients;
    this.#standing.messages++;
    if (kept.limit > 0) kept.add(this.#transaction.message(this.#standing.user, this.#standing.isSecure));
  }

  /** Plays a fault row; true when it has answered, or ended the session, in place of the usual reply. */
  #play(fault: Fault): boolean {
    this.#core.counters.faults++;
    if (fault.stopsReading) {
      this.#held = [];
      this.#wire.stopReading(fault.delayMs);
    }
    if (fault.reply !== null) this.#wire.sendSlowly(fault.reply, fault.delayMs, fault.dripMs);
    switch (fault.then) {
      case 'continue':
        if (fault.reply === null && !fault.stopsReading) this.#wire.slowNext(fault.delayMs, fault.dripMs);
        return fault.reply !== null;
      case 'close':
        this.#wire.close(fault.reply === null ? fault.delayMs : 0);
        break;
      case 'reset':
        this.#wire.reset(fault.reply === null ? fault.delayMs : RESET_GAP_MS);
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
