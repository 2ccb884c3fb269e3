/** Which hosts take the mail of a domain (RFC 5321 §5.1), asked once. Judges no address and opens nothing. */
import { lookup, resolveMx } from 'node:dns/promises';
import { PostrushError } from '../errors.js';
import type { TargetPlan } from '../plan/load-plan.js';
import { isHostName } from '../plan/target.js';

/** The part of a resolver that is needed, so that tests ask nobody. */
export interface MailResolver {
  /** @throws Error with a `code` as node:dns has them */
  resolveMx(domain: string): Promise<readonly { readonly exchange: string; readonly priority: number }[]>;
  /** All addresses of a host. */
  lookup(host: string): Promise<readonly { readonly address: string; readonly family: number }[]>;
}

/** A host that takes the mail of a domain. */
export interface MailHost {
  readonly host: string;
  /** The lowest comes first. */
  readonly preference: number;
}

/** More hosts than this are a mistake, or an attack. */
const MAX_MAIL_HOSTS = 64;

/** The resolver of this machine. */
export const SYSTEM_RESOLVER: MailResolver = {
  resolveMx,
  lookup: (host) => lookup(host, { all: true }),
};

/**
 * Looks up the MX records of a target's domain. A domain without any takes its mail itself.
 *
 * @returns the hosts, the most preferred first, each once
 * @throws PostrushError E_TARGET when the domain does not exist, takes no mail, or nothing can be told
 */
export async function findMailHosts({ host, url }: TargetPlan, resolver: MailResolver): Promise<MailHost[]> {
  const records = await resolver.resolveMx(host).catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    // There are other records of that name, or a list of hosts of this machine: the next look-up tells.
    if (code === 'ENODATA') return [];
    const why = code === 'ENOTFOUND' ? 'does not exist' : `has MX records that cannot be looked up (${code})`;
    throw new PostrushError('E_TARGET', `${url}: the domain '${host}' ${why}; check its spelling, or name a host`, {
      cause: error,
    });
  });
  if (records.length === 0) return [{ host, preference: 0 }];
  if (records.some(({ exchange }) => exchange === '' || exchange === '.')) {
    throw new PostrushError('E_TARGET', `${url}: the domain '${host}' takes no mail, as its null MX says (RFC 7505)`);
  }
  if (records.length > MAX_MAIL_HOSTS) {
    throw new PostrushError('E_TARGET', `${url}: the domain '${host}' has ${String(records.length)} MX records`);
  }
  const hosts = new Map<string, number>();
  for (const { exchange, priority } of [...records].sort((a, b) => a.priority - b.priority)) {
    const name = exchange.toLowerCase().replace(/\.$/, '');
    if (isHostName(name) && !hosts.has(name)) hosts.set(name, priority);
  }
  if (hosts.size > 0) return Array.from(hosts, ([name, preference]) => ({ host: name, preference }));
  throw new PostrushError('E_TARGET', `${url}: the MX records of '${host}' name no host`);
}
