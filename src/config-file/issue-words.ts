/** What the schema library finds, in words for whoever wrote the file. */
import type { z } from 'zod';
import { ANSWER_SEPARATOR } from './closed-object.js';

/** One problem in words. */
export interface IssueSentence {
  readonly path: readonly (string | number)[];
  /** The key at `path` that should not be there; null: the value at `path` is wrong. */
  readonly key: string | null;
  readonly message: string;
}

/** What a type of the schema is called. */
const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
  null: 'empty',
};
/** Longer texts are cut where they are shown. */
const MAX_SHOWN_LENGTH = 60;

/** The wording of problems for which the schema has none of its own. */
export function zodWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing';
      return `must be ${TYPE_WORDS[issue.expected] ?? issue.expected}`;
    case 'too_small': {
      const bound = String(issue.minimum);
      if (issue.origin === 'array') return `must hold at least ${bound}`;
      if (issue.origin === 'string') return 'must not be empty';
      return issue.inclusive === false ? `must be above ${bound}` : `must be at least ${bound}`;
    }
    case 'too_big': {
      const bound = String(issue.maximum);
      if (issue.origin === 'array') return `must hold at most ${bound}`;
      return issue.origin === 'string' ? `must have at most ${bound} characters` : `must be at most ${bound}`;
    }
    case 'invalid_value': {
      const words = issue.values.map(String);
      return `takes ${words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`}`;
    }
    default:
      return undefined;
  }
}

/**
 * All problems one by one.
 *
 * @param raw - the values that were judged: what is wrong is shown, unless it may be a secret
 */
export function sentencesOf(issues: readonly z.core.$ZodIssue[], raw: unknown): readonly IssueSentence[] {
  const sentences = issues.flatMap((issue) => sentencesOfOne(issue, [], raw));
  // A map with a key that it does not know is not judged as a whole: the key may be what it misses.
  const unknown = new Set(sentences.flatMap(({ path, key }) => (key === null ? [] : path.join('\n'))));
  return sentences.filter(({ path, key }) => key !== null || !unknown.has(path.join('\n')));
}

function sentencesOfOne(
  issue: z.core.$ZodIssue,
  prefix: readonly (string | number)[],
  raw: unknown,
): readonly IssueSentence[] {
  const path = [...prefix, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  if (issue.code === 'unrecognized_keys') {
    const answers = issue.message.split(ANSWER_SEPARATOR);
    return issue.keys.map((key, index) => ({ path, key, message: `\`${key}\` ${answers[index] ?? ''}` }));
  }
  if (issue.code === 'invalid_union') {
    // One of the ways to write it may be the one that was meant: the one that fits but for something within.
    const meant = issue.errors.filter((branch) => branch.every((each) => isWithin(each)));
    if (meant.length === 1) return (meant[0] ?? []).flatMap((each) => sentencesOfOne(each, path, raw));
  }
  const isMissing = valueAt(raw, path) === undefined;
  const message = `${lowerFirst(issue.message)}${isMissing ? '' : received(path, raw)}`;
  return [{ path, key: null, message }];
}

function isWithin(issue: z.core.$ZodIssue): boolean {
  if (issue.path.length > 0 || issue.code === 'unrecognized_keys') return true;
  return issue.code !== 'invalid_type' && issue.code !== 'invalid_value' && issue.code !== 'invalid_union';
}

/** ` (got 0)` */
function received(path: readonly (string | number)[], raw: unknown): string {
  if (path.some((part) => /password|token/i.test(String(part)))) return '';
  const value = valueAt(raw, path);
  if (value === null) return ' (got nothing)';
  if (Array.isArray(value)) return ' (got a list)';
  if (typeof value === 'object') return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const short = text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text;
  return typeof value === 'string' ? ` (got '${short}')` : ` (got ${short})`;
}

function valueAt(raw: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[part] : undefined,
    raw,
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
