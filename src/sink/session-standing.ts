/** What a session has achieved so far: all that decides whether its next command is allowed. */
import type { MailTransaction } from './mail-transaction.js';

/** The standing of one session. */
export class SessionStanding {
  /** The greeting was a refusal: only QUIT is obeyed (RFC 5321 §3.1). */
  isTurnedAway = false;
  hasHelo = false;
  isSecure = false;
  /** Whom the certificate of the TLS session names; null: nobody that is trusted. */
  certificateName: string | null = null;
  /** Who authenticated; null: nobody. */
  user: string | null = null;
  /** Messages accepted. */
  messages = 0;
  /** Nothing came behind the command at hand. */
  isGroupOver = true;
  readonly transaction: MailTransaction;

  constructor(transaction: MailTransaction) {
    this.transaction = transaction;
  }

  /** After a TLS handshake nothing of what was said in clear counts any more (RFC 3207 §4.2). */
  becomeSecure(certificateName: string | null): void {
    this.isSecure = true;
    this.certificateName = certificateName;
    this.hasHelo = false;
    this.user = null;
    this.transaction.clear();
  }
}
