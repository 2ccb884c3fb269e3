/** What the connections of a lane share, made from the plan. */
import { isIP } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Clock } from '../src/clock.js';
import type { PinnedAddress } from '../src/messages/coordinator-worker.js';
import { listedAddresses } from '../src/plan/address-list.js';
import type { LanePlan } from '../src/plan/lane-plan.js';
import type { TlsPlan } from '../src/plan/load-plan.js';
import { contextSettings } from '../src/plan/tls-settings.js';
import { proxyHeaders } from './proxy-headers.js';
import type { LaneNumbers } from './lane-numbers.js';
import type { ConnectionHooks, ConnectionTools } from './smtp-connection.js';
import { TlsTickets } from './tls-tickets.js';

/** Makes the one TLS context of a lane, and the rest. */
export function connectionTools(
  lane: LanePlan,
  address: PinnedAddress,
  clock: Clock,
  hooks: ConnectionHooks,
  { numbers = null, describeTls = false }: { numbers?: LaneNumbers | null; describeTls?: boolean } = {},
): ConnectionTools {
  const { tls, target } = lane;
  // SNI takes names only (RFC 6066 §3).
  const serverName = tls.serverName ?? (isIP(target.host) === 0 ? target.host : '');
  return {
    address,
    port: target.port,
    localAddresses: lane.localAddresses.length === 0 ? [] : listedAddresses(lane.localAddresses).addresses,
    proxyHeaders: proxyHeaders(lane, address),
    resets: lane.close === 'rst',
    places: lane.sessions,
    numbers,
    clock,
    secureContext: tls.mode === 'off' ? null : secureContextOf(tls),
    // Whoever describes TLS must see it.
    tlsSharePercent: describeTls ? 100 : tls.sharePercent,
    tickets: tls.resumePercent === 0 ? null : new TlsTickets(tls.resumePercent),
    serverName,
    host: target.host,
    verify: tls.verify,
    describeTls,
    hooks,
  };
}

function secureContextOf(tls: TlsPlan): SecureContext {
  const { caPem, clientCertificate } = tls;
  return createSecureContext({
    ...contextSettings(tls),
    ...(caPem === null ? {} : { ca: caPem }),
    ...(clientCertificate === null ? {} : { cert: clientCertificate.certPem, key: clientCertificate.keyPem }),
  });
}
