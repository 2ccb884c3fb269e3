/**
 * Errors that stop a run. Operating outcomes (a refused connection, a 550) are data and never come through here.
 * Knows nothing of the project; anyone may import it.
 */

/** What each stable error code means; the exit code belongs to it (see `src/cli/exit-codes.ts`). */
export const ERROR_MEANINGS = {
  E_CONFIG: 'options, files or environment are unusable; every problem is listed in `issues`',
  E_TARGET: 'the target cannot be reached or refused the pre-flight session',
  E_LIMIT: 'a limit of this machine is too low for the load asked for',
  E_STOPPED: 'told to stop before the load began, so that there is nothing to report',
  E_WORKER_CRASH: 'a worker thread or a process of the sink threw, exited or ran out of memory',
  E_REPORT_WRITE: 'a report or result file could not be written',
} as const;

/** A stable code that programs may match on. */
export type ErrorCode = keyof typeof ERROR_MEANINGS;

/** One problem with what a user wrote. */
export interface ConfigIssue {
  /** Where it stands: a flag (`--sessions`), an argument (`TARGET`), a variable (`POSTRUSH_SESSIONS`) or a place in a file (`a.yaml:3:5`). */
  readonly path: string;
  /** One sentence: what is wrong and what to try. */
  readonly message: string;
  /** What was received, when showing it helps and is no secret. */
  readonly received?: string;
  /** For files: the line of the place, and a second one with a mark under it. */
  readonly frame?: string;
}

/** An error that ends a run, with a code that programs can read. Match on `code`, not on the class. */
export class PostrushError extends Error {
  readonly code: ErrorCode;
  /** Every problem found, for `E_CONFIG`; empty otherwise. */
  readonly issues: readonly ConfigIssue[];

  constructor(code: ErrorCode, message: string, details: { cause?: unknown; issues?: readonly ConfigIssue[] } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'PostrushError';
    this.code = code;
    this.issues = details.issues ?? [];
  }
}
