/** Load profiles as people write them: `0/s ->(30s) 200/s ->(5m) 200/s; pause 30s; 400/s for 1m`. Pure. */
import type { ProfileSegment } from './load-profile.js';
import { parseDurationMs, parseRatePerSec, type Reading } from './units.js';

/** What may stand in a profile, for people who mistyped one. */
export const PROFILE_GRAMMAR =
  "parts with ';' between: '200/s for 1m', '0/s ->(30s) 200/s ->(5m) 200/s', 'pause 30s', " +
  "'100/s..1000/s step 100/s every 30s', 'spikes 50/s..500/s of 5s every 1m for 10m', 'sine 50/s..200/s period 10m for 1h'";

/** Segments of all parts together. */
const MAX_SEGMENTS = 10_000;
/** Rates above this are typing errors. */
export const MAX_RATE_PER_SEC = 1_000_000;
const MAX_PART_MS = 500 * 3_600_000;

/** Why a text is no profile. */
export interface ProfileProblem {
  /** What was expected. */
  readonly message: string;
  /** Where, counted in characters from 0. */
  readonly at: number;
}

class Mistake extends Error {
  readonly problem: ProfileProblem;

  constructor(message: string, at: number) {
    super(message);
    this.problem = { message, at };
  }
}

/** Reads a profile. */
export function parseProfile(text: string): { readonly segments: readonly ProfileSegment[] } | ProfileProblem {
  try {
    return { segments: new ProfileReader(text).read() };
  } catch (error) {
    if (error instanceof Mistake) return error.problem;
    throw error;
  }
}

const TOKEN = /\s*(?:(->|\.\.|[;()])|([A-Za-z]+)|([0-9][0-9A-Za-z./]*?)(?=\.\.|->|[;()\s]|$))/y;

interface Token {
  readonly text: string;
  readonly at: number;
}

class ProfileReader {
  readonly #tokens: Token[] = [];
  readonly #end: number;
  readonly #segments: ProfileSegment[] = [];
  #next = 0;

  constructor(text: string) {
    this.#end = text.trimEnd().length;
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < this.#end) {
      const from = TOKEN.lastIndex;
      const match = TOKEN.exec(text);
      if (match === null) {
        const at = from + (/\S/.exec(text.slice(from))?.index ?? 0);
        throw new Mistake(`does not know what to make of '${text.slice(at, at + 10)}'`, at);
      }
      const word = match[1] ?? match[2] ?? match[3] ?? '';
      this.#tokens.push({ text: word, at: TOKEN.lastIndex - word.length });
    }
  }

  read(): readonly ProfileSegment[] {
    for (;;) {
      this.#part();
      if (this.#peek() === null) break;
      this.#word(';', 'expects ; or the end');
      // One at the very end is no harm.
      if (this.#peek() === null) break;
    }
    if (this.#segments.length > MAX_SEGMENTS) {
      throw new Mistake(`makes more than ${MAX_SEGMENTS} segments: take longer steps`, 0);
    }
    if (this.#segments.every(({ fromPerSec, toPerSec }) => fromPerSec + toPerSec === 0)) {
      throw new Mistake('plans no arrival at all', 0);
    }
    return this.#segments;
  }

  #part(): void {
    const word = this.#peek();
    if (word === 'pause') {
      this.#next++;
      this.#add(this.#sec(), 0, 0);
    } else if (word === 'spikes') this.#spikes();
    else if (word === 'sine') this.#sine();
    else if (word === '->') this.#ramps(this.#segments.at(-1)?.toPerSec ?? 0);
    else this.#rates();
  }

  /** What begins with a rate. */
  #rates(): void {
    const from = this.#rate();
    switch (this.#peek()) {
      case 'for':
        this.#next++;
        this.#add(this.#sec(), from, from);
        return;
      case '..':
        this.#stairs(from);
        return;
      case '->':
        this.#ramps(from);
        return;
      default:
        throw this.#mistake("expects ->(TIME) RATE, 'for TIME' or '..RATE step RATE every TIME'");
    }
  }

  #ramps(from: number): void {
    let rate = from;
    while (this.#peek() === '->') {
      this.#next++;
      this.#word('(', 'expects ( and a time, as in ->(30s)');
      const sec = this.#sec();
      this.#word(')', 'expects ) behind the time');
      const to = this.#rate();
      this.#add(sec, rate, to);
      rate = to;
    }
  }

  #stairs(from: number): void {
    this.#next++;
    const to = this.#rate();
    this.#word('step', "expects 'step RATE every TIME'");
    const at = this.#at;
    const step = this.#rate();
    this.#word('every', "expects 'every TIME'");
    const sec = this.#sec();
    if (step === 0) throw new Mistake('takes a step above 0/s', at);
    const steps = Math.floor(Math.abs(to - from) / step + 1e-9);
    if (steps > MAX_SEGMENTS) throw new Mistake(`makes more than ${MAX_SEGMENTS} steps`, at);
    for (let index = 0; index <= steps; index++) {
      const rate = from + Math.sign(to - from) * step * index;
      this.#add(sec, rate, rate);
    }
  }

  #spikes(): void {
    this.#next++;
    const base = this.#rate();
    this.#word('..', "expects '..RATE', the height of the spikes");
    const peak = this.#rate();
    this.#word('of', "expects 'of TIME', how long each lasts");
    const ofAt = this.#at;
    const ofSec = this.#sec();
    this.#word('every', "expects 'every TIME'");
    const everySec = this.#sec();
    this.#word('for', "expects 'for TIME'");
    const forSec = this.#sec();
    if (ofSec >= everySec) throw new Mistake('takes spikes that are shorter than the time from one to the next', ofAt);
    if (forSec / everySec > MAX_SEGMENTS) throw new Mistake(`makes more than ${MAX_SEGMENTS} spikes`, ofAt);
    // The quiet comes first, so that each spike has something to rise from.
    for (let sec = 0; forSec - sec > 1e-9; sec += everySec) {
      const quietSec = Math.min(everySec - ofSec, forSec - sec);
      this.#add(quietSec, base, base);
      if (forSec - sec - quietSec > 1e-9) this.#add(Math.min(ofSec, forSec - sec - quietSec), peak, peak);
    }
  }

  #sine(): void {
    this.#next++;
    const lowAt = this.#at;
    const low = this.#rate();
    this.#word('..', "expects '..RATE', the highest");
    const high = this.#rate();
    this.#word('period', "expects 'period TIME'");
    const periodSec = this.#sec();
    this.#word('for', "expects 'for TIME'");
    const sec = this.#sec();
    if (high < low) throw new Mistake('takes the lowest rate first', lowAt);
    this.#segments.push({ sec, fromPerSec: low, toPerSec: high, periodSec });
  }

  #add(sec: number, fromPerSec: number, toPerSec: number): void {
    this.#segments.push({ sec, fromPerSec, toPerSec, periodSec: null });
  }

  #rate(): number {
    return this.#value((text) => parseRatePerSec(text, 0, MAX_RATE_PER_SEC), 'a rate such as 200/s');
  }

  #sec(): number {
    return this.#value((text) => parseDurationMs(text, 1, MAX_PART_MS), 'a time such as 30s') / 1e3;
  }

  #value(read: (text: string) => Reading<number>, what: string): number {
    const token = this.#tokens[this.#next];
    const reading = token === undefined ? null : read(token.text);
    if (reading?.ok !== true) throw this.#mistake(`expects ${what}`);
    this.#next++;
    return reading.value;
  }

  #word(word: string, message: string): void {
    if (this.#peek() !== word) throw this.#mistake(message);
    this.#next++;
  }

  #peek(): string | null {
    return this.#tokens[this.#next]?.text ?? null;
  }

  get #at(): number {
    return this.#tokens[this.#next]?.at ?? this.#end;
  }

  #mistake(message: string): Mistake {
    return new Mistake(message, this.#at);
  }
}
