/**
 * The one global sequence of planned arrivals. Every worker computes all of it and takes its own, so that the schedule is
 * the same for any number of workers. Memory does not depend on how many there are.
 */
import { SeededRandom } from '../seeded-random.js';
import type { ArrivalPlan } from './load-plan.js';
import { LoadProfile, type ProfileWalk } from './load-profile.js';

/** Tells the randomness of arrivals from that of workers, which have streams from 0 on. */
const ARRIVAL_STREAM = 0x7fff_fff0;

/** What the sequence needs of a plan. */
export type SequencePlan = Pick<ArrivalPlan, 'profile' | 'pattern' | 'endMs'>;

/** Arrivals one by one; {@link atUs} is that of the one at hand. */
export class ArrivalSequence {
  readonly #walk: ProfileWalk;
  readonly #random: SeededRandom;
  readonly #isPoisson: boolean;
  /** Arrivals of the whole plan; Infinity: as many as are asked for. */
  readonly total: number;
  /** The same, not rounded, on the axis of planned counts. */
  readonly #span: number;
  /** Where the arrival at hand is on that axis. */
  #count = 0;
  /** Number of the arrival at hand, from 0. */
  index = 0;
  /** Its intended start, µs since time zero; Infinity: there is none any more. */
  atUs = 0;

  constructor({ profile, pattern, endMs }: SequencePlan, seed: number) {
    const curve = new LoadProfile(profile);
    this.#walk = curve.walk();
    this.#random = new SeededRandom(seed, ARRIVAL_STREAM);
    this.#isPoisson = pattern === 'poisson';
    this.#span = endMs === null ? Infinity : curve.countAt(endMs / 1e3);
    this.total = Math.round(this.#span);
    this.#find();
  }

  /** Goes on to the next arrival. */
  advance(): void {
    this.index++;
    this.#find();
  }

  /** There is none any more. */
  end(): void {
    this.atUs = Infinity;
  }

  #find(): void {
    if (this.index >= this.total) {
      this.atUs = Infinity;
      return;
    }
    this.#count = this.#isPoisson ? this.#nextPoisson() : this.index + 0.5;
    // Half an arrival may be missing at the end of a span that was rounded up.
    this.atUs = this.#walk.secAt(Math.min(this.#count, this.#span)) * 1e6;
  }

  /**
   * With an end the arrivals are those of a Poisson process of which it is known how many there are: as many uniform values
   * in order, each drawn from the one before (Devroye, Non-Uniform Random Variate Generation, 1986, V.3.1). Without one
   * the gaps are exponential.
   */
  #nextPoisson(): number {
    // Never 0, of which there is no logarithm.
    const draw = 1 - this.#random.next();
    if (this.total === Infinity) return this.#count - Math.log(draw);
    const left = this.total - this.index;
    return this.#count + (this.#span - this.#count) * (1 - draw ** (1 / left));
  }
}
