import { describe, expect, test } from 'vitest';
import { AuthMechanism } from '../../../src/protocol/extensions.js';
import { PASSWORD_MECHANISMS, SASL_MECHANISMS, chooseMechanism } from '../../../src/protocol/sasl/mechanisms.js';

const { external, xoauth2, oauthbearer, plain, login } = SASL_MECHANISMS;
const namesOf = (mechanisms: readonly { name: string }[]): string[] => mechanisms.map(({ name }) => name);

describe('the mechanisms', () => {
  test('each have their own name and bit, but for the two ways of PLAIN', () => {
    const all = Object.values(SASL_MECHANISMS);
    expect(new Set(namesOf(all)).size).toBe(all.length - 1);
    expect(new Set(all.map(({ bit }) => bit)).size).toBe(all.length - 1);
    expect(SASL_MECHANISMS['plain-late']).toEqual({ ...plain, isLate: true });
    for (const [word, { name }] of Object.entries(SASL_MECHANISMS)) {
      expect(word.replace('-late', '').toUpperCase()).toBe(name);
    }
  });

  test('for a password are in order of what they give away, and no token is among them', () => {
    expect(namesOf(PASSWORD_MECHANISMS)).toEqual(['SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5', 'PLAIN', 'LOGIN']);
  });
});

describe('the choice', () => {
  const everything = 0xffff;

  test('is the first candidate that is offered', () => {
    let offered = everything;
    for (const mechanism of PASSWORD_MECHANISMS) {
      expect(chooseMechanism(PASSWORD_MECHANISMS, offered, false)).toBe(mechanism);
      offered &= ~mechanism.bit;
    }
    expect(chooseMechanism(PASSWORD_MECHANISMS, offered, false)).toBeNull();
    expect(chooseMechanism(PASSWORD_MECHANISMS, 0, true)).toBeNull();
  });

  test('is no mechanism that is offered and is no candidate', () => {
    expect(chooseMechanism([login], everything & ~AuthMechanism.login, true)).toBeNull();
    expect(chooseMechanism([xoauth2], AuthMechanism.oauthBearer, true)).toBeNull();
    expect(chooseMechanism([oauthbearer], AuthMechanism.oauthBearer, true)).toBe(oauthbearer);
  });

  test('is EXTERNAL inside TLS alone', () => {
    expect(chooseMechanism([external, plain], everything, true)).toBe(external);
    expect(chooseMechanism([external, plain], everything, false)).toBe(plain);
    expect(chooseMechanism([external], everything, false)).toBeNull();
  });
});
