/** Address literals as numbers, and how far from home an address is. Pure: resolves nothing and opens nothing. */

/** How far away an address is: this machine, the networks at hand, or anywhere. */
export type AddressReach = 'loopback' | 'private' | 'public';

/** Sixteen-bit groups of an IPv6 address. */
const GROUPS = 8;

/**
 * Judges an address literal. IPv4-mapped IPv6 addresses are judged by their IPv4 address.
 *
 * Everything that is not certainly at home is `public`: shared address space (RFC 6598), the unspecified addresses,
 * multicast, translated and tunnelled addresses, and text that is no address.
 *
 * @param text - IPv4 or IPv6 address without brackets, an IPv6 zone (`%eth0`) is fine
 */
export function judgeAddress(text: string): AddressReach {
  const ipv4 = parseIpv4(text);
  if (ipv4 !== null) return judgeIpv4(ipv4);
  const groups = parseIpv6(text);
  return groups === null ? 'public' : judgeIpv6(groups);
}

/** Whether a text is an address literal, without brackets. */
export function isIp(text: string): boolean {
  return canonicalIp(text) !== null;
}

/**
 * The one way to write an address: IPv4 as it is, IPv6 as RFC 5952 §4 wants it, a zone kept.
 *
 * @returns null when the text is no address
 */
export function canonicalIp(text: string): string | null {
  if (parseIpv4(text) !== null) return text;
  const groups = parseIpv6(text);
  if (groups === null) return null;
  const zoneAt = text.indexOf('%');
  return formatIpv6(groups) + (zoneAt < 0 ? '' : text.slice(zoneAt));
}

/** The octets of an address in network order, 4 or 16, without a zone; null when the text is no address. */
export function ipOctets(text: string): Uint8Array | null {
  const ipv4 = parseIpv4(text);
  if (ipv4 !== null) return Uint8Array.from(ipv4);
  const groups = parseIpv6(text);
  return groups === null ? null : Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

/** The one way to write an address (see {@link canonicalIp}), from its 4 or 16 octets. */
export function formatIp(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  const groups = Array.from(
    { length: GROUPS },
    (_, index) => (octets[2 * index] ?? 0) * 256 + (octets[2 * index + 1] ?? 0),
  );
  return formatIpv6(groups);
}

/** Four octets; null for anything but dotted decimal without leading zeros, which some resolvers read as octal. */
function parseIpv4(text: string): readonly number[] | null {
  if (!/^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/.test(text)) return null;
  const octets = text.split('.').map(Number);
  return octets.every((octet) => octet <= 255) ? octets : null;
}

/** Eight groups (RFC 4291 §2.2), without the zone (RFC 4007 §11); null when the text is no IPv6 address. */
function parseIpv6(text: string): readonly number[] | null {
  const match = /^([0-9a-f:.]+)(?:%[A-Za-z0-9_.-]+)?$/i.exec(text);
  if (match === null) return null;
  const halves = (match[1] ?? '').split('::');
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '', true) : [];
  if (head === null || tail === null) return null;
  const missing = GROUPS - head.length - tail.length;
  if (halves.length === 1) return missing === 0 ? head : null;
  return missing >= 1 ? [...head, ...Array<number>(missing).fill(0), ...tail] : null;
}

/** Groups of one side of `::`. A dotted IPv4 address may stand for the last two of the whole address. */
function parseGroups(text: string, mayEndInIpv4: boolean): number[] | null {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(parseInt(part, 16));
      continue;
    }
    const octets = mayEndInIpv4 && index === parts.length - 1 ? parseIpv4(part) : null;
    if (octets === null) return null;
    const [a = 0, b = 0, c = 0, d = 0] = octets;
    groups.push(a * 256 + b, c * 256 + d);
  }
  return groups;
}

/** RFC 5952 §4: lower case, the first longest run of at least two zero groups as `::`, mapped addresses dotted (§5). */
function formatIpv6(groups: readonly number[]): string {
  const mapped = mappedIpv4(groups);
  if (mapped !== null) return `::ffff:${mapped.join('.')}`;
  const texts = groups.map((group) => group.toString(16));
  let bestStart = 0;
  let bestLength = 0;
  for (let start = 0; start < GROUPS; start++) {
    let end = start;
    while (end < GROUPS && groups[end] === 0) end++;
    if (end - start > bestLength) [bestStart, bestLength] = [start, end - start];
  }
  if (bestLength < 2) return texts.join(':');
  return `${texts.slice(0, bestStart).join(':')}::${texts.slice(bestStart + bestLength).join(':')}`;
}

/** The IPv4 address inside `::ffff:0:0/96`, or null. */
function mappedIpv4(groups: readonly number[]): readonly number[] | null {
  if (!groups.slice(0, 5).every((group) => group === 0) || groups[5] !== 0xffff) return null;
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255];
}

function judgeIpv4([a = 0, b = 0]: readonly number[]): AddressReach {
  if (a === 127) return 'loopback';
  const isRfc1918 = a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168);
  const isLinkLocal = a === 169 && b === 254;
  return isRfc1918 || isLinkLocal ? 'private' : 'public';
}

function judgeIpv6(groups: readonly number[]): AddressReach {
  const mapped = mappedIpv4(groups);
  if (mapped !== null) return judgeIpv4(mapped);
  const [first = 0] = groups;
  if (groups.slice(0, 7).every((group) => group === 0) && groups[7] === 1) return 'loopback';
  const isUniqueLocal = (first & 0xfe00) === 0xfc00;
  const isLinkLocal = (first & 0xffc0) === 0xfe80;
  return isUniqueLocal || isLinkLocal ? 'private' : 'public';
}
