/**
 * The random values of scripts: choices, rounds and pauses. Each follows from the seed, its place in the script, the
 * number of the message or session, and how many were drawn for that before; so that it does not matter which worker asks.
 */
import type { RandomSource } from '../delay.js';

const TWO_TO_32 = 2 ** 32;

/** Random values; one object serves all sessions of a lane, one value after the other. */
export class ScriptDraws implements RandomSource {
  readonly #seed: number;
  #state = 0;
  #draw = 0;

  constructor(seed: number) {
    this.#seed = mixed(seed | 0);
  }

  /**
   * What `next` gives from now on.
   *
   * @param key - of the place, see {@link drawKey}
   * @param number - of the message or session, an integer from 0
   * @param ordinal - values that were drawn for it before
   */
  at(key: number, number: number, ordinal: number): this {
    let state = mixed(this.#seed ^ key);
    state = mixed(state ^ (number | 0));
    state = mixed(state ^ Math.imul(((number / TWO_TO_32) | 0) + 1, 0x9e3779b1));
    this.#state = mixed(state ^ Math.imul(ordinal + 1, 0x85ebca6b));
    this.#draw = 0;
    return this;
  }

  /** The next value, from 0 (included) to 1. */
  next(): number {
    this.#draw++;
    return (mixed(this.#state ^ Math.imul(this.#draw, 0xc2b2ae35)) >>> 0) / TWO_TO_32;
  }
}

/** The key of a place in a script; `place` is a name that no other has. */
export function drawKey(place: string): number {
  let hash = 0x811c9dc5;
  // FNV-1a over UTF-16 units.
  for (let index = 0; index < place.length; index++) hash = Math.imul(hash ^ place.charCodeAt(index), 0x01000193);
  return hash;
}

/** Spreads every bit over all others (the finalizer of MurmurHash3). */
function mixed(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
