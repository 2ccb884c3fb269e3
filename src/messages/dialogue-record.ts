/** What a rehearsal asks of a worker, and the dialogue that it brings back. Plain records. */
import type { LoadPlan } from '../plan/load-plan.js';

/** Sessions of a scenario without a network, against a server that takes everything. */
export interface RehearsalTask {
  readonly kind: 'rehearse';
  readonly plan: LoadPlan;
  /** Which of the scenarios, by index. */
  readonly scenario: number;
  /** How many sessions, from number 0 of the lane on. */
  readonly sessions: number;
  /** Messages that each of them may have at most. */
  readonly messages: number;
  /** Responses to AUTH, and challenges that are random, are left out. */
  readonly hidesSecrets: boolean;
}

/** Something that was said or happened. Texts are Latin-1, one character per octet, without the CRLF at their end. */
export type DialogueEntry =
  | { readonly kind: 'command'; readonly text: string }
  | { readonly kind: 'reply'; readonly text: string }
  /** Mail data as it went, dots stuffed, without the final dot. */
  | {
      readonly kind: 'content';
      /** Its first octets. */
      readonly head: string;
      readonly octets: number;
      /** SHA-256 over all octets, hex. */
      readonly digest: string;
    }
  | { readonly kind: 'event'; readonly event: DialogueEvent; readonly detail: string };

/** What happens beside octets. `proxy`: the header of the PROXY protocol went out, in words. `pause`: the detail is its length, ms. */
export type DialogueEvent = 'connected' | 'proxy' | 'tls' | 'pause' | 'serverClosed' | 'closed' | 'reset';

/** What sessions came to. */
export interface Rehearsed {
  /** The first of them that sends a message, or the first. */
  readonly dialogue: DialogueRecord;
  /** The mean of all. */
  readonly mean: SessionCost;
}

/** A session from its first octet to its last. */
export interface DialogueRecord extends SessionCost {
  readonly entries: readonly DialogueEntry[];
  /** There was more than is recorded. */
  readonly isCutShort: boolean;
}

/** What a session takes. */
export interface SessionCost {
  /** Messages that were begun. */
  readonly messages: number;
  /** Octets of the client, content among them. */
  readonly octetsSent: number;
  /** How often content was sent, whole or as a chunk of its end; and its octets. */
  readonly contents: number;
  readonly contentOctets: number;
  /** Octets of the server. */
  readonly octetsReceived: number;
  /** Times that the client waited for the server. */
  readonly roundTrips: number;
  /** Silence on purpose, ms. */
  readonly pausedMs: number;
}
