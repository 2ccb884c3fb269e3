/**
 * Connections whose octets the kernel does not take: the server, or the network, reads more slowly than its session writes.
 * Looked at with every tick of the clock, so that a pause shorter than a tick is none.
 */

/** What is watched of a connection. */
export interface Sending {
  /** Every octet written so far was taken. */
  readonly isDrained: boolean;
  /** It is among those that are watched. */
  isSendWatched: boolean;
}

interface Waiting {
  readonly connection: Sending;
  readonly sinceUs: number;
  /** It has waited for a whole tick, and is counted. */
  isStalled: boolean;
}

/** Watches the connections of one worker. */
export class SendWatch {
  /** Times that octets were not taken within a tick. */
  stalls = 0;
  /** How long they waited all together, µs; a connection that still waits counts up to the last tick. */
  stalledUs = 0;
  #waiting: Waiting[] = [];
  #lastTickUs = 0;

  /** A connection has written what was not taken at once. */
  queued(connection: Sending, nowUs: number): void {
    if (connection.isSendWatched) return;
    connection.isSendWatched = true;
    this.#waiting.push({ connection, sinceUs: nowUs, isStalled: false });
  }

  /** Looks who still waits. */
  tick(nowUs: number): void {
    if (this.#waiting.length > 0) this.#waiting = this.#waiting.filter((waiting) => this.#look(waiting, nowUs));
    this.#lastTickUs = nowUs;
  }

  /** @returns whether it goes on waiting */
  #look(waiting: Waiting, nowUs: number): boolean {
    const { connection, sinceUs, isStalled } = waiting;
    if (isStalled) this.stalledUs += nowUs - this.#lastTickUs;
    if (connection.isDrained) {
      connection.isSendWatched = false;
      return false;
    }
    // Who wrote just before the tick has not waited for one.
    if (!isStalled && sinceUs <= this.#lastTickUs) {
      waiting.isStalled = true;
      this.stalls++;
      this.stalledUs += nowUs - sinceUs;
    }
    return true;
  }
}
