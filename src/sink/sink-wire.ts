/** What a session is given: the things all sessions of a sink share, and its connection as the session sees it. */
import type { CommandRules } from './command-rules.js';
import type { EnvelopeArgument } from './envelope-argument.js';
import type { FaultTable } from './fault-table.js';
import type { ForcedOutcomes } from './forced-outcome.js';
import type { KeptMessages } from './kept-messages.js';
import type { Policies } from './policies.js';
import type { CountedReply } from './reply-book.js';
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
  readonly faults: FaultTable;
  readonly policies: Policies;
  /** null: local parts ask for nothing. */
  readonly forced: ForcedOutcomes | null;
  readonly counters: SinkCounters;
  readonly sasl: SaslCore;
  readonly argument: EnvelopeArgument;
  readonly kept: KeptMessages;
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
  /** FIN. */
  close(delayMs: number): void;
  /** RST. */
  reset(delayMs: number): void;
  /** Calls `onSecure` of the session when the handshake is done. */
  startTls(delayMs: number): void;
  /** Reads nothing for `forMs`, then calls `resume` of the session; 0: for ever. */
  stopReading(forMs: number): void;
}
