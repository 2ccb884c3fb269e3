/** From flags, environment and files to what `run` does, or to everything that is wrong with them. Sends nothing. */
import { PostrushError } from '../errors.js';
import type { ConfigIssue } from '../errors.js';
import { listOf } from '../plan/option-reader.js';
import type { LoadPlan } from '../plan/load-plan.js';
import type { LoadTestOptions } from '../plan/options.js';
import { takesSecret } from '../plan/read-auth.js';
import { resolvePlan } from '../plan/resolve-plan.js';
import type { Invocation } from './command-line.js';
import { mergeEnvironment } from './environment.js';
import type { Environment, MergedFlags } from './environment.js';
import {
  readCertificateFile,
  readCredentialsFile,
  readKeyFile,
  readMessageFile,
  readSmallFile,
  withoutFinalNewline,
} from './read-files.js';
import type { FileReading } from './read-files.js';
import { STDOUT_PATH, resultPathProblem } from './result-file.js';
import { PROGRESS_MODES, RUN_FLAGS, longName } from './run-flags.js';
import type { ProgressMode } from './run-flags.js';

/** Everything about a run that is known before it starts. */
export interface RunSettings {
  /** Complete, but for its target when that is the built-in sink. */
  readonly plan: LoadPlan;
  /** The same plan for other targets: the built-in sink has an URL only once it listens. */
  readonly planFor: (...targets: readonly string[]) => LoadPlan;
  /** As written; empty: the built-in sink. */
  readonly targets: readonly string[];
  /** Where the result goes as JSON; null: nowhere. */
  readonly jsonPath: string | null;
  readonly isQuiet: boolean;
  readonly progress: ProgressMode;
}

/** Takes the place of the built-in sink while the other options are checked. */
const ANY_LOOPBACK_TARGET = 'smtp://127.0.0.1:25';
/** Takes the place of a file that cannot be read, so that the options around it are still checked. */
const ANY_CONTENT: Readonly<Record<string, string>> = {
  tlsCa: '-----BEGIN CERTIFICATE-----',
  tlsCert: '-----BEGIN CERTIFICATE-----',
  tlsKey: '-----BEGIN PRIVATE KEY-----',
  credentials: 'user,password\nx,x',
};
/** Files that are more than small. */
const FILE_READERS: Readonly<Record<string, (path: string) => FileReading>> = {
  message: readMessageFile,
  credentials: readCredentialsFile,
  tlsCa: readCertificateFile,
  tlsCert: readCertificateFile,
  tlsKey: readKeyFile,
};
const PASSWORD_VARIABLE = 'POSTRUSH_PASSWORD';
const PASSWORD_FLAG = '--password-file';

/**
 * Checks everything that can be checked before the first connection.
 *
 * @param invocation - what the command line says
 * @param environment - variables beside it
 * @param cores - how many workers to use at most when nobody says
 * @throws PostrushError `E_CONFIG` with every problem in `issues`
 */
export function prepareRun(
  invocation: Extract<Invocation, { kind: 'run' }>,
  environment: Environment,
  cores: number,
): RunSettings {
  const { targets } = invocation;
  const merged = withPasswordVariable(mergeEnvironment(invocation.flags, environment), environment);
  const issues: ConfigIssue[] = [...invocation.problems, ...merged.issues];
  const options = readOptions(merged, environment, issues);
  const output = readOutput(merged, issues);
  const planFor = (...places: readonly string[]): LoadPlan => resolvePlan({ ...options, targets: places }, cores);
  const plan = planOrIssues(() => planFor(...(targets.length === 0 ? [ANY_LOOPBACK_TARGET] : targets)));
  if (!('issues' in plan) && issues.length === 0) return { plan, planFor, targets, ...output };
  if ('issues' in plan) issues.push(...plan.issues);
  const named = issues.map((issue) => leadBack(issue, merged.variables));
  throw new PostrushError('E_CONFIG', 'flags, environment or files are unusable', { issues: named });
}

function planOrIssues(resolve: () => LoadPlan): LoadPlan | { readonly issues: readonly ConfigIssue[] } {
  try {
    return resolve();
  } catch (error) {
    if (error instanceof PostrushError && error.code === 'E_CONFIG') return { issues: error.issues };
    throw error;
  }
}

/**
 * Lets `POSTRUSH_PASSWORD` stand for the password file. It is used when a password is wanted, and disturbs nobody
 * otherwise. A file named on the command line wins, one named by the environment does not.
 */
function withPasswordVariable(merged: MergedFlags, environment: Environment): MergedFlags {
  const isFileGiven = merged.flags.has(PASSWORD_FLAG) && !merged.variables.has(PASSWORD_FLAG);
  const auth = merged.flags.get('--auth');
  const isWanted = typeof auth === 'string' && takesSecret(auth) && !merged.flags.has('--credentials');
  if ((environment[PASSWORD_VARIABLE] ?? '') === '' || !isWanted || isFileGiven) return merged;
  return { ...merged, variables: new Map([...merged.variables, [PASSWORD_FLAG, PASSWORD_VARIABLE]]) };
}

/** Options without targets. Problems of files are added to `issues`. */
function readOptions(
  { flags, variables }: MergedFlags,
  environment: Environment,
  issues: ConfigIssue[],
): Omit<LoadTestOptions, 'target' | 'targets'> {
  const options: Record<string, unknown> = {};
  const hasPasswordVariable = variables.get(PASSWORD_FLAG) === PASSWORD_VARIABLE;
  if (hasPasswordVariable) options['password'] = environment[PASSWORD_VARIABLE];
  for (const flag of RUN_FLAGS) {
    const name = longName(flag);
    const value = flags.get(name);
    if (value === undefined || flag.option === null || (name === PASSWORD_FLAG && hasPasswordVariable)) continue;
    options[flag.option] =
      flag.kind === 'file' && typeof value === 'string' ? readFlagFile(name, flag.option, value, issues) : value;
  }
  return options;
}

function readFlagFile(name: string, option: string, path: string, issues: ConfigIssue[]): Uint8Array | string {
  const reading = (FILE_READERS[option] ?? readSmallFile)(path);
  if ('problem' in reading) {
    issues.push({ path: name, message: `${path} ${reading.problem}` });
    return ANY_CONTENT[option] ?? 'unread';
  }
  if (option === 'message') return reading.octets;
  const text = new TextDecoder().decode(reading.octets);
  return option === 'password' ? withoutFinalNewline(text) : text;
}

function readOutput(
  { flags, variables }: MergedFlags,
  issues: ConfigIssue[],
): Pick<RunSettings, 'jsonPath' | 'isQuiet' | 'progress'> {
  const json = flags.get('--json');
  const jsonPath = typeof json === 'string' ? json : null;
  const problem = jsonPath === null || jsonPath === STDOUT_PATH ? null : resultPathProblem(jsonPath);
  if (problem !== null) issues.push({ path: '--json', message: problem, received: jsonPath ?? '' });
  const isQuiet = flags.get('--quiet') === true;
  const asked = flags.get('--progress');
  const progress = PROGRESS_MODES.find((mode) => mode === asked);
  if (asked !== undefined && progress === undefined) {
    issues.push({ path: '--progress', message: `takes ${listOf(PROGRESS_MODES)}`, received: String(asked) });
  }
  // What was said on the command line about progress counts, even beside --quiet; a habit in the environment does not.
  const isAskedHere = progress !== undefined && !variables.has('--progress');
  return { jsonPath, isQuiet, progress: isQuiet && !isAskedHere ? 'none' : (progress ?? PROGRESS_MODES[0]) };
}

/** Names the variable instead of the flag when that is where the value came from. */
function leadBack(issue: ConfigIssue, variables: ReadonlyMap<string, string>): ConfigIssue {
  const variable = variables.get(issue.path);
  return variable === undefined ? issue : { ...issue, path: variable };
}
