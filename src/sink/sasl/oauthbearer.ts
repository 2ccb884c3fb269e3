/** OAUTHBEARER (RFC 7628): the client presents a bearer token, here the user's secret. */
import type { Secrets } from '../credentials.js';
import { MEANINGLESS, verdictOn } from './sasl-mechanism.js';
import type { SaslConversation } from './sasl-mechanism.js';
import { readName } from './scram.js';

/** Why a token is refused (RFC 7628 §3.2.2): the client answers it with the octet 1 and only then hears 535. */
const REFUSAL = JSON.stringify({ status: 'invalid_token', scope: 'mail' });

/**
 * The one message is `n,a=NAME,^Ahost=…^Aport=…^Aauth=Bearer TOKEN^A^A`, ^A being the octet 1 (RFC 7628 §3.1). A sink
 * knows whose a token is by the name alone, so that must be there; host and port need not.
 */
export function* oauthBearer(credentials: Secrets): SaslConversation {
  const [header = '', ...fields] = (yield '').split('\x01');
  const user = readName(/^[ny],a=([^,]+),$/.exec(header)?.[1] ?? '');
  const isEnded = fields.length > 2 && fields.at(-1) === '' && fields.at(-2) === '';
  const values = fields.slice(0, -2);
  if (user === null || !isEnded || !values.every((field) => /^[A-Za-z]+=/.test(field))) return MEANINGLESS;
  // The scheme's case does not count (RFC 7235 §2.1).
  const tokens = values.map((field) => /^auth=bearer (.+)$/is.exec(field)?.[1]).filter((token) => token !== undefined);
  const [token] = tokens;
  if (token === undefined || tokens.length > 1) return MEANINGLESS;
  const isProved = credentials.verify(user, token);
  return verdictOn(user, isProved, isProved ? '' : REFUSAL);
}
