/** EXTERNAL (RFC 4422, appendix A): who the client is has been proved elsewhere, here by its TLS certificate. */
import { NOTHING_LEFT, sayLast } from './sasl-conversation.js';
import type { SaslConversation, SaslKnowledge } from './sasl-conversation.js';

/** Whom to act as; empty: whoever the certificate stands for. */
export function* external({ user }: SaslKnowledge): SaslConversation {
  yield sayLast(user);
  return NOTHING_LEFT;
}
