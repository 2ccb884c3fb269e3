/** What the exit code tells a script. */
import { PostrushError } from '../errors.js';
import type { ErrorCode } from '../errors.js';
import type { RunResult } from '../report/result-schema.js';

/** Every exit code by its meaning. */
export const ExitCode = {
  /** The run passed. A server that rejects all it gets is a fine measurement: that is a pass as well. */
  pass: 0,
  /** An objective was missed, the load could not be placed, or the target was lost. */
  fail: 1,
  /** Flags, environment or files are unusable. Nothing was sent. */
  usage: 2,
  /** The generator was the limit or broke down: the numbers do not count. */
  invalid: 3,
  /** The target cannot be reached, refused the pre-flight session, or this machine cannot carry the load asked for. */
  target: 4,
  /** A defect of postrush, or a report that could not be written. */
  internal: 5,
  /** Cut by a second signal. */
  cut: 130,
} as const;
/** One of the exit codes. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

const CODES_OF_ERRORS: Readonly<Record<ErrorCode, ExitCode>> = {
  E_CONFIG: ExitCode.usage,
  E_TARGET: ExitCode.target,
  E_LIMIT: ExitCode.target,
  E_STOPPED: ExitCode.cut,
  E_WORKER_CRASH: ExitCode.internal,
  E_REPORT_WRITE: ExitCode.internal,
};

/** The exit code of a run that has a result. After one signal it is the verdict's. */
export function exitCodeOfResult({ endedBy, verdict }: Pick<RunResult, 'endedBy' | 'verdict'>): ExitCode {
  return endedBy === 'secondSignal' ? ExitCode.cut : ExitCode[verdict];
}

/** The exit code of whatever was thrown. */
export function exitCodeOfError(error: unknown): ExitCode {
  return error instanceof PostrushError ? CODES_OF_ERRORS[error.code] : ExitCode.internal;
}
