/** What the thread of a sink and its owner say to each other. Plain records only. */
import type { SinkStats } from './sink-counters.js';
import type { SinkOptions } from './sink-options.js';

/** What the thread is asked to do. `port` is transferred beside it. */
export interface SinkTask<Port = unknown> {
  readonly options: SinkOptions;
  readonly port: Port;
}

/** Owner to sink. */
export type SinkRequest =
  /** Answer with the statistics so far. */
  | { readonly type: 'stats' }
  /** End all connections; the task resolves with the final statistics. */
  | { readonly type: 'close' };

/** Sink to owner. */
export type SinkNotice =
  { readonly type: 'listening'; readonly url: string } | { readonly type: 'stats'; readonly stats: SinkStats };
