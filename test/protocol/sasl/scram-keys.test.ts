import { describe, expect, test } from 'vitest';
import { MAX_KEPT_SCRAM_KEYS, ScramKeyCache } from '../../../src/protocol/sasl/scram-keys.js';

const SALT = 'QSXCR+Q6sek8bf92';

describe('the keys of SCRAM', () => {
  test('are those of RFC 5802 §5', () => {
    const { clientKey, storedKey, serverKey } = new ScramKeyCache().keysOf('sha1', SALT, 4096, 'user', 'pencil');
    // As other implementations print them for this example.
    expect(clientKey.toString('hex')).toBe('e234c47bf6c36696dd6d852b99aaa2ba26555728');
    expect(storedKey.toString('hex')).toBe('e9d94660c39d65c38fbad91c358f14da0eef2bd6');
    expect(serverKey.toString('hex')).toBe('0fe09258b3ac852ba502cc62ba903eaacdbf7d31');
  });

  test('are made once, however often they are needed', () => {
    const cache = new ScramKeyCache();
    const keys = cache.keysOf('sha256', SALT, 100_000, 'user', 'pencil');
    const startedAt = performance.now();
    for (let count = 0; count < 1_000; count++) {
      expect(cache.keysOf('sha256', SALT, 100_000, 'user', 'pencil')).toBe(keys);
    }
    // A thousand times 15 ms, if they were made each time.
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(cache.size).toBe(1);
  });

  test('are others for another mechanism, salt, number of iterations, user or password', () => {
    const cache = new ScramKeyCache();
    const all = [
      cache.keysOf('sha1', SALT, 2, 'user', 'pencil'),
      cache.keysOf('sha256', SALT, 2, 'user', 'pencil'),
      cache.keysOf('sha1', 'AAAA', 2, 'user', 'pencil'),
      cache.keysOf('sha1', SALT, 3, 'user', 'pencil'),
      cache.keysOf('sha1', SALT, 2, 'other', 'pen'),
      cache.keysOf('sha1', SALT, 2, 'user', 'wrong'),
    ];
    expect(new Set(all.map(({ storedKey }) => storedKey.toString('hex'))).size).toBe(all.length);
    expect(cache.size).toBe(all.length);
  });

  test('are kept in bounds, and the oldest forgotten first, when a server has another salt each time', () => {
    const cache = new ScramKeyCache();
    const saltOf = (count: number): string => Buffer.from(String(count).padStart(6, '0')).toString('base64');
    const first = cache.keysOf('sha1', saltOf(0), 1, 'user', 'pencil');
    const second = cache.keysOf('sha1', saltOf(1), 1, 'user', 'pencil');
    for (let count = 2; count <= MAX_KEPT_SCRAM_KEYS; count++) cache.keysOf('sha1', saltOf(count), 1, 'user', 'pencil');
    expect(cache.size).toBe(MAX_KEPT_SCRAM_KEYS);
    expect(cache.keysOf('sha1', saltOf(1), 1, 'user', 'pencil')).toBe(second);
    expect(cache.keysOf('sha1', saltOf(0), 1, 'user', 'pencil')).not.toBe(first);
    expect(cache.size).toBe(MAX_KEPT_SCRAM_KEYS);
  });
});
