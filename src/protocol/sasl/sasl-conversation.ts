/**
 * What a SASL mechanism (RFC 4422) is to a client: a conversation that says responses, hears challenges, and knows when
 * it may end. Plain text and octets here; base64 and replies belong to `auth-dialogue.ts`.
 */
import type { ScramKeyCache } from './scram-keys.js';

/** What conversations need to know. Only user, secret and what comes from `nonce` differ among the sessions of a worker. */
export interface SaslKnowledge {
  /** Who to be; for EXTERNAL and OAUTHBEARER the authorisation identity, '' for none. */
  readonly user: string;
  /** The password, or the token of XOAUTH2 and OAUTHBEARER; '' for EXTERNAL. */
  readonly secret: string;
  /** The server, as OAUTHBEARER tells it whom it is speaking to. */
  readonly host: string;
  readonly port: number;
  /** A client's nonce of SCRAM: printable ASCII without comma, another one for each conversation. */
  readonly nonce: () => string;
  readonly scramKeys: ScramKeyCache;
}

/** What the client says next. */
export interface SaslResponse {
  /** Before base64; null, and only at the beginning: the server speaks first. */
  readonly text: string | null;
  /** With this everything is said and checked: from here on the server may accept. Before, its 235 means nothing. */
  readonly mayEnd: boolean;
}

/**
 * The conversation: it yields responses and is given challenges (octets, after base64). It returns when a challenge
 * cannot be answered: what is wrong with it, or {@link NOTHING_LEFT}.
 */
export type SaslConversation = Generator<SaslResponse, string, Buffer>;

/** All was said and the server asks again. */
export const NOTHING_LEFT = '';

/** The server speaks first. */
export const LISTEN: SaslResponse = { text: null, mayEnd: false };

/** More is to come. */
export function say(text: string): SaslResponse {
  return { text, mayEnd: false };
}

/** That was all. */
export function sayLast(text: string): SaslResponse {
  return { text, mayEnd: true };
}
