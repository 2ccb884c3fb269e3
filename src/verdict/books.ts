/** The books: equations that hold between independent counts of the same run. When one fails the numbers do not count. */
import { ArrivalCount } from '../metrics/arrival-counts.js';
import type { PhaseTotals } from '../metrics/phase-totals.js';
import { LATENCY_COUNT, LatencyKey } from '../metrics/interval-record.js';
import type { LatencySet } from '../metrics/latency-histograms.js';
import { Ending, Outcome } from '../metrics/outcome.js';
import { RetryCount } from '../metrics/retry-counts.js';
import type { PhaseLatencies, RunMetrics } from '../metrics/run-metrics.js';
import { STEPS_WITHOUT_REPLY, STEP_COUNT, STEP_NAMES, Step } from '../protocol/steps.js';

import type { OfferedLoad } from './offered-load.js';

/** One equation. */
export interface BookCheck {
  readonly name: string;
  readonly left: number;
  readonly right: number;
  readonly ok: boolean;
}

/** Messages that the plan held and that were never begun, by cause. */
export interface DroppedMessages {
  readonly cap: number;
  readonly target: number;
  readonly end: number;
  readonly worker: number;
}

/** What the equations are about. */
export interface BooksInput {
  readonly metrics: RunMetrics;
  /** What began in the warm-up, what began after it. */
  readonly phases: readonly [PhaseTotals, PhaseTotals];
  /** The same for each lane; empty: there is only one. */
  readonly lanes: readonly { readonly name: string; readonly phases: readonly [PhaseTotals, PhaseTotals] }[];
  readonly offered: OfferedLoad;
  /** Per worker that ended by itself: records it sent, and values it recorded per lane, phase and latency key. */
  readonly results: readonly {
    readonly workerId: number;
    readonly intervals: number;
    readonly latencyCounts: readonly (readonly [readonly number[], readonly number[]])[];
  }[];
}

/** Checks every equation of the run. */
export function checkBooks(input: BooksInput): BookCheck[] {
  const [, main] = input.phases;
  const { lanes, offered } = input;
  const { cap, target, end, worker } = offered.dropped;
  const dropped = cap + target + end + worker;
  const checks = [
    check('messages: offered = attempted + dropped', offered.messages, main.messagesAttempted + dropped),
    ...checkArrivals(offered),
    ...checkPhases('', input.phases, input.metrics.latencies),
    ...lanes.flatMap(({ name, phases }, lane) =>
      checkPhases(`${name}: `, phases, input.metrics.laneLatencies[lane] ?? input.metrics.latencies),
    ),
  ];
  // Over both phases: a connection looks at the clock a moment after its session did.
  const handshakes = sum(input.phases.map(({ replied }) => replied[Step.tls] ?? 0));
  const agreements = sum(input.phases.flatMap(({ tls }) => tls.map(({ count }) => count)));
  if (handshakes + agreements > 0) checks.push(check('tls: agreements = replied', agreements, handshakes));
  checks.push(check('interval records that do not balance = 0', input.metrics.unbalancedRecords, 0));
  for (const result of input.results) {
    const received = input.metrics.workers[result.workerId]?.intervals ?? 0;
    checks.push(
      check(`worker ${String(result.workerId)}: interval records sent = received`, result.intervals, received),
    );
  }
  if (input.results.length === input.metrics.workers.length) checks.push(...checkTransport(input));
  return checks;
}

/** The values that workers recorded must all be in the merged histograms, each in its own. */
function checkTransport({ metrics, results }: BooksInput): BookCheck[] {
  let differing = 0;
  for (const [lane, latencies] of metrics.laneLatencies.entries()) {
    for (const phase of [0, 1] as const) {
      for (let key = 0; key < LATENCY_COUNT; key++) {
        const recorded = sum(results.map(({ latencyCounts }) => latencyCounts[lane]?.[phase][key] ?? 0));
        if (recorded !== (latencies[phase].get(key)?.histogramCount ?? 0)) differing++;
      }
    }
  }
  return [check('histograms that differ from what workers recorded = 0', differing, 0)];
}

function checkPhases(prefix: string, [warmup, main]: BooksInput['phases'], latencies: PhaseLatencies): BookCheck[] {
  const hasWarmup = warmup.messagesAttempted > 0 || warmup.sessions.started > 0;
  return [
    ...checkPhase(prefix, main, latencies[1]),
    ...(hasWarmup ? checkPhase(`${prefix}warm-up: `, warmup, latencies[0]) : []),
  ];
}

function checkPhase(prefix: string, totals: PhaseTotals, latencies: LatencySet): BookCheck[] {
  const { messages, recipients, clients, sessions } = totals;
  const of = (outcome: number): number => messages[outcome] ?? 0;
  const timed = (key: number): number => latencies.get(key)?.histogramCount ?? 0;
  return [
    check(`${prefix}messages: attempted = sum of outcomes`, totals.messagesAttempted, sum(messages)),
    check(`${prefix}recipients: attempted = sum of outcomes`, totals.recipientsAttempted, sum(recipients)),
    check(`${prefix}sessions: started = completed + failed + cut`, sessions.started, sum(sessions.ended)),
    check(`${prefix}clients: started = completed + failed + cut`, clients.started, sum(clients.ended)),
    ...checkSteps(prefix, totals, timed),
    ...checkRetries(prefix, totals, timed),
    ...checkClocks(prefix, totals, timed),
    check(`${prefix}latency.message: values = accepted`, timed(LatencyKey.message), of(Outcome.accepted)),
    check(
      `${prefix}latency.refused: values = deferred + rejected`,
      timed(LatencyKey.refused),
      of(Outcome.deferred) + of(Outcome.rejected),
    ),
    check(
      `${prefix}latency.unfinished: values = failed + cut by the end`,
      timed(LatencyKey.unfinished),
      of(Outcome.failed) + of(Outcome.cut) - totals.cutWithWorker,
    ),
    check(
      `${prefix}latency.session: values = completed + failed`,
      timed(LatencyKey.session),
      sum(sessions.ended) - (sessions.ended[Ending.cut] ?? 0),
    ),
  ];
}

/** Under closed load there is nothing to check. */
function checkArrivals({ arrivals, planned }: OfferedLoad): BookCheck[] {
  if (arrivals === null) return [];
  const { offered, started, droppedCap, droppedEnd } = arrivals;
  return [
    check('arrivals: offered = started + dropped', offered, started + droppedCap + droppedEnd),
    ...(planned === null ? [] : [check('arrivals: planned = offered', planned.arrivals, planned.accounted)]),
  ];
}

/** Every arrival that was started has a lag; the first message of those that were accepted has both clocks. */
function checkClocks(prefix: string, totals: PhaseTotals, timed: (key: number) => number): BookCheck[] {
  if (sum(totals.arrivals) === 0) return [];
  const started = totals.arrivals[ArrivalCount.started] ?? 0;
  return [
    check(`${prefix}latency.lag: values = arrivals started`, timed(LatencyKey.lag), started),
    check(`${prefix}latency.response: values = latency.service`, timed(LatencyKey.response), timed(LatencyKey.service)),
  ];
}

/** A try that was scheduled is begun, or waits at the end. Without retries there is nothing to check. */
function checkRetries(prefix: string, totals: PhaseTotals, timed: (key: number) => number): BookCheck[] {
  const of = (index: number): number => totals.retries[index] ?? 0;
  if (timed(LatencyKey.timeToSuccess) === 0 && sum(totals.retries) === 0) return [];
  return [
    check(
      `${prefix}retries: scheduled = begun + waiting`,
      of(RetryCount.scheduled),
      of(RetryCount.begun) + of(RetryCount.waiting),
    ),
    check(
      `${prefix}latency.timeToSuccess: values = accepted`,
      timed(LatencyKey.timeToSuccess),
      totals.messages[Outcome.accepted] ?? 0,
    ),
  ];
}

function checkSteps(prefix: string, totals: PhaseTotals, timed: (key: number) => number): BookCheck[] {
  const checks: BookCheck[] = [];
  for (let step = 0; step < STEP_COUNT; step++) {
    const sent = totals.sent[step] ?? 0;
    if (sent === 0 || step === Step.session) continue;
    const name = `${prefix}${STEP_NAMES[step] ?? ''}`;
    const replied = totals.replied[step] ?? 0;
    const failed = totals.failed[step] ?? 0;
    const rows = totals.replies.filter((row) => row.step === step && !row.interim);
    const errors = totals.errors.filter((row) => row.step === step);
    checks.push(
      check(`${name}: sent = replied + failed + in flight`, sent, replied + failed + (totals.inFlight[step] ?? 0)),
      check(`${name}: latencies = replied`, timed(step), replied),
      check(`${name}: errors = failed`, sum(errors.map(({ count }) => count)), failed),
    );
    if (!STEPS_WITHOUT_REPLY.includes(step)) {
      checks.push(check(`${name}: reply rows = replied`, sum(rows.map(({ count }) => count)), replied));
    }
  }
  return checks;
}

function check(name: string, left: number, right: number): BookCheck {
  return { name, left, right, ok: left === right };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
