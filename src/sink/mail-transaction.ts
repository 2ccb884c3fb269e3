/** One mail transaction at a time (RFC 5321 §3.3): envelope, then content. Decides nothing; the session does. */
import type { ContentBudget } from './content-budget.js';
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
  /** null: content is not kept. */
  readonly #budget: ContentBudget | null;
  readonly #octetsMax: number;
  /** '' is the null reverse-path. */
  reversePath = '';
  #forwardPaths: string[] = [];
  #content: Buffer[] = [];
  #keptOctets = 0;
  /** Not all of the content could be kept. */
  #isIncomplete = false;
  #chunkOctets = 0;

  /**
   * @param budget - to keep content for {@link MailTransaction.message}; null: it will not be asked for
   * @param octetsMax - content beyond is never kept
   */
  constructor(budget: ContentBudget | null, octetsMax: number) {
    this.#budget = budget;
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
    if (this.#budget !== null) this.#forwardPaths.push(forwardPath);
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
    if (this.#budget !== null) this.#keep(chunk.subarray(from, end === -1 ? chunk.length : end), this.#budget);
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
    if (this.#budget !== null) this.#keep(octets, this.#budget);
  }

  /** The transaction as a message, once its content has ended; null: there was no room for it. */
  message(user: string | null, isSecure: boolean): SinkMessage | null {
    if (this.#isIncomplete) return null;
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
    if (this.#budget === null) return;
    this.#forwardPaths = [];
    this.#forget(this.#budget);
    this.#isIncomplete = false;
  }

  #keep(octets: Buffer, budget: ContentBudget): void {
    if (this.#isIncomplete) return;
    if (this.octets <= this.#octetsMax && budget.take(octets.length)) {
      this.#content.push(octets);
      this.#keptOctets += octets.length;
    } else {
      this.#isIncomplete = true;
      this.#forget(budget);
    }
  }

  #forget(budget: ContentBudget): void {
    budget.giveBack(this.#keptOctets);
    this.#keptOctets = 0;
    this.#content = [];
  }
}
