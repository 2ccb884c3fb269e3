/** What the processes of one sink say to each other. Plain records only. */
import type { SessionCounts, Strike } from './fault-table.js';
import type { ArchiveRange } from './message-archive.js';
import type { PolicyRefusal } from './policies.js';
import type { SinkStats } from './sink-counters.js';
import type { FaultEvent, SinkOptions } from './sink-options.js';

/** Something that one process decides for all. `id` 0: nobody waits for the answer. */
export type Question = { readonly id: number } & (
  | { readonly about: 'enter' | 'leave'; readonly address: string }
  | { readonly about: 'mail' }
  | {
      readonly about: 'rcpt';
      readonly address: string;
      readonly reversePath: string;
      readonly forwardPath: string;
    }
  | { readonly about: 'auth'; readonly user: string; readonly isProved: boolean }
  | {
      readonly about: 'strike';
      readonly event: FaultEvent;
      readonly line: string;
      readonly inSession: SessionCounts;
    }
);

/** What was decided. */
export interface Decision {
  readonly id: number;
  readonly answer: PolicyRefusal | Strike | null;
}

/** From the process that decides to one that listens. */
export type PartRequest =
  /** Comes first, once. */
  | { readonly type: 'start'; readonly options: SinkOptions; readonly archive: ArchiveRange | null }
  | { readonly type: 'decisions'; readonly decisions: readonly Decision[] }
  /** Answer with the statistics so far. */
  | { readonly type: 'stats' }
  /** End all connections, answer with the statistics, and exit. */
  | { readonly type: 'close' };

/** From a process that listens. */
export type PartNotice =
  /** Comes first: what was sent before would not have been heard. */
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly urls: readonly string[] }
  /** It cannot listen; it exits by itself. */
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'questions'; readonly questions: readonly Question[] }
  /** Connections open now; soon after every change. */
  | { readonly type: 'open'; readonly open: number }
  /** Answers `stats`. */
  | { readonly type: 'stats'; readonly stats: SinkStats }
  /** Answers `close`. */
  | { readonly type: 'closed'; readonly stats: SinkStats };
