/** What a sink allows over all its sessions, as servers in the field do: connections, rates, greylisting, full mailboxes. */
import { Greylist } from './greylist.js';
import { RateLimit } from './rate-limit.js';
import type { CountedReply, ReplyBook } from './reply-book.js';
import type { SinkSettings } from './sink-options.js';

/** The policies of one sink. Every refusal is a reply to send; null: allowed. */
export class Policies {
  readonly #settings: SinkSettings;
  readonly #nowMs: () => number;
  readonly #connectionRate: RateLimit;
  readonly #messageRate: RateLimit;
  readonly #greylist: Greylist;
  readonly #fullMailboxes: ReadonlySet<string>;
  readonly #openByAddress = new Map<string, number>();
  readonly #replies;
  #open = 0;

  /** @param nowMs - ms since the sink's start */
  constructor(settings: SinkSettings, book: ReplyBook, nowMs: () => number) {
    this.#settings = settings;
    this.#nowMs = nowMs;
    this.#connectionRate = new RateLimit(settings.connectionsPerSec);
    this.#messageRate = new RateLimit(settings.messagesPerSec);
    this.#greylist = new Greylist(settings.greylistMs);
    this.#fullMailboxes = new Set(settings.fullMailboxes.map((path) => path.toLowerCase()));
    this.#replies = {
      tooMany: book.line('greeting', 421, '', 'too many connections, try later'),
      tooManyFromAddress: book.line('greeting', 421, '', 'too many connections from your address, try later'),
      tooFast: book.line('greeting', 421, '', 'too many new connections, try later'),
      messagesTooFast:
        settings.messageRateReply === '421'
          ? book.line('mail', 421, '4.7.0', 'too many messages per second, closing')
          : book.line('mail', 450, '4.7.1', 'too many messages per second, try later'),
      greylisted: book.line('rcpt', 450, '4.7.1', 'greylisted, try again later'),
      mailboxFull: book.line('rcpt', 452, '4.2.2', 'mailbox full'),
    };
  }

  /** A client has connected from `address`; '' is a unix socket. {@link Policies.leave} must follow, whatever the answer. */
  enter(address: string): CountedReply | null {
    const { maxConnections, maxConnectionsPerAddress } = this.#settings;
    this.#open++;
    const fromAddress = (this.#openByAddress.get(address) ?? 0) + 1;
    this.#openByAddress.set(address, fromAddress);
    if (maxConnections > 0 && this.#open > maxConnections) return this.#replies.tooMany;
    if (maxConnectionsPerAddress > 0 && fromAddress > maxConnectionsPerAddress) return this.#replies.tooManyFromAddress;
    return this.#connectionRate.take(this.#nowMs()) ? null : this.#replies.tooFast;
  }

  /** A connection from `address` is gone. */
  leave(address: string): void {
    this.#open--;
    const left = (this.#openByAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#openByAddress.delete(address);
    else this.#openByAddress.set(address, left);
  }

  /** A MAIL that is right otherwise. */
  mailRefusal(): CountedReply | null {
    if (this.#settings.messagesPerSec === 0) return null;
    return this.#messageRate.take(this.#nowMs()) ? null : this.#replies.messagesTooFast;
  }

  /** A RCPT that is right otherwise. */
  rcptRefusal(address: string, reversePath: string, forwardPath: string): CountedReply | null {
    if (this.#fullMailboxes.size > 0 && this.#fullMailboxes.has(forwardPath.toLowerCase())) {
      return this.#replies.mailboxFull;
    }
    if (this.#settings.greylistMs === 0) return null;
    return this.#greylist.passes(address, reversePath, forwardPath, this.#nowMs()) ? null : this.#replies.greylisted;
  }
}
