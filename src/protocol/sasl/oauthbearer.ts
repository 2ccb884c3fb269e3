/** OAUTHBEARER (RFC 7628): a bearer token in one message. */
import { NOTHING_LEFT, say, sayLast } from './sasl-conversation.js';
import type { SaslConversation, SaslKnowledge } from './sasl-conversation.js';
import { saslName } from './sasl-name.js';

/** `n,a=NAME,^Ahost=HOST^Aport=PORT^Aauth=Bearer TOKEN^A^A`, ^A being the octet 1 (RFC 7628 §3.1). */
export function* oauthBearer({ user, secret, host, port }: SaslKnowledge): SaslConversation {
  const header = user === '' ? 'n,,' : `n,a=${saslName(user)},`;
  yield sayLast(`${header}\x01host=${host}\x01port=${String(port)}\x01auth=Bearer ${secret}\x01\x01`);
  // A challenge says why the token is refused. It wants the octet 1, and the refusal is the reply to that (§3.2.3).
  yield say('\x01');
  return NOTHING_LEFT;
}
