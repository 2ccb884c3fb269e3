/** What a SASL mechanism is to a sink: a conversation that yields challenges, takes responses and ends in a verdict. */

/** What a mechanism found out. */
export interface SaslVerdict {
  /** Whose secret was tried; null: nobody's, since the messages of the client made no sense or asked for too much. */
  readonly user: string | null;
  /** The client knows that user's secret. */
  readonly isProved: boolean;
  /** The client hears this in one more challenge, and answers it, before it hears the verdict; '': nothing. */
  readonly lastChallenge: string;
}

/** The conversation. Challenges and responses are plain text here; on the wire they are base64 (RFC 4954 §4). */
export type SaslConversation = Generator<string, SaslVerdict, string>;

/** The messages of the client made no sense. */
export const MEANINGLESS: SaslVerdict = { user: null, isProved: false, lastChallenge: '' };

/** The verdict on somebody who tried the secret of `user`. */
export function verdictOn(user: string, isProved: boolean, lastChallenge = ''): SaslVerdict {
  return { user, isProved, lastChallenge };
}
