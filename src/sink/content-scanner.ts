/**
 * Finds the end of mail data, `CRLF . CRLF` (RFC 5321 §4.1.1.4), over any split into chunks, and counts its octets.
 * Keeps the few octets of state at a chunk's end, never the chunk.
 */

const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;
const LINE_WITH_DOT = Buffer.from('\r\n.');

/** How much of `CRLF . CRLF` the octets so far end with. */
const Tail = { none: 0, cr: 1, lineStart: 2, dot: 3, dotCr: 4 } as const;
type Tail = (typeof Tail)[keyof typeof Tail];

/** Scans one message after another. Bare CR and LF never end a line, so nothing can be smuggled in behind one. */
export class ContentScanner {
  #tail: Tail = Tail.lineStart;
  #octets = 0;

  /** Octets so far as SIZE counts them (RFC 1870 §5): without doubled dots and, after the end, without the final dot. */
  get octets(): number {
    return this.#octets;
  }

  /** Begins a message: the CRLF of DATA counts as the one before its first line. */
  begin(): void {
    this.#tail = Tail.lineStart;
    this.#octets = 0;
  }

  /**
   * Takes octets of content.
   *
   * @param from - index of the first octet of content in `chunk`
   * @returns the index behind the final `CRLF . CRLF`, or -1 when `chunk` is all content
   */
  scan(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      if (this.#tail === Tail.none) {
        const found = chunk.indexOf(LINE_WITH_DOT, at);
        if (found === -1) {
          this.#tail = tailOf(chunk, at);
          break;
        }
        at = found + LINE_WITH_DOT.length;
        this.#tail = Tail.dot;
        continue;
      }
      if (this.#step(chunk[at] ?? 0)) {
        this.#octets += at + 1 - from - 3;
        return at + 1;
      }
      at++;
    }
    this.#octets += chunk.length - from;
    return -1;
  }

  /** Moves on by one octet; true at the end of the content. */
  #step(octet: number): boolean {
    switch (this.#tail) {
      case Tail.none:
      case Tail.cr:
        this.#tail = octet === CR ? Tail.cr : octet === LF && this.#tail === Tail.cr ? Tail.lineStart : Tail.none;
        return false;
      case Tail.lineStart:
        this.#tail = octet === DOT ? Tail.dot : octet === CR ? Tail.cr : Tail.none;
        return false;
      case Tail.dot:
        if (octet === CR) {
          this.#tail = Tail.dotCr;
        } else {
          this.#octets--;
          this.#tail = Tail.none;
        }
        return false;
      case Tail.dotCr:
        if (octet === LF) return true;
        this.#octets--;
        this.#tail = octet === CR ? Tail.cr : Tail.none;
        return false;
    }
  }
}

/** The state behind a chunk that holds no line with a dot from `at` on. What came before `at` was no CR. */
function tailOf(chunk: Buffer, at: number): Tail {
  const last = chunk[chunk.length - 1];
  if (last === CR) return Tail.cr;
  return last === LF && chunk.length - at > 1 && chunk[chunk.length - 2] === CR ? Tail.lineStart : Tail.none;
}

/** Removes transparency (RFC 5321 §4.5.2): the first dot of every line. `content` is without the final `. CRLF`. */
export function unstuff(content: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let at = content[0] === DOT ? 1 : 0;
  for (;;) {
    const found = content.indexOf(LINE_WITH_DOT, at);
    if (found === -1) break;
    pieces.push(content.subarray(at, found + 2));
    at = found + LINE_WITH_DOT.length;
  }
  pieces.push(content.subarray(at));
  return Buffer.concat(pieces);
}
