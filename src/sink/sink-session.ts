/**
 * The server's side of one SMTP session: octets in, replies out. Knows no socket and no timer; what it wants done it
 * asks of a {@link SinkWire}. States are {@link Phase}; what each command needs is in {@link CommandRules}, what it does in `#perform`.
 */
import { assert, assertNever } from '../assert.js';
import type { Answer } from './arbiter.js';
import { AuthExchange } from './auth-exchange.js';
import type { AuthHost } from './auth-exchange.js';
import { Verb, eventOf, stepOf, verbOf } from './command-verb.js';
import { ContentIntake } from './content-intake.js';
import type { ContentHost } from './content-intake.js';
import type { Strike } from './fault-table.js';
import { SessionFaults } from './session-faults.js';
import type { ForcedOutcome } from './forced-outcome.js';
import { LINE_OCTETS_MAX, MAIL_LINE_OCTETS_MAX, lineOctetsMax } from './line-limits.js';
import { LineReader } from './line-reader.js';
import { MailTransaction } from './mail-transaction.js';
import type { PolicyRefusal } from './policies.js';
import { isIntermediate, isPositive } from './reply-book.js';
import type { CountedReply } from './reply-book.js';
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

/** One session. */
export class SinkSession implements AuthHost, ContentHost {
  readonly #core: SinkCore;
  readonly #wire: SinkWire;
  readonly #lines = new LineReader();
  readonly #transaction: MailTransaction;
  readonly #standing: SessionStanding;
  readonly #content: ContentIntake;
  readonly #auth: AuthExchange;
  readonly #faults: SessionFaults;
  readonly #address: string;
  /** Why the client is turned away at once; null: it is welcome. */
  readonly #refusal: Answer<PolicyRefusal | null>;
  #phase: Phase = Phase.commands;
  /** What `spoiltHandshake` waits to play. */
  #spoiler: Strike | null = null;
  /** What was read though reading is stopped; null: it is not. */
  #held: Buffer[] | null = null;
  /** A fault row has stopped reading. */
  #isStalled = false;
  /** How many answers are waited for. */
  #waits = 0;
  #isGone = false;

  /** @param address - of the client; '' is a unix socket, or of no interest to the policies */
  constructor(core: SinkCore, wire: SinkWire, address: string) {
    this.#address = address;
    this.#refusal = core.arbiter.enter(address);
    this.#core = core;
    this.#wire = wire;
    this.#transaction = new MailTransaction(core.budget, core.settings.maxSize);
    this.#standing = new SessionStanding(this.#transaction);
    this.#faults = new SessionFaults(core.arbiter, core.sessionRows);
    this.#auth = new AuthExchange(core, wire, this.#standing, this);
    this.#content = new ContentIntake(core, wire, this.#standing, this.#faults, this);
  }

  /** A client has connected. */
  open(): void {
    if (this.#core.implicitTls) this.#handshake();
    else this.#greet();
  }

  get isDeaf(): boolean {
    return this.#phase === Phase.deaf;
  }

  get isStopped(): boolean {
    return this.#held !== null;
  }

  /** The connection is gone. */
  onClosed(): void {
    this.#isGone = true;
    this.#transaction.clear();
    this.#core.arbiter.leave(this.#address);
  }

  /** The TLS handshake is done: nothing of what was said in clear counts any more (RFC 3207 §4.2). */
  onSecure(version: string, cipher: string, certificateName: string | null): void {
    this.#phase = Phase.commands;
    this.#lines.partial = '';
    this.#standing.becomeSecure(certificateName);
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
    this.hangUp();
  }

  /** Reading goes on after {@link SinkWire.stopReading}. */
  resume(): void {
    this.#isStalled = false;
    this.#readHeld();
  }

  wait<T>(answer: Promise<T>, then: (value: T) => void): void {
    this.#held ??= [];
    this.#waits++;
    this.#wire.hold();
    void answer.then((value) => {
      this.#waits--;
      if (this.#isGone) return;
      then(value);
      this.#readHeld();
      if (this.#waits === 0) this.#wire.release();
    });
  }

  onAuthEnded(): void {
    this.#phase = Phase.commands;
  }

  onContentEnded(): void {
    this.#phase = Phase.commands;
  }

  /** Reads what was held back, unless something still stands in its way. */
  #readHeld(): void {
    if (this.#waits > 0 || this.#isStalled) return;
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
          at = this.#content.take(chunk, at);
          break;
        case Phase.chunk:
          at = this.#content.takeChunk(chunk, at);
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
      this.hangUp();
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
      const reply = hasCrLf ? replies.lineTooLong : replies.bareLineFeed;
      const strike = this.#faults.strike('unknown', line);
      if (strike instanceof Promise) this.wait(strike, (late) => this.#refuseLine(reply, late));
      else this.#refuseLine(reply, strike);
    } else if (this.#phase === Phase.auth) {
      this.#auth.respond(line);
    } else {
      this.#onCommand(line);
    }
  }

  #refuseLine(reply: CountedReply, strike: Strike | null): void {
    if (strike === null || !this.play(strike)) this.#wire.send(reply);
  }

  #onCommand(text: string): void {
    // White space before the line's end is nothing to complain about (RFC 5321 §4.1.1).
    const line = text.endsWith(' ') ? text.trimEnd() : text;
    const verb = verbOf(line);
    if (verb === Verb.bdat && this.#core.rules.refusal(verb, line, this.#standing) === null) {
      // Before the chunk is there: it may be empty, and so be over at once.
      this.#phase = Phase.chunk;
      this.#content.beginChunk(line);
      return;
    }
    this.#core.counters.commands[stepOf(verb)]++;
    this.#standing.isGroupOver = this.#lines.isLast;
    const event = eventOf(verb);
    const strike = event === null ? null : this.#faults.strike(event, line);
    if (strike instanceof Promise) this.wait(strike, (late) => this.#obey(verb, line, late));
    else this.#obey(verb, line, strike);
  }

  #obey(verb: Verb, line: string, strike: Strike | null): void {
    this.#readArgument(verb, line);
    if (strike !== null && this.play(strike)) {
      const reply = this.#core.faults[strike.row]?.reply ?? null;
      if (reply !== null) this.#performIfAnsweredSo(verb, line, reply.code);
      return;
    }
    const forced = this.#forcedOutcome(verb, strike !== null);
    const refusal = this.#core.rules.refusal(verb, line, this.#standing);
    if (refusal !== null) this.#refuse(refusal);
    else if (forced !== null && forced.reply !== null) this.#giveForced(verb, forced.reply);
    else {
      const policy = this.#policyOn(verb);
      if (policy instanceof Promise) this.wait(policy, (late) => this.#onPolicy(verb, line, forced, late));
      else this.#onPolicy(verb, line, forced, policy);
    }
  }

  /** MAIL and RCPT are read into what all sessions share: before each use, since others may have had it meanwhile. */
  #readArgument(verb: Verb, line: string): void {
    if (verb === Verb.mail) this.#core.argument.readMail(line);
    else if (verb === Verb.rcpt) this.#core.argument.readRcpt(line);
  }

  /** What the recipient at hand asks for by its name; a row that slows the reply down goes first. */
  #forcedOutcome(verb: Verb, isSlowed: boolean): ForcedOutcome | null {
    const { forced, argument } = this.#core;
    return verb !== Verb.rcpt || forced === null || isSlowed ? null : forced.of(argument.path);
  }

  #giveForced(verb: Verb, reply: CountedReply): void {
    if (!isPositive(reply.code)) {
      this.#refuse(reply);
      return;
    }
    this.#perform(verb);
    this.#wire.send(reply);
  }

  #policyOn(verb: Verb): Answer<PolicyRefusal | null> {
    const { arbiter, argument } = this.#core;
    if (verb === Verb.mail) return arbiter.mail();
    if (verb === Verb.rcpt) return arbiter.rcpt(this.#address, this.#transaction.reversePath, argument.path);
    return null;
  }

  /** Nothing but a policy can still stand in the way of a command. */
  #onPolicy(verb: Verb, line: string, forced: ForcedOutcome | null, refusal: PolicyRefusal | null): void {
    if (refusal !== null) {
      this.#refuse(this.#core.policyReplies[refusal]);
      return;
    }
    if (forced !== null && forced.delayMs > 0) this.#wire.slowNext(forced.delayMs, 0);
    this.#readArgument(verb, line);
    if (verb === Verb.auth) {
      this.#beginAuth(line, true);
      return;
    }
    this.#wire.send(this.#perform(verb));
    this.#follow(verb);
  }

  #refuse(reply: CountedReply): void {
    this.#wire.send(reply);
    if (reply.code === 421 || reply === this.#core.replies.nothing) this.hangUp();
  }

  /** A fault row has answered: the command takes effect if the row's code says so. */
  #performIfAnsweredSo(verb: Verb, line: string, code: number): void {
    if (this.isDeaf) return;
    if (verb === Verb.auth) {
      if (isPositive(code)) this.#auth.grant('');
      else if (isIntermediate(code)) this.#beginAuth(line, false);
    } else if (verb === Verb.data ? isIntermediate(code) : isPositive(code)) {
      this.#perform(verb);
      this.#follow(verb);
    }
  }

  /** Does what a command asks for and returns the usual reply. What follows the reply is in `#follow`. */
  #perform(verb: Verb): CountedReply {
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
      case Verb.auth:
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
    if (verb === Verb.quit) this.hangUp(this.#standing.isGroupOver);
    else if (verb === Verb.starttls) this.#handshake();
  }

  #beginAuth(line: string, isHeard: boolean): void {
    this.#phase = Phase.auth;
    this.#auth.begin(line, isHeard);
  }

  #greet(): void {
    if (this.#refusal instanceof Promise) this.wait(this.#refusal, (late) => this.#welcome(late));
    else this.#welcome(this.#refusal);
  }

  #welcome(refusal: PolicyRefusal | null): void {
    if (refusal !== null) {
      this.#core.counters.refused++;
      this.#refuse(this.#core.policyReplies[refusal]);
      return;
    }
    const strike = this.#faults.strike('connect', '');
    if (strike instanceof Promise) this.wait(strike, (late) => this.#sayGreeting(late));
    else this.#sayGreeting(strike);
  }

  #sayGreeting(strike: Strike | null): void {
    if (strike !== null && this.play(strike)) {
      const reply = this.#core.faults[strike.row]?.reply ?? null;
      this.#standing.isTurnedAway = reply !== null && !isPositive(reply.code);
    } else {
      this.#wire.send(this.#core.replies.greeting);
    }
  }

  #handshake(): void {
    const strike = this.#faults.strike('tls', '');
    if (strike instanceof Promise) this.wait(strike, (late) => this.#beginHandshake(late));
    else this.#beginHandshake(strike);
  }

  #beginHandshake(strike: Strike | null): void {
    const fault = strike === null ? null : (this.#core.faults[strike.row] ?? null);
    if (strike === null || fault === null) {
      this.#phase = Phase.handshake;
      this.#wire.startTls(0);
    } else if (fault.reply === null && fault.then === 'continue') {
      this.#core.counters.faults++;
      this.#phase = Phase.handshake;
      this.#wire.startTls(strike.delayMs);
    } else {
      this.#phase = Phase.spoiltHandshake;
      this.#spoiler = strike;
    }
  }

  /** The client has begun the handshake and gets what a fault row has for it. Nothing can follow on this connection. */
  #spoilHandshake(): void {
    if (this.#spoiler !== null) this.play(this.#spoiler);
    this.#phase = Phase.deaf;
  }

  play({ row, delayMs }: Strike): boolean {
    const fault = this.#core.faults[row];
    assert(fault !== undefined, 'a row that strikes is one of the rows');
    this.#core.counters.faults++;
    if (fault.stopsReading) {
      this.#held ??= [];
      this.#isStalled = true;
      this.#wire.stopReading(delayMs, this.#isInContent ? 'transfer' : 'session');
    }
    if (fault.reply !== null) this.#wire.sendSlowly(fault.reply, delayMs, fault.dripMs);
    switch (fault.then) {
      case 'continue':
        if (fault.reply === null && !fault.stopsReading) this.#wire.slowNext(delayMs, fault.dripMs);
        return fault.reply !== null;
      case 'close':
        this.#wire.close(fault.reply === null ? delayMs : 0);
        break;
      case 'reset':
        this.#wire.reset(fault.reply === null ? delayMs : 0);
        break;
      case 'silence':
        break;
      default:
        assertNever(fault.then);
    }
    this.#phase = Phase.deaf;
    return true;
  }

  get #isInContent(): boolean {
    return this.#phase === Phase.content || this.#phase === Phase.chunk;
  }

  hangUp(isOver = false): void {
    this.#phase = Phase.deaf;
    this.#wire.close(0, isOver);
  }
}
