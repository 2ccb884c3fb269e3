/** One mail transaction at a time (RFC 5321 §3.3): envelope, then content. Decides nothing; the session does. */
import { ContentScanner, unstuff } from './content-scanner.js';
import type { SinkMessage } from './kept-messages.js';

/** The transaction of a session. Forgets the octets of its content unless told to keep them. */
export class MailTransaction {
  /** MAIL was accepted. */
  isOpen = false;
  /** RCPTs accepted. */
  recipients = 0;
  /** The first octet of content has come. */
  hasContent = false;
  /** Its content comes by BDAT: no more recipients, no DATA (RFC 3030 §2). */
  isChunked = false;
  /** A chunk was refused: the rest of the content belongs to nothing. */
  isSpoilt = false;
  /** MAIL came with SMTPUTF8 (RFC 6531 §3.4). */
  isInternational = false;
  /** Code of a reply that came before the content's end; 0: none. */
  earlyCode = 0;
  readonly #scanner = new ContentScanner();
  readonly #isKept: boolean;
  readonly #octetsMax: number;
  /** '' is the null reverse-path. */
  reversePath = '';
  #forwardPaths: string[] = [];
  #content: Buffer[] = [];
  #chunkOctets = 0;

  /**
   * @param isKept - whether {@link MailTransaction.message} will be asked for
   * @param octetsMax - content beyond is never kept
   */
  constructor(isKept: boolean, octetsMax: number) {
    this.#isKept = isKept;
    this.#octetsMax = octetsMax;
  }

  /** Octets of content so far as SIZE counts them. */
  get octets(): number {
    return this.isChunked ? this.#chunkOctets : this.#scanner.octets;
  }

  /** MAIL was accepted. */
  begin(reversePath: string, isInternational: boolean): void {
    this.isOpen = true;
    this.isInternational = isInternational;
    this.reversePath = reversePath;
  }

  /** RCPT was accepted. */
  addRecipient(forwardPath: string): void {
    this.recipients++;
    if (this.#isKept) this.#forwardPaths.push(forwardPath);
  }

  /** DATA was answered with 354. */
  beginContent(): void {
    this.hasContent = false;
    this.earlyCode = 0;
    this.#scanner.begin();
  }

  /** Takes octets of content; returns the index in `chunk` behind the final dot's line, or -1 if it has not come. */
  take(chunk: Buffer, from: number): number {
    const end = this.#scanner.scan(chunk, from);
    if (this.#isKept && this.#scanner.octets <= this.#octetsMax) {
      this.#content.push(chunk.subarray(from, end === -1 ? chunk.length : end));
    }
    return end;
  }

  /** The first chunk is announced: what comes is content as it stands, without transparency. */
  beginChunks(): void {
    this.isChunked = true;
    this.hasContent = false;
    this.earlyCode = 0;
    this.#chunkOctets = 0;
  }

  /** Takes octets of a chunk. */
  takeChunk(octets: Buffer): void {
    this.#chunkOctets += octets.length;
    if (this.#isKept && this.#chunkOctets <= this.#octetsMax) this.#content.push(octets);
  }

  /** The transaction as a message, once its content has ended. */
  message(user: string | null, isSecure: boolean): SinkMessage {
    const octets = Buffer.concat(this.#content);
    const content = this.isChunked ? octets : unstuff(octets.subarray(0, octets.length - '.\r\n'.length));
    return { reversePath: this.reversePath, forwardPaths: this.#forwardPaths, content, user, isSecure };
  }

  /** Ends the transaction, whatever became of it. */
  clear(): void {
    this.isOpen = false;
    this.recipients = 0;
    this.isChunked = false;
    this.isSpoilt = false;
    if (!this.#isKept) return;
    this.#forwardPaths = [];
    this.#content = [];
  }
}
