/** The last messages of a sink, for tests that look inside. Discards all else. */

/** An accepted message. */
export interface SinkMessage {
  /** Without brackets; '' is the null reverse-path. */
  readonly reversePath: string;
  /** Recipients whose RCPT was accepted, in order. */
  readonly forwardPaths: readonly string[];
  /** Headers and body as the client meant them: dots unstuffed, without the final dot. */
  readonly content: Buffer;
  /** Who authenticated, or null. */
  readonly user: string | null;
  readonly isSecure: boolean;
}

/** Holds at most `keepMessages` messages, the latest. */
export class KeptMessages {
  readonly #limit: number;
  readonly #messages: SinkMessage[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(message: SinkMessage): void {
    this.#messages.push(message);
    if (this.#messages.length > this.#limit) this.#messages.shift();
  }

  /** A copy of the list, oldest first. */
  list(): readonly SinkMessage[] {
    return [...this.#messages];
  }
}
