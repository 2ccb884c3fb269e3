/** Monotonic time in µs. Two threads compare times only after exchanging an origin through {@link monotonicUs}. */
import { performance } from 'node:perf_hooks';

/** Reads a monotonic time in µs (a float). */
export interface Clock {
  nowUs(): number;
}

/** µs on the clock that all threads of the machine share; its zero is arbitrary. */
export function monotonicUs(): number {
  const [sec, nanoSec] = process.hrtime();
  return sec * 1e6 + nanoSec / 1e3;
}

/**
 * A clock whose zero all threads agree on.
 *
 * `performance.now()` is the cheapest monotonic reading in Node but starts apart in each thread, so the difference to
 * the shared clock is taken once, here.
 */
export class RunClock implements Clock {
  #offsetUs = 0;

  /** @param zeroUs - the run's time zero, a reading of {@link monotonicUs} in any thread of this machine; the present until it is known */
  constructor(zeroUs = monotonicUs()) {
    this.startFrom(zeroUs);
  }

  /** Time zero is known. */
  startFrom(zeroUs: number): void {
    this.#offsetUs = monotonicUs() - performance.now() * 1e3 - zeroUs;
  }

  nowUs(): number {
    return performance.now() * 1e3 + this.#offsetUs;
  }
}

/** A clock that moves only when told to: for rehearsals, and for tests of actors, wheels and reports. */
export class ManualClock implements Clock {
  #nowUs: number;

  constructor(startUs = 0) {
    this.#nowUs = startUs;
  }

  nowUs(): number {
    return this.#nowUs;
  }

  /** Moves time on by `us`. */
  advance(us: number): void {
    this.#nowUs += us;
  }
}
