/** How content travels by BDAT (RFC 3030 §2): in chunks of a size, each behind its command. Pure. */
import { assert } from '../assert.js';

/** The chunks of all messages of one size. */
export class ContentChunks {
  /** How many. */
  readonly count: number;
  readonly #chunkBytes: number;
  readonly #sizeBytes: number;
  readonly #command: Buffer;
  readonly #lastCommand: Buffer;

  /**
   * @param sizeBytes - of the content
   * @param chunkBytes - of each chunk but the last; null: one chunk holds everything
   */
  constructor(sizeBytes: number, chunkBytes: number | null) {
    assert(sizeBytes > 0 && (chunkBytes === null || chunkBytes > 0), 'content and its chunks have octets');
    this.#sizeBytes = sizeBytes;
    this.#chunkBytes = Math.min(chunkBytes ?? sizeBytes, sizeBytes);
    this.count = Math.ceil(sizeBytes / this.#chunkBytes);
    this.#command = Buffer.from(`BDAT ${String(this.#chunkBytes)}\r\n`, 'latin1');
    this.#lastCommand = Buffer.from(`BDAT ${String(sizeBytes - this.startOf(this.count - 1))} LAST\r\n`, 'latin1');
  }

  /** Octets of all commands together, at most. */
  get commandBytes(): number {
    return this.#command.length * (this.count - 1) + this.#lastCommand.length;
  }

  /** The command of a chunk, with its CRLF; shared, never to be changed. */
  commandOf(index: number): Buffer {
    return this.isLast(index) ? this.#lastCommand : this.#command;
  }

  isLast(index: number): boolean {
    return index === this.count - 1;
  }

  /** Index in the content of a chunk's first octet. */
  startOf(index: number): number {
    return index * this.#chunkBytes;
  }

  /** Index in the content behind a chunk's last octet. */
  endOf(index: number): number {
    return Math.min((index + 1) * this.#chunkBytes, this.#sizeBytes);
  }
}

/** The chunks of messages, by their size. */
export class ChunkTable {
  readonly #chunkBytes: number | null;
  readonly #bySize = new Map<number, ContentChunks>();
  #last: ContentChunks | null = null;
  #lastBytes = -1;

  /** @param chunkBytes - as in {@link ContentChunks} */
  constructor(chunkBytes: number | null) {
    this.#chunkBytes = chunkBytes;
  }

  /** The chunks of a message with so many octets. */
  of(sizeBytes: number): ContentChunks {
    if (sizeBytes === this.#lastBytes && this.#last !== null) return this.#last;
    const chunks = this.#bySize.get(sizeBytes) ?? new ContentChunks(sizeBytes, this.#chunkBytes);
    this.#bySize.set(sizeBytes, chunks);
    this.#last = chunks;
    this.#lastBytes = sizeBytes;
    return chunks;
  }
}
