/** Reads messages that a user has: one, an mbox, or a directory of them. Within bounds, whatever the path leads to. */
import { opendirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileProblem } from '../../file-problem.js';
import { readDataFile } from '../read-data-file.js';
import { MAX_CORPUS_BYTES, MAX_CORPUS_MESSAGES } from './corpus-writer.js';
import { isMbox, splitMbox } from './mail-file.js';
import type { MailFile } from './mail-file.js';

/** Messages, or one sentence on why there are none. */
export type MailFilesReading = { readonly files: readonly MailFile[] } | { readonly problem: string };

const EML = /\.eml$/i;
/** Names in a directory, whatever they are: looking at more would take for ever. */
const MAX_NAMES = 1_000_000;

/** Reads what a path leads to. Of a directory all `.eml` files, in the order of their names, and none of its directories. */
export function readMailFiles(path: string): MailFilesReading {
  try {
    const reading = statSync(path).isDirectory() ? readDirectory(path) : readFile(path, MAX_CORPUS_BYTES);
    if ('files' in reading && reading.files.length > MAX_CORPUS_MESSAGES) {
      return { problem: `holds more than ${MAX_CORPUS_MESSAGES} messages` };
    }
    return reading;
  } catch (error) {
    return { problem: `cannot be read: ${fileProblem(error)}` };
  }
}

function readDirectory(path: string): MailFilesReading {
  const names: string[] = [];
  const directory = opendirSync(path);
  try {
    let seen = 0;
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      if (++seen > MAX_NAMES) return { problem: `holds more than ${MAX_NAMES} files` };
      if (EML.test(entry.name) && !entry.isDirectory()) names.push(entry.name);
      if (names.length > MAX_CORPUS_MESSAGES) return { problem: `holds more than ${MAX_CORPUS_MESSAGES} messages` };
    }
  } finally {
    directory.closeSync();
  }
  if (names.length === 0) return { problem: 'holds no .eml file' };
  const files: MailFile[] = [];
  let leftBytes = MAX_CORPUS_BYTES;
  // By code unit: the same on every machine.
  for (const name of names.sort()) {
    const reading = readFile(join(path, name), leftBytes);
    if ('problem' in reading) return { problem: `${name}: ${reading.problem}` };
    for (const file of reading.files) leftBytes -= file.octets.length;
    files.push(...reading.files.map((file) => ({ ...file, name: file.name.slice(path.length + 1) })));
  }
  return { files };
}

function readFile(path: string, maxBytes: number): MailFilesReading {
  const reading = readDataFile(path, maxBytes);
  if ('problem' in reading) return reading;
  const mail = { name: path, octets: reading.octets };
  return { files: isMbox(mail.octets) ? splitMbox(mail) : [mail] };
}
