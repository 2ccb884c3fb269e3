/** Mail addresses as users write them, and where mail for them could go. */
import { describe, expect, test } from 'vitest';
import { parseMailAddress } from '../../src/plan/mail-address.js';

describe('a mail address', () => {
  test.each([
    ['user@example.test', 'user@example.test', ['example.test']],
    ['<user@example.test>', 'user@example.test', ['example.test']],
    ['user%d@example.test', 'user%d@example.test', ['example.test']],
    ['u%d+%d@Host%d.Example.TEST', 'u%d+%d@Host%d.Example.TEST', ['host%d.example.test']],
    ['%d@%d.example.test', '%d@%d.example.test', ['%d.example.test']],
    ['postmaster', 'postmaster', []],
    ['user%d', 'user%d', []],
    ['user@[127.0.0.1]', 'user@[127.0.0.1]', []],
    ['user@[IPv6:::1]', 'user@[IPv6:::1]', []],
    ['"john doe"@example.test', '"john doe"@example.test', ['example.test']],
    ['"a\\"b,c"@example.test', '"a\\"b,c"@example.test', ['example.test']],
    ['"quoted"', '"quoted"', []],
    [
      "o'neil/x=y?#!$&*+-^_`{|}~@example.test",
      "o'neil/x=y?#!$&*+-^_`{|}~@example.test",
      ['example.test', "o'neil/x=y?#"],
    ],
    ['', '', []],
    ['<>', '', []],
    ['user@lab_1', 'user@lab_1', ['lab_1']],
  ])('%s is taken', (text, path, domains) => {
    expect(parseMailAddress(text)).toEqual({ path, domains });
  });

  test.each([
    ['victim%elsewhere.net@relay.test', ['relay.test', 'elsewhere.net']],
    ['victim%elsewhere.net', ['elsewhere.net']],
    ['victim%a.net%b.net@relay.test', ['relay.test', 'a.net', 'b.net']],
    ['victim%d%host%d.net@relay.test', ['relay.test', 'host%d.net']],
    ['elsewhere.net!victim@relay.test', ['relay.test', 'elsewhere.net']],
    ['"victim@elsewhere.net"@relay.test', ['relay.test', 'elsewhere.net']],
    ['"victim\\@elsewhere.net"', ['elsewhere.net']],
  ])('%s may be routed on', (text, domains) => {
    expect(parseMailAddress(text)).toEqual({ path: text, domains });
  });

  const one = 'takes one address such as user%d@example.test, without name and comments';
  const domain = 'takes an address with a domain of letters, digits, dots and hyphens (%d not in the last part)';
  const ascii = 'takes an address in printable ASCII on one line';
  test.each([
    ['user@example.test\r\nRCPT TO:<x@example.test>', ascii],
    ['user\n@example.test', ascii],
    ['user\0@example.test', ascii],
    ['us\ter@example.test', ascii],
    ['üser@example.test', ascii],
    ['user@exämple.test', ascii],
    ['us er@example.test', one],
    ['User <user@example.test>', one],
    ['<user@example.test', one],
    ['user@example.test>', domain],
    ['<<user@example.test>>', one],
    ['a,b@example.test', one],
    ['a;b', one],
    ['@example.test', one],
    ['@relay.test:user@example.test', one],
    ['"open@example.test', one],
    ['"a"b@example.test', one],
    ['user@', domain],
    ['user@@example.test', domain],
    ['a@b@example.test', domain],
    ['user@example..test', domain],
    ['user@example.test.', domain],
    ['user@.test', domain],
    ['user@exa mple.test', domain],
    ['user@example.test> SIZE=1', domain],
    ['user@example.t%d', domain],
    ['user@[127.0.0.1', domain],
    ['user@[]', domain],
    [`user@${'a'.repeat(64)}.test`, domain],
    [`${'u'.repeat(250)}@e.test`, 'takes an address of at most 254 octets'],
  ])('%j is refused', (text, takes) => {
    expect(parseMailAddress(text)).toEqual({ takes });
  });
});
