/** Whom the load may reach without the user's word. */
import { describe, expect, test } from 'vitest';
import { checkPinnedAddresses, isAllowedDomain, isReservedDomain } from '../../src/plan/address-safety.js';
import type { GuardedPlan } from '../../src/plan/address-safety.js';
import type { ConfigIssue } from '../../src/errors.js';
import type { AuthPlan, TlsMode } from '../../src/plan/load-plan.js';

describe('a reserved domain', () => {
  test.each([
    'test',
    'lab.test',
    'a.b.TEST',
    'x.example',
    'x.invalid',
    'localhost',
    'a.localhost',
    'example.com',
    'EXAMPLE.net',
    'mail.example.org',
    'example.com.',
    'host%d.example.test',
  ])('is %s', (domain) => {
    expect(isReservedDomain(domain)).toBe(true);
  });

  test.each([
    'com',
    'example.de',
    'myexample.com',
    'example.com.evil.net',
    'testing',
    'mytest',
    'test.net',
    'localhost.net',
    'local',
    '',
    '%d',
  ])('is not %j', (domain) => {
    expect(isReservedDomain(domain)).toBe(false);
  });
});

test('consent for a domain covers it and what is below, and nothing else', () => {
  expect(isAllowedDomain('lab.internal', ['lab.internal'])).toBe(true);
  expect(isAllowedDomain('Host%d.Lab.Internal', ['lab.internal.'])).toBe(true);
  expect(isAllowedDomain('mylab.internal', ['lab.internal'])).toBe(false);
  expect(isAllowedDomain('internal', ['lab.internal'])).toBe(false);
  expect(isAllowedDomain('lab.internal', [])).toBe(false);
});

describe('the addresses behind a target', () => {
  const one = { accounts: null, wrongPercent: 0 } as const;
  const login = { mechanism: 'login', user: 'load', password: 'secret', ...one } as const;
  const HOST = 'mail.lab.test';
  interface Changes extends Partial<GuardedPlan> {
    readonly host?: string;
    readonly mode?: TlsMode;
    readonly auth?: AuthPlan;
  }
  const issuesOf = (addresses: readonly string[], changes: Changes = {}): ConfigIssue[] => {
    const { host = HOST, mode = 'off', auth = null, ...plan } = changes;
    const scenarios = [{ tls: { mode, sharePercent: 100 }, auth }];
    return checkPinnedAddresses({ scenarios, allowTargets: [], authClear: false, ...plan }, { host }, addresses);
  };

  test('are fine when all are loopback or private', () => {
    expect(issuesOf(['127.0.0.1', '10.0.0.1', 'fd00::1'])).toEqual([]);
  });

  test('are refused when one of them is neither, however many are', () => {
    expect(issuesOf(['10.0.0.1', '203.0.113.9'])).toEqual([
      {
        path: 'TARGET',
        message:
          'mail.lab.test has the address 203.0.113.9, which is neither loopback nor private: if its owner agrees to the load, give --allow-target mail.lab.test',
      },
    ]);
  });

  test('are refused with the literal itself when the target is one', () => {
    expect(issuesOf(['203.0.113.9'], { host: '203.0.113.9' })).toMatchObject([
      { message: expect.stringMatching(/^203\.0\.113\.9 is neither .* --allow-target 203\.0\.113\.9$/) },
    ]);
  });

  test.each([
    ['mail.lab.test', 'mail.lab.test'],
    ['mail.lab.test', 'MAIL.lab.test.'],
    ['2001:db8::1', '2001:DB8:0::1'],
    ['2001:db8::1', '[2001:db8::1]'],
  ])('are fine for %s when %s is allowed', (host, allowed) => {
    expect(issuesOf(['203.0.113.9'], { host, allowTargets: ['x.test', allowed] })).toEqual([]);
  });

  test.each([['203.0.113.9'], ['lab.test'], ['a.mail.lab.test']])('are refused when only %s is allowed', (allowed) => {
    expect(issuesOf(['203.0.113.9'], { allowTargets: [allowed] })).toHaveLength(1);
  });

  test.each<[TlsMode, string, number]>([
    ['off', '127.0.0.1', 0],
    ['off', '::1', 0],
    ['off', '10.0.0.1', 1],
    ['opportunistic', '10.0.0.1', 1],
    ['required', '10.0.0.1', 0],
    ['implicit', '10.0.0.1', 0],
  ])('with a password and TLS %s at %s give %d issues', (mode, address, count) => {
    const issues = issuesOf(['127.0.0.1', address], { mode, auth: login });
    expect(issues).toHaveLength(count);
    for (const issue of issues) {
      expect(issue.path).toBe('--auth');
      expect(issue.message).toContain('--auth-clear');
      expect(JSON.stringify(issue)).not.toContain('secret');
    }
  });

  test.each<[AuthPlan['mechanism'], number]>([
    ['plain', 1],
    ['plain-late', 1],
    ['login', 1],
    ['xoauth2', 1],
    ['oauthbearer', 1],
    ['auto', 1],
    ['cram-md5', 0],
    ['scram-sha-1', 0],
    ['scram-sha-256', 0],
    ['external', 0],
  ])('with what %s shows in clear give %d issues', (mechanism, count) => {
    expect(issuesOf(['10.0.0.1'], { auth: { ...login, mechanism } })).toHaveLength(count);
  });

  test('are fine with no password to show', () => {
    const auth = { mechanism: 'auto', user: '', password: '', ...one } as const;
    expect(issuesOf(['10.0.0.1'], { mode: 'opportunistic', auth })).toEqual([]);
  });

  test('may get the password in clear when the user says so', () => {
    expect(issuesOf(['10.0.0.1'], { auth: login, authClear: true })).toEqual([]);
  });
});
