import { describe, expect, test } from 'vitest';
import { Credentials } from '../../../src/sink/credentials.js';
import { oauthBearer } from '../../../src/sink/sasl/oauthbearer.js';
import { converse } from './converse.js';

const TOKEN = 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==';
const credentials = new Credentials({ 'user@example.com': TOKEN, 'a=b,c': 'ya29.token' });
const EXAMPLE = `n,a=user@example.com,\x01host=server.example.com\x01port=587\x01auth=Bearer ${TOKEN}\x01\x01`;

describe('OAUTHBEARER', () => {
  test.each([
    ['the example of RFC 7628 §4.4', EXAMPLE, 'user@example.com'],
    ['a token without host and port', `n,a=user@example.com,\x01auth=bearer ${TOKEN}\x01\x01`, 'user@example.com'],
    ['a name with comma and equals sign', 'n,a=a=3Db=2Cc,\x01auth=Bearer ya29.token\x01\x01', 'a=b,c'],
  ])('accepts %s', (_name, message, user) => {
    const { challenges, verdict } = converse(oauthBearer(credentials), [message]);
    expect(challenges).toEqual(['']);
    expect(verdict).toEqual({ user, isProved: true, lastChallenge: '' });
  });

  test.each([
    ['a wrong token', 'user@example.com', 'other'],
    ['an unknown user', 'other', TOKEN],
  ])('tells in JSON that %s is refused', (_name, user, token) => {
    const { verdict } = converse(oauthBearer(credentials), [`n,a=${user},\x01auth=Bearer ${token}\x01\x01`]);
    expect(verdict).toMatchObject({ user, isProved: false });
    expect(JSON.parse(verdict?.lastChallenge ?? '')).toMatchObject({ status: 'invalid_token' });
  });

  test.each([
    '',
    'n,a=user@example.com,',
    `n,,\x01auth=Bearer ${TOKEN}\x01\x01`,
    `n,a=us=er,\x01auth=Bearer ${TOKEN}\x01\x01`,
    `p=tls-unique,a=user@example.com,\x01auth=Bearer ${TOKEN}\x01\x01`,
    `n,a=user@example.com,\x01auth=Bearer ${TOKEN}\x01`,
    `n,a=user@example.com,\x01auth=Bearer ${TOKEN}\x01\x01\x01`,
    `n,a=user@example.com,\x01auth=Bearer ${TOKEN}\x01host=a\x01port=1`,
    `n,a=user@example.com,\x01nonsense\x01auth=Bearer ${TOKEN}\x01\x01`,
    `n,a=user@example.com,\x01auth=Basic ${TOKEN}\x01\x01`,
    `n,a=user@example.com,\x01auth=Bearer ${TOKEN}\x01auth=Bearer ${TOKEN}\x01\x01`,
    'n,a=user@example.com,\x01host=server.example.com\x01\x01',
    'n,a=user@example.com,\x01\x01',
  ])('makes nothing of %j', (message) => {
    const { verdict } = converse(oauthBearer(credentials), [message]);
    expect(verdict).toEqual({ user: null, isProved: false, lastChallenge: '' });
  });
});
