/** Lists of addresses as users write them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listedAddresses, parseAddressList } from '../../src/plan/address-list.js';

describe('a list of addresses', () => {
  test.each<[readonly string[], 4 | 6, readonly string[]]>([
    [['127.0.0.2'], 4, ['127.0.0.2']],
    [['127.0.0.2', '127.0.0.9'], 4, ['127.0.0.2', '127.0.0.9']],
    [['127.0.0.9, 127.0.0.2'], 4, ['127.0.0.9', '127.0.0.2']],
    [['127.0.0.254-127.0.1.1'], 4, ['127.0.0.254', '127.0.0.255', '127.0.1.0', '127.0.1.1']],
    [['127.0.0.0/30'], 4, ['127.0.0.1', '127.0.0.2']],
    [['127.0.0.7/30'], 4, ['127.0.0.5', '127.0.0.6']],
    [['127.0.0.6/31'], 4, ['127.0.0.6', '127.0.0.7']],
    [['127.0.0.6/32'], 4, ['127.0.0.6']],
    [['::1'], 6, ['::1']],
    [['2001:DB8::/126'], 6, ['2001:db8::1', '2001:db8::2', '2001:db8::3']],
    [['2001:db8::ffff-2001:db8::1:1'], 6, ['2001:db8::ffff', '2001:db8::1:0', '2001:db8::1:1']],
    [['fd00::1/128,fd00::2/127'], 6, ['fd00::1', 'fd00::2', 'fd00::3']],
  ])('%j is IPv%d %j', (texts, family, addresses) => {
    expect(parseAddressList(texts)).toEqual({ family, addresses });
  });

  const forms = 'takes addresses, ranges (127.0.0.2-127.0.0.50) and CIDR blocks (127.0.0.0/28), separated by commas';
  test.each<[readonly string[], string]>([
    [[], forms],
    [[''], forms],
    [['127.0.0.2,'], forms],
    [['localhost'], forms],
    [['127.0.0.1-127.0.0.2-127.0.0.3'], forms],
    [['127.0.0.3-127.0.0.2'], forms],
    [['127.0.0.1-::1'], forms],
    [['127.0.0.0/33'], forms],
    [['127.0.0.0/'], forms],
    [['::/129'], forms],
    [['127.0.0.1-127.0.0.8/30'], forms],
    [['fe80::1%eth0'], forms],
    [['127.0.0.1', '::1'], `${forms}, all of one IP version`],
    [['10.0.0.0/8'], 'takes at most 65536 addresses'],
    [['::/0'], 'takes at most 65536 addresses'],
    [['10.0.0.0/16', '10.1.0.0/16'], 'takes at most 65536 addresses'],
  ])('%j is refused', (texts, problem) => {
    expect(parseAddressList(texts)).toEqual({ problem });
  });

  test('names what Node reads as the same address again', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (ip) => {
        const { addresses } = listedAddresses([ip]);
        expect(listedAddresses(addresses).addresses).toEqual(addresses);
      }),
    );
  });
});
