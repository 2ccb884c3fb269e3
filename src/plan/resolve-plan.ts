/**
 * Turns what a user wrote into a complete plan, or into every problem with it. What shapes sessions is read in
 * `read-scenario.ts`. Pure: files have been read before, names are resolved after.
 */
import { assert } from '../assert.js';
import { PostrushError } from '../errors.js';
import type { FeederPlan } from '../data/feeder.js';
import type { FunctionsPlan } from '../data/scenario-functions.js';
import type { ConfigIssue } from '../errors.js';
import { checkPinnedAddresses } from './address-safety.js';
import { isIp } from './ip-address.js';
import type { LoadPlan, WeightedTarget } from './load-plan.js';
import { OptionReader } from './option-reader.js';
import { DEFAULTS } from './options.js';
import type { LoadTestOptions } from './options.js';
import { MAX_DURATION_MS, readLoad } from './read-load.js';
import { readScenario } from './read-scenario.js';
import { readTargets } from './read-targets.js';
import type { ReadTarget } from './read-targets.js';
import { isHostName } from './target.js';

/** Bounds of counts. They keep products exact (messages × recipients < 2^53) and machines alive. */
const MAX_SESSIONS = 100_000;
const MAX_WORKERS = 256;
const MAX_CONNECT_LIMIT = 65_535;
const MAX_SEED = 0xffff_ffff;

/** Name of the scenario that flags describe. */
const DEFAULT_NAME = 'default';

/** A class of clients among several. */
export interface ScenarioRequest {
  readonly name: string;
  readonly weight: number;
  /** What shapes its sessions and messages. */
  readonly options: LoadTestOptions;
}

/** A run of several scenarios. */
export interface RunRequest {
  /** What concerns the run as a whole, with its targets. */
  readonly options: LoadTestOptions;
  /** At least one. */
  readonly scenarios: readonly ScenarioRequest[];
  /** Rows for templates. Missing: there are none. */
  readonly feeders?: readonly FeederPlan[];
  /** Functions for templates. Missing or null: there are none. */
  readonly functions?: FunctionsPlan | null;
}

/** A problem, and the scenario that it was found in. */
export interface RequestIssue extends ConfigIssue {
  /** Its index; -1: none. */
  readonly scenario: number;
  /** Where in a list of steps; missing: in none. */
  readonly at?: readonly (string | number)[];
}

/**
 * Makes the plan of a run.
 *
 * @param options - what the user wrote
 * @param cores - how many workers to use at most when the user did not say
 * @returns the plan, frozen through and through
 * @throws PostrushError `E_CONFIG` with every problem in `issues`
 */
export function resolvePlan(options: LoadTestOptions, cores: number): LoadPlan {
  const plan = resolveRun({ options, scenarios: [{ name: DEFAULT_NAME, weight: 1, options }] }, cores);
  if (!('issues' in plan)) return plan;
  const issues = plan.issues.map(({ scenario: _scenario, at: _at, ...issue }) => issue);
  const list = issues.map(({ path, message }) => `${path} ${message}`).join('; ');
  throw new PostrushError('E_CONFIG', `these options are unusable: ${list}`, { issues });
}

/**
 * Makes the plan of a run of several scenarios.
 *
 * @param cores - how many workers to use at most when the user did not say
 * @returns the plan, frozen through and through, or every problem
 */
export function resolveRun(
  request: RunRequest,
  cores: number,
): LoadPlan | { readonly issues: readonly RequestIssue[] } {
  const reader = new OptionReader(request.options);
  const { feeders = [], functions = null } = request;
  const found: RequestIssue[] = [];
  const [first, ...others] = readTargets(reader);
  const isOpen = reader.has('rate') || reader.has('profile');
  const model = { isOpen, isReusing: isOpen && reader.flag('reuse') };
  const sessions = reader.count('sessions', isOpen ? DEFAULTS.sessionsAtMost : DEFAULTS.sessions, 1, MAX_SESSIONS);
  const scenarios = request.scenarios.map(({ name, weight, options }, index) => {
    const own = options === request.options ? reader : new OptionReader(options);
    const scenario = {
      ...readScenario(own, [first, ...others], { feeders, functions: functions?.names ?? [] }, model),
      name,
      weight,
    };
    if (own !== reader) found.push(...own.issues.map((issue) => ({ ...issue, scenario: index })));
    return scenario;
  });
  const targets = [first, ...others];
  const plan: LoadPlan = {
    targets: [targetOf(first), ...others.map(targetOf)],
    feeders,
    functions,
    scenarios: atLeastOne(scenarios),
    sessions,
    ...readLoad(reader, scenarios, targets.length * scenarios.length),
    drainMs: reader.durationMs('drain', DEFAULTS.drainMs, 0, MAX_DURATION_MS),
    giveUpMs: reader.durationMs('giveUp', DEFAULTS.giveUpMs, 1, MAX_DURATION_MS),
    objectives: reader.list('objectives'),
    abortOnFail: reader.flag('abortOnFail'),
    gates: reader.list('gates'),
    seed: reader.count('seed', DEFAULTS.seed, 0, MAX_SEED),
    workers: readWorkers(reader, sessions, cores),
    connectLimit: reader.count('connectLimit', DEFAULTS.connectLimit, 1, MAX_CONNECT_LIMIT),
    allowTargets: readAllowTargets(reader),
    authClear: reader.flag('authClear'),
  };
  const unsafe = plan.targets.flatMap(({ host }) => (isIp(host) ? checkPinnedAddresses(plan, { host }, [host]) : []));
  const general = [...reader.issues, ...unsafe].map((issue) => ({ ...issue, scenario: -1 }));
  const issues = [...found, ...general];
  return issues.length > 0 ? { issues } : deepFreeze(plan);
}

function atLeastOne<T>([first, ...others]: readonly T[]): readonly [T, ...T[]] {
  assert(first !== undefined, 'a run has a scenario');
  return [first, ...others];
}

function targetOf({ url, protocol, host, port, path, isMx, weight }: ReadTarget): WeightedTarget {
  return { url, protocol, host, port, path, isMx, weight };
}

function readWorkers(reader: OptionReader, sessions: number, cores: number): number {
  const workers = reader.count('workers', null, 1, MAX_WORKERS);
  if (workers === null) return Math.max(1, Math.min(cores, sessions, MAX_WORKERS));
  if (workers > sessions)
    reader.refuse('workers', `takes at most as many as --sessions (${sessions})`, String(workers));
  return workers;
}

function readAllowTargets(reader: OptionReader): readonly string[] {
  const hosts = reader.list('allowTargets');
  for (const host of hosts) {
    const bare = host.replace(/^\[(.*)\]$/, '$1');
    if (!isIp(bare) && !isHostName(bare)) reader.refuse('allowTargets', 'takes a host name or address, no port', host);
  }
  return hosts;
}

function deepFreeze<T>(value: T): T {
  // Octets that threads share cannot be frozen.
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
