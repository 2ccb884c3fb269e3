/** How a generator and its coordinator speak to each other. */
import type { CoordinatorMessage, WorkerMessage } from '../src/messages/coordinator-worker.js';

/** The part of a MessagePort that a generator uses, so that another transport can take its place. */
export interface GeneratorPort {
  postMessage(message: WorkerMessage): void;
  on(event: 'message', listener: (message: CoordinatorMessage) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  close(): void;
}
