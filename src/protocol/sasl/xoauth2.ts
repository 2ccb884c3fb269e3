/** XOAUTH2, as Gmail and Outlook have it: a bearer token in one message. */
import { NOTHING_LEFT, say, sayLast } from './sasl-conversation.js';
import type { SaslConversation, SaslKnowledge } from './sasl-conversation.js';

/** `user=NAME^Aauth=Bearer TOKEN^A^A`, ^A being the octet 1. */
export function* xoauth2({ user, secret }: SaslKnowledge): SaslConversation {
  yield sayLast(`user=${user}\x01auth=Bearer ${secret}\x01\x01`);
  // A challenge says why the token is refused. It wants an empty line, and the refusal itself is the reply to that.
  yield say('');
  return NOTHING_LEFT;
}
