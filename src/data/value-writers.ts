/** The variables of templates as writers of octets. Each is made once per template, and allocates nothing when it writes. */
import { assert } from '../assert.js';
import { CR, HYPHEN, LF, ZERO } from '../protocol/ascii.js';
import { writeDigits } from '../protocol/numbered-bytes.js';
import type { KeyedRandom } from './keyed-random.js';
import { FAMILY_NAMES, GIVEN_NAMES } from './person-names.js';
import { LONGEST_CAPTURE } from './render-context.js';
import type { RenderContext } from './render-context.js';

/** Digits of `Number.MAX_SAFE_INTEGER`. */
const MAX_DIGITS = 16;
/** Digits of the number of a message in its trace id. */
const TRACE_DIGITS = 12;
/** Longer octets are copied by the runtime, shorter ones faster here (benchmarks/micro/data-template.bench.ts). */
const LONGEST_LOOP = 16;
/** Stands for octets of a captured text that would end the line. */
const QUESTION_MARK = 0x3f;
const LOWER_A = 0x61;

/** A part of a template. */
export interface ValueWriter {
  /** No writing has fewer octets. */
  readonly minLength: number;
  /** No writing has more octets. */
  readonly maxLength: number;
  /** Whether it writes the same every time. */
  readonly isConstant: boolean;
  /** @returns the index behind the last octet */
  write(target: Buffer, offset: number, context: RenderContext): number;
}

/** Octets that are always the same. */
export class LiteralWriter implements ValueWriter {
  readonly isConstant = true;
  readonly octets: Buffer;

  constructor(octets: Buffer) {
    this.octets = octets;
  }

  get minLength(): number {
    return this.octets.length;
  }

  get maxLength(): number {
    return this.octets.length;
  }

  write(target: Buffer, offset: number): number {
    const { octets } = this;
    if (octets.length <= LONGEST_LOOP) return copyOctets(octets, 0, octets.length, target, offset);
    // A whole array is set faster than a part is copied.
    target.set(octets, offset);
    return offset + octets.length;
  }
}

/** What of the context a number is. */
export type NumberSource = 'seq' | 'session' | 'worker' | 'index';

/** A number that counts from 1 where the program counts from 0. */
export class NumberWriter implements ValueWriter {
  readonly isConstant = false;
  readonly minLength: number;
  readonly maxLength = MAX_DIGITS;
  readonly #source: NumberSource;
  readonly #width: number;

  /** @param width - digits at least, with zeros before the number */
  constructor(source: NumberSource, width: number) {
    this.#source = source;
    this.#width = width;
    this.minLength = width;
  }

  write(target: Buffer, offset: number, context: RenderContext): number {
    return writeNumber(target, offset, this.#valueOf(context) + 1, this.#width);
  }

  #valueOf(context: RenderContext): number {
    switch (this.#source) {
      case 'seq':
        return context.number;
      case 'session':
        return context.session;
      case 'worker':
        return context.worker;
      case 'index':
        return context.index;
    }
  }
}

/** The id that finds a message again: its number from 0, and the seed. The left half of a Message-ID. */
export class TraceWriter implements ValueWriter {
  readonly isConstant = false;
  readonly minLength: number;
  readonly maxLength: number;
  readonly #seed: Buffer;

  constructor(seed: number) {
    this.#seed = Buffer.from(`.${(seed >>> 0).toString(16)}`, 'latin1');
    this.minLength = this.maxLength = TRACE_DIGITS + this.#seed.length;
  }

  write(target: Buffer, offset: number, context: RenderContext): number {
    writeDigits(target, offset, TRACE_DIGITS, context.number);
    return copyOctets(this.#seed, 0, this.#seed.length, target, offset + TRACE_DIGITS);
  }
}

/** A whole number of a range. */
export class RandomIntWriter implements ValueWriter {
  readonly isConstant = false;
  readonly minLength = 1;
  readonly maxLength = MAX_DIGITS + 1;
  readonly #random: KeyedRandom;
  readonly #least: number;
  readonly #span: number;

  /** @param most - included */
  constructor(random: KeyedRandom, least: number, most: number) {
    this.#random = random;
    this.#least = least;
    this.#span = most - least + 1;
  }

  write(target: Buffer, offset: number, { number, index }: RenderContext): number {
    const value = this.#least + Math.floor(this.#random.unit(number, index, 0) * this.#span);
    if (value >= 0) return writeNumber(target, offset, value, 1);
    target[offset] = HYPHEN;
    return writeNumber(target, offset + 1, -value, 1);
  }
}

/** Hexadecimal digits. */
export class RandomHexWriter implements ValueWriter {
  readonly isConstant = false;
  readonly minLength: number;
  readonly maxLength: number;
  readonly #random: KeyedRandom;

  constructor(random: KeyedRandom, digits: number) {
    this.#random = random;
    this.minLength = this.maxLength = digits;
  }

  write(target: Buffer, offset: number, { number, index }: RenderContext): number {
    const end = offset + this.maxLength;
    let bits = 0;
    for (let position = offset, digit = 0; position < end; position++, digit++) {
      // A draw is worth eight digits.
      bits = digit % 8 === 0 ? Math.floor(this.#random.unit(number, index, digit / 8) * 2 ** 32) : bits >>> 4;
      const value = bits & 15;
      target[position] = value < 10 ? ZERO + value : LOWER_A + value - 10;
    }
    return end;
  }
}

/** One of some texts. */
export class RandomPickWriter implements ValueWriter {
  readonly isConstant = false;
  readonly minLength: number;
  readonly maxLength: number;
  readonly #random: KeyedRandom;
  readonly #choices: readonly Buffer[];

  constructor(random: KeyedRandom, choices: readonly string[]) {
    this.#random = random;
    this.#choices = choices.map((choice) => Buffer.from(choice, 'utf8'));
    const lengths = this.#choices.map(({ length }) => length);
    this.minLength = Math.min(...lengths);
    this.maxLength = Math.max(...lengths);
  }

  write(target: Buffer, offset: number, { number, index }: RenderContext): number {
    const choice = this.#choices[Math.floor(this.#random.unit(number, index, 0) * this.#choices.length)] as Buffer;
    return copyOctets(choice, 0, choice.length, target, offset);
  }
}

/** `given.family` in ASCII, so that it is a local part as well as a name. */
export class RandomNameWriter implements ValueWriter {
  readonly isConstant = false;
  readonly minLength: number;
  readonly maxLength: number;
  readonly #given: RandomPickWriter;
  readonly #family: RandomPickWriter;

  constructor(given: KeyedRandom, family: KeyedRandom) {
    this.#given = new RandomPickWriter(
      given,
      GIVEN_NAMES.map((name) => `${name}.`),
    );
    this.#family = new RandomPickWriter(family, FAMILY_NAMES);
    this.minLength = this.#given.minLength + this.#family.minLength;
    this.maxLength = this.#given.maxLength + this.#family.maxLength;
  }

  write(target: Buffer, offset: number, context: RenderContext): number {
    return this.#family.write(target, this.#given.write(target, offset, context), context);
  }
}

/** How a moment is written. */
export const TIME_FORMATS = {
  /** `Thu, 26 Nov 2026 04:02:34 +0000` (RFC 5322 §3.3). */
  rfc5322: { stepMs: 1000, format: (date: Date): string => date.toUTCString().replace('GMT', '+0000') },
  /** `2026-11-26T04:02:34Z` */
  iso: { stepMs: 1000, format: (date: Date): string => date.toISOString().replace(/\.\d+/, '') },
  /** Seconds since 1970. */
  unix: { stepMs: 1000, format: (date: Date): string => String(Math.floor(date.getTime() / 1000)) },
  /** Milliseconds since 1970. */
  ms: { stepMs: 1, format: (date: Date): string => String(date.getTime()) },
} as const;

/** The time of day. It is put into words once per second; all its formats have one length. */
export class NowWriter implements ValueWriter {
  readonly isConstant = false;
  readonly minLength: number;
  readonly maxLength: number;
  readonly #format: (date: Date) => string;
  readonly #stepMs: number;
  #step = 0;
  readonly #octets: Buffer;

  constructor(format: keyof typeof TIME_FORMATS) {
    this.#format = TIME_FORMATS[format].format;
    this.#stepMs = TIME_FORMATS[format].stepMs;
    // A moment with as many digits as those of this century.
    this.#step = Math.floor(1.8e12 / this.#stepMs);
    this.#octets = Buffer.from(this.#format(new Date(this.#step * this.#stepMs)), 'latin1');
    this.minLength = this.maxLength = this.#octets.length;
  }

  write(target: Buffer, offset: number, { nowMs }: RenderContext): number {
    const step = Math.floor(nowMs / this.#stepMs);
    if (step !== this.#step) {
      const text = this.#format(new Date(step * this.#stepMs));
      assert(text.length === this.maxLength, 'every moment of this century is written with the same length');
      this.#octets.write(text, 'latin1');
      this.#step = step;
    }
    return copyOctets(this.#octets, 0, this.#octets.length, target, offset);
  }
}

/** A text that the session captured from a reply; nothing, as long as it has captured none. */
export class CaptureWriter implements ValueWriter {
  readonly isConstant = false;
  readonly minLength = 0;
  readonly maxLength = LONGEST_CAPTURE;
  readonly #capture: number;
  readonly #isRaw: boolean;

  /**
   * @param capture - index in the captures of the context
   * @param isRaw - octets that end a line are written as they are, not as `?`
   */
  constructor(capture: number, isRaw: boolean) {
    this.#capture = capture;
    this.#isRaw = isRaw;
  }

  write(target: Buffer, offset: number, { captures }: RenderContext): number {
    const octets = captures[this.#capture];
    if (octets === null || octets === undefined) return offset;
    const length = Math.min(octets.length, LONGEST_CAPTURE);
    for (let position = 0; position < length; position++) {
      const octet = octets[position] as number;
      target[offset + position] = !this.#isRaw && (octet === CR || octet === LF || octet === 0) ? QUESTION_MARK : octet;
    }
    return offset + length;
  }
}

/**
 * Copies [start, end) of `source`.
 *
 * @returns the index behind the last octet
 */
export function copyOctets(source: Buffer, start: number, end: number, target: Buffer, offset: number): number {
  if (end - start > LONGEST_LOOP) return offset + source.copy(target, offset, start, end);
  let to = offset;
  for (let from = start; from < end; from++) target[to++] = source[from] as number;
  return to;
}

/** Writes a number from 0 to 2^53 - 1 in decimal with so many digits at least. */
export function writeNumber(target: Buffer, offset: number, value: number, width: number): number {
  let digits = 1;
  for (let bound = 10; bound <= value; bound *= 10) digits++;
  if (digits < width) digits = width;
  writeDigits(target, offset, digits, value);
  return offset + digits;
}
