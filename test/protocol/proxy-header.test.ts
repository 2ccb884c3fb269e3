/** The PROXY protocol, octet by octet, as proxy-protocol.txt has it. */
import { describe, expect, test } from 'vitest';
import { proxyHeaderV1, proxyHeaderV2 } from '../../src/protocol/proxy-header.js';

const IPV4 = {
  source: Uint8Array.of(192, 168, 0, 1),
  sourcePort: 56_324,
  destination: Uint8Array.of(192, 168, 0, 11),
  destinationPort: 443,
};
const IPV6 = {
  source: Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x2a),
  sourcePort: 1024,
  destination: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
  destinationPort: 25,
};
const MOST = new Uint8Array(16).fill(255);

describe('version 1', () => {
  test('is the line of the example in section 2.1', () => {
    expect(proxyHeaderV1(IPV4).toString('latin1')).toBe('PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n');
  });

  test('names IPv6 addresses by all their groups', () => {
    expect(proxyHeaderV1(IPV6).toString('latin1')).toBe('PROXY TCP6 2001:db8:0:0:0:0:0:2a 0:0:0:0:0:0:0:1 1024 25\r\n');
  });

  test.each([
    ['IPv4', 4, 56],
    ['IPv6', 16, 104],
  ])('is in the worst case of %s as long as section 2.1 says', (_family, octets, length) => {
    const address = MOST.subarray(0, octets);
    const worst = { source: address, sourcePort: 65_535, destination: address, destinationPort: 65_535 };
    expect(proxyHeaderV1(worst)).toHaveLength(length);
  });
});

describe('version 2', () => {
  const start = '0d0a0d0a000d0a515549540a' + '21';

  test('carries IPv4 addresses in 12 octets behind the signature of section 2.2', () => {
    const addresses = 'c0a80001' + 'c0a8000b' + 'dc04' + '01bb';
    expect(proxyHeaderV2(IPV4).toString('hex')).toBe(start + '11' + '000c' + addresses);
  });

  test('carries IPv6 addresses in 36', () => {
    const addresses = '20010db800000000000000000000002a' + '00000000000000000000000000000001' + '0400' + '0019';
    expect(proxyHeaderV2(IPV6).toString('hex')).toBe(start + '21' + '0024' + addresses);
  });
});
