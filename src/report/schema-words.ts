/** What the fields of all JSON that is written are made of: each says in words what it means. */
import { z } from 'zod';

/** A whole number, 0 or more. */
export const count = (meaning: string) => z.int().nonnegative().describe(meaning);
/** A number, 0 or more. */
export const amount = (meaning: string) => z.number().nonnegative().describe(meaning);
/** The same, or null. */
export const amountOrNull = (meaning: string) => z.number().nonnegative().nullable().describe(meaning);
/** Text. */
export const text = (meaning: string) => z.string().describe(meaning);
/** Yes or no. */
export const flag = (meaning: string) => z.boolean().describe(meaning);
/** A moment. */
export const isoTime = (meaning: string) =>
  z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
    .describe(`${meaning}, ISO 8601, UTC`);
