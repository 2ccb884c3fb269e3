/**
 * The octets of every message, built once per worker: constant bytes with a few numbers in them.
 *
 *   Message-ID  fixed width, differs in every message
 *   Date        constant: a message's octets depend on the seed and its number alone
 *   From, To    as the envelope; their length varies with the number of digits
 *   Subject
 *   (empty line)
 *   padding     makes up for the digits, so that every message has exactly the size asked for
 *   filler      dot-stuffed once, shared by all messages, ends with the final dot
 */
import { assert } from '../assert.js';
import { PostrushError } from '../errors.js';
import type { MessageContent } from '../data/corpus/corpus.js';
import type { LanePlan } from '../plan/lane-plan.js';
import { dotStuff } from '../protocol/dot-stuffing.js';
import { NumberedBytes, writeDigits } from '../protocol/numbered-bytes.js';
import type { MessageSource } from './message-source.js';

const CRLF = '\r\n';
const TERMINATOR = `.${CRLF}`;
const ID_DIGITS = 12;
/** RFC 5322 wants a Date; a constant one keeps messages repeatable. */
const DATE_HEADER = `Date: Thu, 01 Jan 2026 00:00:00 +0000${CRLF}`;
const MESSAGE_ID_HEADER = /^message-id:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*/gim;
/** RFC 5322 §2.2 */
const HEADER_LINE = /^[\x21-\x39\x3b-\x7e]+:/;
const FILLER_LINE = 'postrush '.repeat(9).slice(0, 78);
/** The same in UTF-8, one character for each octet. */
const FILLER_LINE_8BIT = Buffer.from('pöstrüsh '.repeat(7), 'utf8').toString('latin1');
const PAD_OCTET = 0x78;

/** A message ready to be written with its own number. */
export class MessageTemplate implements MessageSource, MessageContent {
  /** Octets of headers and body of every message, as SIZE would declare them. */
  readonly sizeBytes: number;
  /** What `writeHead` writes at most. */
  readonly maxHeadLength: number;
  /** Everything after the head, with the final dot; shared, never to be changed. */
  readonly body: Uint8Array;

  readonly #idStart: Uint8Array;
  readonly #idEnd: Uint8Array;
  readonly #from: NumberedBytes;
  readonly #to: NumberedBytes;
  readonly #rest: Uint8Array;
  /** Octets that the head and its padding have together, whatever the number of digits; 0: no padding. */
  readonly #paddedLength: number;
  readonly #addresses: number;
  readonly #recipients: number;
  /** The head as it was last laid out: only its numbers change from message to message. */
  #head: Uint8Array = new Uint8Array(0);
  #fromStart = 0;
  #toStart = 0;
  readonly #scratch: Uint8Array;

  /** @throws PostrushError E_CONFIG when the size asked for is smaller than the headers */
  constructor(lane: Pick<LanePlan, 'addresses' | 'recipients' | 'seed' | 'message' | 'from' | 'to' | 'extensions'>) {
    const encode = (text: string): Uint8Array => Buffer.from(text, 'utf8');
    this.#addresses = lane.addresses;
    this.#recipients = lane.recipients;
    this.#idStart = encode('Message-ID: <');
    this.#idEnd = encode(`.${(lane.seed >>> 0).toString(16)}@postrush.test>${CRLF}`);
    const { content } = lane.message;
    const isGenerated = content === null;
    this.#from = new NumberedBytes(
      isGenerated ? lane.from : '',
      isGenerated ? 'From: <' : '',
      isGenerated ? '>\r\n' : '',
    );
    this.#to = new NumberedBytes(isGenerated ? lane.to : '', isGenerated ? 'To: <' : '', isGenerated ? '>\r\n' : '');
    this.#rest = isGenerated
      ? encode(`${DATE_HEADER}Subject: ${lane.message.subject}${CRLF}${CRLF}`)
      : new Uint8Array(0);

    const idLength = this.#idStart.length + ID_DIGITS + this.#idEnd.length;
    if (content === null) {
      const longest = new Uint8Array(this.#from.maxLength + this.#to.maxLength);
      const addressLength = this.#to.write(longest, this.#from.write(longest, 0, lane.addresses), lane.addresses);
      const headLength = idLength + addressLength + this.#rest.length;
      const fillerLength = lane.message.sizeBytes - headLength - CRLF.length;
      if (fillerLength < 0) {
        const message = `takes at least ${String(headLength + CRLF.length)} octets with these addresses, which the headers alone need`;
        throw new PostrushError('E_CONFIG', `--size ${message}`, { issues: [{ path: '--size', message }] });
      }
      this.#paddedLength = headLength;
      this.body = bodyOf(fillerText(fillerLength, lane.extensions.eightBitMime), lane.extensions.isChunked);
      this.sizeBytes = lane.message.sizeBytes;
    } else {
      const lines = content.replace(/\r\n|\r|\n/g, CRLF);
      const text = lines.endsWith(CRLF) ? lines : lines + CRLF;
      const headers = text.slice(0, headersLengthOf(text));
      const rest = headers.replace(MESSAGE_ID_HEADER, '') + text.slice(headers.length);
      // Text without headers of its own is a body.
      const own = HEADER_LINE.test(rest) || rest.startsWith(CRLF) ? rest : CRLF + rest;
      this.#paddedLength = 0;
      this.body = bodyOf(Buffer.from(own, 'latin1'), lane.extensions.isChunked);
      this.sizeBytes = idLength + own.length;
    }
    this.maxHeadLength = Math.max(
      this.#paddedLength,
      idLength + this.#from.maxLength + this.#to.maxLength + this.#rest.length,
    );
    this.#scratch = new Uint8Array(this.maxHeadLength);
    this.#layOutHead(1, 1);
  }

  readonly usesContext = false;

  get largestBytes(): number {
    return this.sizeBytes;
  }

  messageOf(): this {
    return this;
  }

  /** Octets of every head with its padding. */
  get headLength(): number {
    return this.#head.length;
  }

  /** The head of message `number` and its padding; valid until the next one is asked for. */
  headOf(number: number): Uint8Array {
    this.writeHead(this.#scratch, 0, number);
    return this.#scratch.subarray(0, this.headLength);
  }

  /**
   * Writes the head of message `number` (global, from 0) and its padding; `body` follows it.
   *
   * @returns the index behind the last octet
   */
  writeHead(target: Uint8Array, offset: number, number: number): number {
    const sender = senderNumber(number, this.#addresses);
    const recipient = recipientNumber(number, 0, this.#recipients, this.#addresses);
    if (!this.#from.fits(sender) || !this.#to.fits(recipient)) this.#layOutHead(sender, recipient);
    target.set(this.#head, offset);
    writeDigits(target, offset + this.#idStart.length, ID_DIGITS, number);
    this.#from.writeNumber(target, offset + this.#fromStart, sender);
    this.#to.writeNumber(target, offset + this.#toStart, recipient);
    return offset + this.#head.length;
  }

  /** Puts together the head with room for an ID and for numbers with as many digits as these. */
  #layOutHead(sender: number, recipient: number): void {
    const head = new Uint8Array(this.maxHeadLength);
    head.set(this.#idStart);
    const idEnd = this.#idStart.length + ID_DIGITS;
    head.set(this.#idEnd, idEnd);
    this.#fromStart = idEnd + this.#idEnd.length;
    this.#toStart = this.#from.write(head, this.#fromStart, sender);
    const restStart = this.#to.write(head, this.#toStart, recipient);
    head.set(this.#rest, restStart);
    const end = restStart + this.#rest.length;
    assert(this.#paddedLength === 0 || end <= this.#paddedLength, 'a head is never longer than the longest one');
    this.#head = head.subarray(0, Math.max(end, this.#paddedLength)).fill(PAD_OCTET, end);
  }
}

/** The number in the reverse-path of message `number`: from 1, wrapping after `addresses`. */
export function senderNumber(number: number, addresses: number): number {
  return (number % addresses) + 1;
}

/** The number of recipient `index` (from 0) of message `number`: i·R + 1 … i·R + R, wrapping after `addresses`. */
export function recipientNumber(number: number, index: number, recipients: number, addresses: number): number {
  return ((number * recipients + index) % addresses) + 1;
}

/** Up to the empty line; without one the text is all headers (RFC 5322 §3.5), or all body. */
function headersLengthOf(text: string): number {
  const emptyLine = text.indexOf(CRLF + CRLF);
  if (emptyLine !== -1) return emptyLine + CRLF.length;
  return HEADER_LINE.test(text) ? text.length : 0;
}

/** What stands behind the head on the wire: with its final dot, or as it is where chunks carry it. */
function bodyOf(octets: Uint8Array, isChunked: boolean): Buffer {
  return isChunked ? Buffer.from(octets) : Buffer.concat([dotStuff(octets), Buffer.from(TERMINATOR, 'latin1')]);
}

/** `length` octets of text in lines, then a line end; with octets of more than 7 bits (UTF-8) when asked for. */
function fillerText(length: number, isEightBit: boolean): Uint8Array {
  const filler = isEightBit ? FILLER_LINE_8BIT : FILLER_LINE;
  const lines: string[] = [];
  let left = length;
  while (left >= filler.length + CRLF.length) {
    lines.push(filler);
    left -= filler.length + CRLF.length;
  }
  // The last line ends where the size does; a rest of one octet cannot hold a line end of its own.
  lines.push('x'.repeat(left));
  return Buffer.from(lines.join(CRLF) + CRLF, 'latin1');
}
