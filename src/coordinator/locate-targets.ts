/** Where every target of a plan is: names are resolved once, and every address is judged before anything is sent. */
import { PostrushError } from '../errors.js';
import type { PinnedAddress } from '../messages/coordinator-worker.js';
import type { LoadPlan, WeightedTarget } from '../plan/load-plan.js';
import { findMailHosts } from './find-mail-hosts.js';
import type { MailResolver } from './find-mail-hosts.js';
import { pinTarget } from './pin-target.js';

/** A host that may become a target of the load. */
export interface LocatedHost {
  readonly target: WeightedTarget;
  /** Null: it was named as a target, not by an MX record. */
  readonly preference: number | null;
  readonly addresses: readonly PinnedAddress[];
  /** Why it cannot be used; empty: nothing is known against it. */
  readonly problem: string;
}

/** What one target of the plan stands for. */
export interface LocatedTarget {
  readonly target: WeightedTarget;
  /** The most preferred first. Of a target that is a host: that host alone. */
  readonly hosts: readonly LocatedHost[];
}

/**
 * Locates all targets.
 *
 * @throws PostrushError E_TARGET when a name does not resolve; E_CONFIG when an address needs consent that was not given
 */
export async function locateTargets(plan: LoadPlan, resolver: MailResolver): Promise<LocatedTarget[]> {
  const located: LocatedTarget[] = [];
  for (const target of plan.targets) {
    if (target.isMx) located.push({ target, hosts: await locateMailHosts(plan, target, resolver) });
    else {
      const addresses = await pinTarget(plan, target, resolver);
      located.push({ target, hosts: [{ target, preference: null, addresses, problem: '' }] });
    }
  }
  return located;
}

async function locateMailHosts(plan: LoadPlan, target: WeightedTarget, resolver: MailResolver): Promise<LocatedHost[]> {
  const hosts: LocatedHost[] = [];
  for (const { host, preference } of await findMailHosts(target, resolver)) {
    const own: WeightedTarget = { ...target, host, isMx: false, url: `smtp://${host}:${String(target.port)}` };
    try {
      hosts.push({ target: own, preference, addresses: await pinTarget(plan, own, resolver), problem: '' });
    } catch (error) {
      // A host without addresses is passed over, as RFC 5321 §5.1 wants it. One that needs consent is not.
      if (!(error instanceof PostrushError) || error.code !== 'E_TARGET') throw error;
      hosts.push({ target: own, preference, addresses: [], problem: 'does not resolve' });
    }
  }
  if (hosts.some(({ problem }) => problem === '')) return hosts;
  const names = hosts.map(({ target: { host } }) => host).join(', ');
  throw new PostrushError('E_TARGET', `${target.url}: none of the hosts that take its mail resolves: ${names}`);
}
