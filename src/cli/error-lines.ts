/** Errors in words for the terminal: one line per problem. */
import { PostrushError } from '../errors.js';
import { withoutControls } from './terminal.js';

/**
 * What to print for an error.
 *
 * @param error - whatever was thrown
 * @param isDebugging - show where it came from
 * @param showsFrames - show lines of files, for people at a terminal
 * @returns lines without line ends
 */
export function errorLines(error: unknown, isDebugging: boolean, showsFrames = false): string[] {
  const stack = isDebugging ? stackLines(error) : [];
  if (!(error instanceof PostrushError)) {
    const hint = isDebugging ? '' : ' (POSTRUSH_DEBUG=1 shows where)';
    return [`postrush: internal error: ${oneLine(error)}; please report this${hint}`, ...stack];
  }
  if (error.issues.length === 0) return [`postrush: ${withoutControls(error.message)}`, ...stack];
  const lines = error.issues.map(({ path, message, received, frame }) => {
    const line = withoutControls(`postrush: ${path}: ${message}${received === undefined ? '' : `, got '${received}'`}`);
    return frame === undefined || !showsFrames ? line : [line, ...frame.split('\n').map(withoutControls)].join('\n');
  });
  return [...new Set(lines), ...stack];
}

function oneLine(error: unknown): string {
  return withoutControls(error instanceof Error ? error.message : String(error));
}

function stackLines(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const own = (error.stack ?? '').split('\n').map((line) => `  ${withoutControls(line)}`);
  return error.cause === undefined ? own : [...own, '  caused by', ...stackLines(error.cause)];
}
