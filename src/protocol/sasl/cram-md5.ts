/** CRAM-MD5 (RFC 2195): a keyed digest of the server's challenge in place of the password. */
import { createHmac } from 'node:crypto';
import { LISTEN, NOTHING_LEFT, sayLast } from './sasl-conversation.js';
import type { SaslConversation, SaslKnowledge } from './sasl-conversation.js';

/** The user, a space, and HMAC-MD5 of the challenge in lower-case hex (RFC 2195 §2). */
export function* cramMd5({ user, secret }: SaslKnowledge): SaslConversation {
  const challenge = yield LISTEN;
  // Whoever signs nothing has proved nothing, and gives the same answer each time.
  if (challenge.length === 0) return 'the challenge of CRAM-MD5 is empty';
  yield sayLast(`${user} ${createHmac('md5', secret).update(challenge).digest('hex')}`);
  return NOTHING_LEFT;
}
