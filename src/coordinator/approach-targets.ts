/** The pre-flight over all targets: which address of each is the target from then on, and what the sessions showed. */
import { assert } from '../assert.js';
import { PostrushError } from '../errors.js';
import type { PinnedAddress, PreflightResult } from '../messages/coordinator-worker.js';
import { lanesOf, type LanePlan } from '../plan/lane-plan.js';
import type { LoadPlan } from '../plan/load-plan.js';

/** A target that the load can be put on. */
export interface ApproachedTarget {
  readonly address: PinnedAddress;
  /** What the session of the first scenario showed, with the connections and commands of all scenarios. */
  readonly preflight: PreflightResult;
}

/** One polite session. */
type Preflight = (lane: LanePlan, address: PinnedAddress) => Promise<PreflightResult>;

/**
 * Holds one polite session per scenario with each target, one after the other.
 *
 * @param pinned - the addresses that each target may have, by target
 * @throws PostrushError E_TARGET when one of the targets cannot be reached or refuses a scenario
 */
export async function approachTargets(
  plan: LoadPlan,
  pinned: readonly (readonly PinnedAddress[])[],
  preflight: Preflight,
): Promise<ApproachedTarget[]> {
  const lanes = lanesOf(plan);
  const approached: ApproachedTarget[] = [];
  for (const [index, addresses] of pinned.entries()) {
    const ofTarget = lanes.filter((_, lane) => lane % plan.targets.length === index);
    approached.push(await approach(ofTarget, addresses, preflight));
  }
  return approached;
}

/** Tries the addresses behind a target's name until one can be connected to; from then on it is the target. */
async function approach(
  lanes: readonly LanePlan[],
  addresses: readonly PinnedAddress[],
  preflight: Preflight,
): Promise<ApproachedTarget> {
  const [first, ...others] = lanes;
  assert(first !== undefined, 'every target has a lane');
  let problem = '';
  for (const address of addresses) {
    const result = await preflight(first, address);
    if (result.ok) return { address, preflight: await alsoAs(others, address, preflight, result) };
    problem = problemOf(first, result);
    if (result.isConnected) break;
  }
  throw new PostrushError('E_TARGET', problem);
}

/** Whether the other scenarios are welcome where the first one is. */
async function alsoAs(
  others: readonly LanePlan[],
  address: PinnedAddress,
  preflight: Preflight,
  first: PreflightResult,
): Promise<PreflightResult> {
  let { connections, commands } = first;
  for (const lane of others) {
    const result = await preflight(lane, address);
    if (!result.ok) throw new PostrushError('E_TARGET', `as ${lane.name}: ${problemOf(lane, result)}`);
    connections += result.connections;
    commands += result.commands;
  }
  return { ...first, connections, commands };
}

function problemOf({ target }: LanePlan, { problem, advice }: PreflightResult): string {
  return `${target.url} ${problem}; ${advice}`;
}
