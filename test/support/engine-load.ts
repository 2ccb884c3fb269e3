/**
 * A load inside the test's own process: real clients, sessions and sockets on one wheel, without a worker thread. Many
 * of them run side by side, and nothing of them is hidden from the test.
 */
import { LoadWindow } from '../../src/metrics/load-window.js';
import { RunClock, monotonicUs } from '../../src/clock.js';
import { Census } from '../../src/metrics/phase-book.js';
import { totalsOf, type PhaseTotals } from '../../src/metrics/phase-totals.js';
import { isBalanced } from '../../src/metrics/record-books.js';
import { RunMetrics } from '../../src/metrics/run-metrics.js';
import { Timeline } from '../../src/metrics/timeline.js';
import { firstLane, type LanePlan } from '../../src/plan/lane-plan.js';
import type { LoadPlan } from '../../src/plan/load-plan.js';
import { STEP_NAMES } from '../../src/protocol/steps.js';
import type { CompiledScript } from '../../src/scenario/compiled-script.js';
import { SeededRandom } from '../../src/seeded-random.js';
import { checkBooks } from '../../src/verdict/books.js';
import { Client, type ClientHost } from '../../workers/client.js';
import { DeadlineWheel, WHEEL_TICK_US } from '../../workers/deadline-wheel.js';
import { Lane } from '../../workers/lane.js';
import { MessageSupply } from '../../workers/message-supply.js';
import { Outbox } from '../../workers/outbox.js';
import { Recorder } from '../../workers/recorder.js';
import { SessionActor } from '../../workers/session-actor.js';
import { SmtpConnection } from '../../workers/smtp-connection.js';
import { intervalRecord } from './engine-records.js';
import { compileLoadScript } from './integration-build.js';

/** Beyond every deadline that a plan of the tests can have. */
const LONG_AFTER_US = 3_600e6;

/**
 * Scripts that are compiled already, by all that they depend on but deadlines and grouping: stuffing the dots of a large
 * message takes longer than sending it.
 */
const scripts = new Map<string, CompiledScript>();

/** What came of a load. */
export interface LoadEnd {
  readonly totals: PhaseTotals;
  readonly elapsedMs: number;
  /** What should not be: equations that do not hold, and what was left behind. In words. */
  readonly faults: readonly string[];
}

/**
 * Puts a load with a number of messages on its target and waits for its end.
 *
 * @throws Error when it has not ended after `longestMs`
 */
export function runInProcess(plan: LoadPlan, longestMs: number): Promise<LoadEnd> {
  return new EngineLoad(plan).run(longestMs);
}

class EngineLoad implements ClientHost {
  readonly supply: MessageSupply;
  readonly recorder = new Recorder(new LoadWindow(0));
  readonly #plan: LoadPlan;
  readonly #lane: Lane;
  readonly #clients: Client[] = [];
  readonly #sessions: SessionActor[] = [];
  readonly #clock = new RunClock(monotonicUs());
  readonly #wheel = new DeadlineWheel(0);
  readonly #random: SeededRandom;
  readonly #faults: string[] = [];
  #active = 0;
  #eventsChecked = -1;
  #finished: (() => void) | null = null;

  constructor(plan: LoadPlan) {
    this.#plan = plan;
    const lane = firstLane(plan);
    this.#lane = new Lane(lane, {
      index: 0,
      script: scriptFor(lane),
      recorder: this.recorder,
      address: { address: lane.target.host, family: 4 },
      clock: this.#clock,
      numbers: null,
      hooks: {
        onLimit: (limit) => this.#faults.push(`this machine is out of ${limit}s`),
        onHeard: null,
        onQueued: null,
      },
      retryHost: { waiting: 0, isStopping: true, schedule: () => undefined, onRetryDue: () => undefined },
    });
    this.#random = new SeededRandom(plan.seed, 0);
    this.supply = new MessageSupply({ workerId: 0, workerCount: 1, messages: plan.messages }, new LoadWindow(0));
  }

  async run(longestMs: number): Promise<LoadEnd> {
    this.#open();
    const ticker = setInterval(() => this.#tick(), WHEEL_TICK_US / 1e3);
    let isHanging = false;
    const watchdog = setTimeout(() => {
      isHanging = true;
      for (const session of this.#sessions) session.cut(this.#clock.nowUs());
    }, longestMs);
    await new Promise<void>((resolve) => {
      this.#finished = resolve;
      for (const client of this.#clients) client.start(this.#clock.nowUs(), null);
    });
    const elapsedMs = this.#clock.nowUs() / 1e3;
    clearInterval(ticker);
    clearTimeout(watchdog);
    if (isHanging) this.#faults.push(`it had not ended after ${longestMs} ms`);
    this.#checkResidue();
    return { totals: this.#closeBooks(), elapsedMs, faults: this.#faults };
  }

  nextLane(): Lane {
    return this.#lane;
  }

  thinkUs(): number {
    return 0;
  }

  onIdle(): void {
    throw new Error('sessions of a closed load wait for no arrival');
  }

  hasWork(nowUs: number): boolean {
    return this.supply.has(nowUs);
  }

  rest(client: Client): void {
    client.retire();
  }

  random(): number {
    return this.#random.next();
  }

  requestStart(client: Client): void {
    client.start(this.#clock.nowUs(), null);
  }

  schedule(client: Client, deadlineUs: number): void {
    this.#wheel.schedule(client, deadlineUs);
  }

  onGreeted(): void {
    // Nobody gives up here.
  }

  onSessionOver(): void {
    // The same.
  }

  onStopAsked(): void {
    this.supply.close();
  }

  onSupplyEmpty(): void {
    for (const client of this.#clients) if (client.isWaiting) client.retire();
  }

  onClientDone(): void {
    this.#active--;
    if (this.#active === 0) this.#finished?.();
  }

  #open(): void {
    const { tools, connections } = this.#lane;
    const shared = { wheel: this.#wheel, outbox: new Outbox(), clock: this.#clock, observer: null };
    for (let index = 0; index < this.#plan.sessions; index++) {
      const client = new Client(this, this.#lane);
      const session = new SessionActor({ ...shared, ...tools }, client);
      const connection = new SmtpConnection(connections, session, index);
      session.attach(connection);
      client.attach(session, connection);
      this.#clients.push(client);
      this.#sessions.push(session);
    }
    this.#active = this.#clients.length;
  }

  #tick(): void {
    this.#wheel.tick(this.#clock.nowUs());
    const book = this.recorder.phaseOf(Infinity);
    // Many loads wait most of their time: what has neither heard, said nor lost anything balances as it did before.
    const events = book.failed.reduce((sum, count) => sum + count, book.bytesSent + book.bytesReceived);
    if (events === this.#eventsChecked) return;
    this.#eventsChecked = events;
    const counts = book.toCounts(this.#census());
    if (!isBalanced(counts)) this.#faults.push(`the books do not balance under way: ${JSON.stringify(counts)}`);
  }

  #census(): Census {
    const census = new Census();
    for (const session of this.#sessions) session.count([new Census(), census], 0);
    for (const client of this.#clients) if (client.startedAtUs >= 0) census.clients++;
    return census;
  }

  /** Nothing is open, and nothing will ever happen again. */
  #checkResidue(): void {
    const sleepers = [...this.#sessions, ...this.#clients];
    if (this.#sessions.some((session) => session.isOpen)) this.#faults.push('a session is open');
    if (this.#sessions.some((session) => session.deadlineUs !== Infinity))
      this.#faults.push('a session has a deadline');
    this.#wheel.tick(this.#clock.nowUs() + LONG_AFTER_US);
    if (sleepers.some((sleeper) => sleeper.bucketDueUs !== Infinity)) this.#faults.push('the wheel is not empty');
  }

  #closeBooks(): PhaseTotals {
    const books = [this.recorder.phaseOf(-1), this.recorder.phaseOf(Infinity)] as const;
    const metrics = new MetricsOfOne([books[0].latencies, books[1].latencies]);
    metrics.add(
      intervalRecord(0, 0, {
        endUs: this.#clock.nowUs(),
        warmup: books[0].toCounts(new Census()),
        main: books[1].toCounts(this.#census()),
      }),
    );
    const phases = [totalsOf(metrics, 0), totalsOf(metrics, 1)] as const;
    const checks = checkBooks({
      metrics,
      phases,
      lanes: [],
      offered: {
        messages: this.#plan.messages ?? 0,
        dropped: { cap: 0, target: 0, end: this.supply.left, worker: 0 },
        arrivals: null,
        planned: null,
      },
      results: [{ workerId: 0, intervals: 1, latencyCounts: [this.recorder.latencyCounts()] }],
    });
    for (const { name, left, right, ok } of checks) if (!ok) this.#faults.push(`${name}: ${left} and ${right}`);
    if (phases[1].inFlight.some((count) => count !== 0)) this.#faults.push('something is in flight');
    // Their memory is not the garbage collector's.
    books.forEach(({ latencies }) => latencies.destroy());
    metrics.eventLoopLag.destroy();
    metrics.workers.forEach(({ eventLoopLag }) => eventLoopLag.destroy());
    return phases[1];
  }
}

/** The script of a lane; where its target listens makes no difference to it. */
function scriptFor(lane: LanePlan): CompiledScript {
  const { target, pipelining, timeoutsMs } = lane;
  const key = JSON.stringify({ ...lane, target: target.protocol, pipelining: null, timeoutsMs: null });
  const script = scripts.get(key) ?? compileLoadScript(lane);
  scripts.set(key, script);
  const timeoutsUs = Float64Array.from(STEP_NAMES, (name) => (name === 'session' ? 0 : timeoutsMs[name] * 1e3));
  return { ...script, pipelining, timeoutsUs };
}

/**
 * The metrics of one recorder in one interval, with its own histograms: to pack them and merge them into others took a
 * fifth of the time of the fault matrix, whose runs with threads do both. The run over time is nobody's business here.
 */
class MetricsOfOne extends RunMetrics {
  override readonly timeline = new NoTimeline(1);
  override readonly latencies: RunMetrics['latencies'];
  override readonly laneLatencies: RunMetrics['laneLatencies'];

  constructor(latencies: RunMetrics['latencies']) {
    super(1, new LoadWindow(0));
    this.latencies = latencies;
    this.laneLatencies = [latencies];
  }
}

class NoTimeline extends Timeline {
  override add(): void {
    // Nothing is kept.
  }
}
