import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Credentials } from '../../../src/sink/credentials.js';
import { cramChallenge, cramMd5 } from '../../../src/sink/sasl/cram-md5.js';
import { converse } from './converse.js';

const CHALLENGE = '<1896.697170952@postoffice.reston.mci.net>';
const RFC_DIGEST = 'b913a602c7eda7a495b4e6e7334d3890';
const credentials = new Credentials({ tim: 'tanstaaftanstaaf', 'tim tam': 'sweet', '': 'nameless' });
const digestOf = (secret: string): string => createHmac('md5', secret).update(CHALLENGE).digest('hex');

describe('CRAM-MD5', () => {
  test('accepts the example of RFC 2195 §2', () => {
    expect(converse(cramMd5(credentials, CHALLENGE), [`tim ${RFC_DIGEST}`])).toEqual({
      challenges: [CHALLENGE],
      verdict: { user: 'tim', isProved: true, lastChallenge: '' },
    });
  });

  test('takes a user with spaces', () => {
    const { verdict } = converse(cramMd5(credentials, CHALLENGE), [`tim tam ${digestOf('sweet')}`]);
    expect(verdict).toMatchObject({ user: 'tim tam', isProved: true });
  });

  test.each([
    ['a wrong digest', `tim ${digestOf('other')}`, 'tim'],
    ['the digest of an unknown user with an empty password', `joe ${digestOf('')}`, 'joe'],
    ['a digest cut short', `tim ${RFC_DIGEST.slice(0, -1)}`, 'tim'],
    ['NULs', 'tim\0 \0', 'tim\0'],
    ['a user alone', 'tim', null],
    ['a digest alone', ` ${digestOf('nameless')}`, null],
    ['nothing', '', null],
  ])('refuses %s', (_name, response, user) => {
    const { verdict } = converse(cramMd5(credentials, CHALLENGE), [response]);
    expect(verdict).toEqual({ user, isProved: false, lastChallenge: '' });
  });

  test('has a challenge of its own for each dialogue, in the shape of a message identifier', () => {
    const challenges = Array.from({ length: 1000 }, () => cramChallenge('sink.test'));
    expect(new Set(challenges).size).toBe(1000);
    for (const challenge of challenges) expect(challenge).toMatch(/^<\d+\.\d+@sink\.test>$/);
  });
});
