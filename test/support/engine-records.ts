/** Interval records and what is in them, for tests of what merges, judges and reports them. */
import { ARRIVAL_COUNTS } from '../../src/metrics/arrival-counts.js';
import { RETRY_COUNTS } from '../../src/metrics/retry-counts.js';
import type {
  HealthRecord,
  IntervalRecord,
  LaneRecord,
  LatencyRecord,
  PhaseCounts,
  WindowCounts,
} from '../../src/metrics/interval-record.js';
import { LatencyHistogram, type LatencyDrain } from '../../src/metrics/latency-histograms.js';
import type { Census } from '../../src/metrics/phase-book.js';
import { OUTCOME_COUNT } from '../../src/metrics/outcome.js';
import { STEP_COUNT, Step } from '../../src/protocol/steps.js';

const zeros = (length: number): number[] => new Array<number>(length).fill(0);

/** A histogram of these values in µs, as a record. */
export function latencyRecord(key: number, ...valuesUs: readonly number[]): LatencyRecord {
  const histogram = new LatencyHistogram();
  for (const us of valuesUs) histogram.record(us);
  const record = histogram.toRecord(key);
  histogram.destroy();
  return record;
}

/** A worker in good health. */
export function healthRecord(changes: Partial<HealthRecord> = {}): HealthRecord {
  return {
    eventLoopLag: latencyRecord(-1),
    busy: 0.25,
    cpuSec: 0,
    fileLimitHits: 0,
    portLimitHits: 0,
    gcCount: 0,
    gcUs: 0,
    gcLongestUs: 0,
    sendStalls: 0,
    sendStalledUs: 0,
    functionCalls: 0,
    functionUs: 0,
    ...changes,
  };
}

/** Counts of a phase in which nothing happened, but for `changes`. */
export function phaseCounts(changes: Partial<PhaseCounts> = {}): PhaseCounts {
  return {
    messagesAttempted: 0,
    messages: zeros(OUTCOME_COUNT),
    messagesInFlight: 0,
    recipientsAttempted: 0,
    recipients: zeros(OUTCOME_COUNT),
    recipientsInFlight: 0,
    retries: zeros(RETRY_COUNTS),
    arrivals: zeros(ARRIVAL_COUNTS),
    clients: { started: 0, ended: [0, 0, 0], open: 0 },
    sessions: { started: 0, ended: [0, 0, 0], open: 0 },
    bytesSent: 0,
    bytesReceived: 0,
    sent: zeros(STEP_COUNT),
    replied: zeros(STEP_COUNT),
    failed: zeros(STEP_COUNT),
    pipelined: zeros(STEP_COUNT),
    inFlight: zeros(STEP_COUNT),
    replies: [],
    errors: [],
    tls: [],
    unexpected: [],
    ...changes,
  };
}

/** An array per step with these values. */
export function perStep(values: Partial<Record<keyof typeof Step, number>>): number[] {
  const counts = zeros(STEP_COUNT);
  for (const [name, value] of Object.entries(values)) counts[Step[name as keyof typeof Step]] = value;
  return counts;
}

const NO_WINDOW: WindowCounts = {
  attempted: 0,
  accepted: 0,
  recipientsAccepted: 0,
  sessionsCompleted: 0,
  bytesSent: 0,
  lastSettledUs: -1,
};

/** What a test wants to differ from an empty lane. */
interface LaneChanges {
  readonly warmup?: Partial<PhaseCounts> | undefined;
  readonly main?: Partial<PhaseCounts> | undefined;
  readonly warmupLatencies?: readonly LatencyRecord[] | undefined;
  readonly latencies?: readonly LatencyRecord[] | undefined;
  readonly window?: Partial<WindowCounts> | undefined;
  readonly openSessions?: number | undefined;
  readonly peakOpenSessions?: number | undefined;
}

/** The same of a record with one lane, and what stands beside its lanes. */
export type RecordChanges = LaneChanges & Partial<Omit<IntervalRecord, 'peakOpenSessions'>>;

/** What one lane did. */
export function laneRecord(changes: LaneChanges = {}): LaneRecord {
  const { warmup, main, warmupLatencies, latencies, window, openSessions, peakOpenSessions } = changes;
  return {
    phases: [phaseCounts(warmup), phaseCounts(main)],
    latencies: [warmupLatencies ?? [], latencies ?? []],
    window: { ...NO_WINDOW, ...window },
    openSessions: openSessions ?? 0,
    peakOpenSessions: peakOpenSessions ?? 0,
  };
}

/** The record of second `index` of a worker with one lane. */
export function intervalRecord(workerId: number, index: number, changes: RecordChanges = {}): IntervalRecord {
  const { warmup, main, warmupLatencies, latencies, window, openSessions, peakOpenSessions, ...others } = changes;
  return {
    version: 1,
    workerId,
    index,
    startUs: index * 1e6,
    endUs: (index + 1) * 1e6,
    lanes: [laneRecord({ warmup, main, warmupLatencies, latencies, window, openSessions, peakOpenSessions })],
    peakOpenSessions: peakOpenSessions ?? 0,
    lastGreetedUs: -1,
    health: healthRecord(),
    ...others,
  };
}

/** The whole record of an interval that ends now. */
export function closedInterval(
  recorder: { interval(censuses: readonly [Census, Census], drains: LatencyDrain[]): LaneRecord },
  censuses: readonly [Census, Census],
): LaneRecord {
  const drains: LatencyDrain[] = [];
  const record = recorder.interval(censuses, drains);
  for (const drain of drains) while (drain.left > 0) drain.next();
  return record;
}
