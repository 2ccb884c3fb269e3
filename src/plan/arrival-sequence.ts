/**
 * The one global sequence of planned arrivals. Every worker computes all of it and takes its own, so that the schedule is
 * the same for any number of workers. Memory does not depend on how many there are.
 */
import { SeededRandom } from '../seeded-random.js';
import type { ArrivalPlan } from './load-plan.js';
import { LoadProfile, type ProfileWalk } from './load-profile.js';

/** Tells the randomness of arrivals from that of workers, which have streams from 0 on. */
const ARRIVAL_STREAM = 0x7fff_fff0;
const RESTART_STREAM = 0x7fff_fff1;

/** What the sequence needs of a plan. */
export interface SequencePlan extends Pick<ArrivalPlan, 'profile' | 'pattern' | 'endMs'> {
  /**
   * From here on arrivals are planned anew, so that they are exactly as many as the rest of the profile says, ms since
   * time zero; those before come as the profile wants, uncounted. Null: one plan from time zero on.
   */
  readonly restartMs: number | null;
}

/** Arrivals one by one; {@link atUs} is that of the one at hand. */
export class ArrivalSequence {
  readonly #curve: LoadProfile;
  readonly #seed: number;
  readonly #endMs: number | null;
  readonly #isPoisson: boolean;
  /** When the sequence begins anew, µs since time zero; Infinity: it has, or never does. */
  #restartUs: number;
  #walk: ProfileWalk;
  #random: SeededRandom;
  /** Number behind the last arrival; Infinity: as many come as are asked for. */
  #total = Infinity;
  /** Number of the first arrival, and where it all begins on the axis of planned counts. */
  #first = 0;
  #base = 0;
  /** Where it ends on that axis. */
  #span = Infinity;
  /** Where the arrival at hand is on that axis. */
  #count = 0;
  /** Number of the arrival at hand, from 0. */
  index = 0;
  /** Its intended start, µs since time zero; Infinity: there is none any more. */
  atUs = 0;

  constructor({ profile, pattern, endMs, restartMs }: SequencePlan, seed: number) {
    this.#curve = new LoadProfile(profile);
    this.#seed = seed;
    this.#endMs = endMs;
    this.#isPoisson = pattern === 'poisson';
    this.#restartUs = restartMs === null ? Infinity : restartMs * 1e3;
    this.#walk = this.#curve.walk();
    this.#random = new SeededRandom(seed, ARRIVAL_STREAM);
    if (restartMs === null) this.#bound();
    this.#find();
  }

  /** Number behind the last arrival; Infinity: as many come as are asked for, or the plan is yet to begin anew. */
  get total(): number {
    return this.#total;
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
    if (this.index >= this.#total) {
      this.atUs = Infinity;
      return;
    }
    this.#count = this.#isPoisson ? this.#nextPoisson() : this.#base + this.index - this.#first + 0.5;
    // Half an arrival may be missing at the end of a span that was rounded up.
    this.atUs = this.#walk.secAt(Math.min(this.#count, this.#span)) * 1e6;
    if (this.atUs >= this.#restartUs) this.#restart();
  }

  /** Those that came so far are not counted; a stream of its own keeps the rest free of how many they were. */
  #restart(): void {
    this.#first = this.index;
    this.#base = this.#curve.countAt(this.#restartUs / 1e6);
    this.#count = this.#base;
    this.#restartUs = Infinity;
    this.#walk = this.#curve.walk();
    this.#random = new SeededRandom(this.#seed, RESTART_STREAM);
    this.#bound();
    this.#find();
  }

  /** How many arrivals the rest of the profile plans. */
  #bound(): void {
    if (this.#endMs === null) return;
    this.#span = this.#curve.countAt(this.#endMs / 1e3);
    this.#total = this.#first + Math.round(this.#span - this.#base);
  }

  /**
   * With an end the arrivals are those of a Poisson process of which it is known how many there are: as many uniform values
   * in order, each drawn from the one before (Devroye, Non-Uniform Random Variate Generation, 1986, V.3.1). Without one
   * the gaps are exponential.
   */
  #nextPoisson(): number {
    // Never 0, of which there is no logarithm.
    const draw = 1 - this.#random.next();
    if (this.#total === Infinity) return this.#count - Math.log(draw);
    const left = this.#total - this.index;
    return this.#count + (this.#span - this.#count) * (1 - draw ** (1 / left));
  }
}

/** How many arrivals a plan holds, those before it begins anew and all. */
export function plannedArrivals(plan: SequencePlan, seed: number): number {
  const sequence = new ArrivalSequence(plan, seed);
  const restartUs = plan.restartMs === null ? 0 : plan.restartMs * 1e3;
  while (sequence.atUs < restartUs) sequence.advance();
  return sequence.total;
}
