/**
 * Turns the octets of an SMTP server into replies (RFC 5321 §4.2). One parser per connection; the hottest code of the
 * project. Knows no sockets and no commands: what a reply means is the session's business.
 */
import { CR, FIVE, HYPHEN, LF, NINE, ONE, SP, ZERO } from './ascii.js';
import { assert } from '../assert.js';
import { NO_ENHANCED, readEnhanced } from './enhanced-status.js';
import { giveBackLineBuffer, MAX_HELD_OCTETS, takeLineBuffer } from './line-buffer-pool.js';

/** Octets of a reply line, line end included. RFC 5321 §4.5.3.1.5 says 512; servers send more, so the cap is ours. */
export const MAX_REPLY_LINE_OCTETS = MAX_HELD_OCTETS;
/**
 * Lines of one reply. RFC 5321 sets no limit; the longest honest replies (EHLO, HELP) have a few dozen lines.
 *
 * @internal
 */
export const MAX_REPLY_LINES = 512;
/**
 * Characters of server text that a sample holds.
 *
 * @internal
 */
export const MAX_SAMPLE_CHARACTERS = 160;

/**
 * Why a stream cannot be understood: `malformed` (it is no reply), `overlong` (a line above {@link
 * MAX_REPLY_LINE_OCTETS}), `limit` (a reply above {@link MAX_REPLY_LINES}).
 */
export type MalformedKind = 'malformed' | 'overlong' | 'limit';

/** Who hears what a {@link ReplyParser} reads. Calls are synchronous, from within `execute`. */
export interface ReplySink {
  /**
   * One line of a reply; called only while `parser.wantsLines`. `parser.code` and `parser.lineCount` (this line
   * included) are valid. The text is `buffer[start..end)`, without code, separator, CR and LF; it is valid until the
   * call returns.
   */
  onReplyLine(parser: ReplyParser, buffer: Uint8Array, start: number, end: number): void;
  /** A whole reply: read `code`, `enhanced`, `lineCount`, `bytesAfter` and `text()`. */
  onReply(parser: ReplyParser): void;
  /**
   * The stream cannot be understood; the parser has halted itself.
   *
   * @param sample - as much of the offending line as had arrived, at most {@link MAX_SAMPLE_CHARACTERS} latin1
   * characters
   */
  onMalformed(parser: ReplyParser, kind: MalformedKind, sample: string): void;
}

/** Where in a line the next octet stands. In `malformed` it is the one that fits nowhere. */
const State = {
  firstDigit: 0,
  secondDigit: 1,
  thirdDigit: 2,
  separator: 3,
  endAfterCode: 4,
  text: 5,
  malformed: 6,
} as const;

/** Whether `execute` may go on. Leaving `executing` from within a callback makes it return. */
const Mode = { idle: 0, executing: 1, halted: 2 } as const;

/** Octets of a line before its text: three digits and the separator. */
const HEAD_OCTETS = 4;

/** Stands for "no buffer", so that the fields which hold one never change their type. */
const NO_BUFFER = new Uint8Array(0);

/**
 * A byte state machine for replies. A line that lies wholly inside a chunk is read in place; only a line that straddles
 * chunks is copied, into a buffer borrowed from a pool until the line ends. Nothing is allocated per reply.
 *
 * Strict about meaning, tolerant about dress. Accepted beyond the grammar: a bare LF as line end, a code without
 * separator and text, any second digit, NUL and 8-bit octets and lone CRs as text. Refused: a first digit outside 1..5,
 * another separator than SP and `-`, and a line whose code differs from the first line's ("MUST be the same", RFC 5321
 * §4.2.1).
 */
export class ReplyParser {
  /** Whether `onReplyLine` is called. May be changed at any time. */
  wantsLines: boolean;
  /** Reply code, 100 to 599. */
  code: number;
  /**
   * Enhanced status code (RFC 2034) of the first line that has one, as class·1,000,000 + subject·1,000 + detail; 0:
   * none.
   */
  enhanced: number;
  /** Lines of the current reply read so far. */
  lineCount: number;
  /**
   * Octets of this chunk behind the reply just reported. Behind the 220 of STARTTLS they are an attack (RFC 3207 §6).
   */
  bytesAfter: number;

  readonly #sink: ReplySink;
  #mode: number;
  #state: number;
  /** The first digits of this line's code, as a number. */
  #lineCode: number;
  /** Whether this line is its reply's last one (its separator is not a hyphen). */
  #isLastLine: boolean;
  /** Beginning of the line that straddles chunks, from its first digit on; {@link NO_BUFFER} while none does. */
  #held: Uint8Array;
  #heldOctets: number;
  /** Where `text()` reads from; set during `onReply` only, so that no chunk is kept alive. */
  #textBuffer: Uint8Array;
  #textStart: number;
  #textEnd: number;

  constructor(sink: ReplySink) {
    this.wantsLines = false;
    this.code = 0;
    this.enhanced = NO_ENHANCED;
    this.lineCount = 0;
    this.bytesAfter = 0;
    this.#sink = sink;
    this.#mode = Mode.idle;
    this.#state = State.firstDigit;
    this.#lineCode = 0;
    this.#isLastLine = true;
    this.#held = NO_BUFFER;
    this.#heldOctets = 0;
    this.#textBuffer = NO_BUFFER;
    this.#textStart = 0;
    this.#textEnd = 0;
  }

  /**
   * Parses what the server sent and calls the sink for every reply that ends in it.
   *
   * @param chunk - the octets; the caller may overwrite them as soon as the call returns
   * @param length - how many of them are valid, from index 0
   */
  execute(chunk: Uint8Array, length: number): void {
    if (this.#mode === Mode.halted) return;
    assert(this.#mode === Mode.idle, 'a parser is not fed from within its own callbacks');
    this.#mode = Mode.executing;
    let position = 0;
    let lineStart = 0;
    let state = this.#state;
    while (position < length) {
      const octet = chunk[position] as number;
      switch (state) {
        case State.firstDigit:
          if (octet >= ONE && octet <= FIVE) {
            this.#lineCode = octet - ZERO;
            state = State.secondDigit;
            position++;
          } else state = State.malformed;
          break;
        case State.secondDigit:
          if (octet >= ZERO && octet <= NINE) {
            this.#lineCode = this.#lineCode * 10 + octet - ZERO;
            state = State.thirdDigit;
            position++;
          } else state = State.malformed;
          break;
        case State.thirdDigit:
          if (octet >= ZERO && octet <= NINE && this.#acceptCode(this.#lineCode * 10 + octet - ZERO)) {
            state = State.separator;
            position++;
          } else state = State.malformed;
          break;
        case State.separator:
          this.#isLastLine = octet !== HYPHEN;
          if (octet === SP || octet === HYPHEN) {
            state = State.text;
            position++;
          } else if (octet === CR) {
            state = State.endAfterCode;
            position++;
          } else if (octet === LF) {
            state = State.endAfterCode;
          } else state = State.malformed;
          break;
        case State.endAfterCode:
          if (octet === LF) {
            if (!this.#endLine(chunk, lineStart, position, length)) return;
            state = State.firstDigit;
            position++;
            lineStart = position;
          } else state = State.malformed;
          break;
        case State.malformed:
          this.#fail('malformed', chunk, lineStart, length);
          return;
        default: {
          // The cap counts the whole line; what is held of it came with earlier chunks.
          const capped = lineStart + MAX_REPLY_LINE_OCTETS - this.#heldOctets;
          const stop = capped < length ? capped : length;
          // Measured against indexOf (benchmarks/micro/reply-parser.bench.ts): 10 % slower on 45 octets, 10 % faster on
          // 15.
          while (position < stop && chunk[position] !== LF) position++;
          if (position === capped) {
            this.#fail('overlong', chunk, lineStart, length);
            return;
          }
          if (position === length) break;
          if (!this.#endLine(chunk, lineStart, position, length)) return;
          state = State.firstDigit;
          position++;
          lineStart = position;
        }
      }
    }
    this.#state = state;
    if (lineStart < length) this.#hold(chunk, lineStart, length);
    this.#mode = Mode.idle;
  }

  /** Octets of the text of the reply's last line; inside `onReply` only. */
  get textOctets(): number {
    return this.#textEnd - this.#textStart;
  }

  /**
   * Latin1 text of the reply's last line; built on demand, valid inside `onReply` only.
   *
   * @param maxCharacters - where it is cut: samples are short, a challenge of AUTH is wanted whole
   */
  text(maxCharacters = MAX_SAMPLE_CHARACTERS): string {
    return latin1(this.#textBuffer, this.#textStart, this.#textEnd, maxCharacters);
  }

  /** Stops parsing: an `execute` in progress returns without reading on, and later ones do nothing until `reset`. */
  halt(): void {
    this.#mode = Mode.halted;
    this.#forgetHeld();
  }

  /**
   * Forgets everything, also what was half read, and ends a halt. Called from a callback, the rest of that chunk is
   * forgotten too (RFC 3207 §4.2: what was learnt before TLS is discarded).
   */
  reset(): void {
    this.#mode = Mode.idle;
    this.#state = State.firstDigit;
    this.#forgetHeld();
    this.#textBuffer = NO_BUFFER;
    this.#textStart = 0;
    this.#textEnd = 0;
    this.code = 0;
    this.enhanced = NO_ENHANCED;
    this.lineCount = 0;
    this.bytesAfter = 0;
    this.#isLastLine = true;
  }

  /** Takes the code of a line whose three digits were read; false when it contradicts the lines before it. */
  #acceptCode(code: number): boolean {
    if (!this.#isLastLine) return code === this.code;
    this.code = code;
    this.enhanced = NO_ENHANCED;
    this.lineCount = 0;
    return true;
  }

  /** Reports the line whose LF stands at `lineFeed`; false when `execute` must return at once. */
  #endLine(chunk: Uint8Array, lineStart: number, lineFeed: number, length: number): boolean {
    let buffer = chunk;
    let start = lineStart + HEAD_OCTETS;
    let end = lineFeed;
    const straddled = this.#heldOctets > 0;
    if (straddled) {
      this.#hold(chunk, lineStart, lineFeed);
      buffer = this.#held;
      start = HEAD_OCTETS;
      end = this.#heldOctets;
      // From here on the buffer belongs to this call, so that a callback may halt or reset the parser.
      this.#held = NO_BUFFER;
      this.#heldOctets = 0;
    }
    if (end > start && buffer[end - 1] === CR) end--;
    if (start > end) start = end; // A bare LF behind the code: the line is shorter than a head.

    this.lineCount++;
    if (this.enhanced === NO_ENHANCED) {
      this.enhanced = readEnhanced(buffer, start, end, Math.floor(this.code / 100));
    }
    if (this.wantsLines) this.#sink.onReplyLine(this, buffer, start, end);
    if (this.#mode === Mode.executing) {
      if (this.#isLastLine) {
        this.bytesAfter = length - lineFeed - 1;
        this.#textBuffer = buffer;
        this.#textStart = start;
        this.#textEnd = end;
        this.#sink.onReply(this);
        this.#textBuffer = NO_BUFFER;
        this.#textStart = 0;
        this.#textEnd = 0;
      } else if (this.lineCount >= MAX_REPLY_LINES) {
        // A line that straddled began at 0, in its chunk as in its buffer.
        this.#reportMalformed('limit', latin1(buffer, lineStart, end, MAX_SAMPLE_CHARACTERS));
      }
    }
    if (straddled) giveBackLineBuffer(buffer);
    return this.#mode === Mode.executing;
  }

  /** Gives up on a line that is still being read. The sample goes to its end, if that has arrived. */
  #fail(kind: MalformedKind, chunk: Uint8Array, lineStart: number, length: number): void {
    const before = latin1(this.#held, 0, this.#heldOctets, MAX_SAMPLE_CHARACTERS);
    const room = MAX_SAMPLE_CHARACTERS - before.length;
    let end = lineStart;
    while (end < length && end < lineStart + room && chunk[end] !== LF) end++;
    if (end > lineStart && chunk[end - 1] === CR) end--;
    this.#reportMalformed(kind, before + latin1(chunk, lineStart, end, room));
  }

  #reportMalformed(kind: MalformedKind, sample: string): void {
    this.halt();
    this.#sink.onMalformed(this, kind, sample);
  }

  /** Copies a part of a line behind what is held of it already. The caps are checked before. */
  #hold(chunk: Uint8Array, from: number, to: number): void {
    const octets = this.#heldOctets + to - from;
    if (octets > this.#held.length) {
      const roomier = takeLineBuffer(octets);
      roomier.set(this.#held.subarray(0, this.#heldOctets));
      this.#giveBackHeld();
      this.#held = roomier;
    }
    // Slow drips bring an octet or two, for which a loop beats a view.
    for (let index = from; index < to; index++) this.#held[this.#heldOctets++] = chunk[index] as number;
  }

  #forgetHeld(): void {
    this.#giveBackHeld();
    this.#held = NO_BUFFER;
    this.#heldOctets = 0;
  }

  #giveBackHeld(): void {
    if (this.#held !== NO_BUFFER) giveBackLineBuffer(this.#held);
  }
}

/**
 * A string of at most `maxLength` characters, one per octet. `Buffer` decodes true latin1; `TextDecoder` means
 * windows-1252.
 */
function latin1(buffer: Uint8Array, start: number, end: number, maxLength: number): string {
  const length = Math.min(end - start, maxLength);
  return Buffer.from(buffer.buffer, buffer.byteOffset + start, length).toString('latin1');
}
