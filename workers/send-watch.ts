/**
 * Connections whose octets the kernel does not take: the server, or the network, reads more slowly than its session writes.
 * Looked at with every tick of the clock, so that a pause shorter than a tick is none.
 */

/** What is watched of a connection. */
export interface Sending {
  /** Every octet written so far was taken. */
  readonly isDrained: boolean;
  /** Since when it waits, while it is watched; null: it is not. */
  sendWait: SendWait | null;
}

/** A connection that waits, or has waited until a moment ago. */
export interface SendWait {
  readonly connection: Sending;
  sinceUs: number;
  /** It has waited for a whole tick, and is counted. */
  isStalled: boolean;
}

/** Watches the connections of one worker. */
export class SendWatch {
  /** Times that octets were not taken within a tick. */
  stalls = 0;
  /** How long they waited all together, µs; a connection that still waits counts up to the last tick. */
  stalledUs = 0;
  #waiting: SendWait[] = [];
  #lastTickUs = 0;

  /**
   * A connection has written what was not taken at once.
   *
   * @param wasDrained - what it wrote before was taken by then, so that this waits anew
   */
  queued(connection: Sending, nowUs: number, wasDrained: boolean): void {
    const wait = connection.sendWait;
    if (wait === null) {
      connection.sendWait = { connection, sinceUs: nowUs, isStalled: false };
      this.#waiting.push(connection.sendWait);
    } else if (wasDrained) {
      wait.sinceUs = nowUs;
      wait.isStalled = false;
    }
  }

  /** Looks who still waits. */
  tick(nowUs: number): void {
    if (this.#waiting.length > 0) this.#waiting = this.#waiting.filter((waiting) => this.#look(waiting, nowUs));
    this.#lastTickUs = nowUs;
  }

  /** @returns whether it goes on waiting */
  #look(waiting: SendWait, nowUs: number): boolean {
    const { connection, sinceUs, isStalled } = waiting;
    if (isStalled) this.stalledUs += nowUs - this.#lastTickUs;
    if (connection.isDrained) {
      connection.sendWait = null;
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
