/**
 * A load profile: how many arrivals per second are planned, over time. Pure arithmetic: the rate, its integral and the
 * inverse of that, from which the moments of arrivals follow.
 */
import { assert } from '../assert.js';

/** A piece of a profile: a straight line from one rate to another, or a sine between the two. */
export interface ProfileSegment {
  readonly sec: number;
  /** Rate at its begin, per second; of a sine the lowest. */
  readonly fromPerSec: number;
  /** Rate at its end, per second; of a sine the highest. */
  readonly toPerSec: number;
  /** Period of a sine, which begins at its lowest; null: a straight line. */
  readonly periodSec: number | null;
}

/** A profile, segment by segment from time zero on. */
export class LoadProfile {
  readonly #segments: readonly ProfileSegment[];
  /** When each segment begins, s, and how many arrivals are planned before it. */
  readonly #startSec: number[] = [];
  readonly #before: number[] = [];
  /** Length of the whole, s. */
  readonly sec: number;
  /** Arrivals of the whole, not rounded. */
  readonly total: number;

  constructor(segments: readonly ProfileSegment[]) {
    this.#segments = segments;
    let sec = 0;
    let total = 0;
    for (const segment of segments) {
      this.#startSec.push(sec);
      this.#before.push(total);
      sec += segment.sec;
      total += integral(segment, segment.sec);
    }
    this.sec = sec;
    this.total = total;
  }

  /** The rate at `sec`, arrivals per second; 0 outside of the profile. */
  rateAt(sec: number): number {
    const index = this.#startSec.findLastIndex((startSec) => startSec <= sec);
    const segment = this.#segments[index];
    const inside = sec - (this.#startSec[index] ?? 0);
    if (segment === undefined || inside > segment.sec) return 0;
    const { fromPerSec, toPerSec, periodSec } = segment;
    if (periodSec === null) return fromPerSec + ((toPerSec - fromPerSec) * inside) / segment.sec;
    const middle = (fromPerSec + toPerSec) / 2;
    return middle - ((toPerSec - fromPerSec) / 2) * Math.cos((2 * Math.PI * inside) / periodSec);
  }

  /** The highest rate anywhere, arrivals per second. */
  get peakPerSec(): number {
    return this.#segments.reduce((peak, { fromPerSec, toPerSec }) => Math.max(peak, fromPerSec, toPerSec), 0);
  }

  /** Arrivals planned before `sec`, not rounded. */
  countAt(sec: number): number {
    if (sec >= this.sec) return this.total;
    const index = this.#startSec.findLastIndex((startSec) => startSec <= sec);
    const segment = this.#segments[index];
    if (segment === undefined) return 0;
    return (this.#before[index] ?? 0) + integral(segment, sec - (this.#startSec[index] ?? 0));
  }

  /** A cursor that finds the moments of growing counts. */
  walk(): ProfileWalk {
    return new ProfileWalk(this.#segments, this.#startSec, this.#before);
  }
}

/** Finds when a profile has planned so many arrivals; counts must not get smaller from call to call. */
export class ProfileWalk {
  readonly #segments: readonly ProfileSegment[];
  readonly #startSec: readonly number[];
  readonly #before: readonly number[];
  #index = 0;

  constructor(segments: readonly ProfileSegment[], startSec: readonly number[], before: readonly number[]) {
    this.#segments = segments;
    this.#startSec = startSec;
    this.#before = before;
  }

  /** When `count` arrivals are planned, s since the begin. Not above the total. */
  secAt(count: number): number {
    while (this.#index + 1 < this.#segments.length && (this.#before[this.#index + 1] ?? 0) < count) this.#index++;
    const segment = this.#segments[this.#index];
    assert(segment !== undefined, 'a profile has a segment');
    return (this.#startSec[this.#index] ?? 0) + inverse(segment, count - (this.#before[this.#index] ?? 0));
  }
}

/** Arrivals in the first `sec` of a segment. */
function integral({ sec: length, fromPerSec, toPerSec, periodSec }: ProfileSegment, sec: number): number {
  if (periodSec === null) return fromPerSec * sec + (((toPerSec - fromPerSec) / length) * sec * sec) / 2;
  const amplitude = (toPerSec - fromPerSec) / 2;
  const turn = (2 * Math.PI) / periodSec;
  return (fromPerSec + amplitude) * sec - (amplitude / turn) * Math.sin(turn * sec);
}

/** When a segment has had `count` arrivals, s since its begin. */
function inverse(segment: ProfileSegment, count: number): number {
  const { sec, fromPerSec, toPerSec, periodSec } = segment;
  if (count <= 0) return 0;
  if (periodSec === null) {
    // Of the two roots the one that does not subtract what is nearly equal.
    const slope = (toPerSec - fromPerSec) / sec;
    const root = Math.sqrt(Math.max(0, fromPerSec * fromPerSec + 2 * slope * count));
    return Math.min(sec, (2 * count) / (fromPerSec + root));
  }
  let [low, high] = [0, sec];
  // The integral grows all the way; 60 halvings are finer than any clock.
  for (let turn = 0; turn < 60 && high - low > 1e-9; turn++) {
    const middle = (low + high) / 2;
    if (integral(segment, middle) < count) low = middle;
    else high = middle;
  }
  return high;
}
