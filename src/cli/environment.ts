/** What the environment says in place of flags. Flags win; consent is never taken from here. */
import type { ConfigIssue } from '../errors.js';
import type { GivenFlags } from './command-line.js';
import { RUN_FLAGS, longName, variableOf } from './run-flags.js';

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Flags from both places. */
export interface MergedFlags {
  readonly flags: GivenFlags;
  /** The variable behind each flag that came from the environment. */
  readonly variables: ReadonlyMap<string, string>;
  /** Variables that make no sense. */
  readonly issues: readonly ConfigIssue[];
}

const YES = ['1', 'true', 'yes'];
const NO = ['0', 'false', 'no'];

/** Adds what the environment says about flags that are not on the command line. An empty variable says nothing. */
export function mergeEnvironment(given: GivenFlags, environment: Environment): MergedFlags {
  const flags = new Map(given);
  const variables = new Map<string, string>();
  const issues: ConfigIssue[] = [];
  for (const flag of RUN_FLAGS) {
    const name = longName(flag);
    const variable = variableOf(flag);
    const value = variable === null ? undefined : environment[variable];
    if (variable === null || value === undefined || value === '' || given.has(name)) continue;
    if (flag.kind === 'switch') {
      if (YES.includes(value.toLowerCase())) flags.set(name, true);
      else if (!NO.includes(value.toLowerCase())) {
        issues.push({ path: variable, message: 'takes 1 or 0, true or false, yes or no', received: value });
      }
    } else flags.set(name, flag.kind === 'list' ? value.split(',').map((one) => one.trim()) : value);
    variables.set(name, variable);
  }
  return { flags, variables, issues };
}
