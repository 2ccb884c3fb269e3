/** Lists of addresses as users write them: single ones, ranges and CIDR blocks. Pure: asks no machine what it has. */
import { assert } from '../assert.js';
import { formatIp, ipOctets } from './ip-address.js';

/** All addresses of a list: a /16 of IPv4. More would be a slip of the finger rather than a wish. */
const MAX_LISTED_ADDRESSES = 65_536;

const FORMS = 'takes addresses, ranges (127.0.0.2-127.0.0.50) and CIDR blocks (127.0.0.0/28), separated by commas';

/** A list that was understood. */
export interface AddressList {
  readonly family: 4 | 6;
  /** Every address, in the order written. */
  readonly addresses: readonly string[];
}

interface Range {
  readonly octetCount: number;
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Reads a list. Of a CIDR block the host addresses are meant: not its network and broadcast address in IPv4, nor the
 * subnet-router anycast address in IPv6 (RFC 4291 §2.6.1), where the block is large enough to have these.
 *
 * @param texts - as written; each may hold several separated by commas
 * @returns the addresses, or one sentence on why it is no such list
 */
export function parseAddressList(texts: readonly string[]): AddressList | { readonly problem: string } {
  const ranges: Range[] = [];
  let count = 0n;
  for (const text of texts.flatMap((one) => one.split(','))) {
    const range = parseRange(text.trim());
    if (range === null || range.last < range.first) return { problem: FORMS };
    if (range.octetCount !== (ranges[0]?.octetCount ?? range.octetCount)) {
      return { problem: `${FORMS}, all of one IP version` };
    }
    count += range.last - range.first + 1n;
    if (count > MAX_LISTED_ADDRESSES) return { problem: `takes at most ${MAX_LISTED_ADDRESSES} addresses` };
    ranges.push(range);
  }
  const [first] = ranges;
  if (first === undefined) return { problem: FORMS };
  return { family: first.octetCount === 4 ? 4 : 6, addresses: ranges.flatMap(addressesOf) };
}

/** The addresses of a list that a plan holds, and that was therefore understood before. */
export function listedAddresses(texts: readonly string[]): AddressList {
  const list = parseAddressList(texts);
  assert(!('problem' in list), 'a plan holds lists of addresses that can be read');
  return list;
}

function parseRange(text: string): Range | null {
  const block = /^([^/-]+)\/(\d{1,3})$/.exec(text);
  if (block !== null) return parseBlock(block[1] ?? '', Number(block[2]));
  const [from = '', to = from, ...more] = text.split('-');
  const first = parseAddress(from);
  const last = parseAddress(to);
  if (first === null || last === null || more.length > 0 || first.octetCount !== last.octetCount) return null;
  return { octetCount: first.octetCount, first: first.value, last: last.value };
}

function parseBlock(text: string, prefixLength: number): Range | null {
  const address = parseAddress(text);
  if (address === null || prefixLength > address.octetCount * 8) return null;
  const { octetCount, value } = address;
  const hostBits = BigInt(octetCount * 8 - prefixLength);
  const network = (value >> hostBits) << hostBits;
  const last = network + (1n << hostBits) - 1n;
  const isLarge = hostBits > 1n;
  return { octetCount, first: network + (isLarge ? 1n : 0n), last: last - (isLarge && octetCount === 4 ? 1n : 0n) };
}

function parseAddress(text: string): { octetCount: number; value: bigint } | null {
  // Which interface a zone names is another matter on every machine.
  const octets = text.includes('%') ? null : ipOctets(text);
  if (octets === null) return null;
  return { octetCount: octets.length, value: octets.reduce((value, octet) => value * 256n + BigInt(octet), 0n) };
}

function addressesOf({ octetCount, first, last }: Range): string[] {
  return Array.from({ length: Number(last - first + 1n) }, (_, index) => {
    const octets = new Uint8Array(octetCount);
    let rest = first + BigInt(index);
    for (let place = octetCount - 1; place >= 0; place--) {
      octets[place] = Number(rest & 255n);
      rest >>= 8n;
    }
    return formatIp(octets);
  });
}
