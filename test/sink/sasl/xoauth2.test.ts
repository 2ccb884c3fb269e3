import { describe, expect, test } from 'vitest';
import { Credentials } from '../../../src/sink/credentials.js';
import { xoauth2 } from '../../../src/sink/sasl/xoauth2.js';
import { converse } from './converse.js';

const credentials = new Credentials({ load: 'ya29.token' });

describe('XOAUTH2', () => {
  test.each(['Bearer', 'bearer'])('accepts the token of a user behind %s', (scheme) => {
    const { challenges, verdict } = converse(xoauth2(credentials), [`user=load\x01auth=${scheme} ya29.token\x01\x01`]);
    expect(challenges).toEqual(['']);
    expect(verdict).toEqual({ user: 'load', isProved: true, lastChallenge: '' });
  });

  test.each([
    ['a wrong token', 'load', 'other'],
    ['an unknown user', 'other', 'ya29.token'],
  ])('tells in JSON that %s is refused', (_name, user, token) => {
    const { verdict } = converse(xoauth2(credentials), [`user=${user}\x01auth=Bearer ${token}\x01\x01`]);
    expect(verdict).toMatchObject({ user, isProved: false });
    expect(JSON.parse(verdict?.lastChallenge ?? '')).toMatchObject({ status: '401', schemes: 'Bearer' });
  });

  test.each([
    '',
    'user=load',
    'user=load\x01auth=Bearer ya29.token\x01',
    'user=load\x01auth=Bearer ya29.token\x01\x01\x01',
    'user=load\x01auth=Bearer ya29.token\x01x\x01',
    'user=load\x01auth=Basic ya29.token\x01\x01',
    'user=load\x01auth=Bearer \x01\x01',
    'user=\x01auth=Bearer ya29.token\x01\x01',
    'auth=Bearer ya29.token\x01user=load\x01\x01',
  ])('makes nothing of %j', (response) => {
    const { verdict } = converse(xoauth2(credentials), [response]);
    expect(verdict).toEqual({ user: null, isProved: false, lastChallenge: '' });
  });
});
