/** Sessions without a network, in a thread of their own. */
import { PostrushError } from '../errors.js';
import type { Rehearsed, RehearsalTask } from '../messages/dialogue-record.js';
import { WORKER_URL, WorkerPool } from './worker-pool.js';

/**
 * Rehearses, one task after the other.
 *
 * @returns what came of each, in their order
 * @throws PostrushError `E_WORKER_CRASH` when the thread died
 */
export async function rehearse(tasks: readonly RehearsalTask[]): Promise<Rehearsed[]> {
  const pool = new WorkerPool(WORKER_URL, 1);
  const rehearsed: Rehearsed[] = [];
  try {
    for (const asked of tasks) {
      const task = pool.start<Rehearsed>(asked);
      rehearsed.push(await task.result);
      task.port.close();
    }
    return rehearsed;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PostrushError('E_WORKER_CRASH', `the rehearsal ended before its end: ${reason}`, { cause: error });
  } finally {
    await pool.destroy();
  }
}
