/** Command lines that differ from message to message by a number only. Knows no commands. */
import { assert } from '../assert.js';
import { ZERO } from './ascii.js';
import { assertSingleLine } from './commands.js';

/** The place of the number in a template. */
const NUMBER_MARK = '%d';
/** Digits of `Number.MAX_SAFE_INTEGER`. */
const MAX_DIGITS = 16;

/**
 * Constant octets with any number of places (`%d`) that all take the same decimal number.
 *
 * They are kept laid out for the number of digits last written: neighbours have as many, so that writing is one copy and
 * the digits (benchmarks/micro/message-template.bench.ts: less than half of what piece by piece took).
 */
export class NumberedBytes {
  /** No `write` writes more octets than this. */
  readonly maxLength: number;
  /** The constant octets around the numbers: a number stands between each two. */
  readonly #parts: readonly Uint8Array[];
  /** Where in `#octets` the numbers begin. */
  readonly #places: Uint32Array;
  /** The octets with room for numbers of `#digits` digits. */
  #octets: Uint8Array;
  #digits: number;
  /** The numbers that have `#digits` digits. */
  #smallest: number;
  #largest: number;

  /**
   * @param template - text from outside, encoded as UTF-8
   * @param before - text before it, without places for numbers
   * @param after - text behind it, without places for numbers
   * @throws Error when the template holds CR, LF or NUL
   */
  constructor(template: string, before: string, after: string) {
    assertSingleLine(template);
    const texts = template.split(NUMBER_MARK);
    texts[0] = before + (texts[0] as string);
    texts[texts.length - 1] = (texts[texts.length - 1] as string) + after;
    const encoder = new TextEncoder();
    this.#parts = texts.map((text) => encoder.encode(text));
    this.maxLength = this.#parts.reduce((sum, part) => sum + part.length, (texts.length - 1) * MAX_DIGITS);
    this.#places = new Uint32Array(texts.length - 1);
    this.#octets = new Uint8Array(0);
    this.#digits = 0;
    this.#smallest = 0;
    this.#largest = 0;
    this.#layOut(0);
  }

  /**
   * Writes the octets with `value` in every place.
   *
   * @param target - must have room for what is written; `maxLength` is always enough
   * @param offset - index of the first octet
   * @param value - an integer from 0 to 2^53 - 1
   * @returns the index behind the last octet
   */
  write(target: Uint8Array, offset: number, value: number): number {
    assert(Number.isSafeInteger(value) && value >= 0, 'a written number is a whole number that a double holds');
    if (!this.fits(value)) this.#layOut(value);
    const end = offset + this.#octets.length;
    assert(end <= target.length, 'the target has room for what is written');
    target.set(this.#octets, offset);
    this.writeNumber(target, offset, value);
    return end;
  }

  /** Whether `value` has as many digits as the number last written. */
  fits(value: number): boolean {
    return value >= this.#smallest && value <= this.#largest;
  }

  /** Writes `value`, which {@link fits}, over the numbers alone. `offset` is where the octets begin. */
  writeNumber(target: Uint8Array, offset: number, value: number): void {
    const places = this.#places;
    for (let index = 0; index < places.length; index++) {
      writeDigits(target, offset + (places[index] as number), this.#digits, value);
    }
  }

  #layOut(value: number): void {
    const digits = String(value).length;
    this.#digits = digits;
    this.#smallest = digits === 1 ? 0 : 10 ** (digits - 1);
    this.#largest = Math.min(10 ** digits - 1, Number.MAX_SAFE_INTEGER);
    const parts = this.#parts;
    let end = (parts[0] as Uint8Array).length;
    for (let index = 1; index < parts.length; index++) {
      this.#places[index - 1] = end;
      end += digits + (parts[index] as Uint8Array).length;
    }
    this.#octets = new Uint8Array(end);
    for (let index = 0; index < parts.length; index++) {
      this.#octets.set(parts[index] as Uint8Array, index === 0 ? 0 : (this.#places[index - 1] as number) + digits);
    }
  }
}

/** Writes the last `digits` digits of `value`, with zeros before it. */
export function writeDigits(target: Uint8Array, offset: number, digits: number, value: number): void {
  let rest = value;
  for (let position = offset + digits - 1; position >= offset; position--) {
    const quotient = Math.floor(rest / 10);
    target[position] = ZERO + (rest - quotient * 10);
    rest = quotient;
  }
}
