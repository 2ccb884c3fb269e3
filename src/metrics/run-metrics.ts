/** All that the generators have said so far, merged: totals per phase, and the run over time. */
import type { HealthRecord, IntervalRecord, LaneRecord, PhaseCounts } from './interval-record.js';
import { ArrivalCount } from './arrival-counts.js';
import { LatencyHistogram, LatencySet } from './latency-histograms.js';
import type { LoadWindow } from './load-window.js';
import { Ending, Outcome } from './outcome.js';
import type { MinuteRecord } from './minute-records.js';
import { isRecordBalanced } from './record-books.js';
import { Timeline, type RunningCounts } from './timeline.js';

/** What one worker has said. */
export interface WorkerMetrics {
  readonly workerId: number;
  /** The newest record; its counters are totals. Null: it has said nothing. */
  last: IntervalRecord | null;
  intervals: number;
  /** Busy time and length of its intervals inside the window, s. */
  busySec: number;
  windowSec: number;
  readonly eventLoopLag: LatencyHistogram;
  lost: boolean;
  /** Nothing is known of it behind its last record, since the whole program ended there. */
  isCutOff: boolean;
}

/** Histograms per phase: of what began in the warm-up, and of what began after it. */
export type PhaseLatencies = readonly [LatencySet, LatencySet];

/** Merged metrics of a run. */
export class RunMetrics {
  readonly workers: readonly WorkerMetrics[];
  /** Over all lanes. */
  readonly latencies: PhaseLatencies = [new LatencySet(), new LatencySet()];
  /** By lane; of a run with one lane these are those above. */
  readonly laneLatencies: readonly PhaseLatencies[];
  readonly eventLoopLag = new LatencyHistogram();
  readonly timeline: Timeline;
  /** Interval records whose own counters did not balance. */
  unbalancedRecords = 0;
  /** When the measured time is, by the plan. */
  readonly window: LoadWindow;
  #stoppedAtUs = Infinity;
  readonly #before: RunningCounts[];

  constructor(workerCount: number, window: LoadWindow, laneCount = 1) {
    this.laneLatencies =
      laneCount === 1
        ? [this.latencies]
        : Array.from({ length: laneCount }, () => [new LatencySet(), new LatencySet()] as const);
    this.workers = Array.from({ length: workerCount }, (_, workerId) => ({
      workerId,
      last: null,
      intervals: 0,
      busySec: 0,
      windowSec: 0,
      eventLoopLag: new LatencyHistogram(),
      lost: false,
      isCutOff: false,
    }));
    this.window = window;
    this.timeline = new Timeline(workerCount);
    this.#before = Array.from({ length: workerCount }, () => runningCounts(null));
  }

  /** The run was stopped before its window would have ended. */
  stopped(atUs: number): void {
    this.#stoppedAtUs = Math.min(this.#stoppedAtUs, atUs);
  }

  /** Takes in one record. */
  add(record: IntervalRecord): void {
    this.addMinute({ record, count: 1, unbalanced: isRecordBalanced(record) ? 0 : 1 });
  }

  /** Takes in one that stands for those of several seconds. */
  addMinute({ record, count, unbalanced }: MinuteRecord): void {
    const worker = this.workers[record.workerId];
    if (worker === undefined) return;
    worker.last = record;
    worker.intervals += count;
    this.unbalancedRecords += unbalanced;
    for (const [lane, { latencies }] of record.lanes.entries()) this.#addLatencies(lane, latencies);
    const middleUs = (record.startUs + record.endUs) / 2;
    if (this.window.holds(middleUs) && middleUs < this.#stoppedAtUs) {
      const sec = (record.endUs - record.startUs) / 1e6;
      worker.busySec += record.health.busy * sec;
      worker.windowSec += sec;
      worker.eventLoopLag.add(record.health.eventLoopLag);
      this.eventLoopLag.add(record.health.eventLoopLag);
    }
    const now = runningCounts(record);
    this.timeline.add(record, now, this.#before[record.workerId] ?? now);
    this.#before[record.workerId] = now;
  }

  #addLatencies(lane: number, records: LaneRecord['latencies']): void {
    const own = this.laneLatencies[lane] ?? this.latencies;
    for (const phase of [0, 1] as const) {
      for (const latency of records[phase]) {
        this.latencies[phase].add(latency);
        if (own !== this.latencies) own[phase].add(latency);
      }
    }
  }

  /** Sum of the most that each worker ever had open: at least the true peak, and equal to it under steady load. */
  get peakOpenSessions(): number {
    return this.workers.reduce((sum, { last }) => sum + (last?.peakOpenSessions ?? 0), 0);
  }

  /** When any server last greeted us, µs since time zero; -1: never. */
  get lastGreetedUs(): number {
    return this.workers.reduce((latest, { last }) => Math.max(latest, last?.lastGreetedUs ?? -1), -1);
  }

  /** The newest records of the lanes: one per lane of each worker that has said something, or of one lane alone. */
  lanes(lane: number | null = null): LaneRecord[] {
    return this.workers.flatMap(({ last }) => {
      const lanes = last?.lanes ?? [];
      return lane === null ? lanes : lanes.slice(lane, lane + 1);
    });
  }

  /** Counters of one phase, one entry per lane of each worker that has said something. */
  phase(phase: 0 | 1): PhaseCounts[] {
    return this.lanes().map(({ phases }) => phases[phase]);
  }

  /** Health records, the newest of each worker. */
  health(): HealthRecord[] {
    return this.workers.flatMap(({ last }) => (last === null ? [] : [last.health]));
  }
}

/** The counters of a record that the timeline takes differences of, over both phases. */
function runningCounts(record: IntervalRecord | null): RunningCounts {
  const total: RunningCounts = {
    attempted: 0,
    accepted: 0,
    deferred: 0,
    rejected: 0,
    failed: 0,
    dropped: 0,
    sessionsCompleted: 0,
    replies: [0, 0, 0, 0],
    errors: 0,
    // Unknown stays unknown through every difference and sum.
    gcUs: record?.health.gcUs ?? 0,
    cpuSec: record === null ? 0 : record.health.cpuSec < 0 ? NaN : record.health.cpuSec,
  };
  for (const phase of record?.lanes.flatMap(({ phases }) => phases) ?? []) {
    total.attempted += phase.messagesAttempted;
    total.sessionsCompleted += phase.sessions.ended[Ending.completed] ?? 0;
    total.accepted += phase.messages[Outcome.accepted] ?? 0;
    total.deferred += phase.messages[Outcome.deferred] ?? 0;
    total.rejected += phase.messages[Outcome.rejected] ?? 0;
    total.failed += phase.messages[Outcome.failed] ?? 0;
    total.dropped +=
      (phase.arrivals[ArrivalCount.messagesDroppedCap] ?? 0) + (phase.arrivals[ArrivalCount.messagesDroppedEnd] ?? 0);
    for (const { code, count } of phase.replies) {
      const index = Math.floor(code / 100) - 2;
      if (index >= 0 && index < 4) total.replies[index] = (total.replies[index] ?? 0) + count;
    }
    for (const { count } of phase.errors) total.errors += count;
  }
  return total;
}
