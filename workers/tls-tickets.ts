/** The session ticket that the sessions of a worker share, so that a later handshake can resume an earlier one. */
import { isInShare } from '../src/plan/share.js';

/** Holds the newest ticket. A server that takes each only once then answers some with a full handshake, which is counted. */
export class TlsTickets {
  readonly #percent: number;
  #newest: Buffer | null = null;

  /** @param percent - share of the sessions that resume, more than 0 */
  constructor(percent: number) {
    this.#percent = percent;
  }

  /** Listener of a TLS socket's `session` event. */
  readonly keep = (ticket: Buffer): void => {
    this.#newest = ticket;
  };

  /** What a session offers to resume; null: nothing, because it is not its turn or no ticket came yet. */
  ticketOf(turn: number): Buffer | null {
    return isInShare(turn, this.#percent) ? this.#newest : null;
  }
}
