/** Turns a target's name into the addresses that the run may use, once. */
import { PostrushError } from '../errors.js';
import type { PinnedAddress } from '../messages/coordinator-worker.js';
import { listedAddresses } from '../plan/address-list.js';
import { checkPinnedAddresses } from '../plan/address-safety.js';
import type { LoadPlan, ScenarioPlan, TargetPlan } from '../plan/load-plan.js';
import { OPTION_NAMES } from '../plan/options.js';
import { SYSTEM_RESOLVER } from './find-mail-hosts.js';
import type { MailResolver } from './find-mail-hosts.js';

/**
 * Resolves a target and checks every address behind its name.
 *
 * @throws PostrushError E_TARGET when the name does not resolve; E_CONFIG when an address needs consent that was not given
 */
export async function pinTarget(
  plan: LoadPlan,
  target: TargetPlan,
  resolver: Pick<MailResolver, 'lookup'> = SYSTEM_RESOLVER,
): Promise<readonly PinnedAddress[]> {
  const { host, url, path } = target;
  // Nothing is nearer than a unix socket: there is no name to resolve, and no address to judge.
  if (path !== null) return [{ address: path, family: null }];
  const addresses = await resolver.lookup(host).catch((error: unknown) => {
    throw new PostrushError(
      'E_TARGET',
      `${url}: the host name '${host}' does not resolve; check its spelling, or give an address`,
      {
        cause: error,
      },
    );
  });
  const issues = checkPinnedAddresses(
    plan,
    target,
    addresses.map(({ address }) => address),
  );
  const [first] = issues;
  if (first !== undefined) throw new PostrushError('E_CONFIG', `${first.path}: ${first.message}`, { issues });
  const pinned = addresses.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }) as const);
  const lists = plan.scenarios.flatMap((scenario) =>
    ADDRESS_LISTS.map(([option, listOf]) => [option, listOf(scenario)] as const),
  );
  return lists.reduce<readonly PinnedAddress[]>(
    (reachable, [option, list]) => ofIpVersion(reachable, option, list, host),
    pinned,
  );
}

/** Lists in a scenario that the target's address must have the IP version of. */
const ADDRESS_LISTS: readonly (readonly [string, (scenario: ScenarioPlan) => readonly string[]])[] = [
  [OPTION_NAMES.localAddresses, ({ localAddresses }) => localAddresses],
  [OPTION_NAMES.proxySources, ({ proxy }) => proxy?.sources ?? []],
];

/** Those of the target's addresses that have the IP version of a list. */
function ofIpVersion(
  addresses: readonly PinnedAddress[],
  path: string,
  list: readonly string[],
  host: string,
): readonly PinnedAddress[] {
  if (list.length === 0) return addresses;
  const { family } = listedAddresses(list);
  const fitting = addresses.filter((address) => address.family === family);
  if (fitting.length > 0) return fitting;
  const message = `takes addresses of the target's IP version, and ${host} has none of IPv${String(family)} that can be used`;
  throw new PostrushError('E_CONFIG', `${path}: ${message}`, { issues: [{ path, message }] });
}
