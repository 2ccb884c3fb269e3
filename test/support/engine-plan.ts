/** Plans for tests of the engine, through the same door as a user's. */
import { firstLane } from '../../src/plan/lane-plan.js';
import type { LanePlan } from '../../src/plan/lane-plan.js';
import type { LoadPlan } from '../../src/plan/load-plan.js';
import type { LoadTestOptions } from '../../src/plan/options.js';
import { resolvePlan } from '../../src/plan/resolve-plan.js';

/** What a test may ask of a plan; the target never matters. */
export type EngineOptions = Omit<LoadTestOptions, 'target'>;

/** A plan on loopback with the usual defaults. */
export function planOf(options: EngineOptions = {}, target = '127.0.0.1:2525'): LoadPlan {
  return resolvePlan({ target, ...options }, 2);
}

/** The one lane of such a plan. */
export function laneOf(options: EngineOptions = {}, target?: string): LanePlan {
  return firstLane(planOf(options, target));
}
