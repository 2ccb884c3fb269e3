/** CRAM-MD5 (RFC 2195): the client proves with a keyed digest of a challenge that it knows the password. */
import { createHmac, randomInt } from 'node:crypto';
import { isEqual } from '../credentials.js';
import type { Secrets } from '../credentials.js';
import { MEANINGLESS, verdictOn } from './sasl-mechanism.js';
import type { SaslConversation } from './sasl-mechanism.js';

const RANDOM_BELOW = 2 ** 48 - 1;

/** A challenge that no dialogue has had before: random digits, the time, and the host (RFC 2195 §2). */
export function cramChallenge(host: string): string {
  return `<${String(randomInt(RANDOM_BELOW))}.${String(Date.now())}@${host}>`;
}

/**
 * The response is the user, a space, and HMAC-MD5 of the challenge in lower-case hex (RFC 2195 §2). A user may hold spaces.
 *
 * @param challenge - as {@link cramChallenge} makes it
 */
export function* cramMd5(credentials: Secrets, challenge: string): SaslConversation {
  const response = yield challenge;
  const space = response.lastIndexOf(' ');
  if (space < 1) return MEANINGLESS;
  const user = response.slice(0, space);
  const secret = credentials.secretOf(user);
  const isSame = isEqual(response.slice(space + 1), cramDigest(secret ?? '', challenge));
  return verdictOn(user, secret !== null && isSame);
}

function cramDigest(secret: string, challenge: string): string {
  return createHmac('md5', secret).update(challenge).digest('hex');
}
