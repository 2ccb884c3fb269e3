/** Which lane each client belongs to: weights divided exactly, whatever they are. Pure arithmetic. */
import { assert } from '../assert.js';

/** Decimals that a weight may have. */
export const MAX_WEIGHT_DECIMALS = 3;
/** A weight is no larger. */
export const MAX_WEIGHT = 1_000_000;
/** Starts after which the division is exact, at most: a table is made in every worker before the load. */
export const MAX_PERIOD = 100_000;

/** Weights as whole numbers without a common factor. Those of a plan have few enough decimals for that. */
export function wholeWeights(weights: readonly number[]): number[] {
  const scaled = weights.map((weight) => Math.round(weight * 10 ** MAX_WEIGHT_DECIMALS));
  const divisor = scaled.reduce(greatestCommonDivisor, 0);
  return scaled.map((weight) => weight / divisor);
}

/** How many starts have to pass until each lane has its exact part of them. */
export function periodOf(weights: readonly number[]): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}

/**
 * The lanes of one period of starts, as even as can be: of the first n starts each lane has its part of n, rounded up
 * or down, for every n. Two windows of the same length therefore differ by less than two, and whole periods not at all.
 *
 * Start j of a lane with weight w of a period of P may come from place floor(j·P/w) on and must come before place
 * ceil((j + 1)·P/w). Taking the one that must come first of those that may come meets all of them: such windows leave
 * one place room for every start (Baruah et al., Proportionate progress, 1996).
 *
 * @param weights - whole numbers above 0, without a common factor
 * @returns the lane of each place
 */
export function laneTable(weights: readonly number[]): Uint16Array {
  const period = periodOf(weights);
  assert(weights.length > 0 && period <= MAX_PERIOD, 'a plan has lanes whose weights can be divided');
  const table = new Uint16Array(period);
  const started = new Array<number>(weights.length).fill(0);
  for (let place = 0; place < period; place++) {
    let next = -1;
    let nextDue = Infinity;
    for (const [lane, weight] of weights.entries()) {
      const count = started[lane] ?? 0;
      const mayCome = Math.floor((count * period) / weight) <= place;
      const due = Math.ceil(((count + 1) * period) / weight);
      if (count < weight && mayCome && due < nextDue) {
        next = lane;
        nextDue = due;
      }
    }
    assert(next >= 0 && nextDue > place, 'every place has a lane that is not late');
    table[place] = next;
    started[next] = (started[next] ?? 0) + 1;
  }
  return table;
}

/**
 * Which lane each global number belongs to: the lanes of the table, over and over. So a lane's messages have numbers that
 * no other lane has, and whatever follows from a number follows from it alone, whoever comes first.
 */
export class LanePlaces {
  readonly #period: number;
  /** Per lane, its places in the table. */
  readonly #places: readonly number[][];

  /** @param table - what {@link laneTable} made */
  constructor(table: Uint16Array) {
    this.#period = table.length;
    const lanes = table.reduce((most, lane) => Math.max(most, lane), 0) + 1;
    this.#places = Array.from({ length: lanes }, () => []);
    for (const [place, lane] of table.entries()) this.#places[lane]?.push(place);
  }

  get laneCount(): number {
    return this.#places.length;
  }

  /** The global number of a lane's message, or client, with `index` within the lane; both from 0. */
  numberOf(lane: number, index: number): number {
    const places = this.#places[lane] ?? [];
    return Math.floor(index / places.length) * this.#period + (places[index % places.length] ?? 0);
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
