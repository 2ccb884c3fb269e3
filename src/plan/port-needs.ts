/** How many local ports a plan needs, and what there are. Pure arithmetic. */
import { listedAddresses } from './address-list.js';
import type { LoadPlan, ScenarioPlan } from './load-plan.js';
import { LoadProfile } from './load-profile.js';
import type { ScriptStep } from './script-steps.js';

/** How long Linux keeps the port of a connection that was closed from here, s (`TCP_TIMEWAIT_LEN`). */
export const TIME_WAIT_SEC = 60;

/** What connections take their ports from: each pair of a source and a target address has all ports for itself. */
export interface PortNeeds {
  /** Pairs of an address here and one there. */
  readonly addressPairs: number;
  /** Connections at once, at most. */
  readonly atOnce: number;
  /** New connections per second at most, as planned; null: how many follows from the server, or from kept sessions. */
  readonly connectsPerSec: number | null;
  /** Ports that closed connections hold besides (TIME_WAIT), at most; null: how many follows from the server. */
  readonly held: number | null;
}

type PortPlan = Pick<LoadPlan, 'targets' | 'scenarios' | 'sessions' | 'arrivals'>;

/** What a plan needs; null: unix sockets need none. */
export function portNeeds(plan: PortPlan): PortNeeds | null {
  const { targets, scenarios, sessions, arrivals } = plan;
  const hosts = targets.filter(({ path }) => path === null).length;
  if (hosts === 0) return null;
  // Where scenarios have sources of their own, the one with fewest runs out first.
  const addressPairs = hosts * Math.min(...scenarios.map(sourcesOf));
  const isOpen = arrivals !== null && !arrivals.isReusing;
  const connectsPerSec = isOpen ? new LoadProfile(arrivals.profile).peakPerSec : null;
  const closers = scenarios.filter(({ session: { steps }, close }) => closesFirst(steps ?? [], close));
  const weight = (list: readonly ScenarioPlan[]): number => list.reduce((sum, each) => sum + each.weight, 0);
  const share = weight(closers) / weight(scenarios);
  const endMs = arrivals?.endMs ?? null;
  const heldSec = Math.min(TIME_WAIT_SEC, endMs === null ? Infinity : endMs / 1e3);
  // Whoever waits for the server's close behind its 221 leaves the port to the server.
  const held = share === 0 ? 0 : connectsPerSec === null ? null : connectsPerSec * share * heldSec;
  return { addressPairs, atOnce: sessions, connectsPerSec, held };
}

/**
 * What is said before a load that may run out of ports.
 *
 * @param portLimit - ports per pair of addresses; null: not known
 * @returns null: nothing
 */
export function portWarning(plan: PortPlan, portLimit: number | null): string | null {
  const needs = portNeeds(plan);
  if (needs === null || portLimit === null) return null;
  const available = portLimit * needs.addressPairs;
  const held = Math.ceil(needs.held ?? 0);
  if (needs.atOnce + held <= available) return null;
  const closed = held === 0 ? '' : ` and ${String(held)} closed ones within ${String(TIME_WAIT_SEC)} s (TIME_WAIT)`;
  return (
    `${String(needs.atOnce)} connections at once${closed} may need more local ports than the ${String(available)} that there are: ` +
    'spread the load with --local-address, use fewer connections, or widen net.ipv4.ip_local_port_range'
  );
}

function sourcesOf({ localAddresses }: ScenarioPlan): number {
  return localAddresses.length === 0 ? 1 : listedAddresses(localAddresses).addresses.length;
}

/** Connections may be closed from here with FIN before the server closes them. */
function closesFirst(steps: readonly ScriptStep[], close: ScenarioPlan['close']): boolean {
  const last = steps.at(-1);
  if (last?.kind === 'drop') return (last.how ?? close) === 'fin';
  if (last?.kind === 'repeat') return closesFirst(last.steps, close);
  return last?.kind === 'choose' && last.branches.some((branch) => closesFirst(branch.steps, close));
}
