/** What a client hears when a policy refuses it. Decides nothing: the policies do. */
import type { PolicyRefusal } from './policies.js';
import type { CountedReply, ReplyBook } from './reply-book.js';
import type { SinkSettings } from './sink-options.js';

/** The reply to each refusal. */
export type PolicyReplies = Readonly<Record<PolicyRefusal, CountedReply>>;

/** Makes the replies of one sink. */
export function policyReplies(book: ReplyBook, { messageRateReply }: SinkSettings): PolicyReplies {
  return {
    tooMany: book.line('greeting', 421, '', 'too many connections, try later'),
    tooManyFromAddress: book.line('greeting', 421, '', 'too many connections from your address, try later'),
    tooFast: book.line('greeting', 421, '', 'too many new connections, try later'),
    messagesTooFast:
      messageRateReply === '421'
        ? book.line('mail', 421, '4.7.0', 'too many messages per second, closing')
        : book.line('mail', 450, '4.7.1', 'too many messages per second, try later'),
    greylisted: book.line('rcpt', 450, '4.7.1', 'greylisted, try again later'),
    mailboxFull: book.line('rcpt', 452, '4.2.2', 'mailbox full'),
    // RFC 4954 §6: it may work another time.
    lockedOut: book.line('auth', 454, '4.7.0', 'too many failures, locked for a while'),
  };
}
