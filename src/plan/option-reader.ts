/** Reads options one by one and gathers what is wrong with them. Knows types and units, no rules between options. */
import type { ConfigIssue } from '../errors.js';
import { OPTION_NAMES } from './options.js';
import type { LoadTestOptions } from './options.js';
import { parseCount, parseDurationMs } from './units.js';
import type { Reading } from './units.js';

/** Longer texts are cut where they are shown. */
const MAX_SHOWN_LENGTH = 80;

/** The name of an option. */
export type OptionKey = keyof LoadTestOptions;

/** A problem with an option. */
interface OptionIssue extends ConfigIssue {
  /** Where in a list of steps; missing: in none. */
  readonly at?: readonly (string | number)[];
}

/** Options from outside: a program without types may have written anything. */
export class OptionReader {
  /** Every problem found so far, in the order of reading. */
  readonly issues: OptionIssue[] = [];
  readonly #options: Readonly<Record<string, unknown>>;

  constructor(options: LoadTestOptions) {
    this.#options = options as unknown as Readonly<Record<string, unknown>>;
    for (const key of Object.keys(options)) {
      if (!Object.hasOwn(OPTION_NAMES, key)) this.issues.push({ path: key, message: 'is not an option' });
    }
  }

  /** Whether the user said anything about it. */
  has(key: OptionKey): boolean {
    return this.#options[key] !== undefined;
  }

  /** Notes a problem. `received` is shown; leave it out for secrets. `frame`: its place in what was received. */
  refuse(key: OptionKey, message: string, received?: string, frame?: string): void {
    this.issues.push({
      path: OPTION_NAMES[key],
      message,
      ...(received === undefined ? {} : { received: printable(received) }),
      ...(frame === undefined ? {} : { frame }),
    });
  }

  /** Notes a problem of a step. */
  refuseStep(at: readonly (string | number)[], message: string): void {
    this.issues.push({ path: OPTION_NAMES.steps, message, at });
  }

  /** A list that is no text, as it is; null when not given or text. */
  tree<Key extends OptionKey>(key: Key): Exclude<LoadTestOptions[Key], string | undefined> | null {
    const value = this.#options[key];
    return Array.isArray(value) ? (value as unknown as Exclude<LoadTestOptions[Key], string | undefined>) : null;
  }

  /** Text as it is; `fallback` when not given or not text. */
  text<Fallback>(key: OptionKey, fallback: Fallback): string | Fallback {
    const value = this.#options[key];
    if (value === undefined) return fallback;
    if (typeof value === 'string') return value;
    this.refuse(key, 'takes text', describe(value));
    return fallback;
  }

  /** As written, a number as its digits; null when not given. */
  written(key: OptionKey): string | null {
    return this.has(key) ? describe(this.#options[key]) : null;
  }

  /** A whole number within bounds; `fallback` when not given or refused. */
  count<Fallback>(key: OptionKey, fallback: Fallback, min: number, max: number): number | Fallback {
    const value = this.#options[key];
    if (value === undefined) return fallback;
    const isReadable = typeof value === 'string' || typeof value === 'number';
    return this.#take(key, parseCount(isReadable ? value : Number.NaN, min, max), value, fallback);
  }

  /** A time within bounds in ms; `fallback` when not given or refused. */
  durationMs<Fallback>(key: OptionKey, fallback: Fallback, minMs: number, maxMs: number): number | Fallback {
    const value = this.#options[key];
    if (value === undefined) return fallback;
    return this.#take(key, parseDurationMs(describe(value), minMs, maxMs), value, fallback);
  }

  /** One of a few words, in any case; `fallback` when not given or refused. */
  choice<const Choice extends string, Fallback>(
    key: OptionKey,
    fallback: Fallback,
    choices: readonly Choice[],
  ): Choice | Fallback {
    const value = this.#options[key];
    if (value === undefined) return fallback;
    const word = typeof value === 'string' ? value.toLowerCase() : '';
    const choice = choices.find((one) => one.toLowerCase() === word);
    if (choice === undefined) this.refuse(key, `takes ${listOf(choices)}`, describe(value));
    return choice ?? fallback;
  }

  /** Yes or no; no when not given. */
  flag(key: OptionKey): boolean {
    const value = this.#options[key];
    if (value === undefined || typeof value === 'boolean') return value === true;
    this.refuse(key, 'takes true or false', describe(value));
    return false;
  }

  /** Any number of texts; a single one may stand without a list. */
  list(key: OptionKey): readonly string[] {
    const value = this.#options[key];
    if (value === undefined) return [];
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    const texts = values.filter((one) => typeof one === 'string');
    if (texts.length < values.length) this.refuse(key, 'takes text, or a list of texts', describe(value));
    return texts;
  }

  /** Octets, text as UTF-8; null when not given or neither. */
  octets(key: OptionKey): Uint8Array | null {
    const value = this.#options[key];
    if (value === undefined) return null;
    if (typeof value === 'string') return new TextEncoder().encode(value);
    if (value instanceof Uint8Array) return value;
    this.refuse(key, 'takes text or octets', describe(value));
    return null;
  }

  #take<T, Fallback>(key: OptionKey, reading: Reading<T>, received: unknown, fallback: Fallback): T | Fallback {
    if (reading.ok) return reading.value;
    this.refuse(key, reading.takes, describe(received));
    return fallback;
  }
}

/** `a, b or c` */
export function listOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

function describe(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value;
}

/** Fit for one line of a terminal: control characters as escapes, long text cut. */
function printable(text: string): string {
  const short = text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text;
  return short.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
