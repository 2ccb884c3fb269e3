import { describe, expect, test } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../../src/protocol/sasl/base64.js';

describe('base64', () => {
  test('is written of the UTF-8 of a text', () => {
    expect(encodeBase64('jürgen')).toBe('asO8cmdlbg==');
    expect(encodeBase64('')).toBe('');
  });

  test('is read as octets', () => {
    expect(decodeBase64('AP/+')).toEqual(Buffer.from([0, 255, 254]));
    expect(decodeBase64('')).toEqual(Buffer.alloc(0));
  });

  test.each(['a', 'ab', 'abc', 'ab=c', '=abc', 'a===', '====', 'ab c', 'abc\r', 'ab-_', 'abcdé', 'Ok, go on'])(
    'is not %j',
    (text) => {
      expect(decodeBase64(text)).toBeNull();
    },
  );
});
