/** Locks a user out after too many wrong passwords in a row, for a while. Knows no clock. */

/** Users remembered; the oldest are forgotten first. */
const USERS_MAX = 100_000;

interface Failures {
  count: number;
  /** Until when the user is locked out; 0: not yet. */
  untilMs: number;
}

/** The failures of all users of a sink, whether they exist or not. */
export class LockOut {
  readonly #afterFailures: number;
  readonly #forMs: number;
  readonly #failures = new Map<string, Failures>();

  constructor(afterFailures: number, forMs: number) {
    this.#afterFailures = afterFailures;
    this.#forMs = forMs;
  }

  /**
   * Somebody tried to be `user`. While the user is locked out nothing counts, neither the right password nor a wrong one.
   *
   * @returns whether the user is locked out
   */
  isLocked(user: string, isProved: boolean, nowMs: number): boolean {
    const failures = this.#failures.get(user);
    if (failures !== undefined && nowMs < failures.untilMs) return true;
    if (failures !== undefined && (isProved || failures.untilMs > 0)) this.#failures.delete(user);
    if (isProved) return false;
    const count = (this.#failures.get(user)?.count ?? 0) + 1;
    if (this.#failures.size >= USERS_MAX && !this.#failures.has(user)) this.#forgetOldest();
    this.#failures.set(user, { count, untilMs: count >= this.#afterFailures ? nowMs + this.#forMs : 0 });
    return false;
  }

  #forgetOldest(): void {
    for (const oldest of this.#failures.keys()) {
      this.#failures.delete(oldest);
      return;
    }
  }
}
