/**
 * Sends the content of a message: behind 354 with its final dot (RFC 5321 §4.1.1.4), or in chunks, each behind its BDAT
 * (RFC 3030 §2). Knows no replies but that of the go-ahead.
 */
import { assert } from '../src/assert.js';
import type { Clock } from '../src/clock.js';
import type { MessageContent } from '../src/data/corpus/corpus.js';
import { END_OF_DATA } from '../src/protocol/commands.js';
import { Step } from '../src/protocol/steps.js';
import type { CompiledScript, ContentScript } from '../src/scenario/compiled-script.js';
import type { ContentChunks } from '../src/scenario/content-chunks.js';
import type { CommandWriter } from './command-writer.js';
import { LARGEST_COPIED_BODY } from './outbox.js';
import type { Transaction } from './transaction.js';

/** Octets of the outbox that chunks of one write leave free. */
const CHUNK_RESERVE = 8192;

/** The content of one session's messages, one after the other. */
export class ContentSender {
  #script: CompiledScript;
  /** Its head is written from the worker's context. */
  #usesContext = false;
  /** The message whose chunks are under way; null: none is. */
  #message: MessageContent | null = null;
  #chunks: ContentChunks | null = null;
  readonly #writer: CommandWriter;
  readonly #clock: Clock;
  /** Puts into the outbox what may go behind the content. */
  readonly #follow: (nowUs: number) => void;
  /** The chunk that is next. */
  #chunk = 0;

  constructor(script: CompiledScript, writer: CommandWriter, clock: Clock, follow: (nowUs: number) => void) {
    this.#script = script;
    this.#writer = writer;
    this.#clock = clock;
    this.#follow = follow;
  }

  /** The messages from now on are those of another script. */
  enter(script: CompiledScript): void {
    this.#script = script;
  }

  /** Whether chunks of the content under way are still to be sent. */
  get hasChunks(): boolean {
    return this.#chunks !== null && this.#chunk < this.#chunks.count;
  }

  /** Whether the content under way goes in chunks. */
  get isChunked(): boolean {
    return this.#chunks !== null;
  }

  /** No chunk follows. */
  reset(): void {
    this.#chunk = Infinity;
    this.#chunks = null;
  }

  /** Sends the content; or as many chunks as may go together, of which {@link sendChunks} sends the rest. */
  send(content: ContentScript, transaction: Transaction, slot: number, isGrouping: boolean, nowUs: number): void {
    const writer = this.#writer;
    const message = content.messages.messageOf(transaction.number);
    this.#chunks = content.chunks?.of(message.sizeBytes) ?? null;
    this.#usesContext = content.messages.usesContext;
    if (this.#usesContext) writer.templates.prepare(transaction.number, 0);
    transaction.beginContent(this.#script.isLmtp);
    writer.begin();
    writer.beginTransfer(nowUs);
    if (this.#chunks !== null) {
      this.#message = message;
      this.#chunk = 0;
      this.sendChunks(transaction, slot, isGrouping, nowUs);
      return;
    }
    const { outbox } = writer;
    outbox.length = message.writeHead(outbox.target, 0, transaction.number);
    const headEnd = outbox.length;
    const isCopied = message.body.length <= LARGEST_COPIED_BODY;
    if (isCopied) outbox.append(message.body);
    writer.endOfContent(slot, nowUs);
    this.#follow(nowUs);
    if (isCopied) writer.flush(nowUs);
    else writer.flushAround([headEnd], [message.body as Buffer], nowUs);
    this.#afterLastOctet(transaction);
  }

  /** Sends the next chunk, or as many as may go together. */
  sendChunks(transaction: Transaction, slot: number, isGrouping: boolean, nowUs: number): void {
    const writer = this.#writer;
    const [message, chunks] = [this.#message, this.#chunks];
    assert(message !== null && chunks !== null, 'only content in chunks has chunks');
    const { outbox } = writer;
    if (this.#chunk > 0) writer.begin();
    const cuts: number[] = [];
    const pieces: Buffer[] = [];
    // The head is generated for this message; only the first chunks hold any of it.
    const hasHead = chunks.startOf(this.#chunk) < message.headLength;
    if (hasHead && this.#usesContext) writer.templates.prepare(transaction.number, 0);
    const head = hasHead ? message.headOf(transaction.number) : null;
    do {
      const index = this.#chunk++;
      outbox.append(chunks.commandOf(index));
      const [start, end] = [chunks.startOf(index), chunks.endOf(index)];
      if (head !== null && start < head.length) outbox.append(head.subarray(start, Math.min(end, head.length)));
      if (end > message.headLength) {
        const piece = message.body.subarray(
          Math.max(0, start - message.headLength),
          end - message.headLength,
        ) as Buffer;
        if (piece.length <= LARGEST_COPIED_BODY && piece.length + CHUNK_RESERVE < outbox.room) outbox.append(piece);
        else {
          cuts.push(outbox.length);
          pieces.push(piece);
        }
      }
      if (chunks.isLast(index)) writer.endOfContent(slot, nowUs);
      else writer.sent(Step.bdat, slot, nowUs);
    } while (isGrouping && this.hasChunks && writer.ring.room > 2 && outbox.room > CHUNK_RESERVE);
    const isLast = !this.hasChunks;
    if (isLast) this.#follow(nowUs);
    if (pieces.length === 0) writer.flush(nowUs);
    else writer.flushAround(cuts, pieces, nowUs);
    if (isLast) this.#afterLastOctet(transaction);
  }

  /** A lone dot, when every recipient was refused and the server goes ahead all the same. */
  sendNothing(transaction: Transaction, slot: number, nowUs: number): void {
    this.#writer.begin();
    this.#chunks = null;
    // In LMTP recipients that were accepted are answered even though MAIL was not (RFC 2033 §4.2).
    transaction.beginContent(this.#script.isLmtp);
    this.#writer.loneDot(slot, END_OF_DATA, transaction.finalLeft, nowUs);
    this.#follow(nowUs);
    this.#writer.flush(nowUs);
  }

  #afterLastOctet(transaction: Transaction): void {
    const writer = this.#writer;
    if (writer.connection.isDrained) writer.contentTaken(transaction.finalLeft, this.#clock.nowUs());
  }
}
