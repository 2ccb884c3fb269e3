/** Where a worker thread begins: one door for everything that it can be asked to do. */
import { assertNever } from '../src/assert.js';
import type { CheckRecord, CheckTask } from '../src/messages/check-record.js';
import type {
  GeneratorResult,
  GeneratorTask,
  PreflightResult,
  PreflightTask,
} from '../src/messages/coordinator-worker.js';
import type { Rehearsed, RehearsalTask } from '../src/messages/dialogue-record.js';
import { loadFunctions } from '../src/scenario/load-functions.js';
import type { CheckPort } from './check-task.js';
import type { GeneratorPort } from './generator-port.js';
import { Generator } from './generator.js';
import { preflight } from './preflight.js';

/**
 * What a worker thread runs: a share of the load, the polite session before it, a check, or a session without a network.
 * Resolves when every socket is closed.
 */
export default async function runTask(
  task: GeneratorTask<GeneratorPort> | PreflightTask | CheckTask<CheckPort> | RehearsalTask,
): Promise<GeneratorResult | PreflightResult | CheckRecord | Rehearsed> {
  switch (task.kind) {
    case 'load':
      return new Generator(task, await loadFunctions(task.plan.functions)).run();
    case 'preflight':
      return preflight(task);
    case 'check': {
      // A load needs none of it.
      const { check } = await import('./check-task.js');
      return check(task);
    }
    case 'rehearse': {
      const { rehearse } = await import('./rehearsal.js');
      return rehearse(task);
    }
    default:
      return assertNever(task);
  }
}
