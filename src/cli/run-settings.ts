/** From flags, environment and files to what `run` does, or to everything that is wrong with them. Sends nothing. */
import { assert } from '../assert.js';
import { PostrushError } from '../errors.js';
import type { ConfigIssue } from '../errors.js';
import { feederProblem } from '../data/feeder.js';
import { listOf } from '../plan/option-reader.js';
import type { LoadPlan } from '../plan/load-plan.js';
import { OPTION_NAMES } from '../plan/options.js';
import { resolveRun } from '../plan/resolve-plan.js';
import type { RequestIssue, RunRequest } from '../plan/resolve-plan.js';
import { directoryProblem } from '../run-store/run-directory.js';
import { readConditions } from '../verdict/read-conditions.js';
import type { Invocation } from './command-line.js';
import { mergeEnvironment } from './environment.js';
import type { Environment, MergedFlags } from './environment.js';
import { leadBack } from './lead-back.js';
import { readScenarioText } from './read-files.js';
import type { ModuleReading } from './read-scenario-module.js';
import { STDOUT_PATH, resultPathProblem } from './result-file.js';
import type { RunData } from './run-data.js';
import { draftRun } from './run-draft.js';
import type { RunDraft } from './run-draft.js';
import { PROGRESS_MODES } from './run-flags.js';
import type { ProgressMode } from './run-flags.js';

/** What a command line says of a run. */
export type RunWords = Pick<
  Extract<Invocation, { kind: 'run' | 'explain' | 'calibrate' }>,
  'targets' | 'flags' | 'problems'
>;

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
  /** Where the verdict goes as JUnit XML; null: nowhere. */
  readonly junitPath: string | null;
  /** Directory that keeps the run, `path` null: the usual one; null: none does. */
  readonly out: { readonly path: string | null } | null;
  /** As written; empty: there is none. */
  readonly scenarioPath: string;
  readonly isQuiet: boolean;
  /** The values are printed, and nothing is sent. */
  readonly isPrintOnly: boolean;
  /** What was asked for, and by whom. */
  readonly draft: RunDraft;
  readonly progress: ProgressMode;
}

/** How a function that has no name is written in what is read. */
const FUNCTION_IN_PLACE = /'\{\{function\.[^}]*\}\}'(?=\))/g;
const FUNCTION_BEFORE = /'\{\{function\.[^}]*\}\}' (?=a function)/;
/** A scenario that is code, and no YAML. */
const MODULE = /\.[mc]?[jt]s$/;
/** In place of a directory: nothing is kept. */
const NO_DIRECTORY = 'none';
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
  const data = await readData(draft, filePath, issues);
  const planAt = (...places: readonly string[]): LoadPlan | { readonly issues: readonly RequestIssue[] } =>
    resolveRun({ ...requestOf(draft, places), feeders: data.feeders, functions: reading?.functions ?? null }, cores);
  const plan = planAt(...(targets.length === 0 ? [ANY_LOOPBACK_TARGET] : targets));
  // Of a file that is unreadable as a whole nothing is known, so that nothing is missing from it either.
  if ('issues' in plan && reading?.file !== null) {
    issues.push(...leadBack(plan.issues, draft, reading?.broken ?? []));
  }
  if (!('issues' in plan)) {
    const found: ConfigIssue[] = [];
    readConditions(plan, found);
    const general = found.map((issue) => ({ ...issue, scenario: -1 }));
    issues.push(...leadBack(general, draft, reading?.broken ?? []));
  }
  const made = 'issues' in plan || issues.length > 0 ? null : await withMessages(plan, data, draft, issues);
  if (issues.length > 0 || made === null) {
    throw new PostrushError('E_CONFIG', 'flags, environment or files are unusable', {
      issues: inOrder(
        issues.map((issue) => ({
          ...issue,
          path: merged.variables.get(issue.path) ?? issue.path,
          message: issue.message.replace(FUNCTION_IN_PLACE, 'a function').replace(FUNCTION_BEFORE, ''),
        })),
        filePath,
      ),
    });
  }
  const planFor = (place: string): LoadPlan => {
    const other = planAt(place);
    assert(!('issues' in other), 'the plan holds for any loopback target');
    // Everything else is as it was, messages and rows among it.
    return { ...made, targets: other.targets };
  };
  const isPrintOnly = merged.flags.get('--print-config') === true;
  return { plan: made, planFor, targets, draft, isPrintOnly, scenarioPath: filePath, ...output };
}

/** The file, with problems of its own added to `issues`. */
async function readScenario(path: string, { variables }: MergedFlags, issues: ConfigIssue[]): Promise<ModuleReading> {
  if (MODULE.test(path)) {
    const { readScenarioModule } = await import('./read-scenario-module.js');
    const reading = await readScenarioModule(path);
    issues.push(...reading.issues);
    return reading;
  }
  const octets = readScenarioText(path);
  if ('problem' in octets) {
    issues.push({ path: variables.get('--scenario') ?? '--scenario', message: `${path} ${octets.problem}` });
    return { issues: [], broken: [[]], file: null, functions: null };
  }
  // Loaded here and nowhere else: most runs start without a file, and at once.
  const { readScenarioFile } = await import('../scenario-file/scenario-file.js');
  const reading = readScenarioFile(path, new TextDecoder().decode(octets.octets));
  issues.push(...reading.issues);
  return { ...reading, functions: null };
}

/** Rows and messages that the file names. */
async function readData(draft: RunDraft, filePath: string, issues: ConfigIssue[]): Promise<RunData> {
  const { file, load, scenarios } = draft;
  if (file === null) return { feeders: [], corpora: [] };
  const [{ readRunData }, { misplacedTemplates }] = await Promise.all([
    import('./run-data.js'),
    import('../scenario-file/template-places.js'),
  ]);
  issues.push(...misplacedTemplates(file));
  return readRunData(file, filePath, [load.options, ...scenarios.map(({ options }) => options)], issues);
}

/** The plan with the messages that are chosen from, and with feeders that have rows enough; null: something is wrong. */
async function withMessages(
  plan: LoadPlan,
  data: RunData,
  { file, scenarios }: RunDraft,
  issues: ConfigIssue[],
): Promise<LoadPlan | null> {
  for (const feeder of plan.feeders) {
    const problem = feederProblem(feeder, plan.sessions);
    if (problem !== null && file !== null) issues.push(file.problemAt(['feeders', feeder.name], problem));
  }
  const { withCorpora } = await import('../scenario/build-corpora.js');
  const made = await withCorpora(plan, data.corpora);
  if (!('issues' in made)) return issues.length === 0 ? made : null;
  const { corpusOf, corpusPath } = await import('./run-data.js');
  for (const { scenario, path, message } of made.issues) {
    const draft = scenarios[scenario];
    const place = file === null || draft === undefined ? null : corpusOf(file, draft);
    if (file === null) issues.push({ path: OPTION_NAMES.size, message });
    else if (place !== null) issues.push(file.problemAt(corpusPath(place, path), message));
    else issues.push(file.problemAt(draft?.path ?? [], `message ${message}`));
  }
  return null;
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
): Pick<RunSettings, 'jsonPath' | 'junitPath' | 'out' | 'isQuiet' | 'progress'> {
  const pathOf = (name: string): string | null => {
    const path = flags.get(name);
    if (typeof path !== 'string') return null;
    const problem = path === STDOUT_PATH && name === '--json' ? null : resultPathProblem(path);
    if (problem !== null) issues.push({ path: name, message: problem, received: path });
    return path;
  };
  const [jsonPath, junitPath] = [pathOf('--json'), pathOf('--junit')];
  const asked = flags.get('--out');
  const outPath = typeof asked === 'string' ? asked : null;
  const outProblem = outPath === null || outPath === NO_DIRECTORY ? null : directoryProblem(outPath);
  if (outProblem !== null) issues.push({ path: '--out', message: outProblem, received: outPath ?? '' });
  const out = outPath === NO_DIRECTORY ? null : { path: outPath };
  const isQuiet = flags.get('--quiet') === true;
  const mode = flags.get('--progress');
  const progress = PROGRESS_MODES.find((one) => one === mode);
  if (mode !== undefined && progress === undefined) {
    issues.push({ path: '--progress', message: `takes ${listOf(PROGRESS_MODES)}`, received: String(mode) });
  }
  // What was said on the command line about progress counts, even beside --quiet; a habit in the environment does not.
  const isAskedHere = progress !== undefined && !variables.has('--progress');
  return {
    jsonPath,
    junitPath,
    out,
    isQuiet,
    progress: isQuiet && !isAskedHere ? 'none' : (progress ?? PROGRESS_MODES[0]),
  };
}
