/** Turns the target's name into the addresses that the run may use, once. */
import { lookup } from 'node:dns/promises';
import { PostrushError } from '../errors.js';
import type { PinnedAddress } from '../messages/coordinator-worker.js';
import { listedAddresses } from '../plan/address-list.js';
import { checkPinnedAddresses } from '../plan/address-safety.js';
import type { LoadPlan } from '../plan/load-plan.js';
import { OPTION_NAMES } from '../plan/options.js';

/**
 * Resolves the target and checks every address behind its name.
 *
 * @throws PostrushError E_TARGET when the name does not resolve; E_CONFIG when an address needs consent that was not given
 */
export async function pinTarget(plan: LoadPlan): Promise<PinnedAddress[]> {
  const { host, url, path } = plan.target;
  // Nothing is nearer than a unix socket: there is no name to resolve, and no address to judge.
  if (path !== null) return [{ address: path, family: null }];
  const addresses = await lookup(host, { all: true }).catch((error: unknown) => {
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
    addresses.map(({ address }) => address),
  );
  const [first] = issues;
  if (first !== undefined) throw new PostrushError('E_CONFIG', `${first.path}: ${first.message}`, { issues });
  const pinned = addresses.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }) as const);
  return plan.localAddresses.length === 0 ? pinned : withinReach(pinned, plan);
}

/** Those of the addresses that can be connected to from the addresses that connections are to come from. */
function withinReach(pinned: readonly PinnedAddress[], { localAddresses, target }: LoadPlan): PinnedAddress[] {
  const { family } = listedAddresses(localAddresses);
  const reachable = pinned.filter((address) => address.family === family);
  if (reachable.length > 0) return reachable;
  const message = `takes addresses of the target's IP version, and ${target.host} has none of IPv${String(family)}`;
  const path = OPTION_NAMES.localAddresses;
  throw new PostrushError('E_CONFIG', `${path}: ${message}`, { issues: [{ path, message }] });
}
