/** A connection without a network: it writes down what it is given, and the test says what the kernel does. */
import type { Connection } from '../../workers/session-state.js';

interface HeldWrite {
  readonly buffer: Buffer;
  readonly octets: string;
}

/** Writes are kept as latin1 text; what was corked together is one write. */
export class ManualConnection implements Connection {
  place = 0;
  session = 0;
  turn = 0;
  visit = 0;
  isDrained = true;
  isSecure = false;
  wantsTls = true;
  /** Between `open` and the close. */
  isOpen = false;
  isDropped = false;
  /** As the last drop asked. */
  droppedHow = 0;
  isDrainAwaited = false;
  /** While set the kernel takes nothing: what is written stays in the queue. */
  isBlocked = false;
  openedCount = 0;
  tlsCount = 0;
  readonly writes: string[] = [];
  #sent = '';
  #taken = 0;
  #corked: string[] | null = null;
  #held: HeldWrite[] = [];

  open(): void {
    if (this.isOpen) throw new Error('a connection is opened once it was closed');
    this.isOpen = true;
    this.isDropped = false;
    this.isSecure = false;
    this.isDrained = true;
    this.isBlocked = false;
    this.isDrainAwaited = false;
    this.openedCount++;
    this.#held = [];
  }

  startTls(): void {
    this.tlsCount++;
  }

  write(bytes: Buffer): void {
    if (!this.isOpen || this.isDropped) throw new Error('nothing is written to a connection that is not open');
    const octets = bytes.toString('latin1');
    this.#sent += octets;
    if (this.isBlocked) {
      this.isDrained = false;
      // A secure connection copies what it is given.
      if (!this.isSecure) this.#held.push({ buffer: bytes, octets });
    }
    if (this.#corked === null) this.writes.push(octets);
    else this.#corked.push(octets);
  }

  cork(): void {
    this.#corked = [];
  }

  uncork(): void {
    this.writes.push((this.#corked ?? []).join(''));
    this.#corked = null;
  }

  notifyDrained(): void {
    this.isDrainAwaited = true;
  }

  drop(how: number): void {
    this.droppedHow = how;
    this.isDropped = true;
  }

  /** All octets of this connection and those before it. */
  get sent(): string {
    return this.#sent;
  }

  /** The writes since the last call. */
  take(): string[] {
    const fresh = this.writes.slice(this.#taken);
    this.#taken = this.writes.length;
    return fresh;
  }

  /** The kernel takes everything that waits, as it was when it was written. */
  drain(): void {
    const changed = this.#held.filter(({ buffer, octets }) => buffer.toString('latin1') !== octets);
    if (changed.length > 0) throw new Error('octets were changed while the socket still held them');
    this.#held = [];
    this.isBlocked = false;
    this.isDrained = true;
  }
}
