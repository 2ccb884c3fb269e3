/** What the plan held, and why some of it was never begun. Pure arithmetic on finished records. */
import { ArrivalCount } from '../metrics/arrival-counts.js';
import type { PhaseTotals } from '../metrics/phase-totals.js';
import type { RunMetrics, WorkerMetrics } from '../metrics/run-metrics.js';
import { plannedArrivals } from '../plan/arrival-sequence.js';
import { ArrivalShare, sequencePlan } from '../plan/arrival-share.js';
import type { ArrivalPlan, LoadPlan } from '../plan/load-plan.js';
import { partition } from '../plan/partition.js';
import type { DroppedMessages } from './books.js';

/** Planned arrivals and what became of them. */
export interface ArrivalTotals {
  readonly offered: number;
  readonly started: number;
  /** No session was free. */
  readonly droppedCap: number;
  /** The run, or their worker, ended first. */
  readonly droppedEnd: number;
}

/** What was offered after the warm-up. */
export interface OfferedLoad {
  readonly messages: number;
  readonly dropped: DroppedMessages;
  /** Null: closed load. */
  readonly arrivals: ArrivalTotals | null;
  /** Arrivals that the profile plans, and those that were accounted for, warm-up and all; null: nothing to compare. */
  readonly planned: { readonly arrivals: number; readonly accounted: number } | null;
}

/** How a run ended, as far as it concerns what was offered. */
export interface OfferedOutcome {
  readonly metrics: RunMetrics;
  readonly lost: readonly { readonly workerId: number }[];
  readonly results: readonly { readonly messagesLeft: number }[];
  readonly isTargetLost: boolean;
}

/** Messages that were offered, and why some of them were not attempted. */
export interface OfferedMessages {
  readonly offered: number;
  readonly dropped: DroppedMessages;
}

/** What was offered in one phase or lane. */
export function offeredMessages(
  { arrivals, messagesAttempted }: Pick<PhaseTotals, 'arrivals' | 'messagesAttempted'>,
  isOpen: boolean,
  isTargetLost: boolean,
): OfferedMessages {
  if (!isOpen) return { offered: messagesAttempted, dropped: { cap: 0, target: 0, end: 0, worker: 0 } };
  const of = (index: number): number => arrivals[index] ?? 0;
  const end = of(ArrivalCount.messagesDroppedEnd);
  return {
    offered: of(ArrivalCount.messagesOffered),
    dropped: {
      cap: of(ArrivalCount.messagesDroppedCap),
      target: isTargetLost ? end : 0,
      end: isTargetLost ? 0 : end,
      worker: 0,
    },
  };
}

/** Finds what was offered after the warm-up. */
export function offeredLoad(
  plan: LoadPlan,
  [warmup, main]: readonly [PhaseTotals, PhaseTotals],
  outcome: OfferedOutcome,
): OfferedLoad {
  const { arrivals } = plan;
  if (arrivals === null)
    return { ...offeredClosed(plan, main.messagesAttempted, outcome), arrivals: null, planned: null };
  const { offered, dropped } = offeredMessages(main, true, outcome.isTargetLost);
  /** By phase. */
  const missing = [nothing(), nothing()] as const;
  for (const { workerId } of outcome.lost) {
    const planned = plannedBy({ ...plan, arrivals }, workerId);
    const lanes = outcome.metrics.workers[workerId]?.last?.lanes ?? [];
    for (const phase of [0, 1] as const) {
      const known = (index: number): number =>
        lanes.reduce((sum, { phases }) => sum + (phases[phase].arrivals[index] ?? 0), 0);
      missing[phase].arrivals += planned[phase].arrivals - known(ArrivalCount.offered);
      missing[phase].messages += planned[phase].messages - known(ArrivalCount.messagesOffered);
    }
  }
  const [missingBefore, missingMain] = missing;
  const of = (totals: PhaseTotals, index: number): number => totals.arrivals[index] ?? 0;
  const { endMs } = arrivals;
  const isByTime = plan.messages === null && plan.connections === null;
  const counted = of(warmup, ArrivalCount.offered) + of(main, ArrivalCount.offered);
  const accounted = counted + missingBefore.arrivals + missingMain.arrivals;
  return {
    messages: offered + missingMain.messages,
    dropped: { ...dropped, worker: missingMain.messages },
    arrivals: {
      offered: of(main, ArrivalCount.offered) + missingMain.arrivals,
      started: of(main, ArrivalCount.started),
      droppedCap: of(main, ArrivalCount.droppedCap),
      droppedEnd: of(main, ArrivalCount.droppedEnd) + missingMain.arrivals,
    },
    planned:
      endMs !== null && isByTime
        ? { arrivals: plannedArrivals(sequencePlan({ ...plan, arrivals }), plan.seed), accounted }
        : null,
  };
}

const nothing = (): { arrivals: number; messages: number } => ({ arrivals: 0, messages: 0 });

/** All that a worker was to do, in the warm-up and behind it. */
function plannedBy(plan: LoadPlan & { readonly arrivals: ArrivalPlan }, workerId: number) {
  const share = new ArrivalShare(plan, workerId);
  const [before, main] = [nothing(), nothing()];
  while (share.nextUs < plan.warmupMs * 1e3) {
    before.arrivals++;
    before.messages += share.take().sureMessages;
  }
  for (const { arrivals, messages } of share.close()) {
    main.arrivals += arrivals;
    main.messages += messages;
  }
  return [before, main] as const;
}

/** With a duration nothing more was offered than was begun. */
function offeredClosed(
  plan: LoadPlan,
  attempted: number,
  { lost, results, isTargetLost, metrics }: OfferedOutcome,
): Pick<OfferedLoad, 'messages' | 'dropped'> {
  if (plan.messages === null || plan.durationMs !== null) {
    return { messages: attempted, dropped: { cap: 0, target: 0, end: 0, worker: 0 } };
  }
  const shares = partition(plan);
  const worker = lost.reduce((sum, { workerId }) => {
    const begun = attemptedBy(metrics.workers[workerId]);
    return sum + (shares[workerId]?.messages ?? 0) - begun;
  }, 0);
  const left = results.reduce((sum, { messagesLeft }) => sum + messagesLeft, 0);
  return {
    messages: plan.messages,
    dropped: { cap: 0, target: isTargetLost ? left : 0, end: isTargetLost ? 0 : left, worker },
  };
}

function attemptedBy(worker: WorkerMetrics | undefined): number {
  return (worker?.last?.lanes ?? []).reduce((sum, { phases }) => sum + phases[1].messagesAttempted, 0);
}
