/** From merged metrics to the result of a run: every number that a report shows is made here, once. */
import { assert } from '../assert.js';
import type { PinnedAddress, PreflightResult } from '../messages/coordinator-worker.js';
import type { LaneRecord, WindowCounts } from '../metrics/interval-record.js';
import type { PhaseTotals } from '../metrics/phase-totals.js';
import type { RunMetrics } from '../metrics/run-metrics.js';
import type { SteadyState } from '../metrics/steady-state.js';
import type { LoadPlan, TargetPlan } from '../plan/load-plan.js';
import type { PortNeeds } from '../plan/port-needs.js';
import type { RedactedPlan } from '../plan/redact-plan.js';
import type { BookCheck } from '../verdict/books.js';
import type { OfferedLoad, OfferedMessages } from '../verdict/offered-load.js';
import type { HealthGate } from '../verdict/health-gates.js';
import type { ObjectiveResult } from '../verdict/objective-watch.js';
import type { Verdict, VerdictReason } from '../verdict/verdict.js';
import type { ScenarioResultPlan } from './plan-schema.js';
import type { KnownCeiling } from './generator-schema.js';
import type { LaneResult, RunResult } from './result-schema.js';
import type { MailHostResult } from './target-schema.js';
import { warmupEndOf, type RunWindow } from './run-window.js';
import { confidenceOf } from './confidence.js';
import { healthOf, type UsedMachine } from './summary-health.js';
import { blocksOf } from './summary-blocks.js';
import { intervalsOf } from './summary-timeline.js';

/** All that a result is made from. */
export interface SummaryInput {
  readonly plan: LoadPlan;
  readonly redactedPlan: RedactedPlan;
  /** By target of the plan. */
  readonly targets: readonly { readonly address: PinnedAddress; readonly preflight: PreflightResult }[];
  /** What MX records named. */
  readonly mailHosts: readonly (Omit<MailHostResult, 'addresses'> & { readonly addresses: readonly string[] })[];
  /** Empty: there is only one. */
  readonly lanes: readonly LaneInput[];
  readonly builtInSink: { readonly replyDelayMs: number } | null;
  readonly environment: RunResult['environment'];
  readonly tool: RunResult['tool'];
  /** Null: none is known. */
  readonly ceiling: KnownCeiling | null;
  /** What connections take their ports from; null: from nothing. */
  readonly portNeeds: PortNeeds | null;
  /** Null: nobody has looked. */
  readonly use: UsedMachine | null;
  readonly metrics: RunMetrics;
  readonly totals: readonly [PhaseTotals, PhaseTotals];
  readonly window: RunWindow;
  /** How steady the load was when a warm-up ended by itself, null where too little was known; null: none has ended so. */
  readonly warmedUp: { readonly state: SteadyState | null } | null;
  readonly objectives: readonly ObjectiveResult[];
  readonly offered: OfferedLoad;
  /** The same of what began in the warm-up. */
  readonly offeredBefore: OfferedMessages;
  readonly endedBy: RunResult['endedBy'];
  readonly startedAt: Date;
  readonly startupSec: number;
  readonly isComplete: boolean;
  readonly busyShares: readonly number[];
  readonly gates: readonly HealthGate[];
  readonly checks: readonly BookCheck[];
  readonly verdict: Verdict;
  readonly reasons: readonly VerdictReason[];
}

/** One lane of several. */
export interface LaneInput {
  /** How it is told from the others. */
  readonly name: string;
  readonly scenario: string;
  readonly target: string;
  /** Its part of the starts of clients, 0 to 1. */
  readonly weight: number;
  readonly phases: readonly [PhaseTotals, PhaseTotals];
  /** After the warm-up. */
  readonly offered: OfferedMessages;
}

/** Makes the result of a run. */
export function summarise(input: SummaryInput): RunResult {
  const { plan, metrics, totals, window } = input;
  const [first, ...others] = plan.targets;
  const target = targetOf(input, first, 0);
  const [warmup, main] = totals;
  const hasWarmup = plan.warmupMs > 0;
  const buckets = metrics.timeline.finish();
  const throughput = throughputOf(metrics.lanes(), window, offeredInTime(input));
  return {
    schema: 'postrush.result/1',
    verdict: input.verdict,
    reasons: [...input.reasons],
    complete: input.isComplete,
    endedBy: input.endedBy,
    tool: input.tool,
    environment: input.environment,
    target,
    targets: [target, ...others.map((other, index) => targetOf(input, other, index + 1))],
    mailHosts: input.mailHosts.map(({ addresses, ...host }) => ({ ...host, addresses: [...addresses] })),
    plan: planOf(input.redactedPlan),
    preflight: {
      connections: input.targets.reduce((sum, { preflight }) => sum + preflight.connections, 0),
      commands: input.targets.reduce((sum, { preflight }) => sum + preflight.commands, 0),
    },
    window: {
      startedAt: input.startedAt.toISOString(),
      measuredSec: (window.endUs - window.warmupEndUs) / 1e6,
      warmupSec: window.warmupEndUs / 1e6,
      warmupEnd: warmupEndOf(plan, input.warmedUp),
      drainSec: (window.lastUs - window.endUs) / 1e6,
    },
    arrivals: arrivalsOf(input.offered),
    ...blocksOf(
      main,
      metrics.latencies[1],
      { offered: input.offered.messages, dropped: input.offered.dropped },
      metrics.peakOpenSessions,
    ),
    throughput,
    confidence: confidenceOf(buckets, window, plan.seed),
    scenarios: input.lanes.map((lane, index) => laneOf(lane, index, input)),
    intervals: intervalsOf(buckets, window),
    generator: healthOf(input, totals, throughput.attemptedPerSec),
    objectives: input.objectives.map((objective) => ({ ...objective })),
    books: { balanced: input.checks.every(({ ok }) => ok), checks: [...input.checks] },
    warmup: hasWarmup ? blocksOf(warmup, metrics.latencies[0], input.offeredBefore, metrics.peakOpenSessions) : null,
  };
}

/** What the pre-flight of a target showed. */
function targetOf({ targets, builtInSink }: SummaryInput, target: TargetPlan, index: number): RunResult['target'] {
  const approached = targets[index];
  assert(approached !== undefined, 'every target was approached');
  const { address, preflight } = approached;
  return {
    url: target.url,
    host: target.host,
    port: target.port,
    address: address.address,
    family: address.family,
    greeting: preflight.greeting,
    keywords: [...preflight.keywords],
    keywordsAfterTls: preflight.keywordsAfterTls === null ? null : [...preflight.keywordsAfterTls],
    tls: preflight.tls,
    authMechanism: preflight.authMechanism,
    builtInSink,
  };
}

/** The plan as JSON has it. Lists are copied, since those of a plan cannot be changed. */
function planOf(plan: RedactedPlan): RunResult['plan'] {
  return {
    ...plan,
    targets: plan.targets.map((target) => ({ ...target })),
    arrivals: plan.arrivals === null ? null : structuredClone({ ...plan.arrivals }),
    scenarios: plan.scenarios.map(scenarioOf) as [ScenarioResultPlan, ...ScenarioResultPlan[]],
  };
}

function scenarioOf(scenario: RedactedPlan['scenarios'][number]): ScenarioResultPlan {
  const { localAddresses, session, extensions, proxy } = scenario;
  return {
    ...scenario,
    localAddresses: [...localAddresses],
    session: { ...session, steps: session.steps?.map((step) => structuredClone({ ...step })) ?? null },
    extensions: { ...extensions },
    proxy: proxy === null ? null : { ...proxy, sources: [...proxy.sources] },
  };
}

/** What one lane did; the same blocks as those of the whole run. */
function laneOf(
  { name, target, weight, phases, scenario, offered }: LaneInput,
  lane: number,
  input: SummaryInput,
): LaneResult {
  const { metrics, window, totals } = input;
  const [, main] = phases;
  const latencies = metrics.laneLatencies[lane] ?? metrics.latencies;
  const records = metrics.lanes(lane);
  const peakOpen = records.reduce((sum, { peakOpenSessions }) => sum + peakOpenSessions, 0);
  const started = totals[1].clients.started;
  return {
    name,
    scenario,
    target,
    weight,
    clientShare: started === 0 ? 0 : main.clients.started / started,
    ...blocksOf(main, latencies[1], offered, peakOpen),
    throughput: throughputOf(records, window, input.offered.arrivals === null ? null : inTime(offered, input.endedBy)),
  };
}

/** Messages whose time had come when the run ended. */
function inTime(
  { offered, dropped: { target, end, worker } }: OfferedMessages,
  endedBy: SummaryInput['endedBy'],
): number {
  // Where the plan went to its end, what still waited then had come as well.
  return endedBy === 'plan' ? offered : offered - target - end - worker;
}

function offeredInTime({ offered: { messages, dropped, arrivals }, endedBy }: SummaryInput): number | null {
  return arrivals === null ? null : inTime({ offered: messages, dropped }, endedBy);
}

function arrivalsOf({ arrivals }: OfferedLoad): RunResult['arrivals'] {
  if (arrivals === null) return null;
  const { offered, started, droppedCap, droppedEnd } = arrivals;
  return { offered, started, dropped: droppedCap + droppedEnd };
}

function throughputOf(
  lanes: readonly LaneRecord[],
  window: RunWindow,
  offered: number | null,
): RunResult['throughput'] {
  const sec = (window.endUs - window.warmupEndUs) / 1e6;
  const perSec = (field: Exclude<keyof WindowCounts, 'lastSettledUs'>): number =>
    sec > 0 ? lanes.reduce((sum, lane) => sum + lane.window[field], 0) / sec : 0;
  return {
    offeredPerSec: offered === null ? null : sec > 0 ? offered / sec : 0,
    attemptedPerSec: perSec('attempted'),
    acceptedPerSec: perSec('accepted'),
    recipientsPerSec: perSec('recipientsAccepted'),
    sessionsPerSec: perSec('sessionsCompleted'),
    bytesPerSec: perSec('bytesSent'),
  };
}
