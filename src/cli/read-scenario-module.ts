/** Reads a scenario that is written as a module: imports it, and takes its functions apart from its data. */
import { statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MAX_CONFIG_BYTES } from '../config-file/config-limits.js';
import { collectFunctions, functionProblem } from '../data/scenario-functions.js';
import type { FunctionsPlan } from '../data/scenario-functions.js';
import type { ConfigIssue } from '../errors.js';
import { fileProblem } from '../file-problem.js';
import type { ScenarioReading } from '../scenario-file/scenario-file.js';

/** What a module says. */
export interface ModuleReading extends ScenarioReading {
  /** Null: it has no functions. */
  readonly functions: FunctionsPlan | null;
}

const TYPESCRIPT = ['.ts', '.mts', '.cts'];

/** Imports a module. What is wrong with it is an issue among others. */
export async function readScenarioModule(path: string): Promise<ModuleReading> {
  const unreadable = (message: string): ModuleReading => ({
    issues: [{ path, message }],
    broken: [[]],
    file: null,
    functions: null,
  });
  const url = pathToFileURL(resolve(path)).href;
  const problem = unfitProblem(path);
  if (problem !== null) return unreadable(problem);
  let exported: unknown;
  try {
    ({ default: exported } = (await import(url)) as { readonly default?: unknown });
  } catch (error) {
    return unreadable(`cannot be loaded: ${importProblem(error)}`);
  }
  if (typeof exported !== 'object' || exported === null) {
    return unreadable('has no scenario to export: write export default defineScenario({ … }), or the object alone');
  }
  const { value, functions, problems } = collectFunctions(exported);
  const { readScenarioValue } = await import('../scenario-file/scenario-file.js');
  const reading = readScenarioValue(path, value);
  const failing = [...functions].flatMap(([name, value]) => {
    const problem = functionProblem(value);
    return problem === null ? [] : [{ path: [pathOf(name, exported)], message: `is a function that ${problem}` }];
  });
  const own = [...problems, ...failing].map(({ path: at, message }): ConfigIssue => ({
    path,
    message: [at.join('.'), message].join(': '),
  }));
  return {
    ...reading,
    issues: [...own, ...reading.issues],
    functions: functions.size === 0 ? null : { module: url, names: [...functions.keys()] },
  };
}

/** Why a file is not even imported; null: it is. */
function unfitProblem(path: string): string | null {
  try {
    const { size } = statSync(path);
    if (size > MAX_CONFIG_BYTES) return `is larger than ${String(MAX_CONFIG_BYTES / 1024)} KiB`;
  } catch (error) {
    return `cannot be read: ${fileProblem(error)}`;
  }
  // False, or not there, where Node leaves types to others.
  const { typescript } = process.features as { readonly typescript?: unknown };
  if (!TYPESCRIPT.includes(extname(path)) || Boolean(typescript)) return null;
  return `needs a Node that strips types itself (22.18, 23.6 and newer), and this is ${process.version}: write it as .mjs, with types in JSDoc`;
}

/** A function has the name of its place, unless it has one of its own. */
function pathOf(name: string, exported: object): string {
  const { functions } = exported as { readonly functions?: object };
  return Object.hasOwn(functions ?? {}, name) ? `functions.${name}` : name;
}

function importProblem(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const isUnknown = text.includes("Cannot find package 'postrush'");
  return isUnknown
    ? 'there is no package postrush where it stands: npm install it there, or export the object alone, since defineScenario only adds types'
    : text.replace(/\s+/g, ' ');
}
