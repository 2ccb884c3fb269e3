/** What happens to a load, in order: enough to tell all of it again. Plain records. */
import type { IntervalRecord } from '../metrics/interval-record.js';
import type { MinuteRecord } from '../metrics/minute-records.js';
import type { SteadyState } from '../metrics/steady-state.js';
import type { GeneratorResult } from './coordinator-worker.js';

/** Why a run ended. */
export type RunEnd = 'plan' | 'signal' | 'secondSignal' | 'abort' | 'targetLost' | 'stopRun' | 'killed';

/** What is in use on this machine at one moment; null: the platform does not tell. */
export interface MachineUse {
  /** Files that this process has open. */
  readonly openFiles: number | null;
  /** Closed connections, whoever had them, that still hold their ports (TIME_WAIT). */
  readonly timeWait: number | null;
}

/** One event. */
export type RunEvent =
  /** Time zero: ISO time of day, and how long the program took to come so far, s. */
  | { readonly type: 'started'; readonly startedAt: string; readonly startupSec: number }
  | { readonly type: 'interval'; readonly record: IntervalRecord }
  /** The records of seconds of one worker, merged: said again, for whoever tells the run later. */
  | ({ readonly type: 'minute' } & MinuteRecord)
  /** From here on the records of seconds are not kept, for want of room: those of minutes are. */
  | { readonly type: 'minutesAlone' }
  /** The measured time begins at `atUs`, µs since time zero; why, and null where too little was known to tell. */
  | { readonly type: 'warmedUp'; readonly atUs: number; readonly state: SteadyState | null }
  /** More of something of this machine is in use than ever before in this run. */
  | { readonly type: 'machine'; readonly use: MachineUse }
  /** Nothing more is begun from here on, µs since time zero. */
  | { readonly type: 'stopped'; readonly atUs: number; readonly why: RunEnd }
  /** Everything under way was cut. */
  | { readonly type: 'cut' }
  | { readonly type: 'workerDone'; readonly result: GeneratorResult }
  | { readonly type: 'workerLost'; readonly workerId: number; readonly reason: string };
