/** A limit on how often something may happen per second. Knows no clock: the caller says what time it is. */

/** A token bucket that holds one second's worth, and at least one. */
export class RateLimit {
  readonly #perSec: number;
  readonly #capacity: number;
  #tokens: number;
  #filledMs = 0;

  /** @param perSec - 0: no limit */
  constructor(perSec: number) {
    this.#perSec = perSec;
    this.#capacity = Math.max(1, perSec);
    this.#tokens = this.#capacity;
  }

  /** Whether it may happen now; then it counts. `nowMs` never goes back. */
  take(nowMs: number): boolean {
    if (this.#perSec === 0) return true;
    this.#tokens = Math.min(this.#capacity, this.#tokens + ((nowMs - this.#filledMs) / 1000) * this.#perSec);
    this.#filledMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
