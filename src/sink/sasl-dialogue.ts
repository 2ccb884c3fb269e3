/** The server's side of AUTH (RFC 4954 §4): a response in, a challenge or the verdict out. Knows no mechanism from inside. */
import type { CountedReply, ReplyBook } from './reply-book.js';
import { decodeBase64 } from './sasl/base64.js';
import { mechanismOf } from './sasl/mechanisms.js';
import type { MechanismName, SaslKnowledge } from './sasl/mechanisms.js';
import type { SaslConversation, SaslVerdict } from './sasl/sasl-mechanism.js';
import type { SinkReplies } from './sink-replies.js';

/** What all dialogues of a sink share. */
export interface SaslCore extends SaslKnowledge {
  readonly book: ReplyBook;
}

/** One dialogue, from AUTH to the verdict. */
export class SaslDialogue {
  /** The next line of the client is a response. */
  isOpen = true;
  /** Who the client proved to be; null: nobody, or not yet. */
  user: string | null = null;
  /** Whose secret the client tried; null: nobody's, or not yet. */
  triedUser: string | null = null;
  readonly #core: SaslCore;
  readonly #replies: SinkReplies;
  readonly #takesInitialResponse: boolean;
  readonly #conversation: SaslConversation;
  /** The mechanism's first word, which a client with an initial response never hears. */
  readonly #opening: IteratorResult<string, SaslVerdict>;
  /** What is said when the last challenge is answered; null: that is still to be found out. */
  #verdict: SaslVerdict | null = null;

  /** @param certificateName - whom the certificate of the TLS session names; null: nobody that is trusted */
  constructor(mechanism: MechanismName, core: SaslCore, replies: SinkReplies, certificateName: string | null) {
    const { begin, takesInitialResponse } = mechanismOf(mechanism);
    this.#core = core;
    this.#replies = replies;
    this.#takesInitialResponse = takesInitialResponse;
    this.#conversation = begin(core, certificateName);
    this.#opening = this.#conversation.next();
  }

  /**
   * Begins.
   *
   * @param initialResponse - what stood behind the mechanism in the AUTH command, `=` for an empty one; null: nothing
   */
  begin(initialResponse: string | null): CountedReply {
    if (initialResponse === null) return this.#follow(this.#opening);
    if (this.#takesInitialResponse) return this.respond(initialResponse === '=' ? '' : initialResponse);
    this.isOpen = false;
    return this.#replies.initialResponseUnwanted;
  }

  /** Takes a response in base64, or `*` to cancel. */
  respond(response: string): CountedReply {
    const octets = decodeBase64(response);
    if (octets === null) {
      this.isOpen = false;
      return response === '*' ? this.#replies.authCancelled : this.#replies.authSyntax;
    }
    if (this.#verdict !== null) return this.#conclude(this.#verdict);
    return this.#follow(this.#conversation.next(octets.toString('utf8')));
  }

  #follow(step: IteratorResult<string, SaslVerdict>): CountedReply {
    if (step.done !== true) return this.#challenge(step.value);
    if (step.value.lastChallenge === '') return this.#conclude(step.value);
    this.#verdict = step.value;
    return this.#challenge(step.value.lastChallenge);
  }

  #challenge(text: string): CountedReply {
    return this.#core.book.passing('auth', 334, Buffer.from(text).toString('base64'));
  }

  #conclude({ user, isProved }: SaslVerdict): CountedReply {
    this.isOpen = false;
    this.triedUser = user;
    if (!isProved) return this.#replies.credentialsWrong;
    this.user = user;
    return this.#replies.authenticated;
  }
}
