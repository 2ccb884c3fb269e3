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
  const missing = { arrivals: 0, messages: 0 };
  for (const { workerId } of outcome.lost) {
    const share = plannedBy({ ...plan, arrivals }, workerId);
    const counted = outcome.metrics.workers[workerId]?.last?.lanes.flatMap(({ phases }) => phases) ?? [];
    const known = (index: number): number => counted.reduce((sum, phase) => sum + (phase.arrivals[index] ?? 0), 0);
    missing.arrivals += share.arrivals - known(ArrivalCount.offered);
    missing.messages += share.messages - known(ArrivalCount.messagesOffered);
  }
  const of = (totals: PhaseTotals, index: number): number => totals.arrivals[index] ?? 0;
  const { endMs } = arrivals;
  const isBounded = plan.messages === null && plan.connections === null;
  const accounted = of(warmup, ArrivalCount.offered) + of(main, ArrivalCount.offered) + missing.arrivals;
  return {
    messages: offered + missing.messages,
    dropped: { ...dropped, worker: missing.messages },
    arrivals: {
      offered: of(main, ArrivalCount.offered) + missing.arrivals,
      started: of(main, ArrivalCount.started),
      droppedCap: of(main, ArrivalCount.droppedCap),
      droppedEnd: of(main, ArrivalCount.droppedEnd) + missing.arrivals,
    },
    planned:
      endMs !== null && isBounded
        ? { arrivals: plannedArrivals(sequencePlan({ ...plan, arrivals }), plan.seed), accounted }
        : null,
  };
}

/** All that a worker was to do. */
function plannedBy(
  plan: LoadPlan & { readonly arrivals: ArrivalPlan },
  workerId: number,
): { arrivals: number; messages: number } {
  const share = new ArrivalShare(plan, workerId);
  const sum = { arrivals: 0, messages: 0 };
  while (share.nextUs < plan.warmupMs * 1e3) {
    sum.arrivals++;
    sum.messages += share.take().sureMessages;
  }
  for (const { arrivals, messages } of share.close()) {
    sum.arrivals += arrivals;
    sum.messages += messages;
  }
  return sum;
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
