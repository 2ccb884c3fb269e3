/** One session of a sink without a socket: octets in, octets out, at once. What a fault row would delay comes without delay. */
import { assert } from '../assert.js';
import type { Secrets } from './credentials.js';
import type { CountedReply } from './reply-book.js';
import { memoryCore } from './sink.js';
import type { SinkOptions } from './sink-options.js';
import { SinkSession } from './sink-session.js';
import type { SinkWire } from './sink-wire.js';

/** What a session said and did since it was last asked. */
export interface SinkAnswer {
  /** Latin-1; one reply each. */
  readonly replies: readonly string[];
  /** TLS is to begin behind them. */
  readonly startsTls: boolean;
  /** The connection is to end behind them. */
  readonly isOver: boolean;
}

/** A session. Call `open` first; when an answer says so, `secure` or nothing more. */
export class MemorySession implements SinkWire {
  readonly #session: SinkSession;
  #replies: string[] = [];
  #startsTls = false;
  #isOver = false;

  /** @param options - as of a sink that listens on one address */
  constructor(options: SinkOptions, secrets: Secrets) {
    this.#session = new SinkSession(memoryCore(options, secrets), this, '');
  }

  open(): SinkAnswer {
    this.#session.open();
    return this.#answer();
  }

  receive(octets: Buffer): SinkAnswer {
    this.#session.receive(octets);
    return this.#answer();
  }

  /** @param certificateName - whom the client's certificate names; null: it has none */
  secure(version: string, cipher: string, certificateName: string | null): SinkAnswer {
    this.#session.onSecure(version, cipher, certificateName);
    return this.#answer();
  }

  send({ octets, tally }: CountedReply): void {
    tally.count++;
    this.#replies.push(octets);
  }

  sendSlowly(reply: CountedReply): void {
    this.send(reply);
  }

  slowNext(): void {
    // Nothing takes time here.
  }

  cut(): void {
    this.#isOver = true;
  }

  close(): void {
    this.#isOver = true;
  }

  reset(): void {
    this.#isOver = true;
  }

  startTls(): void {
    this.#startsTls = true;
  }

  stopReading(): void {
    this.#isOver = true;
  }

  hold(): void {
    assert(false, 'a sink of one process has its answers at once');
  }

  release(): void {
    // See `hold`.
  }

  #answer(): SinkAnswer {
    const answer = { replies: this.#replies, startsTls: this.#startsTls, isOver: this.#isOver };
    this.#replies = [];
    this.#startsTls = false;
    return answer;
  }
}
