/** PLAIN (RFC 4616): one message with user and password. */
import { assert } from '../../assert.js';
import { NOTHING_LEFT, sayLast } from './sasl-conversation.js';
import type { SaslConversation, SaslKnowledge } from './sasl-conversation.js';

/**
 * No authorisation identity, then user and password, each behind a NUL (RFC 4616 §2).
 *
 * @throws Error when user or password hold a NUL, which PLAIN cannot carry
 */
export function* plain({ user, secret }: SaslKnowledge): SaslConversation {
  assert(!user.includes('\0'), 'a user name for AUTH PLAIN holds no NUL');
  assert(!secret.includes('\0'), 'a password for AUTH PLAIN holds no NUL');
  yield sayLast(`\0${user}\0${secret}`);
  return NOTHING_LEFT;
}
