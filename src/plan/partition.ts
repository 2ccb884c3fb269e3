/** Divides a plan among workers. Pure arithmetic. */
import { assert } from '../assert.js';
import type { LoadPlan } from './load-plan.js';

/** What one worker carries out of a plan. */
export interface PlanShare {
  /** From 0. */
  readonly workerId: number;
  readonly workerCount: number;
  readonly sessions: number;
  /** Sessions of the workers before it. */
  readonly firstStart: number;
  /** Messages of this worker after the warm-up; null: no bound. */
  readonly messages: number | null;
  /** Sessions without messages of this worker after the warm-up; null: no bound. */
  readonly connections: number | null;
}

/**
 * Divides sessions and messages exactly: the sums over all shares are the plan's numbers, and no two shares differ by
 * more than one. Remainders go to the first workers.
 *
 * @returns one share per worker, by worker id
 */
export function partition(plan: Pick<LoadPlan, 'sessions' | 'messages' | 'connections' | 'workers'>): PlanShare[] {
  const { sessions, messages, connections, workers } = plan;
  assert(workers >= 1, 'a plan has at least one worker');
  return Array.from({ length: workers }, (_, workerId) => ({
    workerId,
    workerCount: workers,
    sessions: shareOf(sessions, workerId, workers),
    firstStart: Math.floor(sessions / workers) * workerId + Math.min(workerId, sessions % workers),
    messages: messages === null ? null : shareOf(messages, workerId, workers),
    connections: connections === null ? null : shareOf(connections, workerId, workers),
  }));
}

function shareOf(total: number, workerId: number, workers: number): number {
  return Math.floor(total / workers) + (workerId < total % workers ? 1 : 0);
}
