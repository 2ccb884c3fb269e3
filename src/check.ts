/** A whole check, put together: target, worker, findings, result. The composition root beside `run.ts`. */
import { runCheck, type CheckHooks } from './coordinator/check-run.js';
import { pinTarget } from './coordinator/pin-target.js';
import type { CheckPlan } from './plan/check-plan.js';
import type { CheckResult } from './report/check-schema.js';
import { summariseCheck } from './report/check-summary.js';
import { version } from './version.js';

/**
 * Finds out what a server is.
 *
 * @throws PostrushError `E_CONFIG` when the target needs consent, `E_TARGET` when it cannot be reached or nothing can be
 * told of it, `E_STOPPED` when it was stopped before that
 */
export async function checkTarget(plan: CheckPlan, hooks: CheckHooks = {}): Promise<CheckResult> {
  const addresses = await pinTarget(plan.run, plan.session.target);
  const startedAt = new Date();
  const { address, record } = await runCheck(plan, addresses, hooks);
  const lastedSec = (Date.now() - startedAt.getTime()) / 1e3;
  return summariseCheck({
    plan,
    addresses,
    address,
    record,
    tool: { name: 'postrush', version: version() },
    startedAt,
    lastedSec,
  });
}
