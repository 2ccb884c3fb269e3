/** Lanes: each scenario at each target. A worker compiles and runs lanes, and knows the rest of the plan as their sum. */
import { wholeWeights } from './lane-table.js';
import type { LoadPlan, ScenarioPlan, TargetPlan, WeightedTarget } from './load-plan.js';

/** One scenario at one target, with what its sessions take from the run. */
export interface LanePlan extends ScenarioPlan {
  readonly target: TargetPlan;
  /** Concurrent sessions of the whole run. */
  readonly sessions: number;
  readonly seed: number;
}

/** The lanes of a plan: those of the first scenario, target by target, then those of the next one. */
export function lanesOf({ scenarios, targets, sessions, seed }: LoadPlan): LanePlan[] {
  return scenarios.flatMap((scenario) => targets.map((target) => lanePlan(scenario, target, { sessions, seed })));
}

/** The lane of a plan that has only one, or the first of several. */
export function firstLane({ scenarios, targets, sessions, seed }: LoadPlan): LanePlan {
  return lanePlan(scenarios[0], targets[0], { sessions, seed });
}

/** The weights of the lanes as whole numbers without a common factor. */
export function laneWeights({ scenarios, targets }: Pick<LoadPlan, 'scenarios' | 'targets'>): number[] {
  const ofTargets = wholeWeights(targets.map(({ weight }) => weight));
  return wholeWeights(scenarios.map(({ weight }) => weight)).flatMap((one) => ofTargets.map((other) => one * other));
}

/** How the lanes of a plan are told apart: by what differs among them. */
export function laneNames({ scenarios, targets }: Pick<LoadPlan, 'scenarios' | 'targets'>): string[] {
  return scenarios.flatMap(({ name }) =>
    targets.map(({ url }) => (scenarios.length === 1 ? url : targets.length === 1 ? name : `${name} at ${url}`)),
  );
}

/** One scenario at one target. */
export function lanePlan(
  scenario: ScenarioPlan,
  { weight, ...target }: WeightedTarget,
  run: Pick<LanePlan, 'sessions' | 'seed'>,
): LanePlan {
  return { ...scenario, weight: scenario.weight * weight, target, ...run };
}
