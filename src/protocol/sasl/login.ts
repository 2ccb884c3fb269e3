/** LOGIN (draft-murchison-sasl-login): user and password, each after a prompt. */
import { LISTEN, NOTHING_LEFT, say, sayLast } from './sasl-conversation.js';
import type { SaslConversation, SaslKnowledge } from './sasl-conversation.js';

/** The prompts are for people: what they say is not looked at. */
export function* login({ user, secret }: SaslKnowledge): SaslConversation {
  yield LISTEN;
  yield say(user);
  yield sayLast(secret);
  return NOTHING_LEFT;
}
