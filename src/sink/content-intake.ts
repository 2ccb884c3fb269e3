/**
 * The content of messages, by DATA or in chunks (RFC 3030), from its first octet to its answers. The session says when
 * content comes; what ends it, what fault rows meet it and what it is answered with is decided here.
 */
import { BDAT_LINE } from './command-verb.js';
import type { Strike } from './fault-table.js';
import type { MailTransaction } from './mail-transaction.js';
import { isPositive } from './reply-book.js';
import type { CountedReply } from './reply-book.js';
import type { SessionFaults } from './session-faults.js';
import type { SessionStanding } from './session-standing.js';
import type { SinkCore, SinkWire } from './sink-wire.js';

/** The session that content belongs to. */
export interface ContentHost {
  /** Whatever comes is ignored. */
  readonly isDeaf: boolean;
  /** Nothing is read for now. */
  readonly isStopped: boolean;
  /** Plays a fault row; true when it has answered, or ended the session, in place of the usual reply. */
  play(strike: Strike): boolean;
  /** Reads nothing until the answer is there, then goes on with `then`. */
  wait<T>(answer: Promise<T>, then: (value: T) => void): void;
  /** The content has ended: what comes next are commands. */
  onContentEnded(): void;
  hangUp(): void;
}

/** The content of one session's messages. */
export class ContentIntake {
  readonly #core: SinkCore;
  readonly #wire: SinkWire;
  readonly #standing: SessionStanding;
  readonly #transaction: MailTransaction;
  readonly #faults: SessionFaults;
  readonly #host: ContentHost;
  /** Octets that the chunk at hand still owes. */
  #chunkLeft = 0;
  #isLastChunk = false;
  /** The content that comes next has met its fault rows before reading stopped. */
  #hasMetRows = false;

  constructor(core: SinkCore, wire: SinkWire, standing: SessionStanding, faults: SessionFaults, host: ContentHost) {
    this.#core = core;
    this.#wire = wire;
    this.#standing = standing;
    this.#transaction = standing.transaction;
    this.#faults = faults;
    this.#host = host;
  }

  /** Takes content behind DATA; returns the index behind it, or `from` when it may not be read now. */
  take(chunk: Buffer, from: number): number {
    if (this.#isHeldUp()) return from;
    const end = this.#transaction.take(chunk, from);
    if (end === -1) return chunk.length;
    this.#onEndOfData();
    return end;
  }

  /**
   * BDAT (RFC 3030 §2): octets follow whatever becomes of them, and the answer comes behind them.
   *
   * @returns whether octets follow
   */
  beginChunk(line: string): boolean {
    const [, octets, last] = BDAT_LINE.exec(line) ?? [];
    if (octets === undefined) {
      // How many octets follow is not known, so nothing behind can be understood.
      this.#core.counters.commands.bdat++;
      this.#wire.send(this.#core.replies.chunkSyntax);
      this.#host.hangUp();
      return false;
    }
    this.#chunkLeft = Number(octets);
    this.#isLastChunk = last !== undefined;
    if (!this.#transaction.isChunked) this.#transaction.beginChunks();
    if (this.#chunkLeft > 0) return true;
    this.#onChunk();
    return false;
  }

  /** Takes octets of a chunk; returns as {@link ContentIntake.take}. */
  takeChunk(chunk: Buffer, from: number): number {
    if (this.#isHeldUp()) return from;
    const end = Math.min(chunk.length, from + this.#chunkLeft);
    this.#chunkLeft -= end - from;
    this.#transaction.takeChunk(chunk.subarray(from, end));
    if (this.#chunkLeft === 0) this.#onChunk();
    return end;
  }

  /** Plays the rows that content meets as it comes; whether they keep it from being taken now. */
  #isHeldUp(): boolean {
    if (this.#hasMetRows) {
      this.#hasMetRows = false;
      return false;
    }
    const first = this.#transaction.hasContent ? null : this.#faults.strike('content', '');
    this.#transaction.hasContent = true;
    const each = this.#faults.strike('contentChunk', '');
    if (first instanceof Promise || each instanceof Promise) {
      this.#hasMetRows = true;
      this.#host.wait(Promise.all([first, each]), ([lateFirst, lateEach]) => this.#meet(lateEach ?? lateFirst));
      return true;
    }
    this.#meet(each ?? first);
    this.#hasMetRows = this.#host.isStopped;
    return this.#hasMetRows || this.#host.isDeaf;
  }

  #meet(strike: Strike | null): void {
    if (strike === null) return;
    this.#host.play(strike);
    const { reply = null, isRaw = false } = this.#core.faults[strike.row] ?? {};
    if (reply !== null && !isRaw) this.#transaction.earlyCode = reply.code;
  }

  /** The last octet of a chunk has come. */
  #onChunk(): void {
    const { counters, rules } = this.#core;
    const step = this.#isLastChunk ? 'endOfData' : 'bdat';
    const refusal = rules.chunkRefusal(step, this.#standing);
    if (this.#isLastChunk && refusal === null) {
      this.#onEndOfData();
      return;
    }
    this.#host.onContentEnded();
    counters.commands[step]++;
    const strike = refusal === null ? this.#faults.strike('bdat', '') : null;
    if (strike instanceof Promise) this.#host.wait(strike, (late) => this.#answerChunk(refusal, late));
    else this.#answerChunk(refusal, strike);
  }

  #answerChunk(refusal: CountedReply | null, strike: Strike | null): void {
    const transaction = this.#transaction;
    const early = transaction.earlyCode;
    transaction.earlyCode = 0;
    if (early !== 0) {
      transaction.isSpoilt ||= !isPositive(early);
    } else if (strike !== null && this.#host.play(strike)) {
      transaction.isSpoilt ||= !this.#isPositiveRow(strike);
    } else {
      this.#wire.send(refusal ?? this.#core.replies.chunkOk);
      transaction.isSpoilt ||= refusal !== null;
    }
    if (!transaction.isOpen) transaction.clear();
  }

  #onEndOfData(): void {
    this.#host.onContentEnded();
    // LMTP answers for each recipient (RFC 2033 §4.2).
    this.#answer(this.#core.isLmtp ? Math.max(1, this.#transaction.recipients) : 1, 0);
  }

  /** Gives the replies that are due; `positive`: how many before them were. */
  #answer(due: number, positive: number): void {
    const { counters, isLmtp } = this.#core;
    const transaction = this.#transaction;
    for (let left = due; left > 0 && !this.#host.isDeaf; left--) {
      counters.commands.endOfData++;
      const early = transaction.earlyCode;
      transaction.earlyCode = 0;
      if (early !== 0) {
        if (isPositive(early)) positive++;
        continue;
      }
      const strike = this.#faults.strike('endOfData', '');
      if (strike instanceof Promise) {
        const before = positive;
        this.#host.wait(strike, (late) => this.#answer(left - 1, before + (this.#answerNext(late) ? 1 : 0)));
        return;
      }
      if (this.#answerNext(strike)) positive++;
    }
    if (positive > 0) this.#acceptMessage(isLmtp ? positive : transaction.recipients);
    transaction.clear();
  }

  /** The next reply behind the content; whether it was positive. */
  #answerNext(strike: Strike | null): boolean {
    if (strike !== null && this.#host.play(strike)) return this.#isPositiveRow(strike);
    const verdict = this.#messageVerdict();
    this.#wire.send(verdict);
    return isPositive(verdict.code);
  }

  #isPositiveRow({ row }: Strike): boolean {
    return isPositive(this.#core.faults[row]?.reply?.code ?? 0);
  }

  #messageVerdict(): CountedReply {
    const { replies, settings } = this.#core;
    if (this.#transaction.recipients === 0) return replies.messageWithoutRecipients;
    return this.#transaction.octets > settings.maxSize ? replies.messageTooBig : replies.messageOk;
  }

  #acceptMessage(recipients: number): void {
    // A fault row may say 250 to a message that has none.
    if (recipients === 0) return;
    const { counters, kept, archive, budget } = this.#core;
    counters.messages++;
    counters.recipients += recipients;
    this.#standing.messages++;
    if (budget === null) return;
    const message = this.#transaction.message(this.#standing.user, this.#standing.isSecure);
    if (message !== null) kept.add(message);
    archive?.add(message);
  }
}
