/** Reads where the load goes. Resolves nothing: whether the host may be a target is judged in `address-safety.ts`. */
import { canonicalIp } from './ip-address.js';
import type { TargetPlan } from './load-plan.js';
import { parseWeight } from './units.js';

/** Behind a target: its part of the sessions. */
const WEIGHT_SUFFIX = /,weight=([^,]*)$/;

/** A target, and whether TLS begins with the first octet (`smtps://`, RFC 8314 §3.3). */
export interface ParsedTarget extends TargetPlan {
  readonly implicitTls: boolean;
}

const FORMS =
  'takes smtp://host[:port], smtps://host[:port], lmtp://host[:port], smtp+unix:/path, lmtp+unix:/path, smtp+mx://domain[:port] or host:port';
const SCHEME_PORTS: ReadonlyMap<string, number> = new Map([
  ['smtp', 25],
  ['smtps', 465],
  ['lmtp', 24],
  ['smtp+mx', 25],
]);
/** RFC 1035 §2.3.4 */
const MAX_HOST_LENGTH = 253;
/** `sun_path` of Linux with its final NUL. Node would connect to a shortened path and say nothing. */
const MAX_PATH_OCTETS = 107;

/**
 * Reads a target.
 *
 * @param text - as written
 * @returns the target, or one sentence on why it is none
 */
export function parseTarget(text: string): ParsedTarget | { readonly problem: string } {
  if (text === '') return { problem: FORMS };
  if (/[\s\p{Cc}]/u.test(text)) return { problem: `${FORMS}, without blanks and control characters` };
  const unix = /^(smtp|lmtp)\+unix:(?:\/\/)?(\/.*)$/i.exec(text);
  if (unix !== null) return unixTarget(unix[1]?.toLowerCase() === 'lmtp' ? 'lmtp' : 'smtp', unix[2] ?? '');
  if (/^[sl]mtp\+unix:/i.test(text)) return { problem: `${FORMS}, where path begins with /` };
  const url = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/.exec(text);
  const scheme = url?.[1]?.toLowerCase() ?? 'smtp';
  const rest = url?.[2] ?? text;
  const defaultPort = SCHEME_PORTS.get(scheme);
  if (defaultPort === undefined || /^[a-z]+\+unix:/i.test(text)) {
    return { problem: `${FORMS}; other schemes are not supported` };
  }
  if (rest.includes('@')) {
    return { problem: `${FORMS}, without credentials: give those with --auth, --user and --password-file` };
  }
  if (/[/?#]/.test(rest)) return { problem: `${FORMS}, and nothing behind the port` };
  const place = splitHostAndPort(rest);
  if (place === null) return { problem: `${FORMS}, an IPv6 address in brackets: smtp://[::1]:2525` };
  const host = readHost(place.host, place.isBracketed);
  if (host === null) return { problem: `${FORMS}, where host is a host name, an IPv4 address or [an IPv6 address]` };
  if (place.port === null && url === null) return { problem: `${FORMS}; without smtp:// the port is needed` };
  if (scheme === 'smtp+mx' && canonicalIp(host) !== null) {
    return { problem: `${FORMS}, where domain is a name: an address has no MX records` };
  }
  const port = place.port === null ? defaultPort : readPort(place.port);
  if (port === null) return { problem: `${FORMS}, where port is a number from 1 to 65535` };
  const printedHost = place.isBracketed ? `[${host}]` : host;
  return {
    url: `${scheme}://${printedHost}:${port}`,
    protocol: scheme === 'lmtp' ? 'lmtp' : 'smtp',
    host,
    port,
    path: null,
    isMx: scheme === 'smtp+mx',
    implicitTls: scheme === 'smtps',
  };
}

/**
 * Reads a target that may have `,weight=N` behind it.
 *
 * @returns the target with its weight, or one sentence on why it is none
 */
export function parseWeightedTarget(
  text: string,
): (ParsedTarget & { readonly weight: number }) | { readonly problem: string } {
  const [suffix = '', number = '1'] = WEIGHT_SUFFIX.exec(text) ?? [];
  const target = parseTarget(text.slice(0, text.length - suffix.length));
  if ('problem' in target) return target;
  const weight = parseWeight(number);
  return weight.ok ? { ...target, weight: weight.value } : { problem: `${weight.takes} as weight` };
}

function unixTarget(protocol: 'smtp' | 'lmtp', path: string): ParsedTarget | { readonly problem: string } {
  if (new TextEncoder().encode(path).length > MAX_PATH_OCTETS) {
    return { problem: `takes paths of unix sockets up to ${MAX_PATH_OCTETS} octets` };
  }
  return { url: `${protocol}+unix:${path}`, protocol, host: '', port: 0, path, isMx: false, implicitTls: false };
}

function splitHostAndPort(text: string): { host: string; port: string | null; isBracketed: boolean } | null {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (bracketed !== null) return { host: bracketed[1] ?? '', port: bracketed[2] ?? null, isBracketed: true };
  const plain = /^([^:[\]]*)(?::([^:]*))?$/.exec(text);
  return plain === null ? null : { host: plain[1] ?? '', port: plain[2] ?? null, isBracketed: false };
}

/** A host name in lower case, or an address in its canonical form. Null: neither. */
function readHost(text: string, isBracketed: boolean): string | null {
  const ip = canonicalIp(text);
  if (isBracketed) return ip?.includes(':') === true ? ip : null;
  if (ip !== null) return ip;
  const name = text.toLowerCase();
  return isHostName(name) ? name : null;
}

function readPort(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

/**
 * Whether a text is a host name: labels of letters, digits, `-` and `_`, perhaps with a final dot. A last label that
 * starts like a number is none: resolvers read `127.1` and `0x7f000001` as addresses, which nobody expects of a name.
 */
export function isHostName(text: string): boolean {
  const labels = text.replace(/\.$/, '').split('.');
  const isLabel = (label: string): boolean => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label);
  return text.length <= MAX_HOST_LENGTH && labels.every(isLabel) && !/^(?:\d+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? '');
}
