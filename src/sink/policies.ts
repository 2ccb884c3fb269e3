/** What a sink allows over all its sessions, as servers in the field do: connections, rates, greylisting, full mailboxes. */
import { Greylist } from './greylist.js';
import { LockOut } from './lock-out.js';
import { RateLimit } from './rate-limit.js';
import type { SinkSettings } from './sink-options.js';

/** Why a policy refuses; what is said then is in `policy-replies.ts`. */
export type PolicyRefusal =
  'tooMany' | 'tooManyFromAddress' | 'tooFast' | 'messagesTooFast' | 'greylisted' | 'mailboxFull' | 'lockedOut';

/** The policies of one sink. null: allowed. */
export class Policies {
  readonly #settings: SinkSettings;
  readonly #nowMs: () => number;
  readonly #connectionRate: RateLimit;
  readonly #messageRate: RateLimit;
  readonly #greylist: Greylist;
  readonly #fullMailboxes: ReadonlySet<string>;
  /** null: nobody is locked out. */
  readonly #lockOut: LockOut | null;
  readonly #openByAddress = new Map<string, number>();
  #open = 0;

  /** @param nowMs - ms since the sink's start */
  constructor(settings: SinkSettings, nowMs: () => number) {
    this.#settings = settings;
    this.#nowMs = nowMs;
    this.#connectionRate = new RateLimit(settings.connectionsPerSec);
    this.#messageRate = new RateLimit(settings.messagesPerSec);
    this.#greylist = new Greylist(settings.greylistMs);
    this.#fullMailboxes = new Set(settings.fullMailboxes.map((path) => path.toLowerCase()));
    const { authLockOut } = settings;
    this.#lockOut = authLockOut === null ? null : new LockOut(authLockOut.afterFailures, authLockOut.forMs);
  }

  /** A client has connected from `address`; '' is a unix socket. {@link Policies.leave} must follow, whatever the answer. */
  enter(address: string): PolicyRefusal | null {
    const { maxConnections, maxConnectionsPerAddress } = this.#settings;
    this.#open++;
    const fromAddress = (this.#openByAddress.get(address) ?? 0) + 1;
    this.#openByAddress.set(address, fromAddress);
    if (maxConnections > 0 && this.#open > maxConnections) return 'tooMany';
    if (maxConnectionsPerAddress > 0 && fromAddress > maxConnectionsPerAddress) return 'tooManyFromAddress';
    return this.#connectionRate.take(this.#nowMs()) ? null : 'tooFast';
  }

  /** A connection from `address` is gone. */
  leave(address: string): void {
    this.#open--;
    const left = (this.#openByAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#openByAddress.delete(address);
    else this.#openByAddress.set(address, left);
  }

  /** A MAIL that is right otherwise. */
  mailRefusal(): PolicyRefusal | null {
    if (this.#settings.messagesPerSec === 0) return null;
    return this.#messageRate.take(this.#nowMs()) ? null : 'messagesTooFast';
  }

  /** A RCPT that is right otherwise. */
  rcptRefusal(address: string, reversePath: string, forwardPath: string): PolicyRefusal | null {
    if (this.#fullMailboxes.size > 0 && this.#fullMailboxes.has(forwardPath.toLowerCase())) {
      return 'mailboxFull';
    }
    if (this.#settings.greylistMs === 0) return null;
    return this.#greylist.passes(address, reversePath, forwardPath, this.#nowMs()) ? null : 'greylisted';
  }

  /** Somebody tried to be `user`, with the right secret or a wrong one. */
  authRefusal(user: string, isProved: boolean): PolicyRefusal | null {
    return this.#lockOut?.isLocked(user, isProved, this.#nowMs()) === true ? 'lockedOut' : null;
  }
}

/** Whether a policy asks where a client comes from; otherwise all may be '' to {@link Policies}. */
export function asksForAddress({ maxConnectionsPerAddress, greylistMs }: SinkSettings): boolean {
  return maxConnectionsPerAddress > 0 || greylistMs > 0;
}
