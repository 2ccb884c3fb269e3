/** Variables in place of flags. */
import { expect, test } from 'vitest';
import { mergeEnvironment } from '../../src/cli/environment.js';

test('a variable stands in for a flag that is not given', () => {
  const { flags, variables, issues } = mergeEnvironment(new Map([['--sessions', '5']]), {
    POSTRUSH_SESSIONS: '7',
    POSTRUSH_TLS_CA: 'ca.pem',
    POSTRUSH_TIMEOUT: '5s, quit=1s',
    POSTRUSH_QUIET: '1',
  });
  expect(Object.fromEntries(flags)).toEqual({
    '--sessions': '5',
    '--tls-ca': 'ca.pem',
    '--timeout': ['5s', 'quit=1s'],
    '--quiet': true,
  });
  expect(Object.fromEntries(variables)).toEqual({
    '--tls-ca': 'POSTRUSH_TLS_CA',
    '--timeout': 'POSTRUSH_TIMEOUT',
    '--quiet': 'POSTRUSH_QUIET',
  });
  expect(issues).toEqual([]);
});

test('consent is never taken from the environment', () => {
  const environment = {
    POSTRUSH_ALLOW_TARGET: 'mail.elsewhere.net',
    POSTRUSH_ALLOW_DOMAIN: 'elsewhere.net',
    POSTRUSH_AUTH_CLEAR: '1',
  };
  expect(mergeEnvironment(new Map(), environment).flags.size).toBe(0);
});

test('an empty or unknown variable says nothing', () => {
  const { flags, issues } = mergeEnvironment(new Map(), {
    POSTRUSH_SESSIONS: '',
    POSTRUSH_SESIONS: '5',
    SESSIONS: '5',
  });
  expect(flags.size).toBe(0);
  expect(issues).toEqual([]);
});

test.each(['0', 'false', 'NO'])('a switch is off with %s', (value) => {
  expect(mergeEnvironment(new Map(), { POSTRUSH_QUIET: value })).toMatchObject({ flags: new Map(), issues: [] });
});

test('a switch takes nothing but yes and no', () => {
  expect(mergeEnvironment(new Map(), { POSTRUSH_QUIET: 'perhaps' }).issues).toEqual([
    { path: 'POSTRUSH_QUIET', message: 'takes 1 or 0, true or false, yes or no', received: 'perhaps' },
  ]);
});
