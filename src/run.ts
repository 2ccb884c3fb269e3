/** A whole run, put together: plan, target, pre-flight, load, verdict, result. The composition root. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { approachTargets } from './coordinator/approach-targets.js';
import { Coordinator, type LoadHooks } from './coordinator/coordinator.js';
import { SYSTEM_RESOLVER, type MailResolver } from './coordinator/find-mail-hosts.js';
import { locateTargets } from './coordinator/locate-targets.js';
import { PostrushError } from './errors.js';
import { fileLimit, filesNeeded, openFiles, timeWaitSockets } from './machine-limits.js';
import { machineOf } from './machine.js';
import type { RunEvent } from './messages/run-event.js';
import { MinuteRecords, type MinuteRecord } from './metrics/minute-records.js';
import { Ending } from './metrics/outcome.js';
import { totalsOf } from './metrics/phase-totals.js';
import { plannedWindow } from './metrics/load-window.js';
import type { RunMetrics } from './metrics/run-metrics.js';
import { laneWeights } from './plan/lane-plan.js';
import { MAX_PERIOD, periodOf } from './plan/lane-table.js';
import type { LoadPlan, ScenarioPlan } from './plan/load-plan.js';
import { OPTION_NAMES, type LoadTestOptions } from './plan/options.js';
import { partition } from './plan/partition.js';
import { resolvePlan } from './plan/resolve-plan.js';
import type { KnownCeiling } from './report/generator-schema.js';
import type { RunProgress } from './report/progress.js';
import type { RunResult } from './report/result-schema.js';
import { RunStory, isMailSent, runHead, type RunHead } from './run-story.js';
import { withImpliedCorpora } from './scenario/build-corpora.js';
import { MessageTemplate } from './scenario/message-template.js';
import { conditionsOf } from './verdict/read-conditions.js';
import { version } from './version.js';

export { startBuiltInSink } from './coordinator/built-in-sink.js';

/** Where a run is kept. */
export interface RunStore {
  begin(head: RunHead): void;
  append(event: RunEvent): void;
  /** The same for an event that others will say again with less; `end` is appended in place of the first that finds no room. */
  appendSpare(event: RunEvent, end: RunEvent): void;
}

/** What a caller may hear of a run, and how it may end it. */
export interface RunHooks {
  /** Called about once a second while the run goes on. */
  onProgress?(progress: RunProgress): void;
  /** Stop: finish the messages under way until the drain deadline, then report. */
  readonly stop?: AbortSignal;
  /** Cut: end everything now, then report. */
  readonly cut?: AbortSignal;
  /** Keeps what happens, so that it can be told again; see `src/run-store`. */
  readonly store?: RunStore;
  /** The target is the built-in sink; the result says so. */
  readonly builtInSink?: { readonly replyDelayMs: number };
  /** What the generator can do at most with such sessions on this machine; the result says how near it came. */
  readonly ceiling?: KnownCeiling;
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
  conditionsOf(plan);
  const located = await locateTargets(plan, hooks.resolver ?? SYSTEM_RESOLVER);
  let story: RunStory | null = null;
  let minutes: MinuteRecords | null = null;
  const abort = new AbortController();
  const loadHooks: LoadHooks = {
    abort: abort.signal,
    onEvent: (event, metrics) => {
      story?.observe(event);
      if (hooks.store !== undefined) keep(event, hooks.store, minutes);
      const isWatched = plan.abortOnFail && event.type === 'interval' && !abort.signal.aborted;
      if (isWatched && (story?.watch.missed(metrics) ?? null) !== null) abort.abort();
    },
    stop: hooks.stop,
    cut: hooks.cut,
    generatorUrl: hooks.workers?.url,
    workerHeapMb: hooks.workers?.heapMb,
    look: () => ({ openFiles: openFiles(), timeWait: timeWaitSockets() }),
    onMetrics: progressReporter(plan, hooks),
  };
  const coordinator = new Coordinator(plan, loadHooks);
  try {
    hooks.onProgress?.(progressOf('preflight', 0, plan, null));
    const approach = await approachTargets(plan, located, coordinator.preflight.bind(coordinator));
    checkPeriod(approach.plan);
    const head = runHead(approach, {
      builtInSink: hooks.builtInSink ?? null,
      environment: machineOf(),
      ceiling: hooks.ceiling ?? null,
      tool: { name: 'postrush', version: version() },
    });
    hooks.store?.begin(head);
    story = new RunStory(head, approach.plan);
    minutes = new MinuteRecords(story.ledger.metrics.window);
    const addresses = approach.targets.map(({ address }) => address);
    await coordinator.load(approach.plan, addresses, partition(plan), story.ledger);
    return story.result();
  } finally {
    await coordinator.close();
  }
}

/** Keeps an event, and the record of a minute behind its last second. */
function keep(event: RunEvent, store: RunStore, minutes: MinuteRecords | null): void {
  const append = (minute: MinuteRecord | null | undefined): void => {
    if (minute !== null && minute !== undefined) store.append({ type: 'minute', ...minute });
  };
  if (event.type === 'interval') {
    append(minutes?.add(event.record));
    store.appendSpare(event, { type: 'minutesAlone' });
    return;
  }
  if (event.type === 'stopped') minutes?.stopped(event.atUs);
  if (event.type === 'workerDone') append(minutes?.close(event.result.workerId));
  if (event.type === 'workerLost') append(minutes?.close(event.workerId));
  store.append(event);
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

/** How many hosts MX records name is known only now. */
function checkPeriod(plan: LoadPlan): void {
  const period = periodOf(laneWeights(plan));
  if (period <= MAX_PERIOD) return;
  const message = `and their MX records share weights that ${String(period)} clients are needed to divide: take simpler ones`;
  const issues = [{ path: OPTION_NAMES.target, message }];
  throw new PostrushError('E_CONFIG', `these options are unusable: ${OPTION_NAMES.target} ${message}`, { issues });
}

/** Calls the progress hook once per complete second. */
function progressReporter(plan: LoadPlan, hooks: RunHooks): (metrics: RunMetrics, nowUs: number) => void {
  let seenEndUs = 0;
  return (metrics, nowUs) => {
    const { latest } = metrics.timeline;
    if (hooks.onProgress === undefined || latest === null || latest.endUs === seenEndUs) return;
    seenEndUs = latest.endUs;
    const { warmupEndUs, endUs } = metrics.window;
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
  const { warmupEndUs } = metrics?.window ?? plannedWindow(plan);
  const planned = { preflight: null, warmup: warmupEndUs / 1e3, measured: plan.durationMs, drain: plan.drainMs }[phase];
  const beganUs = phase === 'warmup' ? 0 : warmupEndUs + (phase === 'drain' ? (plan.durationMs ?? 0) * 1e3 : 0);
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
    p99Us: latest?.message?.p99Us ?? null,
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
