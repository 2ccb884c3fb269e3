/** Whom each session of a run claims to come from, when it begins with a PROXY header. */
import type { PinnedAddress } from '../src/messages/coordinator-worker.js';
import { listedAddresses } from '../src/plan/address-list.js';
import { ipOctets } from '../src/plan/ip-address.js';
import type { LanePlan } from '../src/plan/lane-plan.js';
import { DEFAULTS } from '../src/plan/options.js';
import { proxyHeaderV1, proxyHeaderV2 } from '../src/protocol/proxy-header.js';

/** Ports of clients are above those that need a privilege. */
const FIRST_PORT = 1024;
const PORT_COUNT = 65_536 - FIRST_PORT;

/** Gives the header of a session by its number in the run. */
export type ProxyHeaders = (session: number) => Buffer;

/**
 * The headers of a lane. Sessions take the addresses of the pool in turn, and the next port with every turn, so that no
 * two sessions of a usual run have both in common.
 *
 * @returns null when the lane has no PROXY header
 */
export function proxyHeaders({ proxy, target }: LanePlan, address: PinnedAddress): ProxyHeaders | null {
  const destination = ipOctets(address.address);
  if (proxy === null || destination === null) return null;
  const usual = destination.length === 4 ? DEFAULTS.proxySourcesIpv4 : DEFAULTS.proxySourcesIpv6;
  const { addresses } = listedAddresses(proxy.sources.length === 0 ? [usual] : proxy.sources);
  const sources = addresses.map((source) => ipOctets(source) as Uint8Array);
  const make = proxy.version === 'v1' ? proxyHeaderV1 : proxyHeaderV2;
  return (session) =>
    make({
      source: sources[session % sources.length] as Uint8Array,
      sourcePort: FIRST_PORT + (Math.floor(session / sources.length) % PORT_COUNT),
      destination,
      destinationPort: target.port,
    });
}
