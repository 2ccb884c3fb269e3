/**
 * The record of a run: what a generator says once per second, and nothing else that counts.
 *
 * Plain records and typed arrays only, so that they can cross a thread, a file or a network. Counters are cumulative
 * since the start of the run; histograms hold the interval alone. The last record of each generator therefore carries
 * its totals, and the sum of the histograms must match them.
 */

import { STEP_COUNT } from '../protocol/steps.js';

/** Version of the record; between threads of one run others are refused. */
export const INTERVAL_RECORD_VERSION = 8;

/** What has a histogram: every step that is timed (by its index), then these. */
export const LatencyKey = {
  message: STEP_COUNT,
  session: STEP_COUNT + 1,
  refused: STEP_COUNT + 2,
  unfinished: STEP_COUNT + 3,
  timeToSuccess: STEP_COUNT + 4,
  service: STEP_COUNT + 5,
  response: STEP_COUNT + 6,
  wait: STEP_COUNT + 7,
  lag: STEP_COUNT + 8,
} as const;
/** How many histograms a phase can have: one per step index, then {@link LatencyKey}. */
export const LATENCY_COUNT = STEP_COUNT + 9;

/** One histogram of one interval. All values are µs. */
export interface LatencyRecord {
  /** A step's index or a {@link LatencyKey}. */
  readonly key: number;
  readonly count: number;
  readonly minUs: number;
  readonly maxUs: number;
  readonly sumUs: number;
  /** Values outside 1 µs to 1 h that were clamped to that range. */
  readonly clamped: number;
  /** HdrHistogram V2, deflated, base64. */
  readonly histogram: string;
}

/** Replies of one step that share code, enhanced code and interim flag. Counts are cumulative. */
export interface ReplyRow {
  readonly step: number;
  readonly code: number;
  /** `class * 1e6 + subject * 1e3 + detail` (RFC 3463), or 0 when the reply had none. */
  readonly enhanced: number;
  /** The reply did not end its command: 334 inside AUTH, or a code that cannot end it. */
  readonly interim: boolean;
  readonly count: number;
  /** Text of the first such reply, at most 160 characters, as latin1 and not yet cleaned for display. */
  readonly sample: string;
  /** µs since time zero. */
  readonly firstSeenUs: number;
  readonly lastSeenUs: number;
}

/** Failures of one step that share a kind. Counts are cumulative. */
export interface ErrorRow {
  readonly step: number;
  /** Index into `ERROR_KIND_NAMES`. */
  readonly kind: number;
  readonly count: number;
  readonly sample: string;
}

/** Replies of one step that a script did not expect, where they and what was expected are alike. Counts are cumulative. */
export interface UnexpectedRow {
  readonly step: number;
  readonly code: number;
  /** As in {@link ReplyRow}. */
  readonly enhanced: number;
  /** `250 2yz, 5.1.x, /pattern/` */
  readonly expected: string;
  readonly count: number;
  /** As in {@link ReplyRow}. */
  readonly sample: string;
}

/** TLS handshakes that agreed on the same. Counts are cumulative. */
export interface TlsRow {
  /** `TLSv1.3` */
  readonly protocol: string;
  /** As OpenSSL names it. */
  readonly cipher: string;
  /** Group of the key exchange; null: there was none, or OpenSSL does not tell. */
  readonly group: string | null;
  /** An earlier session was resumed. */
  readonly resumed: boolean;
  readonly count: number;
}

/** Started and ended, for clients and for sessions. Index with `Ending`. */
export interface LifeCounts {
  readonly started: number;
  /** Length 3, by `Ending`. */
  readonly ended: readonly number[];
  /** Counted by walking what is open, not by subtraction, so that the books can fail to balance. */
  readonly open: number;
}

/** All counts of what began in one phase. Cumulative. */
export interface PhaseCounts {
  readonly messagesAttempted: number;
  /** By `Outcome`. */
  readonly messages: readonly number[];
  /** Messages taken and not settled, counted by walking the sessions. */
  readonly messagesInFlight: number;
  readonly recipientsAttempted: number;
  readonly recipients: readonly number[];
  readonly recipientsInFlight: number;
  /** By `RetryCount`. */
  readonly retries: readonly number[];
  /** By `ArrivalCount`; all 0 under closed load. */
  readonly arrivals: readonly number[];
  readonly clients: LifeCounts;
  readonly sessions: LifeCounts;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Per step index. */
  readonly sent: readonly number[];
  readonly replied: readonly number[];
  readonly failed: readonly number[];
  readonly pipelined: readonly number[];
  /** Outstanding commands, counted by walking the sessions. */
  readonly inFlight: readonly number[];
  readonly replies: readonly ReplyRow[];
  readonly errors: readonly ErrorRow[];
  readonly tls: readonly TlsRow[];
  readonly unexpected: readonly UnexpectedRow[];
}

/** What was done between the end of the warm-up and the end of the window, whatever its phase. Cumulative. */
export interface WindowCounts {
  readonly attempted: number;
  readonly accepted: number;
  readonly recipientsAccepted: number;
  readonly sessionsCompleted: number;
  readonly bytesSent: number;
  /** When the last message was settled, µs since time zero; -1: none yet. */
  readonly lastSettledUs: number;
}

/** The generator's own health in one interval. */
export interface HealthRecord {
  /** Lateness of the worker's own clock tick, µs; key is -1. */
  readonly eventLoopLag: LatencyRecord;
  /** Share of the interval in which the event loop was busy, 0 to 1. */
  readonly busy: number;
  /** User and system CPU of the thread since its start, s; -1 where the platform does not tell. */
  readonly cpuSec: number;
  /** Connects that failed because this machine ran out of file descriptors (EMFILE, ENFILE). Cumulative. */
  readonly fileLimitHits: number;
  /** Connects that failed because no local port was free (EADDRNOTAVAIL, EADDRINUSE). Cumulative. */
  readonly portLimitHits: number;
  /** Pauses of the thread for garbage collection since the load began: how many, all together and the longest, µs. Cumulative. */
  readonly gcCount: number;
  readonly gcUs: number;
  readonly gcLongestUs: number;
  /**
   * Times that the kernel did not take what a connection had written within a tick of the clock, 10 ms, and how long that
   * was all together, µs: the server or the network was slower than its session. Cumulative.
   */
  readonly sendStalls: number;
  readonly sendStalledUs: number;
  /** Calls of functions of the scenario, and the time that they took, µs. Cumulative. */
  readonly functionCalls: number;
  readonly functionUs: number;
}

/** What one lane did, and all of it: lanes share nothing. `phases[0]` began in the warm-up, `phases[1]` after it. */
export interface LaneRecord {
  readonly phases: readonly [PhaseCounts, PhaseCounts];
  /** Histograms of what completed in this interval, per phase in which it began. */
  readonly latencies: readonly [readonly LatencyRecord[], readonly LatencyRecord[]];
  readonly window: WindowCounts;
  readonly openSessions: number;
  /** The most that were ever open at once. */
  readonly peakOpenSessions: number;
}

/** One interval of one generator. */
export interface IntervalRecord {
  readonly version: number;
  readonly workerId: number;
  /** Seconds since time zero, counted from 0; the same for all workers. */
  readonly index: number;
  readonly startUs: number;
  readonly endUs: number;
  /** In the order of the plan's lanes. */
  readonly lanes: readonly LaneRecord[];
  /** The most sessions that were ever open at once in this generator, over all lanes. */
  readonly peakOpenSessions: number;
  /** When a server last greeted us or answered a session it had greeted; µs since time zero, -1: never. */
  readonly lastGreetedUs: number;
  readonly health: HealthRecord;
}

/** The oldest version that can still be told: it counted no stalls of sending. */
const OLDEST_VERSION = 7;

/** A record as it was stored, perhaps by an earlier version; null: it is none that can be told. */
export function storedRecord(stored: unknown): IntervalRecord | null {
  const record = stored as IntervalRecord | null | undefined;
  if (record?.version === INTERVAL_RECORD_VERSION) return record;
  if (record?.version !== OLDEST_VERSION) return null;
  const health = { ...record.health, sendStalls: 0, sendStalledUs: 0 };
  return { ...record, version: INTERVAL_RECORD_VERSION, health };
}
