/** Reads a YAML file against a schema; every problem carries its line and column. Knows no option by name. */
import { runInNewContext } from 'node:vm';
import { LineCounter, isCollection, isMap, isNode, isScalar, parseDocument, visit } from 'yaml';
import type { Document } from 'yaml';
import type { z } from 'zod';
import type { ConfigIssue } from '../errors.js';
import { codeFrame } from './code-frame.js';
import { MAX_CONFIG_BYTES } from './config-limits.js';
import { sentencesOf, zodWords } from './issue-words.js';

/** Where a value stands: `['faults', 3, 'delayMs']`. */
export type ConfigPath = readonly (string | number)[];

/** Finds in a file what is told of its values. */
export interface ConfigPlaces {
  /** Where a value stands, or what is nearest to it, as `sink.yaml:3:5`. */
  readonly placeOf: (path: ConfigPath) => string;
  /** A problem with a value: where it stands, what it is called, and the line with a mark under it. */
  readonly problemAt: (path: ConfigPath, message: string) => ConfigIssue;
}

/** What a file said. */
export interface ConfigValue<T> extends ConfigPlaces {
  readonly value: T;
}

/** Everything that is wrong with a file, in the order of its lines. */
export interface ConfigProblems<T> {
  readonly issues: readonly ConfigIssue[];
  /** The values that are wrong. */
  readonly broken: readonly ConfigPath[];
  /** What the file would say without them, for whoever looks for further problems; null: nothing can be said. */
  readonly rest: ConfigValue<T> | null;
}

/** What a file said, or everything that is wrong with it. */
export type ConfigReading<T> = ConfigValue<T> | ConfigProblems<T>;

/** There are texts that the YAML library takes minutes for. */
const LONGEST_PARSE_MS = 5000;
/** Aliases that are followed in all: more would be a bomb. */
const MAX_ALIASES = 100;
/** Maps and lists within each other. */
const MAX_LEVELS = 100;
/** Further problems of a file are only counted. */
const MAX_ISSUES = 50;

/** What is usually meant by a map that is the key of another. */
const BRACES = 'a text that begins with {{ needs quotes';
/** And not even placed. */
const MAX_PLACED = 1000;

/** A problem before it is put into words. */
interface Finding {
  readonly offset: number;
  readonly issue: ConfigIssue;
}

/**
 * Reads a file in bounded time and memory.
 *
 * @param name - how to call it in issues: `sink.yaml` gives `sink.yaml:3:5`
 * @param text - YAML 1.2
 * @param schema - made of `closedObject`s
 */
export function readConfig<T>(name: string, text: string, schema: z.ZodType<T>): ConfigReading<T> {
  const places = new Places(name, text);
  const unreadable = (offset: number, message: string): ConfigProblems<T> => ({
    issues: [places.at(offset, message).issue],
    broken: [[]],
    rest: null,
  });
  if (Buffer.byteLength(text) > MAX_CONFIG_BYTES) {
    return unreadable(0, `is larger than ${String(MAX_CONFIG_BYTES / 1024)} KiB`);
  }
  try {
    const raw = places.parse();
    const [error] = places.document.errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
    // What YAML says behind its first error follows from it.
    if (error !== undefined) return unreadable(error.pos[0], places.inWords(error));
    const brace = places.mapAsKey();
    if (brace !== null) return unreadable(brace, BRACES);
    if (isTooDeep(raw, new Set(), new Set())) return unreadable(0, 'is nested too deep');
    return judge(places, raw, schema);
  } catch (error) {
    if (error instanceof ReferenceError) return unreadable(0, `follows more than ${String(MAX_ALIASES)} aliases`);
    if (error instanceof RangeError) return unreadable(0, 'is nested too deep');
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    return unreadable(0, `takes more than ${String(LONGEST_PARSE_MS / 1000)} s to be read`);
  }
}

/**
 * Reads a value that a program made, such as what a module exports: its places are paths alone.
 *
 * @param name - how to call it in issues: `scenario.mjs` gives `scenario.mjs: load.sessions: …`
 * @param raw - plain data; what is wrong is taken out of it
 */
export function readConfigValue<T>(name: string, raw: unknown, schema: z.ZodType<T>): ConfigReading<T> {
  return judge(new PathsAlone(name), raw, schema);
}

/** What places are needed for. */
interface FindingPlaces extends ConfigPlaces {
  about(path: ConfigPath, message: string, offset?: number): Finding;
  keyOffset(path: ConfigPath, key: string): number;
}

/** A value without a text. */
class PathsAlone implements FindingPlaces {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  placeOf(path: ConfigPath): string {
    return path.length === 0 ? this.#name : `${this.#name}: ${formatPath(path)}`;
  }

  problemAt(path: ConfigPath, message: string): ConfigIssue {
    return { path: this.#name, message: path.length === 0 ? message : `${formatPath(path)}: ${message}` };
  }

  about(path: ConfigPath, message: string): Finding {
    return { offset: 0, issue: this.problemAt(path, message) };
  }

  keyOffset(): number {
    return 0;
  }
}

function judge<T>(places: FindingPlaces, raw: unknown, schema: z.ZodType<T>): ConfigReading<T> {
  const valueOf = (value: T): ConfigValue<T> => ({
    value,
    placeOf: places.placeOf.bind(places),
    problemAt: places.problemAt.bind(places),
  });
  const parsed = schema.safeParse(raw, { error: zodWords });
  if (parsed.success) return valueOf(parsed.data);
  const sentences = sentencesOf(parsed.error.issues, raw);
  // To find the place of one of them takes time.
  const findings = sentences
    .slice(0, MAX_PLACED)
    .map(({ path, key, message }) =>
      key === null ? places.about(path, message) : places.about(path, message, places.keyOffset(path, key)),
    );
  const broken = sentences.map(({ path, key }) => (key === null ? path : [...path, key]));
  for (const path of broken) removeAt(raw, path);
  const rest = schema.safeParse(raw);
  return { issues: listed(findings), broken, rest: rest.success ? valueOf(rest.data) : null };
}

/** Whether a value holds itself, or more levels than anybody writes. */
function isTooDeep(value: unknown, open: Set<unknown>, done: Set<unknown>): boolean {
  if (typeof value !== 'object' || value === null || done.has(value)) return false;
  if (open.has(value) || open.size === MAX_LEVELS) return true;
  open.add(value);
  const isDeep = Object.values(value).some((each) => isTooDeep(each, open, done));
  open.delete(value);
  done.add(value);
  return isDeep;
}

/** Takes a value away, and from a list all of it: the others would no longer stand where they are said to. */
function removeAt(raw: unknown, path: ConfigPath): void {
  const key = path.findLastIndex((part) => typeof part === 'string');
  let owner: unknown = raw;
  for (const part of path.slice(0, Math.max(key, 0)))
    owner = (owner as Record<string | number, unknown> | undefined)?.[part];
  if (typeof owner === 'object' && owner !== null && key >= 0) Reflect.deleteProperty(owner, path[key] ?? '');
}

function listed(findings: readonly Finding[]): readonly ConfigIssue[] {
  const issues = findings.toSorted((a, b) => a.offset - b.offset).map(({ issue }) => issue);
  const last = issues.at(MAX_ISSUES - 1);
  if (issues.length <= MAX_ISSUES || last === undefined) return issues;
  const more = `, and ${String(issues.length - MAX_ISSUES)} more problems follow`;
  return [...issues.slice(0, MAX_ISSUES - 1), { ...last, message: `${last.message}${more}` }];
}

/** A path as it is told: `scenarios[0].steps[3].rcpt.count`. */
function formatPath(path: ConfigPath): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${String(part)}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}

/** A text and where its values stand. */
class Places implements FindingPlaces {
  readonly #name: string;
  readonly #text: string;
  readonly #lines = new LineCounter();
  #document: Document | null = null;

  constructor(name: string, text: string) {
    this.#name = name;
    this.#text = text;
  }

  get document(): Document {
    return this.#document ?? parseDocument('');
  }

  /** @returns the values, as far as there are no errors */
  parse(): unknown {
    const parse = (): unknown => {
      this.#document = parseDocument(this.#text, { lineCounter: this.#lines, logLevel: 'error' });
      return this.#document.errors.length > 0 ? null : (this.#document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {});
    };
    // The library has no limit of its own, and nothing else stops a function that does not return.
    return runInNewContext('parse()', { parse }, { timeout: LONGEST_PARSE_MS });
  }

  placeOf(path: ConfigPath): string {
    return this.#placeAt(this.#offsetOf(path));
  }

  problemAt(path: ConfigPath, message: string): ConfigIssue {
    return this.about(path, message).issue;
  }

  about(path: ConfigPath, message: string, offset = this.#offsetOf(path)): Finding {
    return this.at(offset, path.length === 0 ? message : `${formatPath(path)}: ${message}`);
  }

  at(offset: number, message: string): Finding {
    const { line, col } = this.#lines.linePos(offset);
    const frame = codeFrame(this.#text, offset, Math.max(line, 1), Math.max(col, 1));
    const issue = { path: this.#placeAt(offset), message };
    return { offset, issue: frame === null ? issue : { ...issue, frame } };
  }

  /** Where a map or a list is the key of a map; null: nowhere. */
  mapAsKey(): number | null {
    let offset: number | null = null;
    visit(this.document, {
      Pair: (_, { key }) => {
        if (!isCollection(key)) return undefined;
        offset = key.range?.[0] ?? 0;
        return visit.BREAK;
      },
    });
    return offset;
  }

  /** What the library says of a text that it cannot read. */
  inWords({ message, pos }: Document['errors'][0]): string {
    if (message.includes('call stack')) return 'is nested too deep';
    const words = message.split(/ at line |\n/, 1)[0] ?? message;
    const line = this.#text.slice(this.#text.lastIndexOf('\n', pos[0]) + 1).split('\n', 1)[0] ?? '';
    // A brace begins a map.
    return /(?:[:,[-] *)\{\{/.test(line) ? `${words}: ${BRACES}` : words;
  }

  keyOffset(path: ConfigPath, key: string): number {
    const map = path.length === 0 ? this.document.contents : this.document.getIn(path, true);
    if (!isMap(map)) return this.#offsetOf(path);
    const found = map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key)?.key;
    return isScalar(found) ? (found.range?.[0] ?? 0) : 0;
  }

  #offsetOf(path: ConfigPath): number {
    // A missing value stands where its object does.
    for (let length = path.length; length >= 0; length--) {
      const node = length === 0 ? this.document.contents : this.document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return node.range[0];
    }
    return 0;
  }

  #placeAt(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.#name}:${String(Math.max(line, 1))}:${String(Math.max(col, 1))}`;
  }
}
