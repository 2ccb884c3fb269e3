/** Maps that take the keys they know and no other, and say what was probably meant. */
import { z } from 'zod';
import { nearestWord } from '../nearest-word.js';

/** Between the answers to several unknown keys of one map. */
export const ANSWER_SEPARATOR = '\n';

/**
 * A map that takes the keys of `shape` and no other; an unknown key is answered with the most similar known one.
 *
 * @param shape - by key, the schema of its value
 * @param refused - by key, why it is not taken though it makes sense
 */
export function closedObject<S extends z.core.$ZodLooseShape>(
  shape: S,
  refused: Readonly<Record<string, string>> = {},
): z.ZodObject<S, z.core.$strict> {
  const known = Object.keys(shape);
  const answer = (key: string): string =>
    Object.hasOwn(refused, key) ? String(refused[key]) : `is not known here: ${suggestion(key, known)}`;
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      return ((issue as { keys?: string[] }).keys ?? []).map(answer).join(ANSWER_SEPARATOR);
    },
  });
}

function suggestion(unknown: string, known: readonly string[]): string {
  const meant = nearestWord(unknown, known);
  return meant === null ? `it takes ${known.join(', ')}` : `did you mean ${meant}?`;
}
