/** Tells a run again from its directory: the result that it had, or would have had when it was ended. */
import type { RunEvent } from './messages/run-event.js';
import { storedRecord } from './metrics/interval-record.js';
import type { RunResult } from './report/result-schema.js';
import { RunStory, storedHead, storedPlan } from './run-story.js';
import { readHead, readJournal } from './run-store/journal-reader.js';

/** A run that was told again. */
export interface Rebuilt {
  readonly result: RunResult;
  /** What is missing, in words; empty: nothing. */
  readonly notes: readonly string[];
}

const TYPES: readonly string[] = [
  'started',
  'warmedUp',
  'machine',
  'interval',
  'stopped',
  'cut',
  'workerDone',
  'workerLost',
] satisfies RunEvent['type'][];

/**
 * Reads a run directory.
 *
 * @throws PostrushError `E_CONFIG` when it holds no run
 */
export function rebuildRun(path: string): Rebuilt {
  const head = storedHead(readHead(path));
  const plan = storedPlan(head.plan);
  const story = new RunStory(head, plan);
  const { brokenLines } = readJournal(path, (event) => {
    const known = eventOf(event);
    if (known === null) return false;
    try {
      story.apply(known);
      return true;
    } catch {
      // A record that is not what it says it is.
      return false;
    }
  });
  const { results, lost, metrics } = story.ledger;
  const notes: string[] = [];
  if (brokenLines > 0)
    notes.push(`${brokenLines} ${brokenLines === 1 ? 'line' : 'lines'} of the journal cannot be read`);
  if (results.length + lost.length < plan.workers) {
    story.breakOff();
    const lastSec = metrics.workers.reduce((latest, { last }) => Math.max(latest, last?.endUs ?? 0), 0) / 1e6;
    notes.push(`the run was killed: what is told ends ${lastSec.toFixed(0)} s behind its start`);
  }
  const result = story.result();
  return { result: brokenLines > 0 ? { ...result, complete: false } : result, notes };
}

/** What a line says; null: nothing that this version knows. */
function eventOf(event: Record<string, unknown>): RunEvent | null {
  if (typeof event['type'] !== 'string' || !TYPES.includes(event['type'])) return null;
  if (event['type'] !== 'interval') return event as unknown as RunEvent;
  const record = storedRecord(event['record']);
  return record === null ? null : { type: 'interval', record };
}
