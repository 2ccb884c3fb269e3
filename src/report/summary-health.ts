/** The generator's own health: from merged metrics to the figures of a result. */
import type { MachineUse } from '../messages/run-event.js';
import type { HealthRecord } from '../metrics/interval-record.js';
import type { PhaseTotals } from '../metrics/phase-totals.js';
import type { WorkerMetrics } from '../metrics/run-metrics.js';
import type { PortNeeds } from '../plan/port-needs.js';
import type { GeneratorHealth, KnownCeiling, WorkerHealth } from './generator-schema.js';
import type { SummaryInput } from './summary.js';

/** What of this machine was in use when the load began, and at most. */
export interface UsedMachine {
  readonly first: MachineUse;
  readonly peak: MachineUse;
}

/** Makes all of it. */
export function healthOf(
  input: SummaryInput,
  [warmup, main]: readonly [PhaseTotals, PhaseTotals],
  attemptedPerSec: number,
): GeneratorHealth {
  const { metrics, busyShares, environment, portNeeds, use } = input;
  const workers = metrics.workers.map((worker) => workerHealth(worker, busyShares[worker.workerId] ?? 0));
  const isKnown = workers.every(({ cpuSec }) => cpuSec !== null);
  const cpuSec = isKnown ? workers.reduce((sum, worker) => sum + (worker.cpuSec ?? 0), 0) : null;
  const messages = warmup.messagesAttempted + main.messagesAttempted;
  const health = metrics.health();
  const sum = (read: (record: HealthRecord) => number): number => health.reduce((all, record) => all + read(record), 0);
  return {
    workers,
    eventLoopLag: metrics.eventLoopLag.summary(),
    busy: Math.max(0, ...busyShares),
    cpuSec,
    cpuUsPerMessage: cpuSec === null || messages === 0 ? null : (cpuSec * 1e6) / messages,
    startupSec: input.startupSec,
    fileLimitHits: sum(({ fileLimitHits }) => fileLimitHits),
    portLimitHits: sum(({ portLimitHits }) => portLimitHits),
    gc: {
      count: sum(({ gcCount }) => gcCount),
      sec: sum(({ gcUs }) => gcUs) / 1e6,
      longestUs: health.reduce((longest, { gcLongestUs }) => Math.max(longest, gcLongestUs), 0),
    },
    sendStalls: { count: sum(({ sendStalls }) => sendStalls), sec: sum(({ sendStalledUs }) => sendStalledUs) / 1e6 },
    files: { peakOpen: use?.peak.openFiles ?? null, limit: environment.openFilesLimit },
    ports: portNeeds === null ? null : portsOf(portNeeds, environment.localPorts, use),
    functions: input.plan.functions === null ? null : functionCosts(health, cpuSec),
    ceiling: ceilingOf(input.ceiling, attemptedPerSec),
    gates: input.gates.map((gate) => ({ ...gate })),
  };
}

function workerHealth({ workerId, last, eventLoopLag, lost }: WorkerMetrics, busy: number): WorkerHealth {
  const health = last?.health;
  const phases = (last?.lanes ?? []).flatMap((lane) => lane.phases);
  return {
    workerId,
    busy,
    cpuSec: health === undefined || health.cpuSec < 0 ? null : health.cpuSec,
    eventLoopLagP99Us: eventLoopLag.valueAt(99),
    gcSec: (health?.gcUs ?? 0) / 1e6,
    lost,
    sessions: phases.reduce((all, { sessions }) => all + sessions.started, 0),
  };
}

function portsOf(needs: PortNeeds, localPorts: number | null, use: UsedMachine | null): GeneratorHealth['ports'] {
  const { addressPairs, atOnce, connectsPerSec } = needs;
  return {
    available: localPorts === null ? null : localPorts * addressPairs,
    addressPairs,
    atOnce,
    plannedConnectsPerSec: connectsPerSec,
    timeWaitBefore: use?.first.timeWait ?? null,
    timeWaitPeak: use?.peak.timeWait ?? null,
  };
}

function functionCosts(health: readonly HealthRecord[], cpuSec: number | null): GeneratorHealth['functions'] {
  const calls = health.reduce((sum, { functionCalls }) => sum + functionCalls, 0);
  const us = health.reduce((sum, { functionUs }) => sum + functionUs, 0);
  return {
    calls,
    usPerCall: calls === 0 ? null : us / calls,
    share: cpuSec === null || cpuSec === 0 ? null : us / 1e6 / cpuSec,
  };
}

/** How near to its calibrated limit the generator came. */
function ceilingOf(known: KnownCeiling | null, attemptedPerSec: number): GeneratorHealth['ceiling'] {
  if (known === null) return null;
  const { messagesPerSec, calibratedAt } = known;
  return { messagesPerSec, calibratedAt, share: attemptedPerSec / messagesPerSec };
}
