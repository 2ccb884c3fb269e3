/** Writes the result where `--json` says. */
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { PostrushError } from '../errors.js';
import { fileProblem } from '../file-problem.js';

/** Stands for stdout. */
export const STDOUT_PATH = '-';

/**
 * Looks before the run whether the result can be written after it.
 *
 * @returns what is wrong, or null
 */
export function resultPathProblem(path: string): string | null {
  if (path === '') return 'takes the path of a file, or - for stdout';
  try {
    const existing = statOf(path);
    if (existing?.isDirectory() === true) return 'takes the path of a file, and this is a directory';
    if (existing !== null && !existing.isFile()) {
      accessSync(path, constants.W_OK);
      return null;
    }
    const folder = dirname(path);
    if (statOf(folder) === null) return `cannot be written: there is no directory ${folder}`;
    accessSync(folder, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return `cannot be written: ${fileProblem(error)}`;
  }
}

/** A result as text, ending in a line end. */
export function jsonText(result: object): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}

/**
 * Writes the result so that the file is either the old one or the whole new one.
 *
 * @throws PostrushError `E_REPORT_WRITE`
 */
export function writeJsonFile(path: string, result: object): void {
  writeWhole(path, jsonText(result));
}

/**
 * The same for any text.
 *
 * @throws PostrushError `E_REPORT_WRITE`
 */
export function writeWhole(path: string, text: string): void {
  let temporary: string | null = null;
  try {
    const existing = statOf(path);
    // A device or a pipe must not be replaced by a file, and a link should stay one.
    if (existing !== null && !existing.isFile()) {
      writeInto(path, existing, text);
      return;
    }
    const place = existing === null ? path : realpathSync(path);
    const beside = `${place}.${process.pid}.tmp`;
    // Only a file that was made here may be removed again.
    closeSync(openSync(beside, 'wx'));
    temporary = beside;
    writeFileSync(beside, text);
    renameSync(beside, place);
  } catch (error) {
    if (temporary !== null) rmSync(temporary, { force: true });
    throw new PostrushError('E_REPORT_WRITE', `the result could not be written to ${path}: ${fileProblem(error)}`, {
      cause: error,
    });
  }
}

/** Writes to a device or a pipe. Opening a pipe that nobody reads would wait for ever: looks for a reader first. */
function writeInto(path: string, existing: Stats, text: string): void {
  const reader = existing.isFIFO() ? openSync(path, constants.O_WRONLY | constants.O_NONBLOCK) : null;
  try {
    writeFileSync(path, text);
  } finally {
    if (reader !== null) closeSync(reader);
  }
}

function statOf(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}
