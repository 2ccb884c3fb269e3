/** The built-in sink in a thread of its own: what a first run talks to when it names no target. */
import { PostrushError } from '../errors.js';
import type { SinkNotice, SinkRequest, SinkTask } from '../sink/sink-messages.js';
import type { SinkOptions } from '../sink/sink-options.js';
import type { SinkStats } from '../sink/sink-counters.js';
import { SINK_URL, WorkerPool } from './worker-pool.js';

/** How long the sink waits before it answers, so that it and not the generator is the limit of a first run. */
const BUILT_IN_REPLY_DELAY_MS = 2;

/** A sink that runs beside. */
export interface BuiltInSink {
  readonly url: string;
  readonly replyDelayMs: number;
  /** Ends it and tells what it saw; null when it had died. */
  close(): Promise<SinkStats | null>;
}

/**
 * Starts a sink in its own thread on a free loopback port.
 *
 * @throws PostrushError E_TARGET when it cannot listen
 */
export async function startBuiltInSink(
  options: SinkOptions = { replyDelayMs: BUILT_IN_REPLY_DELAY_MS },
): Promise<BuiltInSink> {
  const pool = new WorkerPool(SINK_URL, 1);
  const task = pool.start<SinkStats>({ options } satisfies Omit<SinkTask, 'port'>);
  const url = await new Promise<string>((resolve, reject) => {
    task.port.on('message', (notice: SinkNotice) => {
      if (notice.type === 'listening') resolve(notice.url);
    });
    task.result.catch((error: unknown) => {
      reject(new PostrushError('E_TARGET', 'the built-in sink could not be started', { cause: error }));
    });
  }).catch(async (error: unknown) => {
    // Otherwise its thread would keep the program alive.
    task.port.close();
    await pool.destroy();
    throw error;
  });
  return {
    url,
    replyDelayMs: options.replyDelayMs ?? 0,
    close: async () => {
      task.port.postMessage({ type: 'close' } satisfies SinkRequest);
      // A sink that died has shown so in the run itself, whose result must not be lost over it.
      const stats = await task.result.catch(() => null);
      task.port.close();
      await pool.destroy();
      return stats;
    },
  };
}
