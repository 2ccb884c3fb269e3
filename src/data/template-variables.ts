/** The variables of templates by name: what they take, and the writer that each becomes. */
import { nearestWord } from '../nearest-word.js';
import { KeyedRandom } from './keyed-random.js';
import type { TemplateWord } from './template-syntax.js';
import {
  CaptureWriter,
  LiteralWriter,
  NowWriter,
  NumberWriter,
  RandomHexWriter,
  RandomIntWriter,
  RandomNameWriter,
  RandomPickWriter,
  TIME_FORMATS,
  TraceWriter,
} from './value-writers.js';
import type { ValueWriter } from './value-writers.js';

const MAX_WIDTH = 16;
const MAX_HEX_DIGITS = 256;
/** A draw has as many values. */
const MAX_SPAN = 2 ** 32;
const NAME = /^[A-Za-z_][\w-]*$/;
/** What would break a line, and so what follows would be a line of its own. */
const LINE_BREAKER = /[\r\n\0]/;

/** A feeder, as far as templates must know it. */
export interface FeederSource {
  readonly columns: readonly string[];
  /** A writer of a column, see {@link ValueWriter}. */
  writerOf(column: string): ValueWriter;
}

/** What the names in a template stand for. */
export interface TemplateData {
  readonly seed: number;
  readonly feeders: ReadonlyMap<string, FeederSource>;
  /** Names of captured values; their order is that of `RenderContext.captures`. */
  readonly captures: readonly string[];
  /** Variables that whoever compiles adds, such as the addresses of the envelope. */
  readonly values: ReadonlyMap<string, ValueWriter>;
}

/** The names that a template may use: what is known of {@link TemplateData} before there is any. */
export interface TemplateNames {
  /** Columns by name of the feeder. */
  readonly feeders: ReadonlyMap<string, readonly string[]>;
  readonly captures: readonly string[];
  readonly values: readonly string[];
}

/** A placeholder that was understood, or what is wrong with it and where. */
export type Variable =
  | { readonly make: (data: TemplateData, place: string, isRaw: boolean) => ValueWriter }
  | { readonly problem: string; readonly word: TemplateWord };

type Make = (data: TemplateData, place: string, isRaw: boolean) => ValueWriter;
type Reader = (args: readonly string[]) => Make | string;

/** Variables that are always there, by name. A reader gives one sentence on what is wrong with the words behind the name. */
const VARIABLES: Readonly<Record<string, Reader>> = {
  seq: numberReader('seq'),
  session: numberReader('session'),
  worker: numberReader('worker'),
  index: numberReader('index'),
  trace: (args) => (args.length > 0 ? 'takes nothing behind its name' : ({ seed }) => new TraceWriter(seed)),
  now: (args) => {
    const [format = 'rfc5322'] = args;
    const names = Object.keys(TIME_FORMATS) as (keyof typeof TIME_FORMATS)[];
    const known = args.length > 1 ? undefined : names.find((name) => name === format);
    return known === undefined ? `takes one of ${names.join(', ')}` : () => new NowWriter(known);
  },
  'random.int': (args) => {
    const [least, most] = args.map(wholeNumber);
    if (args.length !== 2 || least === undefined || most === undefined || Number.isNaN(least + most)) {
      return 'takes two whole numbers, as in random.int 1 1000';
    }
    if (least > most) return `takes the smaller number first (got ${least} ${most})`;
    if (most - least + 1 > MAX_SPAN) return `takes a range of at most ${MAX_SPAN} numbers`;
    return ({ seed }, place) => new RandomIntWriter(new KeyedRandom(seed, place), least, most);
  },
  'random.hex': (args) => {
    const digits = wholeNumber(args[0] ?? '');
    if (args.length !== 1 || !(digits >= 1 && digits <= MAX_HEX_DIGITS)) {
      return `takes how many digits, from 1 to ${MAX_HEX_DIGITS}`;
    }
    return ({ seed }, place) => new RandomHexWriter(new KeyedRandom(seed, place), digits);
  },
  'random.pick': (args) => {
    if (args.length === 0) return 'takes the words to pick from, as in random.pick red green "light blue"';
    return ({ seed }, place) => new RandomPickWriter(new KeyedRandom(seed, place), args);
  },
  'random.name': (args) => {
    if (args.length > 0) return 'takes nothing behind its name';
    return ({ seed }, place) =>
      new RandomNameWriter(new KeyedRandom(seed, `${place}/given`), new KeyedRandom(seed, `${place}/family`));
  },
};
/** Stands before the name of a capture that has the name of something else. */
const CAPTURE = 'capture';
const RESERVED = [...Object.keys(VARIABLES), 'random', 'function', CAPTURE];

/**
 * Checks the name of a feeder, a column or a captured value.
 *
 * @returns one sentence on what is wrong; null: nothing
 */
export function nameProblem(name: string, kind: 'feeder' | 'column' | 'capture'): string | null {
  if (!NAME.test(name)) return 'has to be a name: letters, digits, _ and -, and no digit first';
  return kind !== 'column' && RESERVED.includes(name) ? `${name} is a variable already: take another name` : null;
}

/** Understands the words between `{{` and `}}`; there is one at least. */
export function variableOf(words: readonly TemplateWord[], names: TemplateNames, isRaw: boolean): Variable {
  const [first, ...rest] = words as readonly [TemplateWord, ...TemplateWord[]];
  const breaker = isRaw ? undefined : words.find(({ text }) => LINE_BREAKER.test(text));
  if (breaker !== undefined) return { word: breaker, problem: lineBreakProblem() };
  if (first.isQuoted) return literalOf(first, rest);
  const reader = Object.hasOwn(VARIABLES, first.text) ? VARIABLES[first.text] : undefined;
  if (reader !== undefined) {
    const made = reader(rest.map(({ text }) => text));
    return typeof made === 'string' ? { word: first, problem: `${first.text} ${made}` } : { make: made };
  }
  if (first.text === CAPTURE) return captureOf(rest[0], first, rest[1], names);
  return givenOf(first, rest[0], names);
}

/** What is wrong with text that holds CR, LF or NUL. */
export function lineBreakProblem(): string {
  return 'holds a line end or NUL, and what follows would be a command or header of its own: only raw may hold that';
}

/** Whether text would end its line early. */
export function breaksLine(text: string): boolean {
  return LINE_BREAKER.test(text);
}

function literalOf(word: TemplateWord, [more]: readonly TemplateWord[]): Variable {
  if (more !== undefined) return { word: more, problem: 'a text in quotes stands alone between {{ and }}' };
  return { make: () => new LiteralWriter(Buffer.from(word.text, 'utf8')) };
}

function captureOf(
  word: TemplateWord | undefined,
  first: TemplateWord,
  more: TemplateWord | undefined,
  { captures }: TemplateNames,
): Variable {
  if (word === undefined || more !== undefined) {
    return { word: more ?? first, problem: 'capture takes the name of one captured value' };
  }
  const index = captures.indexOf(word.text);
  if (index >= 0) return { make: (_data, _place, isRaw) => new CaptureWriter(index, isRaw) };
  return { word, problem: `nothing is captured as ${word.text}${suggestion(word.text, captures, 'captured are')}` };
}

/** A field of a feeder, a captured value, or one of those that were added. */
function givenOf(word: TemplateWord, more: TemplateWord | undefined, names: TemplateNames): Variable {
  const { text } = word;
  const { feeders, captures, values } = names;
  const dot = text.indexOf('.');
  const feeder = dot < 0 ? text : text.slice(0, dot);
  const columns = feeders.get(feeder);
  if (columns !== undefined) {
    const column = text.slice(feeder.length + 1);
    if (dot < 0 || !columns.includes(column)) {
      const what = dot < 0 ? `${feeder} is a feeder: name one of its columns` : `${feeder} has no column ${column}`;
      return {
        word,
        problem: `${what}${dot < 0 ? ` (${columns.join(', ')})` : suggestion(column, columns, 'it has')}`,
      };
    }
    if (more !== undefined) return { word: more, problem: `${text} takes nothing behind its name` };
    return { make: ({ feeders: made }) => found(made.get(feeder)).writerOf(column) };
  }
  const capture = captures.indexOf(text);
  if (capture < 0 && !values.includes(text)) {
    const fields = [...feeders].flatMap(([name, all]) => all.map((column) => `${name}.${column}`));
    const known = [...Object.keys(VARIABLES), ...values, ...captures, ...fields];
    return { word, problem: `${text} is not defined${suggestion(text, known, 'there are')}` };
  }
  if (more !== undefined) return { word: more, problem: `${text} takes nothing behind its name` };
  if (capture < 0) return { make: ({ values: made }) => found(made.get(text)) };
  return { make: (_data, _place, isRaw) => new CaptureWriter(capture, isRaw) };
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('postrush broke a promise to itself: what a template names is there');
  return value;
}

function suggestion(unknown: string, known: readonly string[], list: string): string {
  const meant = nearestWord(unknown, known);
  if (meant !== null) return `: did you mean ${meant}?`;
  return known.length === 0 ? '' : `: ${list} ${known.join(', ')}`;
}

function numberReader(source: 'seq' | 'session' | 'worker' | 'index'): Reader {
  return (args) => {
    const width = args.length === 0 ? 1 : wholeNumber(args[0] ?? '');
    return args.length <= 1 && width >= 1 && width <= MAX_WIDTH
      ? () => new NumberWriter(source, width)
      : `takes how many digits it has at least, from 1 to ${MAX_WIDTH}`;
  };
}

/** NaN: it is none. */
function wholeNumber(text: string): number {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : NaN;
}
