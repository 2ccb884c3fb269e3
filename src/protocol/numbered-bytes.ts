/** Command lines that differ from message to message by a number only. Knows no commands. */
import { assert } from '../assert.js';
import { ZERO } from './ascii.js';
import { assertSingleLine } from './commands.js';

/** The place of the number in a template. */
const NUMBER_MARK = '%d';
/** Digits of `Number.MAX_SAFE_INTEGER`. */
const MAX_DIGITS = 16;

/**
 * Constant octets with any number of places (`%d`) that all take the same decimal number. Writing allocates nothing.
 */
export class NumberedBytes {
  /** Whether the template has a place for a number; without one every `write` writes the same. */
  readonly hasNumber: boolean;
  /** No `write` writes more octets than this. */
  readonly maxLength: number;
  /** The constant octets around the numbers: a number stands between each two. */
  readonly #parts: readonly Uint8Array[];

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
    this.hasNumber = texts.length > 1;
    this.maxLength = this.#parts.reduce((sum, part) => sum + part.length, (texts.length - 1) * MAX_DIGITS);
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
    const parts = this.#parts;
    let end = offset;
    for (let index = 0; index < parts.length; index++) {
      if (index > 0) end = writeDecimal(target, end, value);
      end = copy(parts[index] as Uint8Array, target, end);
    }
    // Out-of-range stores into a typed array are silently lost, so this is where an overflow shows.
    assert(end <= target.length, 'the target has room for what is written');
    return end;
  }
}

/** Parts are short; a loop costs less than a call of `set`. */
function copy(part: Uint8Array, target: Uint8Array, offset: number): number {
  for (let index = 0; index < part.length; index++) target[offset + index] = part[index] as number;
  return offset + part.length;
}

function writeDecimal(target: Uint8Array, offset: number, value: number): number {
  let end = offset + 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) end++;
  let rest = value;
  for (let position = end - 1; position >= offset; position--) {
    const quotient = Math.floor(rest / 10);
    target[position] = ZERO + (rest - quotient * 10);
    rest = quotient;
  }
  return end;
}
