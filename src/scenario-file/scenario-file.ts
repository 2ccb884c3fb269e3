/** A scenario file as it was understood: options of a run by their keys, targets, and what each class of clients does. */
import type { ConfigIssue } from '../errors.js';
import { readConfig, readConfigValue } from '../config-file/read-config.js';
import type { ConfigPath, ConfigPlaces, ConfigReading } from '../config-file/read-config.js';
import type { ScriptStep } from '../plan/script-steps.js';
import { LOAD_KEYS, SCENARIO_KEYS } from './file-keys.js';
import type { FileKey } from './file-keys.js';
import { scenarioFileSchema } from './scenario-schema.js';
import type { WrittenFile, WrittenScenario, WrittenSettings } from './scenario-schema.js';
import { scriptTree } from './script-tree.js';
import { orderProblems } from './step-order.js';

/** A value of the file that is an option of a run. */
export interface FileSetting {
  readonly key: FileKey;
  /** As options take it; for files their path as written. */
  readonly value: unknown;
  readonly path: ConfigPath;
}

/** One class of clients. */
export interface FileScenario {
  readonly name: string;
  readonly weight: number;
  readonly settings: readonly FileSetting[];
  /** Null: the standard session. */
  readonly steps: readonly ScriptStep[] | null;
  /** Where it stands; empty: the file names no scenarios. */
  readonly path: ConfigPath;
}

/** A target and its part of the sessions. */
export interface FileTarget {
  readonly url: string;
  readonly weight: number;
  readonly path: ConfigPath;
}

/** What a file says. */
export interface ScenarioFile extends ConfigPlaces {
  readonly targets: readonly FileTarget[];
  readonly load: readonly FileSetting[];
  /** At least one. */
  readonly scenarios: readonly FileScenario[];
  /** As it is written, for what looks at single keys. */
  readonly written: WrittenFile;
}

/** What reading a file gave. */
export interface ScenarioReading {
  readonly issues: readonly ConfigIssue[];
  /** Values that are missing in `file` since they are wrong. */
  readonly broken: readonly ConfigPath[];
  /** What is left without them; null: nothing. */
  readonly file: ScenarioFile | null;
}

/** Name of the scenario of a file that names none. */
const DEFAULT_NAME = 'default';

/**
 * Reads a file.
 *
 * @param name - of the file, for its issues
 * @param text - its content
 */
export function readScenarioFile(name: string, text: string): ScenarioReading {
  return understand(readConfig(name, text, scenarioFileSchema));
}

/**
 * Reads what a module exports.
 *
 * @param name - of the module, for its issues
 * @param value - plain data of which this function may take parts out
 */
export function readScenarioValue(name: string, value: unknown): ScenarioReading {
  return understand(readConfigValue(name, value, scenarioFileSchema));
}

function understand(reading: ConfigReading<WrittenFile>): ScenarioReading {
  const issues: ConfigIssue[] = 'value' in reading ? [] : [...reading.issues];
  const broken = 'value' in reading ? [] : reading.broken;
  const found = 'value' in reading ? reading : reading.rest;
  if (found === null) return { issues, broken, file: null };
  const { value: written, placeOf, problemAt } = found;
  const refuse = (path: ConfigPath, message: string): void => void issues.push(problemAt(path, message));
  const scenarios = readScenarios(written);
  checkNames(scenarios, refuse);
  checkWeights(written, refuse);
  for (const { steps, path } of scenarios) {
    const at = [...path, 'steps'];
    // Where a step is missing the others say nothing of their order.
    if (steps === null || broken.some((each) => isBelow(each, at))) continue;
    for (const problem of orderProblems(steps)) refuse([...at, ...problem.path], problem.message);
    for (const problem of rangeProblems(steps)) refuse([...at, ...problem.path], problem.message);
  }
  const targets = readTargets(written, refuse);
  return {
    issues,
    broken,
    file: { targets, load: settingsOf(written, LOAD_KEYS, []), scenarios, written, placeOf, problemAt },
  };
}

/** Whether a path is another one or leads further. */
function isBelow(path: ConfigPath, above: ConfigPath): boolean {
  return above.every((part, index) => path[index] === part);
}

type Refuse = (path: ConfigPath, message: string) => void;

function readTargets({ target, targets }: WrittenFile, refuse: Refuse): readonly FileTarget[] {
  if (target !== undefined && targets !== undefined)
    refuse(['target'], 'contradicts targets: leave one of the two out');
  if (targets !== undefined) {
    return targets.map(({ url, weight = 1 }, index) => ({ url, weight, path: ['targets', index, 'url'] }));
  }
  return target === undefined ? [] : [{ url: target, weight: 1, path: ['target'] }];
}

function readScenarios(written: WrittenFile): readonly FileScenario[] {
  const shared = blocksOf(written);
  const { scenarios } = written;
  if (scenarios === undefined) {
    const settings = settingsOf(written, SCENARIO_KEYS, []);
    return [{ name: DEFAULT_NAME, weight: 1, settings, steps: null, path: [] }];
  }
  return scenarios.map((scenario, index) => {
    const path: ConfigPath = ['scenarios', index];
    const own = blocksOf(scenario);
    const keysAbove = SCENARIO_KEYS.filter((key) => shared.has(key.path[0] ?? '') && !own.has(key.path[0] ?? ''));
    return {
      name: scenario.name ?? (scenarios.length === 1 ? DEFAULT_NAME : `scenario ${String(index + 1)}`),
      weight: scenario.weight ?? 1,
      settings: [...settingsOf(written, keysAbove, []), ...settingsOf(scenario, SCENARIO_KEYS, path)],
      steps: scenario.steps === undefined ? null : scriptTree(scenario.steps),
      path,
    };
  });
}

/** The first parts of keys that are written. */
function blocksOf(written: WrittenFile | WrittenScenario): ReadonlySet<string> {
  return new Set(Object.keys(written));
}

/** The options among the keys of a map. */
function settingsOf(written: WrittenSettings, keys: readonly FileKey[], base: ConfigPath): readonly FileSetting[] {
  const settings: FileSetting[] = [];
  for (const key of keys) {
    const [first = '', second] = key.path;
    const block = written[first];
    if (block === undefined) continue;
    if (second === undefined) settings.push({ key, value: valueFor(key, block), path: [...base, first] });
    else if (typeof block === 'string') {
      // `tls: required` is the mode; `auth: off` takes away what stands above.
      if (second === 'mode') settings.push({ key, value: block, path: [...base, first] });
    } else {
      const value = (block as WrittenSettings)[second];
      if (value !== undefined) settings.push({ key, value: valueFor(key, value), path: [...base, first, second] });
    }
  }
  return settings.filter(({ value }) => value !== undefined);
}

/** A written value as options take it. */
function valueFor({ kind }: FileKey, value: unknown): unknown {
  switch (kind) {
    case 'attributes':
      return Object.entries(value as Record<string, unknown>).map(([name, each]) => `${name}=${String(each)}`);
    case 'deadlines':
      if (typeof value === 'string') return [value];
      return Object.entries(value as Record<string, string>).map(([step, time]) =>
        step === 'all' ? time : `${step}=${time}`,
      );
    case 'retries':
      if (typeof value === 'string') return value;
      return Object.entries(value as Record<string, unknown>)
        .map(([name, each]) => `${name}=${String(each)}`)
        .join(',');
    case 'stages':
      return typeof value === 'string' ? value : (value as readonly WrittenStage[]).map(stageText).join('; ');
    case 'chunks':
      return value === false ? undefined : value;
    default:
      return value;
  }
}

/** A part of a profile, as text or as a map of its words. */
type WrittenStage = string | Readonly<Record<string, string>>;

function stageText(stage: WrittenStage): string {
  if (typeof stage === 'string') return stage;
  const of = (name: string): string => stage[name] ?? '';
  if ('rate' in stage) return `${of('rate')} for ${of('for')}`;
  if ('from' in stage) return `${of('from')} ->(${of('for')}) ${of('to')}`;
  if ('pause' in stage) return `pause ${of('pause')}`;
  if ('stairs' in stage) return `${of('stairs')} step ${of('step')} every ${of('every')}`;
  if ('sine' in stage) return `sine ${of('sine')} period ${of('period')} for ${of('for')}`;
  return `spikes ${of('spikes')} of ${of('of')} every ${of('every')} for ${of('for')}`;
}

function checkNames(scenarios: readonly FileScenario[], refuse: Refuse): void {
  const seen = new Set<string>();
  for (const { name, path } of scenarios) {
    if (seen.has(name)) refuse([...path, 'name'], `is the name of another scenario too (got '${name}')`);
    seen.add(name);
  }
}

const NO_WEIGHT = 'have weights that sum to nothing: one of them needs more than 0';

function checkWeights({ targets, scenarios }: WrittenFile, refuse: Refuse): void {
  for (const [name, list] of Object.entries({ targets, scenarios })) {
    if (list?.every(({ weight = 1 }) => weight === 0) === true) refuse([name], NO_WEIGHT);
  }
}

/** What is wrong with the numbers of `choose`, `repeat` and `pause` in themselves. */
function rangeProblems(steps: readonly ScriptStep[]): readonly { path: ConfigPath; message: string }[] {
  return steps.flatMap((step, index) => {
    const below = (path: ConfigPath, inner: readonly ScriptStep[]): { path: ConfigPath; message: string }[] =>
      rangeProblems(inner).map((problem) => ({ ...problem, path: [index, step.kind, ...path, ...problem.path] }));
    if (step.kind === 'choose') {
      const isEmpty = step.branches.every(({ weight }) => weight === 0);
      const own = isEmpty ? [{ path: [index, step.kind], message: NO_WEIGHT }] : [];
      return [...own, ...step.branches.flatMap((branch, at) => below([at, 'steps'], branch.steps))];
    }
    if (step.kind === 'repeat') {
      const isTurned = step.min > step.max;
      const own = isTurned ? [{ path: [index, step.kind, 'count', 'min'], message: 'must not be above max' }] : [];
      return [...own, ...below(['steps'], step.steps)];
    }
    const delay = step.kind === 'pause' ? step.delay : 0;
    const isTurned = typeof delay === 'object' && delay.shape === 'uniform' && delay.minMs > delay.maxMs;
    return isTurned ? [{ path: [index, step.kind, 'min'], message: 'must not be above max' }] : [];
  });
}
