/** CPU that postrush needs for one session or one message. */
import type { RunResult } from '../../src/report/result-schema.js';
import { SESSIONS, START_UP_MESSAGES } from './cases.js';
import { postrushRun } from './programs.js';

/** What one measurement came to. */
export interface ClientCost {
  readonly cpuUsPerUnit: number;
  /** Units that both runs were to do. */
  readonly expected: number;
  readonly results: readonly RunResult[];
}

/** The flag that says how many of them there are. */
export type UnitFlag = '--connections' | '-m';

/**
 * The CPU of a run with so many units less that of one with a few, which is start-up, per unit that the first has more:
 * user and system time of the whole process with all its threads.
 */
export async function clientCost(
  unit: UnitFlag,
  units: number,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ClientCost> {
  const many = Math.max(2 * START_UP_MESSAGES, Math.round(units));
  const all = ['-s', String(SESSIONS), ...words, unit];
  const short = await postrushRun([...all, String(START_UP_MESSAGES)], environment);
  const long = await postrushRun([...all, String(many)], environment);
  return {
    cpuUsPerUnit: ((long.cpuSec - short.cpuSec) * 1e6) / (many - START_UP_MESSAGES),
    expected: many + START_UP_MESSAGES,
    results: [short.result, long.result],
  };
}
