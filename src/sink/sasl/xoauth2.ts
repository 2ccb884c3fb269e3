/** XOAUTH2, as Gmail and Outlook have it: the client presents a bearer token, here the user's secret. */
import type { Secrets } from '../credentials.js';
import { MEANINGLESS, verdictOn } from './sasl-mechanism.js';
import type { SaslConversation } from './sasl-mechanism.js';

/** Why a token is refused: the client answers it with an empty line and only then hears 535. */
const REFUSAL = JSON.stringify({ status: '401', schemes: 'Bearer', scope: 'mail' });

/** The one message is `user=NAME^Aauth=Bearer TOKEN^A^A`, ^A being the octet 1. */
export function* xoauth2(credentials: Secrets): SaslConversation {
  const [userField = '', authField = '', ...rest] = (yield '').split('\x01');
  const user = /^user=(.+)$/s.exec(userField)?.[1];
  // The scheme's case does not count (RFC 7235 §2.1).
  const token = /^auth=bearer (.+)$/is.exec(authField)?.[1];
  if (user === undefined || token === undefined || rest.join('\x01') !== '\x01') return MEANINGLESS;
  const isProved = credentials.verify(user, token);
  return verdictOn(user, isProved, isProved ? '' : REFUSAL);
}
