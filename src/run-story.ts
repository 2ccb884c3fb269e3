/** What is known of a run, and the result that follows from it: the same while it goes on and when its journal is read again. */
import { LoadLedger } from './coordinator/load-ledger.js';
import type { Approach } from './coordinator/approach-targets.js';
import type { RunEvent } from './messages/run-event.js';
import { LatencyKey } from './metrics/interval-record.js';
import { totalsOf, type PhaseTotals } from './metrics/phase-totals.js';
import type { RunMetrics } from './metrics/run-metrics.js';
import { laneNames, lanesOf, laneWeights } from './plan/lane-plan.js';
import { periodOf } from './plan/lane-table.js';
import type { LoadPlan } from './plan/load-plan.js';
import { portNeeds } from './plan/port-needs.js';
import { measuredFrom } from './plan/warmup-end.js';
import { redactPlan, type RedactedPlan } from './plan/redact-plan.js';
import { sendsMail } from './plan/script-counts.js';
import { UNKNOWN_ENVIRONMENT } from './report/environment-schema.js';
import type { KnownCeiling } from './report/generator-schema.js';
import type { RunResult } from './report/result-schema.js';
import { windowOf } from './report/run-window.js';
import { summarise, type SummaryInput } from './report/summary.js';
import { checkBooks } from './verdict/books.js';
import { busyShares, checkHealth } from './verdict/health-gates.js';
import { ObjectiveWatch } from './verdict/objective-watch.js';
import { offeredLoad, offeredMessages, type ArrivalTotals, type OfferedLoad } from './verdict/offered-load.js';
import { conditionsOf, type Conditions } from './verdict/read-conditions.js';
import { saturationReasons, type PlacedLoad } from './verdict/saturation.js';
import { judge } from './verdict/verdict.js';

/** What is known before the load begins. Plain records without secrets, so that it can be stored. */
export interface RunHead extends Pick<Approach, 'targets' | 'mailHosts'> {
  readonly plan: RedactedPlan;
  readonly builtInSink: { readonly replyDelayMs: number } | null;
  readonly environment: RunResult['environment'];
  readonly tool: RunResult['tool'];
  /** Of the generator, as calibrated; null: none is known. Heads of earlier versions have none. */
  readonly ceiling: KnownCeiling | null;
}

/** What was stored of a run before it began; earlier versions stored less. */
export function storedHead(stored: Readonly<Record<string, unknown>>): RunHead {
  const head = stored as unknown as RunHead & { readonly ceiling?: RunHead['ceiling'] };
  return { ...head, ceiling: head.ceiling ?? null, environment: { ...UNKNOWN_ENVIRONMENT, ...head.environment } };
}

/** The plan of a stored run. What was left out of it (secrets, messages, rows) no result asks for. */
export function storedPlan(plan: RedactedPlan): LoadPlan {
  const functions = plan.functions.length === 0 ? null : { names: plan.functions };
  return { ...plan, functions } as unknown as LoadPlan;
}

/** A run, event by event. */
export class RunStory {
  readonly ledger: LoadLedger;
  readonly watch: ObjectiveWatch;
  readonly #head: RunHead;
  #plan: LoadPlan;
  readonly #conditions: Conditions;

  /** @param plan - of `head`, with everything in it or as {@link storedPlan} gives it */
  constructor(head: RunHead, plan: LoadPlan) {
    this.#head = head;
    this.#plan = plan;
    this.#conditions = conditionsOf(plan);
    this.ledger = new LoadLedger(plan);
    this.watch = new ObjectiveWatch(
      this.#conditions.objectives,
      {
        scenarios: plan.scenarios.map(({ name }) => name),
        lanesEach: plan.targets.length,
        workers: plan.workers,
        isCounted: plan.messages !== null || plan.connections !== null,
      },
      this.ledger.metrics.window,
    );
  }

  /** Takes in what has happened. */
  apply(event: RunEvent): void {
    this.ledger.apply(event);
    this.observe(event);
  }

  /** The same where the ledger has it already. */
  observe(event: RunEvent): void {
    if (event.type === 'warmedUp') this.#plan = measuredFrom(this.#plan, event.atUs);
    else if (event.type === 'interval' || event.type === 'minute') this.watch.add(event.record);
    else if (event.type === 'stopped') this.watch.stopped(event.atUs);
    else if (event.type === 'workerDone') this.watch.workerDone(event.result.workerId);
    else if (event.type === 'workerLost') this.watch.workerDone(event.workerId);
  }

  /** Nothing more is known: whoever has not said its last word was ended with the program. */
  breakOff(): void {
    const { metrics, results, lost } = this.ledger;
    const known = new Set([...results, ...lost].map(({ workerId }) => workerId));
    for (const worker of metrics.workers) if (!known.has(worker.workerId)) worker.isCutOff = true;
    const lastUs = metrics.workers.reduce((latest, { last }) => Math.max(latest, last?.endUs ?? 0), 0);
    this.ledger.apply({ type: 'stopped', atUs: lastUs, why: 'killed' });
    this.ledger.endedBy = 'killed';
  }

  /** The result of what has happened so far. */
  result(): RunResult {
    const plan = this.#plan;
    const { metrics, lost, endedBy, stoppedAtUs, results, startedAt, startupSec, warmedUp, firstUse, peakUse } =
      this.ledger;
    const totals: [PhaseTotals, PhaseTotals] = [totalsOf(metrics, 0), totalsOf(metrics, 1)];
    const isTargetLost = endedBy === 'targetLost';
    const offered = this.#offered(totals, isTargetLost);
    const gates = checkHealth(metrics, plan.arrivals !== null, this.#conditions.gates);
    const window = windowOf(plan, metrics, stoppedAtUs);
    const objectives = this.watch.results(metrics, window.endUs);
    const lanes = laneTotals(plan, metrics, isTargetLost);
    const checks = checkBooks({ metrics, phases: totals, lanes, offered, results });
    const { verdict, reasons } = judge({
      gates,
      checks,
      lost,
      isTargetLost,
      objectives,
      saturation: offered.arrivals === null ? [] : saturationReasons(placedLoad(plan, offered.arrivals, this.ledger)),
      isEmpty: endedBy !== 'plan' && endedBy !== 'targetLost' && begunIn(plan, totals[1]) === 0,
      giveUpSec: plan.giveUpMs / 1e3,
    });
    const { targets, mailHosts, builtInSink, environment, tool, ceiling } = this.#head;
    return summarise({
      ...{ plan, redactedPlan: this.#head.plan, targets, mailHosts, lanes, builtInSink, environment, tool, ceiling },
      portNeeds: portNeeds(plan),
      use: firstUse === null || peakUse === null ? null : { first: firstUse, peak: peakUse },
      ...{ metrics, totals, window, warmedUp, objectives, offered, endedBy, startedAt, startupSec },
      offeredBefore: offeredMessages(totals[0], plan.arrivals !== null, isTargetLost),
      isComplete: lost.length === 0 && endedBy !== 'killed',
      busyShares: busyShares(metrics),
      ...{ gates, checks, verdict, reasons },
    });
  }

  #offered(totals: readonly [PhaseTotals, PhaseTotals], isTargetLost: boolean): OfferedLoad {
    const { metrics, lost, results, endedBy } = this.ledger;
    if (endedBy !== 'killed') return offeredLoad(this.#plan, totals, { metrics, lost, results, isTargetLost });
    // What was left of the plan when the program was killed has no better cause than its end.
    const silent = metrics.workers.filter(({ isCutOff }) => isCutOff);
    const offered = offeredLoad(this.#plan, totals, { metrics, lost: [...lost, ...silent], results, isTargetLost });
    const { end, worker } = offered.dropped;
    return { ...offered, dropped: { ...offered.dropped, end: end + worker, worker: 0 } };
  }
}

/** What is known of a run before it begins, as it may be stored. */
export function runHead(
  { plan, targets, mailHosts }: Approach,
  rest: Pick<RunHead, 'builtInSink' | 'environment' | 'tool' | 'ceiling'>,
): RunHead {
  return { plan: redactPlan(plan), targets, mailHosts, ...rest };
}

function placedLoad(plan: LoadPlan, arrivals: ArrivalTotals, { metrics, endedBy }: LoadLedger): PlacedLoad {
  const wait = metrics.latencies[1].get(LatencyKey.wait);
  return {
    ...arrivals,
    waited: wait?.count ?? 0,
    longestWaitUs: wait === null || wait.count === 0 ? null : wait.maxUs,
    sessions: plan.sessions,
    workers: plan.workers,
    connectLimit: plan.connectLimit,
    isWhole: endedBy === 'plan',
  };
}

/** What each lane did; of a run with one lane there is nothing to tell beside the totals. */
function laneTotals(plan: LoadPlan, metrics: RunMetrics, isTargetLost: boolean): SummaryInput['lanes'] {
  const names = laneNames(plan);
  if (names.length === 1) return [];
  const shares = laneWeights(plan);
  const period = periodOf(shares);
  return lanesOf(plan).map(({ name: scenario, target }, lane) => {
    const phases = [totalsOf(metrics, 0, lane), totalsOf(metrics, 1, lane)] as const;
    return {
      name: names[lane] ?? scenario,
      scenario,
      target: target.url,
      weight: (shares[lane] ?? 0) / period,
      phases,
      offered: offeredMessages(phases[1], plan.arrivals !== null, isTargetLost),
    };
  });
}

/** Whether any of the sessions sends messages. */
export function isMailSent({ scenarios }: LoadPlan): boolean {
  return scenarios.some(({ session }) => sendsMail(session.steps));
}

/** Messages that were attempted, or sessions where these send none. */
function begunIn(plan: LoadPlan, { messagesAttempted, sessions }: PhaseTotals): number {
  return isMailSent(plan) ? messagesAttempted : sessions.started;
}
