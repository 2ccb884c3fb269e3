/** Assertions about the program itself. They stay on in production, except inside per-byte loops. */

/**
 * Stops the thread when something that must hold does not.
 *
 * @param condition - what must be true
 * @param what - the sentence that was expected to be true
 * @throws Error when `condition` is false: a defect of postrush, never of a server
 */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`postrush broke a promise to itself: ${what}`);
}

/** Marks a `switch` as exhaustive: does not compile while a case is missing. */
export function assertNever(value: never): never {
  throw new Error(`postrush met a case it does not know: ${JSON.stringify(value)}`);
}
