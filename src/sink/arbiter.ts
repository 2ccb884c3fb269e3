/**
 * Decides what is counted over the whole sink: which fault row strikes, and whom a policy refuses. Where a sink has
 * several processes one of them decides for all, so an answer may take its time. Knows no session and no reply.
 */
import { FaultTable } from './fault-table.js';
import type { SessionCounts, Strike } from './fault-table.js';
import { Policies } from './policies.js';
import type { PolicyRefusal } from './policies.js';
import type { FaultEvent, SinkSettings } from './sink-options.js';

/** An answer that is there, or one that comes later and never fails. */
export type Answer<T> = T | Promise<T>;

/** Whoever decides. null: allowed, or no row strikes. */
export interface Arbiter {
  /** A client has connected from `address`; '' is a unix socket. {@link Arbiter.leave} must follow, whatever the answer. */
  enter(address: string): Answer<PolicyRefusal | null>;
  leave(address: string): void;
  /** A MAIL that is right otherwise. */
  mail(): Answer<PolicyRefusal | null>;
  /** A RCPT that is right otherwise. */
  rcpt(address: string, reversePath: string, forwardPath: string): Answer<PolicyRefusal | null>;
  /** Somebody tried to be `user`. */
  auth(user: string, isProved: boolean): Answer<PolicyRefusal | null>;
  /** Something happened at which fault rows may strike. `line`: the command, '' where there is none. */
  strike(event: FaultEvent, line: string, inSession: SessionCounts): Answer<Strike | null>;
}

/** Decides by itself, at once. */
export class LocalArbiter implements Arbiter {
  readonly #policies: Policies;
  readonly #faults: FaultTable;

  /** @param nowMs - ms since the sink's start */
  constructor(settings: SinkSettings, nowMs: () => number) {
    this.#policies = new Policies(settings, nowMs);
    this.#faults = new FaultTable(settings.faults, settings.seed, nowMs);
  }

  enter(address: string): PolicyRefusal | null {
    return this.#policies.enter(address);
  }

  leave(address: string): void {
    this.#policies.leave(address);
  }

  mail(): PolicyRefusal | null {
    return this.#policies.mailRefusal();
  }

  rcpt(address: string, reversePath: string, forwardPath: string): PolicyRefusal | null {
    return this.#policies.rcptRefusal(address, reversePath, forwardPath);
  }

  auth(user: string, isProved: boolean): PolicyRefusal | null {
    return this.#policies.authRefusal(user, isProved);
  }

  strike(event: FaultEvent, line: string, inSession: SessionCounts): Strike | null {
    return this.#faults.match(event, line, inSession);
  }
}
