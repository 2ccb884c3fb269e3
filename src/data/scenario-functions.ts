/**
 * Functions of a scenario that is written as a module: values that they give for templates, and where they stand in what
 * the module exports. Threads share no functions, so that every worker finds them anew, by the same names.
 */
import { KeyedRandom } from './keyed-random.js';
import { RenderContext } from './render-context.js';
import type { ValueWriter } from './value-writers.js';

/** What a function is told. One object for all calls of a worker: it holds only until the function returns. */
export interface FunctionMoment {
  /** Number of the message, from 1. */
  readonly seq: number;
  /** Which of its recipients or commands, from 1. */
  readonly index: number;
  /** Number of the session in the run, from 1. */
  readonly session: number;
  /** From 1. */
  readonly worker: number;
  /** The next of the random values of this message, from 0 (included) to 1: the same for the same seed, whatever the number of workers. */
  readonly random: () => number;
}

/** A value for templates. What is not ASCII is sent as UTF-8, a line end as `?`, and no more than 200 octets, 64 before the @ of an address. */
export type ScenarioFunction = (moment: FunctionMoment) => string | number;

/** A plan's functions: where they are to be found. */
export interface FunctionsPlan {
  /** URL of the module. */
  readonly module: string;
  readonly names: readonly string[];
}

/** What calls have cost so far, in one worker. */
export class FunctionCosts {
  calls = 0;
  us = 0;
}

/** Stands before the name of a function in a template: `{{function.greeting}}`. */
export const FUNCTION_PREFIX = 'function.';
/** The key of the functions that have names of their own. */
const NAMED = 'functions';
/** Octets of a value: messages are padded to what all of them could have. */
const LONGEST_VALUE = 200;
/** RFC 5321 §4.5.3.1.1 */
const LONGEST_LOCAL_PART = 64;
/** Maps and lists within each other. */
const MAX_LEVELS = 100;
const QUESTION_MARK = 0x3f;
const NAME = /^[A-Za-z_][\w-]*$/;

/** What a module exports, as data and functions. */
export interface CollectedFunctions {
  /** The same without them: templates stand where they stood. */
  readonly value: unknown;
  readonly functions: ReadonlyMap<string, ScenarioFunction>;
  /** What is neither data nor a function, with its path. */
  readonly problems: readonly { readonly path: readonly (string | number)[]; readonly message: string }[];
}

/** Takes the functions out of what a module exports. Those without a name have that of their place. */
export function collectFunctions(exported: unknown): CollectedFunctions {
  const functions = new Map<string, ScenarioFunction>();
  const problems: { path: (string | number)[]; message: string }[] = [];
  const take = (name: string, value: ScenarioFunction): string => {
    functions.set(name, value);
    return `{{${FUNCTION_PREFIX}${name}}}`;
  };
  const walk = (value: unknown, path: (string | number)[]): unknown => {
    if (typeof value === 'function') return take(path.join('.'), value as ScenarioFunction);
    if (value instanceof RegExp) return value.source;
    if (typeof value !== 'object' || value === null) return value;
    if (path.length > MAX_LEVELS) {
      problems.push({ path: [], message: 'is nested too deep, or holds itself' });
      return null;
    }
    if (Array.isArray(value)) return value.map((each, index) => walk(each, [...path, index]));
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    return Object.fromEntries(entries.map(([key, each]) => [key, walk(each, [...path, key])]));
  };
  if (typeof exported !== 'object' || exported === null) return { value: exported, functions, problems };
  const { [NAMED]: named, ...rest } = exported as Record<string, unknown>;
  for (const [name, value] of Object.entries(named ?? {})) {
    if (typeof value !== 'function') problems.push({ path: [NAMED, name], message: 'must be a function' });
    else if (NAME.test(name)) take(name, value as ScenarioFunction);
    else
      problems.push({ path: [NAMED, name], message: 'needs a name of letters, digits, _ and -, and no digit first' });
  }
  return { value: Array.isArray(exported) ? exported : walk(rest, []), functions, problems };
}

/** What a function gives for a moment, or what is wrong with it, in words. */
function callFunction(value: ScenarioFunction, moment: FunctionMoment): { text: string } | { problem: string } {
  try {
    const given: unknown = value(moment);
    if (typeof given === 'string') return { text: given };
    if (typeof given === 'number') return { text: String(given) };
    return { problem: `gave ${given === null ? 'null' : typeof given} in place of text or a number` };
  } catch (error) {
    return { problem: `failed: ${String(error)}` };
  }
}

/** Calls a function for the first message, to see whether it gives anything. @returns null: it does */
export function functionProblem(value: ScenarioFunction): string | null {
  const moment = new Moment(new KeyedRandom(0, ''));
  moment.begin(new RenderContext());
  const outcome = callFunction(value, moment);
  return 'problem' in outcome ? outcome.problem : null;
}

/** Octets that stand in a local part as they are. */
const IN_LOCAL_PART = new Set(Buffer.from("#$&'*+/=?^_`{|}~.-"));

/** Writes what a function gives. */
export class FunctionWriter implements ValueWriter {
  readonly isConstant = false;
  readonly minLength = 0;
  readonly maxLength: number;
  readonly #name: string;
  readonly #value: ScenarioFunction;
  readonly #costs: FunctionCosts;
  readonly #isLocalPart: boolean;
  readonly #moment: Moment;

  /** @param isLocalPart - what cannot stand in the local part of an address becomes `?`, so that its domain stays what it is */
  constructor(
    name: string,
    value: ScenarioFunction,
    { seed, costs, isLocalPart }: { seed: number; costs: FunctionCosts; isLocalPart: boolean },
  ) {
    this.#name = name;
    this.#value = value;
    this.#costs = costs;
    this.#isLocalPart = isLocalPart;
    this.maxLength = isLocalPart ? LONGEST_LOCAL_PART : LONGEST_VALUE;
    this.#moment = new Moment(new KeyedRandom(seed, FUNCTION_PREFIX + name));
  }

  write(target: Buffer, offset: number, context: RenderContext): number {
    const beganMs = performance.now();
    const value = this.#call(context);
    const end = offset + target.write(value, offset, this.maxLength, 'utf8');
    for (let at = offset; at < end; at++) if (this.#isStrange(target[at] as number)) target[at] = QUESTION_MARK;
    this.#costs.calls++;
    this.#costs.us += (performance.now() - beganMs) * 1e3;
    return end;
  }

  #call(context: RenderContext): string {
    this.#moment.begin(context);
    const outcome = callFunction(this.#value, this.#moment);
    if ('text' in outcome) return outcome.text;
    throw new Error(`${FUNCTION_PREFIX}${this.#name} of the scenario ${outcome.problem}`);
  }

  /** Line ends and NUL anywhere; in a local part whatever would make another address of it. */
  #isStrange(octet: number): boolean {
    if (octet === 0 || octet === 10 || octet === 13) return true;
    if (!this.#isLocalPart || octet >= 0x80) return false;
    const isLetterOrDigit =
      (octet >= 48 && octet <= 57) || (octet >= 65 && octet <= 90) || (octet >= 97 && octet <= 122);
    return !isLetterOrDigit && !IN_LOCAL_PART.has(octet);
  }
}

class Moment implements FunctionMoment {
  seq = 0;
  index = 0;
  session = 0;
  worker = 0;
  /** Bound, since functions take it apart from the others. */
  readonly random: () => number;
  #draws = 0;

  constructor(random: KeyedRandom) {
    this.random = () => random.unit(this.seq - 1, this.index - 1, this.#draws++);
  }

  begin({ number, index, session, worker }: RenderContext): void {
    this.seq = number + 1;
    this.index = index + 1;
    this.session = session + 1;
    this.worker = worker + 1;
    this.#draws = 0;
  }
}
