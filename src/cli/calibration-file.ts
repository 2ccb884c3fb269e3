/** The ceilings of this user's machines: a small file of JSON. Whatever is wrong with it is a sentence, and never an end. */
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { PostrushError } from '../errors.js';
import { fileProblem } from '../file-problem.js';
import type { Environment } from './environment.js';
import { readSmallFile } from './read-files.js';
import { writeJsonFile } from './result-file.js';

/** What a ceiling holds for. */
export interface CeilingKey {
  /** Version of Node.js. */
  readonly node: string;
  readonly cpuModel: string;
  /** That this process may use. */
  readonly cores: number;
  readonly workers: number;
  /** See `work-shape.ts`. */
  readonly shape: string;
}

/** One of them. */
export interface StoredCeiling extends CeilingKey {
  readonly messagesPerSec: number;
  readonly sessionsPerSec: number;
  /** ISO 8601, UTC. */
  readonly calibratedAt: string;
}

/** In place of a path: nothing is stored and read. */
const NO_FILE = 'none';
const FORMAT = 'postrush.ceilings/1';
/** The newest so many are kept. */
export const MOST_CEILINGS = 100;
/** So that the file stays below what is read of it. */
const MAX_TEXT = 512;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** Where they are; null: the user wants no such file. */
export function ceilingPath(environment: Environment): string | null {
  const named = environment['POSTRUSH_CALIBRATION'] ?? '';
  if (named !== '') return named === NO_FILE ? null : named;
  const state = environment['XDG_STATE_HOME'] ?? '';
  // Of relative paths the XDG specification says that they are to be ignored.
  return join(isAbsolute(state) ? state : join(homedir(), '.local', 'state'), 'postrush', 'calibration.json');
}

/** All of them, the newest first; a file that is not there has none. */
export function readCeilings(path: string): readonly StoredCeiling[] | { readonly problem: string } {
  if (!existsSync(path)) return [];
  const reading = readSmallFile(path);
  if ('problem' in reading) return { problem: `${path} ${reading.problem}` };
  const problem = `${path} is no file of calibrations: remove it, or name another one in POSTRUSH_CALIBRATION`;
  try {
    const { format, ceilings } = JSON.parse(new TextDecoder().decode(reading.octets)) as Record<string, unknown>;
    if (format !== FORMAT || !Array.isArray(ceilings) || !ceilings.every(isCeiling)) return { problem };
    return ceilings;
  } catch {
    // No JSON, or not an object.
    return { problem };
  }
}

/** Puts one in front of the others, in place of an older one for the same. Returns one sentence when that cannot be done. */
export function storeCeiling(path: string, ceiling: StoredCeiling): string | null {
  const known = readCeilings(path);
  // Whatever that file is, it is not ours to replace.
  if ('problem' in known) return known.problem;
  const others = known.filter((each) => !isSame(each, ceiling));
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeJsonFile(path, { format: FORMAT, ceilings: [ceiling, ...others].slice(0, MOST_CEILINGS) });
    return null;
  } catch (error) {
    const cause = error instanceof PostrushError ? error.cause : error;
    return `${path} cannot be written: ${fileProblem(cause)}`;
  }
}

/** The ceiling for the same machine, number of workers and work; null: there is none. */
export function findCeiling(ceilings: readonly StoredCeiling[], key: CeilingKey): StoredCeiling | null {
  return ceilings.find((each) => isSame(each, key)) ?? null;
}

function isSame(a: CeilingKey, b: CeilingKey): boolean {
  return (['node', 'cpuModel', 'cores', 'workers', 'shape'] as const).every((part) => a[part] === b[part]);
}

function isCeiling(value: unknown): value is StoredCeiling {
  if (typeof value !== 'object' || value === null) return false;
  const { node, cpuModel, cores, workers, shape, messagesPerSec, sessionsPerSec, calibratedAt } = value as Record<
    string,
    unknown
  >;
  return (
    [node, cpuModel, shape].every((text) => typeof text === 'string' && text.length <= MAX_TEXT) &&
    [cores, workers, messagesPerSec, sessionsPerSec].every(
      (number) => Number.isFinite(number) && Number(number) >= 0,
    ) &&
    Number(messagesPerSec) > 0 &&
    typeof calibratedAt === 'string' &&
    TIME.test(calibratedAt)
  );
}
