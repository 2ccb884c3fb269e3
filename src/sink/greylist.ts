/** Greylisting (RFC 6647): who sends to whom for the first time is to come again later. Knows no clock. */

/** Triplets remembered; the oldest are forgotten first. */
const TRIPLETS_MAX = 100_000;

/** The triplets of client address, reverse-path and forward-path that a sink has seen. */
export class Greylist {
  readonly #waitMs: number;
  readonly #triplets = new Map<string, number>();

  /** @param waitMs - after which a triplet may pass; 0: everything passes */
  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  /** Whether this recipient may pass at `nowMs`; a triplet that is new is remembered from now. */
  passes(address: string, reversePath: string, forwardPath: string, nowMs: number): boolean {
    if (this.#waitMs === 0) return true;
    const triplet = `${address}\n${reversePath}\n${forwardPath}`.toLowerCase();
    const firstMs = this.#triplets.get(triplet);
    if (firstMs !== undefined) return nowMs - firstMs >= this.#waitMs;
    if (this.#triplets.size >= TRIPLETS_MAX) {
      for (const oldest of this.#triplets.keys()) {
        this.#triplets.delete(oldest);
        break;
      }
    }
    this.#triplets.set(triplet, nowMs);
    return false;
  }
}
