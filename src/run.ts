/** A whole run, put together: plan, target, pre-flight, load, verdict, result. The composition root. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { approachTargets, type Approach } from './coordinator/approach-targets.js';
import { Coordinator, type LoadHooks, type LoadOutcome } from './coordinator/coordinator.js';
import { SYSTEM_RESOLVER, type MailResolver } from './coordinator/find-mail-hosts.js';
import { locateTargets } from './coordinator/locate-targets.js';
import { PostrushError } from './errors.js';
import { fileLimit, filesNeeded } from './machine-limits.js';
import { LatencyKey } from './metrics/interval-record.js';
import { Ending } from './metrics/outcome.js';
import { totalsOf, type PhaseTotals } from './metrics/phase-totals.js';
import type { RunMetrics } from './metrics/run-metrics.js';
import { laneNames, lanesOf, laneWeights } from './plan/lane-plan.js';
import { MAX_PERIOD, periodOf } from './plan/lane-table.js';
import type { LoadPlan, ScenarioPlan } from './plan/load-plan.js';
import { sendsMail } from './plan/script-counts.js';
import { OPTION_NAMES, type LoadTestOptions } from './plan/options.js';
import { partition } from './plan/partition.js';
import { redactPlan } from './plan/redact-plan.js';
import { resolvePlan } from './plan/resolve-plan.js';
import type { RunProgress } from './report/progress.js';
import type { RunResult } from './report/result-schema.js';
import { windowOf } from './report/run-window.js';
import { summarise, type SummaryInput } from './report/summary.js';
import { withImpliedCorpora } from './scenario/build-corpora.js';
import { MessageTemplate } from './scenario/message-template.js';
import { checkBooks } from './verdict/books.js';
import { busyShares, checkHealth } from './verdict/health-gates.js';
import { offeredLoad, offeredMessages, type ArrivalTotals } from './verdict/offered-load.js';
import { saturationReasons, type PlacedLoad } from './verdict/saturation.js';
import { ObjectiveWatch } from './verdict/objective-watch.js';
import { conditionsOf, type Conditions } from './verdict/read-conditions.js';
import { judge } from './verdict/verdict.js';
import { version } from './version.js';

export { startBuiltInSink } from './coordinator/built-in-sink.js';

/** What a caller may hear of a run, and how it may end it. */
export interface RunHooks {
  /** Called about once a second while the run goes on. */
  onProgress?(progress: RunProgress): void;
  /** Stop: finish the messages under way until the drain deadline, then report. */
  readonly stop?: AbortSignal;
  /** Cut: end everything now, then report. */
  readonly cut?: AbortSignal;
  /** The target is the built-in sink; the result says so. */
  readonly builtInSink?: { readonly replyDelayMs: number };
  /** Who is asked for names, in place of this machine's resolver. */
  readonly resolver?: MailResolver;
  /** For tests of what happens when a worker dies: another worker module, and its heap. */
  readonly workers?: { readonly url?: URL; readonly heapMb?: number };
}

/**
 * Runs a load test.
 *
 * @param options - what to do, as on the command line
 * @returns the result, also when the verdict is fail or invalid
 * @throws PostrushError `E_CONFIG` for unusable options, `E_TARGET` when the target cannot be reached or refused the
 * pre-flight session, `E_LIMIT` when this machine's limits are too low
 */
export async function run(options: LoadTestOptions, hooks: RunHooks = {}): Promise<RunResult> {
  return runPlan(await withImpliedCorpora(resolvePlan(options, availableParallelism())), hooks);
}

/** Runs a plan. See {@link run}. */
export async function runPlan(given: LoadPlan, hooks: RunHooks = {}): Promise<RunResult> {
  checkFileLimit(given, hooks.builtInSink !== undefined);
  for (const scenario of given.scenarios) {
    checkTlsNames(scenario);
    checkClientCertificate(scenario);
  }
  const plan = withMessageSizes(given);
  const conditions = conditionsOf(plan);
  const located = await locateTargets(plan, hooks.resolver ?? SYSTEM_RESOLVER);
  // How many hosts MX records name, and with it how many lanes there are, shows in the pre-flight.
  let watch = watchOf(plan, conditions);
  const abort = new AbortController();
  const loadHooks: LoadHooks = {
    abort: abort.signal,
    onRecord: (record, metrics, nowUs) => {
      watch.add(record);
      if (plan.abortOnFail && !abort.signal.aborted && watch.missed(metrics, nowUs) !== null) abort.abort();
    },
    onWorkerDone: (workerId) => {
      watch.workerDone(workerId);
    },
    stop: hooks.stop,
    cut: hooks.cut,
    generatorUrl: hooks.workers?.url,
    workerHeapMb: hooks.workers?.heapMb,
    onMetrics: progressReporter(plan, hooks),
  };
  const coordinator = new Coordinator(plan, loadHooks);
  try {
    hooks.onProgress?.(progressOf('preflight', 0, plan, null));
    const approach = await approachTargets(plan, located, coordinator.preflight.bind(coordinator));
    checkPeriod(approach.plan);
    watch = watchOf(approach.plan, conditions);
    const addresses = approach.targets.map(({ address }) => address);
    const outcome = await coordinator.load(approach.plan, addresses, partition(plan));
    return resultOf(hooks, approach, outcome, { ...conditions, watch });
  } finally {
    await coordinator.close();
  }
}

/**
 * Compiles messages once, to refuse what cannot be compiled before anything is sent. A message from a file also gets
 * its size here: it is sent with a Message-ID of ours.
 */
function withMessageSizes(plan: LoadPlan): LoadPlan {
  const withSize = (scenario: ScenarioPlan): ScenarioPlan => {
    if (scenario.message.corpus !== null) return scenario;
    const { sizeBytes } = new MessageTemplate({ ...scenario, seed: plan.seed });
    return { ...scenario, message: { ...scenario.message, sizeBytes } };
  };
  const [first, ...others] = plan.scenarios;
  return { ...plan, scenarios: [withSize(first), ...others.map(withSize)] };
}

/** What the workers could not use is found here: PEM that is broken, and a key to some other certificate. */
function checkClientCertificate({ tls: { clientCertificate } }: ScenarioPlan): void {
  if (clientCertificate === null) return;
  const { certPem, keyPem } = clientCertificate;
  try {
    if (new X509Certificate(certPem).checkPrivateKey(createPrivateKey(keyPem))) return;
  } catch {
    // What the library says of broken PEM helps nobody.
  }
  const message = 'does not hold the key to the certificate of --tls-cert, or one of the two cannot be read';
  throw new PostrushError('E_CONFIG', `these options are unusable: ${OPTION_NAMES.tlsKey} ${message}`, {
    issues: [{ path: OPTION_NAMES.tlsKey, message }],
  });
}

/** Measures the objectives of a plan. */
function watchOf(plan: LoadPlan, { objectives }: Conditions): ObjectiveWatch {
  const warmupEndUs = plan.warmupMs * 1e3;
  const scenarios = plan.scenarios.map(({ name }) => name);
  return new ObjectiveWatch(
    objectives,
    { scenarios, lanesEach: plan.targets.length, workers: plan.workers },
    { warmupEndUs, endUs: plan.durationMs === null ? Infinity : warmupEndUs + plan.durationMs * 1e3 },
  );
}

function resultOf(
  hooks: RunHooks,
  { plan, targets, mailHosts }: Approach,
  outcome: LoadOutcome,
  { gates: bounds, watch }: Conditions & { readonly watch: ObjectiveWatch },
): RunResult {
  const { metrics, lost, endedBy, stoppedAtUs } = outcome;
  const totals: [PhaseTotals, PhaseTotals] = [totalsOf(metrics, 0), totalsOf(metrics, 1)];
  const isTargetLost = endedBy === 'targetLost';
  const offered = offeredLoad(plan, totals, { ...outcome, isTargetLost });
  const gates = checkHealth(metrics, plan.arrivals !== null, bounds);
  const window = windowOf(plan, metrics, stoppedAtUs);
  const objectives = watch.results(metrics, window.endUs);
  const isOpen = plan.arrivals !== null;
  const lanes = laneTotals(plan, metrics, isTargetLost);
  const checks = checkBooks({ metrics, phases: totals, lanes, offered, results: outcome.results });
  const { verdict, reasons } = judge({
    gates,
    checks,
    lost,
    isTargetLost,
    objectives,
    saturation: offered.arrivals === null ? [] : saturationReasons(placedLoad(plan, offered.arrivals, outcome)),
    isEmpty: endedBy !== 'plan' && endedBy !== 'targetLost' && begunIn(plan, totals[1]) === 0,
    giveUpSec: plan.giveUpMs / 1e3,
  });
  return summarise({
    plan,
    redactedPlan: redactPlan(plan),
    targets,
    mailHosts,
    lanes,
    builtInSink: hooks.builtInSink ?? null,
    environment: environment(),
    tool: { name: 'postrush', version: version() },
    metrics,
    totals,
    window,
    objectives,
    offered,
    offeredBefore: offeredMessages(totals[0], isOpen, isTargetLost),
    endedBy,
    startedAt: outcome.startedAt,
    startupSec: (outcome.startedAt.getTime() - performance.timeOrigin) / 1e3,
    isComplete: lost.length === 0,
    busyShares: busyShares(metrics),
    gates,
    checks,
    verdict,
    reasons,
  });
}

function placedLoad(plan: LoadPlan, arrivals: ArrivalTotals, { metrics, endedBy }: LoadOutcome): PlacedLoad {
  const wait = metrics.latencies[1].get(LatencyKey.wait);
  return {
    ...arrivals,
    waited: wait?.count ?? 0,
    longestWaitUs: wait === null || wait.count === 0 ? null : wait.maxUs,
    sessions: plan.sessions,
    isWhole: endedBy === 'plan',
  };
}

/** How many hosts MX records name is known only now. */
function checkPeriod(plan: LoadPlan): void {
  const period = periodOf(laneWeights(plan));
  if (period <= MAX_PERIOD) return;
  const message = `and their MX records share weights that ${String(period)} clients are needed to divide: take simpler ones`;
  const issues = [{ path: OPTION_NAMES.target, message }];
  throw new PostrushError('E_CONFIG', `these options are unusable: ${OPTION_NAMES.target} ${message}`, { issues });
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
function isMailSent({ scenarios }: LoadPlan): boolean {
  return scenarios.some(({ session }) => sendsMail(session.steps));
}

/** Messages that were attempted, or sessions where these send none. */
function begunIn(plan: LoadPlan, { messagesAttempted, sessions }: PhaseTotals): number {
  return isMailSent(plan) ? messagesAttempted : sessions.started;
}

/** Calls the progress hook once per complete second. */
function progressReporter(plan: LoadPlan, hooks: RunHooks): (metrics: RunMetrics, nowUs: number) => void {
  let seenEndUs = 0;
  return (metrics, nowUs) => {
    const { latest } = metrics.timeline;
    if (hooks.onProgress === undefined || latest === null || latest.endUs === seenEndUs) return;
    seenEndUs = latest.endUs;
    const warmupEndUs = plan.warmupMs * 1e3;
    const endUs = plan.durationMs === null ? Infinity : warmupEndUs + plan.durationMs * 1e3;
    // An interval ends a little late, so its middle tells where it belongs.
    const middleUs = (latest.startUs + latest.endUs) / 2;
    const isDraining = hooks.stop?.aborted === true || middleUs >= endUs;
    const phase = isDraining ? 'drain' : middleUs < warmupEndUs ? 'warmup' : 'measured';
    hooks.onProgress(progressOf(phase, nowUs, plan, metrics));
  };
}

function progressOf(
  phase: RunProgress['phase'],
  nowUs: number,
  plan: LoadPlan,
  metrics: RunMetrics | null,
): RunProgress {
  const latest = metrics?.timeline.latest ?? null;
  const counted = metrics === null ? null : totalsOf(metrics, phase === 'warmup' ? 0 : 1);
  const planned = { preflight: null, warmup: plan.warmupMs, measured: plan.durationMs, drain: plan.drainMs }[phase];
  const beganUs = phase === 'warmup' ? 0 : plan.warmupMs * 1e3 + (phase === 'drain' ? (plan.durationMs ?? 0) * 1e3 : 0);
  const intervalSec = latest === null ? 0 : (latest.endUs - latest.startUs) / 1e6;
  const of = (index: number): number => counted?.messages[index] ?? 0;
  return {
    phase,
    elapsedSec: Math.max(0, nowUs - beganUs) / 1e6,
    plannedSec: planned === null ? null : planned / 1e3,
    intervalSec,
    attempted: counted?.messagesAttempted ?? 0,
    accepted: of(0),
    deferred: of(1),
    rejected: of(2),
    failed: of(3),
    acceptedPerSec: latest !== null && intervalSec > 0 ? latest.counts.accepted / intervalSec : 0,
    sessions: isMailSent(plan)
      ? null
      : {
          completed: counted?.sessions.ended[Ending.completed] ?? 0,
          failed: counted?.sessions.ended[Ending.failed] ?? 0,
          completedPerSec: latest !== null && intervalSec > 0 ? latest.counts.sessionsCompleted / intervalSec : 0,
          planned: phase === 'measured' ? plan.connections : null,
        },
    openSessions: latest?.openSessions ?? 0,
    p99Us: latest?.acceptedLatencyP99Us ?? null,
    generatorBusy: latest?.busy ?? 0,
    plannedMessages: phase === 'measured' ? plan.messages : null,
  };
}

/** Refuses ciphers and groups that this Node's OpenSSL does not know. Only it can tell. */
function checkTlsNames({ tls: { ciphers, groups } }: ScenarioPlan): void {
  const refuse = (option: 'tlsCiphers' | 'tlsGroups', names: string, settings: SecureContextOptions): void => {
    try {
      createSecureContext(settings);
    } catch (error) {
      const path = OPTION_NAMES[option];
      const message = `holds no name that OpenSSL ${process.versions.openssl} can use`;
      const issues = [{ path, message, received: names }];
      throw new PostrushError('E_CONFIG', `these options are unusable: ${path} ${message}`, { cause: error, issues });
    }
  };
  if (ciphers !== null) refuse('tlsCiphers', ciphers, { ciphers });
  if (groups !== null) refuse('tlsGroups', groups, { ecdhCurve: groups });
}

/** Refuses a load that this process could not open the sockets for. */
function checkFileLimit(plan: LoadPlan, withSink: boolean): void {
  const limit = fileLimit();
  const needed = filesNeeded(plan.sessions, withSink);
  if (limit === null || needed <= limit) return;
  throw new PostrushError(
    'E_LIMIT',
    `${plan.targets[0].url}: ${String(plan.sessions)} sessions need about ${String(needed)} open files, but this process may ` +
      `have ${String(limit)}; raise the limit (ulimit -n ${String(needed)}) or use fewer sessions (-s)`,
  );
}

function environment(): RunResult['environment'] {
  const processors = cpus();
  return {
    node: process.version,
    platform: process.platform,
    arch: process.arch,
    cpuModel: processors[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
  };
}
