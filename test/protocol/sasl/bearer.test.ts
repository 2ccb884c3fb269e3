/** The mechanisms that present a token. */
import { describe, expect, test } from 'vitest';
import { encodeBase64 } from '../../../src/protocol/sasl/base64.js';
import { oauthBearer } from '../../../src/protocol/sasl/oauthbearer.js';
import { xoauth2 } from '../../../src/protocol/sasl/xoauth2.js';
import { knowledge, speak } from '../../support/sasl-speaker.js';

const REFUSAL = '{"status":"invalid_token","scope":"example_scope"}';
const rfc7628 = knowledge({ user: 'user@example.com', secret: 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==' });

describe('OAUTHBEARER', () => {
  test.each([
    [
      'IMAP (§4.1)',
      143,
      'bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB',
    ],
    [
      'SMTP (§4.4)',
      587,
      'bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9NTg3AWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB',
    ],
  ])('says what the example of RFC 7628 for %s says', (_where, port, base64) => {
    const { responses, mayEnd } = speak(oauthBearer({ ...rfc7628, port }), []);
    expect(encodeBase64(responses[0] ?? '')).toBe(base64);
    expect(mayEnd).toBe(true);
  });

  test('answers the reason of a refusal with the octet 1, and takes no acceptance after it', () => {
    const { responses, mayEnd, problem } = speak(oauthBearer(rfc7628), [REFUSAL]);
    expect(encodeBase64(responses[1] ?? '')).toBe('AQ==');
    expect({ mayEnd, problem }).toEqual({ mayEnd: false, problem: null });
    expect(speak(oauthBearer(rfc7628), [REFUSAL, REFUSAL]).problem).toBe('');
  });

  test('leaves out a user that is not given, and writes commas and equals signs so that they are no syntax', () => {
    expect(speak(oauthBearer({ ...rfc7628, user: '' }), []).responses[0]).toMatch(/^n,,\x01host=/);
    expect(speak(oauthBearer({ ...rfc7628, user: 'a=b,c' }), []).responses[0]).toMatch(/^n,a=a=3Db=2Cc,\x01host=/);
  });
});

describe('XOAUTH2', () => {
  const google = knowledge({
    user: 'someuser@example.com',
    secret: 'ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg',
  });

  test("says what Google's example says", () => {
    const { responses, mayEnd } = speak(xoauth2(google), []);
    expect(encodeBase64(responses[0] ?? '')).toBe(
      'dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==',
    );
    expect(mayEnd).toBe(true);
  });

  test('answers the reason of a refusal with nothing, and takes no acceptance after it', () => {
    expect(speak(xoauth2(google), [REFUSAL])).toMatchObject({ mayEnd: false, problem: null });
    expect(speak(xoauth2(google), [REFUSAL]).responses[1]).toBe('');
    expect(speak(xoauth2(google), [REFUSAL, REFUSAL]).problem).toBe('');
  });
});
