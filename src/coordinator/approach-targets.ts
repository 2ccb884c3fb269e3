/** The pre-flight over all targets: which hosts and addresses the load goes to from then on, and what the sessions showed. */
import { assert } from '../assert.js';
import { PostrushError } from '../errors.js';
import type { PinnedAddress, PreflightResult } from '../messages/coordinator-worker.js';
import { lanesOf, type LanePlan } from '../plan/lane-plan.js';
import type { LoadPlan, WeightedTarget } from '../plan/load-plan.js';
import type { LocatedHost, LocatedTarget } from './locate-targets.js';

/** A host that the load can be put on. */
export interface ApproachedTarget {
  readonly target: WeightedTarget;
  readonly address: PinnedAddress;
  /** What the session of the first scenario showed, with the connections and commands of all scenarios. */
  readonly preflight: PreflightResult;
}

/** A host that an MX record named, and what became of it. */
export interface MailHostFinding {
  readonly domain: string;
  readonly host: string;
  readonly preference: number;
  readonly addresses: readonly string[];
  readonly isUsed: boolean;
  /** Why it is not used; empty: it is, or those before it are. */
  readonly problem: string;
}

/** What the pre-flight found. */
export interface Approach {
  /** The plan with the hosts that were found in place of domains. */
  readonly plan: LoadPlan;
  /** By target of that plan. */
  readonly targets: readonly ApproachedTarget[];
  readonly mailHosts: readonly MailHostFinding[];
}

/** One polite session. */
type Preflight = (lane: LanePlan, address: PinnedAddress) => Promise<PreflightResult>;

/**
 * Holds one polite session per scenario with each target, one after the other.
 *
 * @throws PostrushError E_TARGET when one of the targets cannot be reached or refuses a scenario
 */
export async function approachTargets(
  plan: LoadPlan,
  located: readonly LocatedTarget[],
  preflight: Preflight,
): Promise<Approach> {
  const groups: ApproachedTarget[][] = [];
  const mailHosts: MailHostFinding[] = [];
  for (const { target, hosts } of located) {
    const problems = new Map<LocatedHost, string>();
    const group = await approachHosts(plan, target, hosts, preflight, problems);
    groups.push(group);
    for (const host of target.isMx ? hosts : []) {
      mailHosts.push({
        domain: target.host,
        host: host.target.host,
        preference: host.preference ?? 0,
        addresses: host.addresses.map(({ address }) => address),
        isUsed: group.some((used) => used.target === host.target),
        problem: problems.get(host) ?? host.problem,
      });
    }
  }
  const [first, ...others] = dividedAmong(groups);
  assert(first !== undefined, 'every target is approached');
  const targets: LoadPlan['targets'] = [first.target, ...others.map(({ target }) => target)];
  return { plan: { ...plan, targets }, targets: [first, ...others], mailHosts };
}

/** The hosts of one target share its weight; whole multiples of all weights keep them exact. */
function dividedAmong(groups: readonly (readonly ApproachedTarget[])[]): ApproachedTarget[] {
  const parts = groups.reduce((product, group) => product * group.length, 1);
  return groups.flatMap((group) =>
    group.map((each) => ({
      ...each,
      target: { ...each.target, weight: (each.target.weight * parts) / group.length },
    })),
  );
}

/** The hosts of the best preference that has one which can be connected to. */
async function approachHosts(
  plan: LoadPlan,
  target: WeightedTarget,
  hosts: readonly LocatedHost[],
  preflight: Preflight,
  problems: Map<LocatedHost, string>,
): Promise<ApproachedTarget[]> {
  const usable = hosts.filter(({ problem }) => problem === '');
  for (const preference of new Set(usable.map((host) => host.preference))) {
    const approached: ApproachedTarget[] = [];
    for (const host of usable.filter((each) => each.preference === preference)) {
      const attempt = await approach(lanesOf({ ...plan, targets: [host.target] }), host.addresses, preflight);
      if (typeof attempt === 'string') problems.set(host, attempt);
      else approached.push({ ...attempt, target: host.target });
    }
    if (approached.length > 0) return approached;
  }
  const [only, ...others] = problems.values();
  const all = [only ?? '', ...others].join('; ');
  throw new PostrushError('E_TARGET', target.isMx ? `${target.url}: no host takes a connection: ${all}` : all);
}

/**
 * Tries the addresses behind a name until one can be connected to; from then on it is the target.
 *
 * @returns what it showed, or why there is no connection
 * @throws PostrushError E_TARGET when there is one and the server does not want us
 */
async function approach(
  lanes: readonly LanePlan[],
  addresses: readonly PinnedAddress[],
  preflight: Preflight,
): Promise<Omit<ApproachedTarget, 'target'> | string> {
  const [first, ...others] = lanes;
  assert(first !== undefined, 'every target has a lane');
  let problem = '';
  for (const address of addresses) {
    const result = await preflight(first, address);
    if (result.ok) return { address, preflight: await alsoAs(others, address, preflight, result) };
    problem = problemOf(first, result);
    if (result.isConnected) throw new PostrushError('E_TARGET', problem);
  }
  return problem;
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
