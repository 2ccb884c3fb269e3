/** Finds the functions of a plan again, in the thread that calls them. */
import { assert } from '../assert.js';
import { collectFunctions } from '../data/scenario-functions.js';
import type { FunctionsPlan, ScenarioFunction } from '../data/scenario-functions.js';

/** Functions by name. */
export type FunctionTable = ReadonlyMap<string, ScenarioFunction>;

/** Imports the module of a plan; null: it has none. */
export async function loadFunctions(plan: FunctionsPlan | null): Promise<FunctionTable> {
  if (plan === null) return new Map();
  const { default: exported } = (await import(plan.module)) as { readonly default: unknown };
  const { functions } = collectFunctions(exported);
  assert(
    plan.names.every((name) => functions.has(name)),
    'a module exports the same functions in every thread',
  );
  return functions;
}

/** Functions of these names that are never called: for whoever only looks at templates. */
export function uncalledFunctions(plan: FunctionsPlan | null): FunctionTable {
  return new Map((plan?.names ?? []).map((name) => [name, () => '']));
}
