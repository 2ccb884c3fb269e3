/** What a session is given: the things all sessions of a sink share, and its connection as the session sees it. */
import type { Arbiter } from './arbiter.js';
import type { CommandRules } from './command-rules.js';
import type { EnvelopeArgument } from './envelope-argument.js';
import type { Fault } from './fault-play.js';
import type { SessionRows } from './session-faults.js';
import type { ForcedOutcomes } from './forced-outcome.js';
import type { ContentBudget } from './content-budget.js';
import type { KeptMessages } from './kept-messages.js';
import type { MessageArchive } from './message-archive.js';
import type { PolicyReplies } from './policy-replies.js';
import type { CountedReply, ReplyStep } from './reply-book.js';
import type { SaslCore } from './sasl-dialogue.js';
import type { SinkCounters } from './sink-counters.js';
import type { SinkSettings } from './sink-options.js';
import type { SinkReplies } from './sink-replies.js';

/** What all sessions of one address share. All but `isLmtp`, `implicitTls`, `replies` and `rules` belongs to the whole sink. */
export interface SinkCore {
  readonly isLmtp: boolean;
  /** TLS comes first. */
  readonly implicitTls: boolean;
  readonly settings: SinkSettings;
  readonly replies: SinkReplies;
  readonly rules: CommandRules;
  readonly arbiter: Arbiter;
  /** By the index of the row. */
  readonly faults: readonly Fault[];
  readonly sessionRows: SessionRows;
  readonly policyReplies: PolicyReplies;
  /** null: local parts ask for nothing. */
  readonly forced: ForcedOutcomes | null;
  readonly counters: SinkCounters;
  readonly sasl: SaslCore;
  readonly argument: EnvelopeArgument;
  readonly kept: KeptMessages;
  /** null: nothing is written. */
  readonly archive: MessageArchive | null;
  /** For the content of messages; null: nobody wants it. */
  readonly budget: ContentBudget | null;
}

/** What a session asks of its connection. Everything happens in the order asked for. */
export interface SinkWire {
  send(reply: CountedReply): void;
  /** Sends after `delayMs`, octet by octet if `dripMs` is more than 0. */
  sendSlowly(reply: CountedReply, delayMs: number, dripMs: number): void;
  /** The next reply is sent slowly. */
  slowNext(delayMs: number, dripMs: number): void;
  /** Ends the connection now, whatever still waits to be sent. */
  cut(): void;
  /**
   * FIN. What still comes is read and ignored until the client ends its side, or has had time enough to: who talks on
   * while nobody listens could find a reset in place of the last reply.
   *
   * @param isOver - the client has said its last word: nothing is waited for
   */
  close(delayMs: number, isOver?: boolean): void;
  /** RST. */
  reset(delayMs: number): void;
  /** Calls `onSecure` of the session when the handshake is done. */
  startTls(delayMs: number): void;
  /** Reads nothing for `forMs`, then calls `resume` of the session; 0: for ever. `step` is what it delays. */
  stopReading(forMs: number, step: ReplyStep | 'transfer'): void;
  /** Reads nothing until {@link SinkWire.release}. */
  hold(): void;
  /** Sends what the session has said meanwhile, and reads on. */
  release(): void;
}
