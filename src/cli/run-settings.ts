/** From flags, environment and files to what `run` does, or to everything that is wrong with them. Sends nothing. */
import { assert } from '../assert.js';
import { PostrushError } from '../errors.js';
import type { ConfigIssue } from '../errors.js';
import { listOf } from '../plan/option-reader.js';
import type { LoadPlan } from '../plan/load-plan.js';
import { resolveRun } from '../plan/resolve-plan.js';
import type { RequestIssue, RunRequest } from '../plan/resolve-plan.js';
import type { ScenarioReading } from '../scenario-file/scenario-file.js';
import { unsupportedIn } from '../scenario-file/unsupported.js';
import type { Invocation } from './command-line.js';
import { mergeEnvironment } from './environment.js';
import type { Environment, MergedFlags } from './environment.js';
import { leadBack } from './lead-back.js';
import { readScenarioText } from './read-files.js';
import { STDOUT_PATH, resultPathProblem } from './result-file.js';
import { draftRun } from './run-draft.js';
import type { RunDraft } from './run-draft.js';
import { PROGRESS_MODES } from './run-flags.js';
import type { ProgressMode } from './run-flags.js';

/** What a command line says of a run. */
export type RunWords = Pick<Extract<Invocation, { kind: 'run' }>, 'targets' | 'flags' | 'problems'>;

/** Everything about a run that is known before it starts. */
export interface RunSettings {
  /** Complete, but for its target when that is the built-in sink. */
  readonly plan: LoadPlan;
  /** The same plan for another target: the built-in sink has an URL only once it listens. */
  readonly planFor: (target: string) => LoadPlan;
  /** As written; empty: the built-in sink. */
  readonly targets: readonly string[];
  /** Where the result goes as JSON; null: nowhere. */
  readonly jsonPath: string | null;
  readonly isQuiet: boolean;
  /** The values are printed, and nothing is sent. */
  readonly isPrintOnly: boolean;
  /** What was asked for, and by whom. */
  readonly draft: RunDraft;
  readonly progress: ProgressMode;
}

/** Takes the place of the built-in sink while the other options are checked. */
const ANY_LOOPBACK_TARGET = 'smtp://127.0.0.1:25';
/**
 * Checks everything that can be checked before the first connection.
 *
 * @param invocation - what the command line says
 * @param environment - variables beside it
 * @param cores - how many workers to use at most when nobody says
 * @throws PostrushError `E_CONFIG` with every problem in `issues`
 */
export async function prepareRun(invocation: RunWords, environment: Environment, cores: number): Promise<RunSettings> {
  const merged = mergeEnvironment(invocation.flags, environment);
  const issues: ConfigIssue[] = [...invocation.problems, ...merged.issues];
  const filePath = String(merged.flags.get('--scenario') ?? '');
  const reading = filePath === '' ? null : await readScenario(filePath, merged, issues);
  const draft = draftRun(invocation.targets, merged, environment, reading, filePath, issues);
  const output = readOutput(merged, issues);
  const targets = draft.targets.map(({ text }) => text);
  const planAt = (...places: readonly string[]): LoadPlan | { readonly issues: readonly RequestIssue[] } =>
    resolveRun(requestOf(draft, places), cores);
  const plan = planAt(...(targets.length === 0 ? [ANY_LOOPBACK_TARGET] : targets));
  // Of a file that is unreadable as a whole nothing is known, so that nothing is missing from it either.
  if ('issues' in plan && reading?.file !== null) {
    issues.push(...leadBack(plan.issues, draft, reading?.broken ?? []));
  }
  if (issues.length > 0 || 'issues' in plan) {
    throw new PostrushError('E_CONFIG', 'flags, environment or files are unusable', {
      issues: inOrder(
        issues.map((issue) => ({ ...issue, path: merged.variables.get(issue.path) ?? issue.path })),
        filePath,
      ),
    });
  }
  const planFor = (place: string): LoadPlan => {
    const other = planAt(place);
    assert(!('issues' in other), 'the plan holds for any loopback target');
    return other;
  };
  const isPrintOnly = merged.flags.get('--print-config') === true;
  return { plan, planFor, targets, draft, isPrintOnly, ...output };
}

/** The file, with problems of its own added to `issues`. */
async function readScenario(path: string, { variables }: MergedFlags, issues: ConfigIssue[]): Promise<ScenarioReading> {
  const octets = readScenarioText(path);
  if ('problem' in octets) {
    issues.push({ path: variables.get('--scenario') ?? '--scenario', message: `${path} ${octets.problem}` });
    return { issues: [], broken: [[]], file: null };
  }
  // Loaded here and nowhere else: most runs start without a file, and at once.
  const { readScenarioFile } = await import('../scenario-file/scenario-file.js');
  const reading = readScenarioFile(path, new TextDecoder().decode(octets.octets));
  issues.push(...reading.issues);
  if (reading.file !== null && reading.issues.length === 0) issues.push(...unsupportedIn(reading.file));
  return reading;
}

/** What the draft asks for, at other targets. */
function requestOf({ load, scenarios }: RunDraft, targets: readonly string[]): RunRequest {
  const options = { ...load.options, targets };
  // Where there is no file, flags describe the run and its one scenario.
  const own = scenarios.map((scenario) => (scenario.options === load.options ? { ...scenario, options } : scenario));
  return { options, scenarios: own };
}

/** Problems of the file in the order of its lines, behind the others. */
function inOrder(issues: readonly ConfigIssue[], filePath: string): readonly ConfigIssue[] {
  const placeOf = ({ path }: ConfigIssue): readonly number[] =>
    filePath !== '' && path.startsWith(`${filePath}:`)
      ? path
          .slice(filePath.length + 1)
          .split(':')
          .map(Number)
      : [0, 0];
  return issues.toSorted((a, b) => {
    const [lineA = 0, columnA = 0] = placeOf(a);
    const [lineB = 0, columnB = 0] = placeOf(b);
    return lineA - lineB || columnA - columnB;
  });
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
