/** The server's side of AUTH (RFC 4954 §4) with PLAIN and LOGIN: a response in, a challenge or the verdict out. */
import type { Credentials } from './credentials.js';
import type { CountedReply } from './reply-book.js';
import type { SinkReplies } from './sink-replies.js';

/** What the next response is. */
const Expected = { plainMessage: 0, loginUser: 1, loginPassword: 2 } as const;
type Expected = (typeof Expected)[keyof typeof Expected];

/** One dialogue, from AUTH to the verdict. */
export class SaslDialogue {
  /** The next line of the client is a response. */
  isOpen = true;
  /** Who the client proved to be; null: nobody, or not yet. */
  user: string | null = null;
  readonly #credentials: Credentials;
  readonly #replies: SinkReplies;
  #expected: Expected;
  #loginUser = '';

  /** @param mechanism - PLAIN or LOGIN, in any case */
  constructor(mechanism: string, credentials: Credentials, replies: SinkReplies) {
    this.#expected = mechanism.toUpperCase() === 'PLAIN' ? Expected.plainMessage : Expected.loginUser;
    this.#credentials = credentials;
    this.#replies = replies;
  }

  /** What the client is asked for first, when it came without an initial response. */
  firstChallenge(): CountedReply {
    return this.#expected === Expected.plainMessage ? this.#replies.plainChallenge : this.#replies.userChallenge;
  }

  /** Takes a response in base64, `*` to cancel, or `=` for an empty initial response. */
  respond(response: string): CountedReply {
    this.isOpen = false;
    if (response === '*') return this.#replies.authCancelled;
    const text = decodeBase64(response);
    if (text === null) return this.#replies.authSyntax;
    if (this.#expected === Expected.loginUser) {
      this.#loginUser = text;
      this.#expected = Expected.loginPassword;
      this.isOpen = true;
      return this.#replies.passwordChallenge;
    }
    this.user =
      this.#expected === Expected.plainMessage
        ? this.#credentials.verifyPlain(text)
        : this.#credentials.verify(this.#loginUser, text);
    return this.user === null ? this.#replies.credentialsWrong : this.#replies.authenticated;
  }
}

function decodeBase64(text: string): string | null {
  if (text === '=') return '';
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  return Buffer.from(text, 'base64').toString('utf8');
}
