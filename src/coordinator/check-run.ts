/** One check in a thread of its own. What it says on the way is passed on, and so is the wish to end it. */
import { PostrushError } from '../errors.js';
import type { CheckNews, CheckOrder, CheckRecord, CheckTask } from '../messages/check-record.js';
import type { PinnedAddress } from '../messages/coordinator-worker.js';
import type { CheckPlan } from '../plan/check-plan.js';
import { WORKER_URL, WorkerPool } from './worker-pool.js';

/** What a check wants from outside. */
export interface CheckHooks {
  /** End, and tell what is known. */
  readonly stop?: AbortSignal | undefined;
  /** Called before each part of the check with what it is about. */
  readonly onStage?: ((text: string) => void) | undefined;
}

/**
 * Checks the first of the addresses that can be connected to.
 *
 * @throws PostrushError `E_TARGET` when nothing can be told, `E_STOPPED` when it was stopped before there was anything
 * to tell, `E_WORKER_CRASH` when the thread died
 */
export async function runCheck(
  plan: CheckPlan,
  addresses: readonly PinnedAddress[],
  hooks: CheckHooks,
): Promise<{ readonly address: PinnedAddress; readonly record: CheckRecord }> {
  const pool = new WorkerPool(WORKER_URL, 1);
  try {
    let problem = '';
    for (const address of addresses) {
      const record = await checkOne(pool, { kind: 'check', plan, address }, hooks);
      if (record.problem === '') return { address, record };
      if (hooks.stop?.aborted === true) throw new PostrushError('E_STOPPED', 'stopped before anything was known');
      problem = `${plan.session.target.url} ${record.problem}; ${record.advice}`;
      if (record.isConnected) break;
    }
    throw new PostrushError('E_TARGET', problem);
  } finally {
    await pool.destroy();
  }
}

async function checkOne(
  pool: WorkerPool,
  asked: Omit<CheckTask, 'port'>,
  { stop, onStage }: CheckHooks,
): Promise<CheckRecord> {
  const task = pool.start<CheckRecord>(asked);
  task.port.on('message', (news: CheckNews) => onStage?.(news.text));
  const onStop = (): void => task.port.postMessage({ type: 'stop' } satisfies CheckOrder);
  stop?.addEventListener('abort', onStop, { once: true });
  if (stop?.aborted === true) onStop();
  try {
    return await task.result;
  } catch (error) {
    throw new PostrushError('E_WORKER_CRASH', 'the thread of the check ended before its end', { cause: error });
  } finally {
    stop?.removeEventListener('abort', onStop);
    task.port.close();
  }
}
