import { describe, expect, test } from 'vitest';
import { formatListenAddress, parseListenAddress } from '../../src/sink/listen-address.js';

describe('an address to listen on', () => {
  test.each([
    ['smtp://127.0.0.1:2525', 'smtp://127.0.0.1:2525'],
    ['127.0.0.1:2525', 'smtp://127.0.0.1:2525'],
    ['smtp://127.0.0.1', 'smtp://127.0.0.1:25'],
    ['SMTPS://localhost', 'smtps://127.0.0.1:465'],
    ['lmtp://[::1]', 'lmtp://[::1]:24'],
    ['[::1]:0', 'smtp://[::1]:0'],
    ['smtp+unix:/run/a b', 'smtp+unix:/run/a b'],
    ['lmtp+unix:///run/lmtp', 'lmtp+unix:/run/lmtp'],
  ])('%s is %s', (text, url) => {
    const address = parseListenAddress(text);
    expect('problem' in address ? address.problem : formatListenAddress(address, address.port)).toBe(url);
  });

  test.each([
    ['', /takes smtp/],
    ['mail.example.test:25', /not resolved/],
    ['127.0.0.1', /the port is needed/],
    ['smtp://127.0.0.1:65536', /from 0 to 65535/],
    ['smtp://[127.0.0.1]:25', /not resolved/],
    ['http://127.0.0.1:80', /takes smtp/],
    ['smtp+unix:relative', /takes smtp/],
    [`smtp+unix:/${'x'.repeat(107)}`, /up to 107 octets/],
  ])('%j is none, and the sentence says why', (text, problem) => {
    expect(parseListenAddress(text)).toEqual({ problem: expect.stringMatching(problem) });
  });
});
