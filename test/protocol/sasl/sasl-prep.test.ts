import { describe, expect, test } from 'vitest';
import { saslPrepared } from '../../../src/protocol/sasl/sasl-prep.js';

describe('SASLprep', () => {
  test.each([
    ['a soft hyphen mapped to nothing', 'I\u00adX', 'IX'],
    ['no transformation', 'user', 'user'],
    ['case preserved', 'USER', 'USER'],
    ['output is NFKC, input in ISO 8859-1', '\u00aa', 'a'],
    ['output is NFKC', '\u2168', 'IX'],
  ])('gives what RFC 4013 §3 gives: %s', (_name, input, output) => {
    expect(saslPrepared(input)).toBe(output);
  });

  test.each([
    ['other spaces', 'a\u00a0b\u3000c\u200bd', 'a b c d'],
    ['joiners and selectors', 'a\u200c\u200d\u2060\ufe0f\ufeffb', 'ab'],
    ['composed letters', 'u\u0308', 'ü'],
  ])('treats %s alike', (_name, input, output) => {
    expect(saslPrepared(input)).toBe(output);
  });
});
