/** Reads the files that data comes from: within bounds, whatever the path leads to. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { fileProblem } from '../file-problem.js';
import { formatSize } from '../plan/units.js';

/** A file's octets, or one sentence on why there are none. */
export type DataFileReading = { readonly octets: Buffer } | { readonly problem: string };

/** Reads a file that is not empty. */
export function readDataFile(path: string, maxBytes: number): DataFileReading {
  try {
    // Opening a pipe that nobody writes to would wait for ever, and reading it may as well.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(file);
      if (!stats.isFile()) return { problem: 'is no file' };
      if (stats.size > maxBytes) {
        return { problem: `has ${stats.size} octets, and ${formatSize(maxBytes)} is the limit` };
      }
      const octets = readFileSync(file);
      return octets.length === 0 ? { problem: 'is empty' } : { octets };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return { problem: `cannot be read: ${fileProblem(error)}` };
  }
}
