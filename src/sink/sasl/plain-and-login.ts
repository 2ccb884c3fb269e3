/** The mechanisms that send the password itself: PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login). */
import type { Secrets } from '../credentials.js';
import { MEANINGLESS, verdictOn } from './sasl-mechanism.js';
import type { SaslConversation } from './sasl-mechanism.js';

/** PLAIN: one message with authorisation identity, user and password, NUL between them (RFC 4616 §2). Nobody acts for another. */
export function* plain(credentials: Secrets): SaslConversation {
  const parts = (yield '').split('\0');
  const [authorisation = '', user = '', password = ''] = parts;
  if (parts.length !== 3 || (authorisation !== '' && authorisation !== user)) return MEANINGLESS;
  return verdictOn(user, credentials.verify(user, password));
}

/** LOGIN: user and password, each after a prompt. A client may come with the user as its initial response. */
export function* login(credentials: Secrets): SaslConversation {
  const user = yield 'Username:';
  const password = yield 'Password:';
  return verdictOn(user, credentials.verify(user, password));
}
