/** Lanes: each scenario at each target. A worker compiles and runs lanes, and knows the rest of the plan as their sum. */
import type { LoadPlan, ScenarioPlan, TargetPlan, WeightedTarget } from './load-plan.js';

/** One scenario at one target, with what its sessions take from the run. */
export interface LanePlan extends ScenarioPlan {
  readonly target: TargetPlan;
  /** Concurrent sessions of the whole run. */
  readonly sessions: number;
  readonly seed: number;
}

/** The lane of a plan that has only one, or the first of several. */
export function firstLane({ scenarios, targets, sessions, seed }: LoadPlan): LanePlan {
  return lanePlan(scenarios[0], targets[0], { sessions, seed });
}

function lanePlan(
  scenario: ScenarioPlan,
  { weight, ...target }: WeightedTarget,
  run: Pick<LanePlan, 'sessions' | 'seed'>,
): LanePlan {
  return { ...scenario, weight: scenario.weight * weight, target, ...run };
}
