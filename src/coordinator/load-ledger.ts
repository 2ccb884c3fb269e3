/**
 * What is known of a load, event by event. The coordinator keeps one while the load goes on; a journal gives the same
 * events again, and so the same ledger.
 */
import type { GeneratorResult } from '../messages/coordinator-worker.js';
import type { MachineUse, RunEnd, RunEvent } from '../messages/run-event.js';
import { plannedWindow } from '../metrics/load-window.js';
import { RunMetrics } from '../metrics/run-metrics.js';
import type { SteadyState } from '../metrics/steady-state.js';
import type { LoadPlan } from '../plan/load-plan.js';

/** A worker that ended without its result. */
export interface LostWorker {
  readonly workerId: number;
  readonly reason: string;
}

/** What is read of a plan. */
type LedgerPlan = Pick<LoadPlan, 'warmupMs' | 'durationMs' | 'workers' | 'targets'> & {
  readonly scenarios: readonly unknown[];
};

/** The ledger of one load. */
export class LoadLedger {
  readonly metrics: RunMetrics;
  readonly results: GeneratorResult[] = [];
  readonly lost: LostWorker[] = [];
  endedBy: RunEnd = 'plan';
  /** When the run was stopped before its plan ended, µs since time zero; Infinity: it was not. */
  stoppedAtUs = Infinity;
  /** How steady the load was when a warm-up ended by itself, null where too little was known; null: none has ended so. */
  warmedUp: { readonly state: SteadyState | null } | null = null;
  /** What of this machine was in use when the load began, and at most; null: nobody has looked. */
  firstUse: MachineUse | null = null;
  peakUse: MachineUse | null = null;
  startedAt = new Date();
  startupSec = 0;

  constructor(plan: LedgerPlan) {
    this.metrics = new RunMetrics(plan.workers, plannedWindow(plan), plan.scenarios.length * plan.targets.length);
  }

  /** Takes in what has happened. */
  apply(event: RunEvent): void {
    switch (event.type) {
      case 'started':
        this.startedAt = new Date(event.startedAt);
        this.startupSec = event.startupSec;
        break;
      case 'warmedUp':
        this.metrics.window.moveTo(event.atUs);
        this.warmedUp = { state: event.state };
        break;
      case 'machine':
        this.firstUse ??= event.use;
        this.peakUse = peakOf(this.peakUse, event.use);
        break;
      case 'interval':
        this.metrics.add(event.record);
        break;
      case 'minute':
        this.metrics.addMinute(event);
        break;
      case 'minutesAlone':
        break;
      case 'stopped':
        if (this.endedBy === 'plan') this.endedBy = event.why;
        this.stoppedAtUs = Math.min(this.stoppedAtUs, event.atUs);
        this.metrics.stopped(event.atUs);
        break;
      case 'cut':
        this.endedBy = 'secondSignal';
        break;
      case 'workerDone':
        this.results.push(event.result);
        this.metrics.timeline.workerDone(event.result.workerId);
        break;
      case 'workerLost': {
        this.lost.push({ workerId: event.workerId, reason: event.reason });
        const worker = this.metrics.workers[event.workerId];
        if (worker !== undefined) worker.lost = true;
        this.metrics.timeline.workerDone(event.workerId);
        break;
      }
    }
  }
}

/** The most of either. */
export function peakOf(peak: MachineUse | null, use: MachineUse): MachineUse {
  const most = (a: number | null, b: number | null): number | null =>
    a === null || b === null ? (a ?? b) : Math.max(a, b);
  if (peak === null) return use;
  return { openFiles: most(peak.openFiles, use.openFiles), timeWait: most(peak.timeWait, use.timeWait) };
}
