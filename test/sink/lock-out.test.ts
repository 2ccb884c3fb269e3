import { describe, expect, test } from 'vitest';
import { LockOut } from '../../src/sink/lock-out.js';
import { testCertificate } from '../support/certificate.js';
import { codeOf, codesOf, countOf, openClient, openSession } from './open-sink.js';
import { base64 } from './sasl/converse.js';

const plain = (user: string, password: string): string => `AUTH PLAIN ${base64(`\0${user}\0${password}`)}`;

describe('a lock-out', () => {
  test('comes after so many failures in a row, lasts its time, and then begins anew', () => {
    const lockOut = new LockOut(2, 1000);
    const tries: [boolean, number, boolean][] = [
      [false, 0, false],
      [false, 10, false],
      [true, 500, true],
      [false, 1009, true],
      [false, 1010, false],
      [true, 1011, false],
      [false, 1012, false],
      [false, 1013, false],
      [true, 1014, true],
    ];
    for (const [isProved, nowMs, isLocked] of tries) {
      expect([nowMs, lockOut.isLocked('load', isProved, nowMs)]).toEqual([nowMs, isLocked]);
    }
  });

  test('is forgotten by a success, and is each user’s own', () => {
    const lockOut = new LockOut(2, 1000);
    lockOut.isLocked('a', false, 0);
    lockOut.isLocked('a', true, 1);
    lockOut.isLocked('a', false, 2);
    lockOut.isLocked('b', false, 3);
    expect(lockOut.isLocked('a', true, 4)).toBe(false);
    lockOut.isLocked('b', false, 5);
    expect(lockOut.isLocked('b', true, 6)).toBe(true);
    expect(lockOut.isLocked('a', true, 7)).toBe(false);
  });

  test('forgets the oldest of very many users', () => {
    const lockOut = new LockOut(1, 1000);
    for (let index = 0; index <= 100_000; index++) lockOut.isLocked(`user${String(index)}`, false, 0);
    expect(lockOut.isLocked('user0', true, 1)).toBe(false);
    expect(lockOut.isLocked('user100000', true, 1)).toBe(true);
  });
});

describe('a sink that locks users out', () => {
  test('answers 454 even to the right password, in all sessions, and to no other user', async () => {
    const { sink, client } = await openSession({
      users: { load: 'secret', other: 'x' },
      authLockOut: { afterFailures: 2, forMs: 600_000 },
    });
    expect(await codesOf(client, [plain('load', 'no'), plain('load', 'no'), plain('load', 'secret')])).toEqual([
      '535 5.7.8',
      '535 5.7.8',
      '454 4.7.0',
    ]);
    const second = await openClient(sink);
    await second.hello();
    expect(await codesOf(second, [plain('load', 'secret'), plain('other', 'x')])).toEqual(['454 4.7.0', '235 2.7.0']);
    expect(sink.stats().authenticated).toBe(1);
    expect(countOf(sink.stats(), 'auth', 454)).toBe(2);
  });
});

describe('a sink whose AUTH needs TLS', () => {
  test('neither offers nor performs it in clear, and does both inside TLS', async () => {
    const { client } = await openSession({ tls: await testCertificate(), users: { load: 'x' }, authNeedsTls: true });
    expect(await client.command('EHLO c.test')).not.toContain('AUTH');
    expect(codeOf(await client.command(plain('load', 'x')))).toBe('538 5.7.11');
    await client.command('STARTTLS');
    await client.startTls();
    expect(await client.command('EHLO c.test')).toContain('AUTH PLAIN');
    expect(codeOf(await client.command(plain('load', 'x')))).toBe('235 2.7.0');
  });
});
