/** Tells a run again from its directory: the result that it had, or would have had when it was ended. */
import type { RunEvent } from './messages/run-event.js';
import { storedRecord } from './metrics/interval-record.js';
import type { RunResult } from './report/result-schema.js';
import { RunStory, storedHead, storedPlan } from './run-story.js';
import type { JournalLine } from './run-store/journal-line.js';
import { readHead, readJournal } from './run-store/journal-reader.js';

/** A run that was told again. */
export interface Rebuilt {
  readonly result: RunResult;
  /** What is missing, in words; empty: nothing. */
  readonly notes: readonly string[];
}

/** Runs of so many seconds and more are told by their minutes, where these were kept. */
const LONG_RUN_SEC = 3600;

const TYPES: readonly string[] = [
  'started',
  'warmedUp',
  'machine',
  'interval',
  'minute',
  'minutesAlone',
  'stopped',
  'cut',
  'workerDone',
  'workerLost',
] satisfies RunEvent['type'][];

/**
 * Reads a run directory.
 *
 * @param longRunSec - runs of so many seconds and more are told by their minutes
 * @throws PostrushError `E_CONFIG` when it holds no run
 */
export function rebuildRun(path: string, longRunSec = LONG_RUN_SEC): Rebuilt {
  const head = storedHead(readHead(path));
  const plan = storedPlan(head.plan);
  const story = new RunStory(head, plan);
  const survey = surveyOf(path);
  const asksForSeconds = story.watch.asksForSeconds;
  const byMinutes = survey.isShort || (survey.seconds >= longRunSec && survey.hasMinutes && !asksForSeconds);
  const teller = byMinutes ? new MinuteTeller(story) : new SecondTeller(story);
  const { brokenLines } = readJournal(path, (line) => teller.tell(line));
  teller.end();
  const { results, lost, metrics } = story.ledger;
  const notes: string[] = [];
  if (brokenLines > 0)
    notes.push(`${brokenLines} ${brokenLines === 1 ? 'line' : 'lines'} of the journal cannot be read`);
  if (survey.isShort) {
    notes.push('the journal had no room for every second: what is told over time is told by minutes');
    if (asksForSeconds) notes.push('objectives over parts of the time are judged by whole minutes, and may be wrong');
  }
  if (results.length + lost.length < plan.workers) {
    story.breakOff();
    const lastSec = metrics.workers.reduce((latest, { last }) => Math.max(latest, last?.endUs ?? 0), 0) / 1e6;
    notes.push(`the run was killed: what is told ends ${lastSec.toFixed(0)} s behind its start`);
  }
  const result = story.result();
  return { result: brokenLines > 0 ? { ...result, complete: false } : result, notes };
}

/** What a journal holds, as far as it decides how it is read. */
interface Survey {
  /** Seconds of the worker that has most. */
  readonly seconds: number;
  readonly hasMinutes: boolean;
  /** Not every second was kept. */
  readonly isShort: boolean;
}

function surveyOf(path: string): Survey {
  const seconds = new Map<number, number>();
  let [hasMinutes, isShort] = [false, false];
  readJournal(path, (line) => {
    const { type } = line;
    if (type === 'interval') seconds.set(line.workerId, (seconds.get(line.workerId) ?? 0) + 1);
    hasMinutes ||= type === 'minute';
    isShort ||= type === 'minutesAlone';
    return true;
  });
  return { seconds: Math.max(0, ...seconds.values()), hasMinutes, isShort };
}

/** Tells a run by its seconds; minutes say nothing new. */
class SecondTeller {
  readonly #story: RunStory;

  constructor(story: RunStory) {
    this.#story = story;
  }

  tell(line: JournalLine): boolean {
    if (line.type === 'minute') return line.parse() !== null;
    return apply(this.#story, line);
  }

  end(): void {
    // Everything is told as it is read.
  }
}

/** Tells a run by its minutes, and by the seconds behind the last minute of each worker. Seconds before it are not even parsed. */
class MinuteTeller {
  readonly #story: RunStory;
  /** By worker. */
  readonly #seconds = new Map<number, JournalLine[]>();

  constructor(story: RunStory) {
    this.#story = story;
  }

  tell(line: JournalLine): boolean {
    const { type, workerId } = line;
    if (type === 'interval') {
      const waiting = this.#seconds.get(workerId);
      if (waiting === undefined) this.#seconds.set(workerId, [line]);
      else waiting.push(line);
      return true;
    }
    if (type !== 'minute') return apply(this.#story, line);
    const isTold = apply(this.#story, line);
    // What a minute that is torn would have said, its seconds say.
    if (isTold) this.#seconds.delete(workerId);
    else this.#tellSeconds(workerId);
    return isTold;
  }

  end(): void {
    for (const workerId of this.#seconds.keys()) this.#tellSeconds(workerId);
  }

  #tellSeconds(workerId: number): void {
    for (const line of this.#seconds.get(workerId) ?? []) apply(this.#story, line);
    this.#seconds.delete(workerId);
  }
}

function apply(story: RunStory, line: JournalLine): boolean {
  const event = eventOf(line.parse());
  if (event === null) return false;
  try {
    story.apply(event);
    return true;
  } catch {
    // A record that is not what it says it is.
    return false;
  }
}

/** What a line says; null: nothing that this version knows. */
function eventOf(event: Record<string, unknown> | null): RunEvent | null {
  if (event === null || typeof event['type'] !== 'string' || !TYPES.includes(event['type'])) return null;
  if (event['type'] !== 'interval' && event['type'] !== 'minute') return event as unknown as RunEvent;
  const record = storedRecord(event['record']);
  return record === null ? null : ({ ...event, record } as unknown as RunEvent);
}
