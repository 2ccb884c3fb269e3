/** Which row of a feeder a message gets. Knows no rows. */
import { assertNever } from '../assert.js';
import { KeyedRandom } from './keyed-random.js';
import type { RenderContext } from './render-context.js';

/** The words for the order of a feeder. */
export const FEEDER_ORDERS = ['in-order', 'random', 'zipf', 'unique'] as const;

/**
 * How messages come by their rows.
 *
 * - `in-order`: the first message the first row, and round again behind the last one
 * - `random`: every row as likely as any other
 * - `zipf`: row r with a share of 1 / r^exponent, so that a few rows get most messages
 * - `unique`: by session, and no two sessions at once ever share a row. A place among the sessions at once has its rows
 *   for itself, so that there must be as many rows as places; rows come again only when a place has used up its own.
 */
export type FeederOrder = (typeof FEEDER_ORDERS)[number];

/** The order of one feeder. */
export class RowOrder {
  readonly #order: FeederOrder;
  readonly #rows: number;
  readonly #random: KeyedRandom;
  readonly #zipf: ZipfRanks | null;
  /** What was asked for last: the fields of a row are asked for one after the other. */
  #number = -1;
  #index = -1;
  #place = -1;
  #visit = -1;
  #row = 0;

  /**
   * @param name - of the feeder
   * @param rows - 1 at least
   * @param exponent - of `zipf`
   */
  constructor(order: FeederOrder, rows: number, seed: number, name: string, exponent: number) {
    this.#order = order;
    this.#rows = rows;
    this.#random = new KeyedRandom(seed, `feeder ${name}`);
    this.#zipf = order === 'zipf' ? new ZipfRanks(rows, exponent) : null;
  }

  /** The row, from 0. */
  rowOf(context: RenderContext): number {
    const { number, index, place, visit } = context;
    if (number !== this.#number || index !== this.#index || place !== this.#place || visit !== this.#visit) {
      this.#number = number;
      this.#index = index;
      this.#place = place;
      this.#visit = visit;
      this.#row = this.#choose(context);
    }
    return this.#row;
  }

  #choose({ number, index, count, place, visit, places }: RenderContext): number {
    switch (this.#order) {
      case 'in-order':
        return (number * count + index) % this.#rows;
      case 'random':
        return Math.floor(this.#random.unit(number, index, 0) * this.#rows);
      case 'zipf':
        return (this.#zipf as ZipfRanks).rankOf(this.#random, number, index) - 1;
      case 'unique': {
        const ownRows = Math.max(1, Math.ceil((this.#rows - place) / places));
        return (place + (visit % ownRows) * places) % this.#rows;
      }
      default:
        return assertNever(this.#order);
    }
  }
}

/**
 * Ranks with Zipf's distribution, in the same time for any number of them: rejection-inversion (Hörmann and Derflinger,
 * 1996, Rejection-inversion to generate variates from monotone discrete distributions).
 */
class ZipfRanks {
  readonly #ranks: number;
  readonly #exponent: number;
  /** Integral of the density up to the first rank and to the last one; between them lies what is drawn. */
  readonly #first: number;
  readonly #last: number;
  /** Ranks so near to what was drawn are accepted without another look. */
  readonly #shortcut: number;

  constructor(ranks: number, exponent: number) {
    this.#ranks = ranks;
    this.#exponent = exponent;
    this.#first = this.#integral(1.5) - 1;
    this.#last = this.#integral(ranks + 0.5);
    this.#shortcut = 2 - this.#integralInverse(this.#integral(2.5) - this.#density(2));
  }

  /** A rank, from 1. */
  rankOf(random: KeyedRandom, number: number, index: number): number {
    for (let draw = 0; ; draw++) {
      const area = this.#last + random.unit(number, index, draw) * (this.#first - this.#last);
      const exact = this.#integralInverse(area);
      const rank = Math.min(this.#ranks, Math.max(1, Math.floor(exact + 0.5)));
      if (rank - exact <= this.#shortcut || area >= this.#integral(rank + 0.5) - this.#density(rank)) return rank;
    }
  }

  #density(rank: number): number {
    return Math.exp(-this.#exponent * Math.log(rank));
  }

  #integral(rank: number): number {
    const log = Math.log(rank);
    const x = (1 - this.#exponent) * log;
    // (e^x - 1) / x, by its series where x is nearly 0: the exponent 1.
    return log * (Math.abs(x) > 1e-8 ? Math.expm1(x) / x : 1 + x / 2);
  }

  #integralInverse(area: number): number {
    const x = Math.max(-1, area * (1 - this.#exponent));
    return Math.exp(area * (Math.abs(x) > 1e-8 ? Math.log1p(x) / x : 1 - x / 2));
  }
}
