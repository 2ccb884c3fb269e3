/** Address literals: what is one, how it is written, how far away it is. */
import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalIp, isIp, judgeAddress } from '../../src/plan/ip-address.js';

describe('the reach of an address', () => {
  test.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['::1', 'loopback'],
    ['0:0:0:0:0:0:0:1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['10.0.0.1', 'private'],
    ['10.255.255.255', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['169.254.1.1', 'private'],
    ['fc00::1', 'private'],
    ['fdff:ffff::1', 'private'],
    ['fe80::1', 'private'],
    ['fe80::1%eth0', 'private'],
    ['febf::1', 'private'],
    ['::ffff:10.1.2.3', 'private'],
    ['::FFFF:C0A8:0101', 'private'],
    ['0.0.0.0', 'public'],
    ['::', 'public'],
    ['9.255.255.255', 'public'],
    ['11.0.0.0', 'public'],
    ['126.255.255.255', 'public'],
    ['128.0.0.1', 'public'],
    ['172.15.255.255', 'public'],
    ['172.32.0.0', 'public'],
    ['192.167.255.255', 'public'],
    ['192.169.0.0', 'public'],
    ['169.253.0.1', 'public'],
    ['100.64.0.1', 'public'],
    ['198.18.0.1', 'public'],
    ['203.0.113.9', 'public'],
    ['224.0.0.1', 'public'],
    ['255.255.255.255', 'public'],
    ['::ffff:203.0.113.9', 'public'],
    ['::127.0.0.1', 'public'],
    ['::2', 'public'],
    ['1::1', 'public'],
    ['64:ff9b::7f00:1', 'public'],
    ['2002:7f00:1::', 'public'],
    ['2001:db8::1', 'public'],
    ['fbff::1', 'public'],
    ['fe00::1', 'public'],
    ['fe7f::1', 'public'],
    ['fec0::1', 'public'],
    ['ff02::1', 'public'],
    ['localhost', 'public'],
    ['127.1', 'public'],
    ['0177.0.0.1', 'public'],
    ['', 'public'],
  ])('%s is %s', (address, reach) => {
    expect(judgeAddress(address)).toBe(reach);
  });

  test('of a mapped address is that of its IPv4 address, however it is written', () => {
    fc.assert(
      fc.property(fc.ipV4(), (ip) => {
        const [a = 0, b = 0, c = 0, d = 0] = ip.split('.').map(Number);
        const hex = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
        expect(judgeAddress(`::ffff:${ip}`)).toBe(judgeAddress(ip));
        expect(judgeAddress(`::ffff:${hex}`)).toBe(judgeAddress(ip));
        expect(judgeAddress(`0:0:0:0:0:ffff:${hex}`)).toBe(judgeAddress(ip));
      }),
    );
  });
});

describe('an address literal', () => {
  test('is what Node takes for one, zones apart', () => {
    const nearly = fc.string({
      unit: fc.constantFrom('0', '1', 'f', ':', '::', '.', '127.0.0.1', 'ffff', 'g'),
      maxLength: 12,
    });
    const texts = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      nearly,
      fc.string().map((text) => text.replaceAll('%', '')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(isIp(text)).toBe(isIP(text) !== 0);
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    ['::1', '::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['2001:DB8::0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['1:0:0:2:0:0:3:4', '1::2:0:0:3:4'],
    ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
    ['FE80::1%eth0', 'fe80::1%eth0'],
    ['::ffff:7f00:1', '::ffff:127.0.0.1'],
    ['10.0.0.1', '10.0.0.1'],
    ['mail.test', null],
  ])('%s is written %s', (text, canonical) => {
    expect(canonicalIp(text)).toBe(canonical);
  });

  test('keeps its meaning in the canonical form', () => {
    fc.assert(
      fc.property(fc.ipV6(), (ip) => {
        const canonical = canonicalIp(ip) ?? '';
        const byUrl = (text: string): string => new URL(`http://[${text}]/`).hostname;
        expect(byUrl(canonical)).toBe(byUrl(ip));
        expect(canonicalIp(canonical)).toBe(canonical);
      }),
    );
  });
});
