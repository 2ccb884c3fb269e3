/** Reads a YAML file against a schema; every problem carries its line and column. Knows no option by name. */
import { LineCounter, isMap, isNode, isScalar, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { z } from 'zod';
import type { ConfigIssue } from '../errors.js';
import { nearestWord } from '../nearest-word.js';

/** Where a value stands: `['faults', 3, 'delayMs']`. */
export type ConfigPath = readonly (string | number)[];

/**
 * What a file said, or everything that is wrong with it. `placeOf` tells where a value stands, or what is nearest to it,
 * as `sink.yaml:3:5`: for problems that are found later.
 */
export type ConfigReading<T> =
  { readonly value: T; readonly placeOf: (path: ConfigPath) => string } | { readonly issues: readonly ConfigIssue[] };

/**
 * An object that takes the keys of `shape` and no other; an unknown key is answered with the most similar known one.
 *
 * @param shape - by key, the schema of its value
 */
export function closedObject<S extends z.core.$ZodLooseShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      const [unknown = ''] = (issue as { keys?: string[] }).keys ?? [];
      return `is not known here: ${suggestion(unknown, known)}`;
    },
  });
}

/**
 * Reads a file.
 *
 * @param name - how to call it in issues: `sink.yaml` gives `sink.yaml:3:5`
 * @param text - YAML 1.2
 * @param schema - made of {@link closedObject}s
 */
export function readConfig<T>(name: string, text: string, schema: z.ZodType<T>): ConfigReading<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${String(line)}:${String(col)}`;
  };
  if (document.errors.length > 0) {
    const issues = document.errors.map(({ pos, message }) => ({
      path: place(pos[0]),
      message: message.split(/ at line |\n/, 1)[0] ?? message,
    }));
    return { issues };
  }
  const parsed = schema.safeParse(document.toJS() ?? {});
  if (parsed.success) return { value: parsed.data, placeOf: (path) => place(offsetOf(document, path)) };
  const issues = parsed.error.issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    const where = path.length === 0 ? '' : `${path.join('.')}: `;
    if (issue.code !== 'unrecognized_keys') {
      return [{ path: place(offsetOf(document, path)), message: `${where}${lowerFirst(issue.message)}` }];
    }
    return issue.keys.map((key) => ({
      path: place(keyOffset(document, path, key)),
      message: `${where}\`${key}\` ${issue.message}`,
    }));
  });
  return { issues };
}

function offsetOf(document: Document, path: ConfigPath): number {
  // A missing value stands where its object does.
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function keyOffset(document: Document, path: ConfigPath, key: string): number {
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  if (!isMap(map)) return 0;
  const found = map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key)?.key;
  return isScalar(found) ? (found.range?.[0] ?? 0) : 0;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function suggestion(unknown: string, known: readonly string[]): string {
  const meant = nearestWord(unknown, known);
  return meant === null ? `it takes ${known.join(', ')}` : `did you mean ${meant}?`;
}
