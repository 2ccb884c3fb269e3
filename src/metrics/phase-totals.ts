/** The counters of one phase, summed over all workers and lanes, or over those of one lane. Pure arithmetic on finished records. */
import { STEP_COUNT } from '../protocol/steps.js';
import { ARRIVAL_COUNTS } from './arrival-counts.js';
import type { ErrorRow, PhaseCounts, ReplyRow, TlsRow, UnexpectedRow } from './interval-record.js';
import { Ending, OUTCOME_COUNT, Outcome } from './outcome.js';
import { RETRY_COUNTS } from './retry-counts.js';
import type { RunMetrics } from './run-metrics.js';
import { TlsCounts } from './tls-counts.js';
import { UnexpectedCounts } from './unexpected-counts.js';

/** Started and ended, over all workers. */
export interface LifeTotals {
  started: number;
  /** By `Ending`. */
  ended: number[];
}

/** One phase over all workers. */
export interface PhaseTotals {
  messagesAttempted: number;
  /** By `Outcome`. */
  messages: number[];
  recipientsAttempted: number;
  recipients: number[];
  /** By `RetryCount`. */
  retries: number[];
  /** By `ArrivalCount`. */
  arrivals: number[];
  /** Messages that count as cut because the worker that had them was lost. */
  cutWithWorker: number;
  clients: LifeTotals;
  sessions: LifeTotals;
  bytesSent: number;
  bytesReceived: number;
  /** Per step index. */
  sent: number[];
  replied: number[];
  failed: number[];
  pipelined: number[];
  inFlight: number[];
  /** Most frequent first within a step, in the order of steps. */
  replies: ReplyRow[];
  errors: ErrorRow[];
  /** Most frequent first. */
  tls: TlsRow[];
  unexpected: UnexpectedRow[];
}

/**
 * Sums a phase. What a lost worker had under way in its last record is cut: nobody will ever know more of it.
 *
 * @param lane - which lane to sum; null: all of them
 */
export function totalsOf(metrics: RunMetrics, phase: 0 | 1, lane: number | null = null): PhaseTotals {
  const totals: PhaseTotals = {
    messagesAttempted: 0,
    messages: zeros(OUTCOME_COUNT),
    recipientsAttempted: 0,
    recipients: zeros(OUTCOME_COUNT),
    retries: zeros(RETRY_COUNTS),
    arrivals: zeros(ARRIVAL_COUNTS),
    cutWithWorker: 0,
    clients: { started: 0, ended: zeros(3) },
    sessions: { started: 0, ended: zeros(3) },
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
  };
  const replies = new Map<string, ReplyRow>();
  const errors = new Map<string, ErrorRow>();
  const tls = new TlsCounts();
  const unexpected = new UnexpectedCounts();
  for (const { last, lost, isCutOff } of metrics.workers) {
    for (const [index, { phases }] of (last?.lanes ?? []).entries()) {
      if (lane !== null && lane !== index) continue;
      const counts = phases[phase];
      addCounts(totals, counts);
      if (lost || isCutOff) cutWhatWasLost(totals, counts);
      for (const row of counts.replies) addReply(replies, row);
      for (const row of counts.errors) addError(errors, row);
      for (const { count, ...agreement } of counts.tls) tls.count(agreement, count);
      for (const row of counts.unexpected) unexpected.add(row);
    }
  }
  totals.replies = [...replies.values()].sort((a, b) => a.step - b.step || b.count - a.count || a.code - b.code);
  totals.errors = [...errors.values()].sort((a, b) => a.step - b.step || b.count - a.count || a.kind - b.kind);
  totals.tls = tls.rows();
  totals.unexpected = unexpected.rows();
  return totals;
}

function addCounts(totals: PhaseTotals, counts: PhaseCounts): void {
  totals.messagesAttempted += counts.messagesAttempted;
  totals.recipientsAttempted += counts.recipientsAttempted;
  totals.bytesSent += counts.bytesSent;
  totals.bytesReceived += counts.bytesReceived;
  addTo(totals.messages, counts.messages);
  addTo(totals.recipients, counts.recipients);
  addTo(totals.retries, counts.retries);
  addTo(totals.arrivals, counts.arrivals);
  for (const lives of ['clients', 'sessions'] as const) {
    totals[lives].started += counts[lives].started;
    addTo(totals[lives].ended, counts[lives].ended);
  }
  for (const column of ['sent', 'replied', 'failed', 'pipelined', 'inFlight'] as const) {
    addTo(totals[column], counts[column]);
  }
}

function cutWhatWasLost(totals: PhaseTotals, counts: PhaseCounts): void {
  const addCut = (values: number[], index: number, more: number): void => {
    values[index] = (values[index] ?? 0) + more;
  };
  addCut(totals.messages, Outcome.cut, counts.messagesInFlight);
  addCut(totals.recipients, Outcome.cut, counts.recipientsInFlight);
  addCut(totals.clients.ended, Ending.cut, counts.clients.open);
  addCut(totals.sessions.ended, Ending.cut, counts.sessions.open);
  totals.cutWithWorker += counts.messagesInFlight;
}

function addReply(rows: Map<string, ReplyRow>, row: ReplyRow): void {
  const key = [row.step, row.code, row.enhanced, row.interim].join(' ');
  const known = rows.get(key);
  if (known === undefined) {
    rows.set(key, row);
    return;
  }
  const earlier = row.firstSeenUs < known.firstSeenUs ? row : known;
  rows.set(key, {
    ...earlier,
    count: known.count + row.count,
    lastSeenUs: Math.max(known.lastSeenUs, row.lastSeenUs),
  });
}

function addError(rows: Map<string, ErrorRow>, row: ErrorRow): void {
  const key = [row.step, row.kind].join(' ');
  const known = rows.get(key);
  rows.set(key, known === undefined ? row : { ...known, count: known.count + row.count });
}

function zeros(length: number): number[] {
  return new Array<number>(length).fill(0);
}

function addTo(sums: number[], values: readonly number[]): void {
  for (let index = 0; index < sums.length; index++) sums[index] = (sums[index] ?? 0) + (values[index] ?? 0);
}
