/**
 * Randomness by place instead of by turn: a value follows from the seed, the name of its place and the number of the
 * message alone, so that it does not matter which worker asks, or in which order.
 */

const TWO_TO_32 = 2 ** 32;

/** The random values of one place, by message. */
export class KeyedRandom {
  readonly #key: number;

  /** @param place - tells apart the places of one seed; any text */
  constructor(seed: number, place: string) {
    let hash = 0x811c9dc5;
    // FNV-1a over UTF-16 units.
    for (let index = 0; index < place.length; index++) hash = Math.imul(hash ^ place.charCodeAt(index), 0x01000193);
    this.#key = mixed(mixed(seed | 0) ^ hash);
  }

  /**
   * A value from 0 (included) to 1, one of 2^32.
   *
   * @param number - of the message, an integer from 0 to 2^53 - 1
   * @param index - tells apart repetitions within the message, such as its recipients
   * @param draw - tells apart values that are needed for one
   */
  unit(number: number, index: number, draw: number): number {
    const low = number | 0;
    const high = (number / TWO_TO_32) | 0;
    let state = mixed(this.#key ^ low);
    state = mixed(state ^ Math.imul(high + 1, 0x9e3779b1));
    state = mixed(state ^ Math.imul(index + 1, 0x85ebca6b));
    state = mixed(state ^ Math.imul(draw + 1, 0xc2b2ae35));
    return (state >>> 0) / TWO_TO_32;
  }
}

/** Spreads every bit over all others (the finalizer of MurmurHash3). */
function mixed(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
