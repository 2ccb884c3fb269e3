/** Targets as users write them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHostName, parseTarget, parseWeightedTarget } from '../../src/plan/target.js';

describe('a target', () => {
  test.each([
    ['smtp://127.0.0.1:2525', 'smtp://127.0.0.1:2525', '127.0.0.1', 2525, false],
    ['smtp://mail.lab.test', 'smtp://mail.lab.test:25', 'mail.lab.test', 25, false],
    ['smtps://mail.lab.test', 'smtps://mail.lab.test:465', 'mail.lab.test', 465, true],
    ['smtps://mail.lab.test:2465', 'smtps://mail.lab.test:2465', 'mail.lab.test', 2465, true],
    ['SMTP://Mail.Lab.TEST', 'smtp://mail.lab.test:25', 'mail.lab.test', 25, false],
    ['localhost:65535', 'smtp://localhost:65535', 'localhost', 65_535, false],
    ['localhost:1', 'smtp://localhost:1', 'localhost', 1, false],
    ['localhost:2525', 'smtp://localhost:2525', 'localhost', 2525, false],
    ['mail_1.lab.test:25', 'smtp://mail_1.lab.test:25', 'mail_1.lab.test', 25, false],
    ['10.0.0.1:25', 'smtp://10.0.0.1:25', '10.0.0.1', 25, false],
    ['[::1]:2525', 'smtp://[::1]:2525', '::1', 2525, false],
    ['smtp://[::1]', 'smtp://[::1]:25', '::1', 25, false],
    ['smtp://[0:0::0:1]:2525', 'smtp://[::1]:2525', '::1', 2525, false],
    ['smtp://[fe80::1%eth0]:25', 'smtp://[fe80::1%eth0]:25', 'fe80::1%eth0', 25, false],
    ['smtp://[::ffff:7f00:1]:25', 'smtp://[::ffff:127.0.0.1]:25', '::ffff:127.0.0.1', 25, false],
  ])('%s is %s', (text, url, host, port, implicitTls) => {
    expect(parseTarget(text)).toEqual({ url, protocol: 'smtp', host, port, path: null, isMx: false, implicitTls });
  });

  test.each([
    ['lmtp://127.0.0.1', { url: 'lmtp://127.0.0.1:24', host: '127.0.0.1', port: 24 }],
    ['LMTP://[::1]:2424', { url: 'lmtp://[::1]:2424', host: '::1', port: 2424 }],
    ['lmtp+unix:/run/mail.sock', { url: 'lmtp+unix:/run/mail.sock', path: '/run/mail.sock' }],
  ])('%s is spoken to in LMTP', (text, target) => {
    const place = { host: '', port: 0, path: null, ...target };
    expect(parseTarget(text)).toEqual({ protocol: 'lmtp', isMx: false, implicitTls: false, ...place });
  });

  test.each([
    ['smtp+unix:/run/mail.sock', '/run/mail.sock'],
    ['smtp+unix:///run/mail.sock', '/run/mail.sock'],
    ['SMTP+UNIX:/Run/a@b?c#d', '/Run/a@b?c#d'],
    [`smtp+unix:/${'p'.repeat(106)}`, `/${'p'.repeat(106)}`],
  ])('%s is a unix socket, its path as written', (text, path) => {
    const url = `smtp+unix:${path}`;
    expect(parseTarget(text)).toEqual({
      url,
      protocol: 'smtp',
      host: '',
      port: 0,
      path,
      isMx: false,
      implicitTls: false,
    });
  });

  const forms =
    'takes smtp://host[:port], smtps://host[:port], lmtp://host[:port], smtp+unix:/path, lmtp+unix:/path, smtp+mx://domain[:port] or host:port';
  test.each([
    ['', forms],
    ['http://127.0.0.1', `${forms}; other schemes are not supported`],
    ['constructor://127.0.0.1', `${forms}; other schemes are not supported`],
    ['smtp+unix:run/mail.sock', `${forms}, where path begins with /`],
    ['smtps+unix:/run/mail.sock', `${forms}; other schemes are not supported`],
    ['smtp+unix:', `${forms}, where path begins with /`],
    ['smtp+unix:/run/a b', `${forms}, without blanks and control characters`],
    [`smtp+unix:/${'p'.repeat(107)}`, 'takes paths of unix sockets up to 107 octets'],
    [`smtp+unix:/${'ü'.repeat(54)}`, 'takes paths of unix sockets up to 107 octets'],
    [
      'smtp://user:secret@127.0.0.1',
      `${forms}, without credentials: give those with --auth, --user and --password-file`,
    ],
    ['smtp://127.0.0.1/', `${forms}, and nothing behind the port`],
    ['smtp://127.0.0.1:25/path', `${forms}, and nothing behind the port`],
    ['smtp://127.0.0.1?x=1', `${forms}, and nothing behind the port`],
    ['smtp://127.0.0.1#x', `${forms}, and nothing behind the port`],
    ['smtp://', `${forms}, where host is a host name, an IPv4 address or [an IPv6 address]`],
    ['smtp://:25', `${forms}, where host is a host name, an IPv4 address or [an IPv6 address]`],
    [':25', `${forms}, where host is a host name, an IPv4 address or [an IPv6 address]`],
    ['smtp://[]:25', `${forms}, where host is a host name, an IPv4 address or [an IPv6 address]`],
    ['smtp://[127.0.0.1]:25', `${forms}, where host is a host name, an IPv4 address or [an IPv6 address]`],
    ['smtp://[mail.lab.test]:25', `${forms}, where host is a host name, an IPv4 address or [an IPv6 address]`],
    ['smtp://127.1:25', `${forms}, where host is a host name, an IPv4 address or [an IPv6 address]`],
    ['smtp://2130706433', `${forms}, where host is a host name, an IPv4 address or [an IPv6 address]`],
    ['smtp://0x7f000001', `${forms}, where host is a host name, an IPv4 address or [an IPv6 address]`],
    ['smtp://010.0.0.1', `${forms}, where host is a host name, an IPv4 address or [an IPv6 address]`],
    ['smtp://256.0.0.1', `${forms}, where host is a host name, an IPv4 address or [an IPv6 address]`],
    ['smtp://-mail.test', `${forms}, where host is a host name, an IPv4 address or [an IPv6 address]`],
    ['smtp://mail..test', `${forms}, where host is a host name, an IPv4 address or [an IPv6 address]`],
    ['smtp://müller.test', `${forms}, where host is a host name, an IPv4 address or [an IPv6 address]`],
    ['::1', `${forms}, an IPv6 address in brackets: smtp://[::1]:2525`],
    ['smtp://::1:25', `${forms}, an IPv6 address in brackets: smtp://[::1]:2525`],
    ['smtp://a]b:25', `${forms}, an IPv6 address in brackets: smtp://[::1]:2525`],
    ['mail.lab.test', `${forms}; without smtp:// the port is needed`],
    ['smtp://mail.lab.test:', `${forms}, where port is a number from 1 to 65535`],
    ['smtp://mail.lab.test:0', `${forms}, where port is a number from 1 to 65535`],
    ['smtp://mail.lab.test:65536', `${forms}, where port is a number from 1 to 65535`],
    ['smtp://mail.lab.test:smtp', `${forms}, where port is a number from 1 to 65535`],
    ['smtp://mail.lab.test:-1', `${forms}, where port is a number from 1 to 65535`],
    ['smtp://mail.lab.test:25 ', `${forms}, without blanks and control characters`],
    ['smtp://mail.lab.test\r\nRSET:25', `${forms}, without blanks and control characters`],
    ['smtp://mail.lab.test\0:25', `${forms}, without blanks and control characters`],
  ])('%j is refused', (text, problem) => {
    expect(parseTarget(text)).toEqual({ problem });
  });

  test('is read from its own URL to the same target', () => {
    const hosts = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.ipV6().map((ip) => `[${ip}]`),
    );
    fc.assert(
      fc.property(
        hosts,
        fc.integer({ min: 1, max: 65_535 }),
        fc.constantFrom('smtp', 'smtps', 'lmtp'),
        (host, port, scheme) => {
          const target = parseTarget(`${scheme}://${host}:${port}`);
          expect(target).toMatchObject({ port });
          expect('url' in target && parseTarget(target.url)).toEqual(target);
        },
      ),
    );
  });

  test('of any text gives a target or one sentence, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => {
        const target = parseTarget(text);
        expect('problem' in target ? target.problem : target.url).toMatch(
          /^(takes |smtps?:\/\/|lmtp:\/\/|[sl]mtp\+unix:\/)/,
        );
      }),
    );
  });
});

test('a host name is at most 253 octets in labels of at most 63', () => {
  const label = 'a'.repeat(63);
  expect(isHostName(`${label}.test`)).toBe(true);
  expect(isHostName(`a${label}.test`)).toBe(false);
  expect(isHostName(`${label}.${label}.${label}.${'a'.repeat(61)}`)).toBe(true);
  expect(isHostName(`${label}.${label}.${label}.${'a'.repeat(62)}`)).toBe(false);
});

test.each([
  ['smtp+mx://Lab.test', 'smtp+mx://lab.test:25', 25],
  ['smtp+mx://lab.test:2525', 'smtp+mx://lab.test:2525', 2525],
])('%s is the mail hosts of a domain', (text, url, port) => {
  const rest = { protocol: 'smtp', host: 'lab.test', path: null, implicitTls: false };
  expect(parseTarget(text)).toEqual({ url, port, isMx: true, ...rest });
});

test.each(['smtp+mx://127.0.0.1', 'smtp+mx://[::1]'])('%s has no MX records', (text) => {
  expect(parseTarget(text)).toEqual({
    problem: expect.stringMatching(/, where domain is a name: an address has no MX records$/) as string,
  });
});

describe('a target with a weight', () => {
  test.each([
    ['a.test:25', 'smtp://a.test:25', 1],
    ['smtp://a.test,weight=3', 'smtp://a.test:25', 3],
    ['lmtp://[::1]:24,weight=0.25', 'lmtp://[::1]:24', 0.25],
    ['smtp+unix:/run/a,b,weight=1000000', 'smtp+unix:/run/a,b', 1_000_000],
    ['smtp+unix:/run/weight=3', 'smtp+unix:/run/weight=3', 1],
  ])('%s is %s with weight %d', (text, url, weight) => {
    expect(parseWeightedTarget(text)).toMatchObject({ url, weight });
  });

  test.each(['0', '', '-1', '1e3', '0.0001', '1000001', '1/2', 'x'])('has no weight of %j', (weight) => {
    expect(parseWeightedTarget(`a.test:25,weight=${weight}`)).toEqual({
      problem: 'takes a number above 0 and up to 1000000 with at most 3 decimals as weight',
    });
  });
});
