/** Plans for tests of the engine, through the same door as a user's. */
import type { LoadPlan } from '../../src/plan/load-plan.js';
import type { LoadTestOptions } from '../../src/plan/options.js';
import { resolvePlan } from '../../src/plan/resolve-plan.js';

/** What a test may ask of a plan; the target never matters. */
export type EngineOptions = Omit<LoadTestOptions, 'target'>;

/** A plan on loopback with the usual defaults. */
export function planOf(options: EngineOptions = {}, target = '127.0.0.1:2525'): LoadPlan {
  return resolvePlan({ target, ...options }, 2);
}
