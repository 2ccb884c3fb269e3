/** Entry of the built-in sink's thread: one long task that listens, answers its owner, and ends when told to. */
import type { MessagePort } from 'node:worker_threads';
import type { SinkNotice, SinkRequest, SinkTask } from '../src/sink/sink-messages.js';
import { startSink } from '../src/sink/sink.js';
import type { SinkStats } from '../src/sink/sink.js';

/**
 * Runs a sink until `close` comes over the task's port, or the port's other side is gone.
 *
 * @returns what the sink has seen, once all its connections are closed
 * @throws PostrushError `E_CONFIG` when the sink cannot start; only its message survives the way to another thread
 */
export default async function runSink({ options, port }: SinkTask<MessagePort>): Promise<SinkStats> {
  const sink = await startSink(options);
  const tell = (notice: SinkNotice): void => port.postMessage(notice);
  return new Promise((resolve) => {
    const end = (): void => {
      void sink.close().then((stats) => {
        port.close();
        resolve(stats);
      });
    };
    port.on('message', (request: SinkRequest) => {
      if (request.type === 'stats') tell({ type: 'stats', stats: sink.stats() });
      else end();
    });
    port.on('close', end);
    tell({ type: 'listening', url: sink.url });
  });
}
