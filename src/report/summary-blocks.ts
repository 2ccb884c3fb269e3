/** The blocks of the result that are counted and timed per phase: from merged metrics to the numbers people read. */
import { LatencyKey } from '../metrics/interval-record.js';
import type { LatencySet } from '../metrics/latency-histograms.js';
import { LatencyHistogram, type LatencySummary as Summary } from '../metrics/latency-histograms.js';
import { Ending, ERROR_KIND_NAMES, Outcome } from '../metrics/outcome.js';
import type { LifeTotals, PhaseTotals } from '../metrics/phase-totals.js';
import { RetryCount } from '../metrics/retry-counts.js';
import { formatEnhanced, meaningOfReply } from '../protocol/reply-codes.js';
import { STEP_COUNT, STEP_NAMES, Step } from '../protocol/steps.js';
import type { OfferedMessages } from '../verdict/offered-load.js';
import type { ResultBlocks } from './result-schema.js';

/** Makes the blocks of one phase. */
export function blocksOf(
  totals: PhaseTotals,
  latencies: LatencySet,
  { offered, dropped: droppedBy }: OfferedMessages,
  peakOpen: number,
): ResultBlocks {
  const latency = (key: number): Summary => (latencies.get(key) ?? new LatencyHistogram()).summary();
  const isPlanned = totals.arrivals.some((count) => count > 0);
  return {
    messages: {
      offered,
      attempted: totals.messagesAttempted,
      ...settled(totals.messages),
      dropped: droppedBy.cap + droppedBy.target + droppedBy.end + droppedBy.worker,
      droppedBy: { ...droppedBy },
    },
    retries: retriesOf(totals, latencies),
    recipients: { attempted: totals.recipientsAttempted, ...settled(totals.recipients) },
    sessions: { ...lives(totals.sessions), peakOpen },
    clients: lives(totals.clients),
    bytes: { sent: totals.bytesSent, received: totals.bytesReceived },
    latency: {
      message: latency(LatencyKey.message),
      session: latency(LatencyKey.session),
      refused: latency(LatencyKey.refused),
      unfinished: latency(LatencyKey.unfinished),
      timeToSuccess: hasRetries(totals, latencies) ? latency(LatencyKey.timeToSuccess) : null,
      // Closed load has no intended start.
      service: isPlanned ? latency(LatencyKey.service) : null,
      response: isPlanned ? latency(LatencyKey.response) : null,
      wait: isPlanned ? latency(LatencyKey.wait) : null,
      lag: isPlanned ? latency(LatencyKey.lag) : null,
    },
    steps: stepsOf(totals, latency),
    replies: totals.replies.map((row) => ({
      step: nameOf(row.step),
      code: row.code,
      enhanced: formatEnhanced(row.enhanced),
      count: row.count,
      interim: row.interim,
      meaning: meaningOfReply(row.code, row.enhanced),
      sample: row.sample,
      firstSeenSec: row.firstSeenUs / 1e6,
      lastSeenSec: row.lastSeenUs / 1e6,
    })),
    errors: totals.errors.map(({ step, kind, count, sample }) => ({
      step: nameOf(step),
      kind: ERROR_KIND_NAMES[kind] ?? 'malformed',
      count,
      sample,
    })),
    tls: tlsOf(totals),
    unexpected: totals.unexpected.map(({ step, code, enhanced, expected, count, sample }) => ({
      step: nameOf(step),
      code,
      enhanced: formatEnhanced(enhanced),
      expected,
      count,
      sample,
    })),
  };
}

/** A load that may try again either did, or had every message timed to its success. */
function hasRetries({ retries }: PhaseTotals, latencies: LatencySet): boolean {
  return retries.some((count) => count > 0) || (latencies.get(LatencyKey.timeToSuccess)?.histogramCount ?? 0) > 0;
}

function retriesOf(totals: PhaseTotals, latencies: LatencySet): ResultBlocks['retries'] {
  if (!hasRetries(totals, latencies)) return null;
  const of = (index: number): number => totals.retries[index] ?? 0;
  return {
    scheduled: of(RetryCount.scheduled),
    accepted: of(RetryCount.accepted),
    gaveUp: of(RetryCount.gaveUp),
    waiting: of(RetryCount.waiting),
  };
}

function tlsOf({ tls }: PhaseTotals): ResultBlocks['tls'] {
  const sum = (rows: PhaseTotals['tls']): number => rows.reduce((total, { count }) => total + count, 0);
  if (tls.length === 0) return null;
  return {
    handshakes: sum(tls),
    resumed: sum(tls.filter(({ resumed }) => resumed)),
    rows: tls.map((row) => ({ ...row })),
  };
}

function stepsOf(totals: PhaseTotals, latency: (key: number) => Summary): ResultBlocks['steps'] {
  const steps: ResultBlocks['steps'] = {};
  for (let step = 0; step < STEP_COUNT; step++) {
    const sent = totals.sent[step] ?? 0;
    if (sent === 0 || step === Step.session) continue;
    steps[nameOf(step)] = {
      sent,
      replied: totals.replied[step] ?? 0,
      failed: totals.failed[step] ?? 0,
      inFlight: totals.inFlight[step] ?? 0,
      pipelined: totals.pipelined[step] ?? 0,
      latency: latency(step),
    };
  }
  return steps;
}

/** Name of a step by its index. */
export function nameOf(step: number): (typeof STEP_NAMES)[number] {
  return STEP_NAMES[step] ?? 'session';
}

function settled(counts: readonly number[]): Omit<ResultBlocks['recipients'], 'attempted'> {
  const of = (outcome: number): number => counts[outcome] ?? 0;
  return {
    accepted: of(Outcome.accepted),
    deferred: of(Outcome.deferred),
    rejected: of(Outcome.rejected),
    failed: of(Outcome.failed),
    cut: of(Outcome.cut),
    abandoned: of(Outcome.abandoned),
  };
}

function lives({ started, ended }: LifeTotals): ResultBlocks['clients'] {
  const of = (ending: number): number => ended[ending] ?? 0;
  return { started, completed: of(Ending.completed), failed: of(Ending.failed), cut: of(Ending.cut) };
}
