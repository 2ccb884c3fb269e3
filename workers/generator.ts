/**
 * The Generator actor: one worker's exact share of the plan. It starts clients, lets their sessions run, writes an
 * interval record per second and ends when everything is closed.
 */
import pLimit, { type LimitFunction } from 'p-limit';
import { assertNever } from '../src/assert.js';
import { RunClock } from '../src/clock.js';
import { Census } from '../src/metrics/phase-book.js';
import { plannedWindow, type LoadWindow } from '../src/metrics/load-window.js';
import type { LatencyDrain } from '../src/metrics/latency-histograms.js';
import { INTERVAL_RECORD_VERSION, type IntervalRecord } from '../src/metrics/interval-record.js';
import type { GeneratorResult, GeneratorTask, PinnedAddress } from '../src/messages/coordinator-worker.js';
import { lanesOf, laneWeights, type LanePlan } from '../src/plan/lane-plan.js';
import { LanePlaces, laneTable } from '../src/plan/lane-table.js';
import { measuredFrom } from '../src/plan/warmup-end.js';
import type { CompiledScript } from '../src/scenario/compiled-script.js';
import type { FunctionTable } from '../src/scenario/load-functions.js';
import { WorkerData } from '../src/scenario/lane-data.js';
import { arrivalsOf, shareOf, type ArrivalDriver, type ArrivalHost } from './arrival-driver.js';
import { Client, type ClientHost } from './client.js';
import { DeadlineWheel, WHEEL_TICK_US, type WheelEntry } from './deadline-wheel.js';
import type { GeneratorPort } from './generator-port.js';
import { IntervalPost } from './interval-post.js';
import { HealthMonitor } from './health-monitor.js';
import { Lane } from './lane.js';
import { LaneNumbers } from './lane-numbers.js';
import { compileScripts } from './lane-scripts.js';
import type { RetryHost } from './lane-retries.js';
import { MessageSupply } from './message-supply.js';
import { Outbox } from './outbox.js';
import { OpenSessions, Recorder } from './recorder.js';
import { drawDelayMs } from '../src/delay.js';
import { SeededRandom } from '../src/seeded-random.js';
import type { Sending } from './send-watch.js';
import { SessionActor } from './session-actor.js';
import { SmtpConnection } from './smtp-connection.js';

const INTERVAL_US = 1_000_000;
/** A timer that is far away is set again on the way: those of Node are no more exact than its clock. */
const MOST_WAIT_MS = 1_000;

/** What is under way in a lane: of the warm-up, and of the phase after it. */
type PhaseCensus = readonly [Census, Census];

/** One worker's share of a load. */
export class Generator implements ClientHost, RetryHost, ArrivalHost {
  readonly #task: GeneratorTask<GeneratorPort>;
  readonly #lanePlans: readonly LanePlan[];
  /** Which lane each start has, over and over. */
  readonly #table: Uint16Array;
  /** Null where connects can never be more than the limit allows. */
  readonly #limit: LimitFunction | null;
  readonly #random: SeededRandom;
  readonly #window: LoadWindow;
  readonly #data: WorkerData;
  readonly #health: HealthMonitor;
  /** None before time zero. */
  #clients: readonly Client[] = [];
  readonly #recorders: readonly Recorder[];
  readonly #openSessions = new OpenSessions();
  readonly #supply: MessageSupply;
  /** Null: closed load. */
  readonly #arrivals: ArrivalDriver | null;
  #arrivalTimer: NodeJS.Timeout | null = null;
  readonly #clock = new RunClock();
  readonly #wheel = new DeadlineWheel(0);
  #lanes: readonly Lane[] = [];
  /** Those that try messages again. */
  #retryLanes: readonly Lane[] = [];
  /** Clients that have nothing to do until a message is due again. */
  readonly #resting = new Set<Client>();
  /** Messages that wait for their next try. */
  waiting = 0;
  /** Place in the table of the next client to begin. */
  #nextStart: number;
  #activeClients = 0;
  readonly #post: IntervalPost;
  #intervalIndex = 0;
  #intervalStartUs = 0;
  #intervals = 0;
  #tickDueUs = 0;
  #lastGreetedUs = -1;
  /** The session that ended last had been greeted. */
  #isServerGreeting = false;
  /** Nothing more is begun. */
  isStopping = false;
  #drainEndUs = Infinity;
  #timer: NodeJS.Timeout | null = null;
  #finished: ((result: GeneratorResult) => void) | null = null;

  constructor(task: GeneratorTask<GeneratorPort>, functions: FunctionTable) {
    const { plan, share } = task;
    this.#data = new WorkerData(plan.feeders, functions, plan, share.workerId);
    this.#health = new HealthMonitor(this.#data.costs);
    this.#task = task;
    this.#lanePlans = lanesOf(plan);
    this.#table = laneTable(laneWeights(plan));
    this.#nextStart = share.firstStart % this.#table.length;
    this.#limit = share.sessions > plan.connectLimit ? pLimit(plan.connectLimit) : null;
    this.#random = new SeededRandom(plan.seed, share.workerId);
    this.#post = new IntervalPost((record) => {
      task.port.postMessage({ type: 'interval', record });
    });
    this.#window = plannedWindow(plan);
    this.#recorders = this.#lanePlans.map(
      (_lane, _index, { length }) => new Recorder(this.#window, this.#openSessions, length),
    );
    const places = new LanePlaces(this.#table);
    this.#supply = new MessageSupply(share, this.#window, places);
    this.#arrivals = arrivalsOf(task.plan, share, places, this.#window, this);
    // Whoever arrives brings its own.
    if (this.#arrivals !== null) this.#supply.close();
  }

  get supply(): MessageSupply {
    return this.#supply;
  }

  nextLane(arrival: number): Lane {
    if (arrival >= 0) return this.#lanes[arrival] as Lane;
    const due = this.#retryLanes.find(({ retries }) => retries?.hasDue === true);
    if (due !== undefined) return due;
    const lane = this.#lanes[this.#table[this.#nextStart] as number] as Lane;
    this.#nextStart = (this.#nextStart + 1) % this.#table.length;
    return lane;
  }

  /** Carries it out. Resolves when every socket is closed. */
  run(): Promise<GeneratorResult> {
    const { port, share } = this.#task;
    // Everything that takes time is done before "ready", so that time zero finds all workers waiting.
    const clients = this.#prepare(compileScripts(this.#lanePlans, this.#data));
    return new Promise((resolve) => {
      this.#finished = resolve;
      port.on('message', (message) => {
        switch (message.type) {
          case 'start': {
            this.#clock.startFrom(message.zeroUs);
            // A timer may be a little early; nothing may begin before time zero.
            setTimeout(
              () => {
                this.#begin(clients);
              },
              Math.max(0, Math.ceil(-this.#clock.nowUs() / 1e3) + 1),
            );
            break;
          }
          case 'measure':
            this.#measureFrom(message.atUs);
            break;
          case 'stop':
            this.#stop(this.#clock.nowUs());
            this.#endArrivals(this.#clock.nowUs());
            break;
          case 'cut':
            this.#cut(this.#clock.nowUs());
            break;
          default:
            assertNever(message);
        }
      });
      // The coordinator is gone: nobody would hear the results.
      port.on('close', () => {
        this.#cut(this.#clock.nowUs());
      });
      port.postMessage({ type: 'ready', workerId: share.workerId });
    });
  }

  recorderOf(lane: number): Recorder {
    return this.#recorders[lane] as Recorder;
  }

  hasWork(nowUs: number): boolean {
    return this.#supply.has(nowUs) || this.#retryLanes.some(({ retries }) => retries?.hasDue === true);
  }

  rest(client: Client, nowUs: number): void {
    if (this.#arrivals !== null) {
      if (this.#arrivals.rest(client, nowUs)) return;
      this.#arrivals.add(client);
      this.#retireResting(this.#arrivals, nowUs);
      return;
    }
    if (this.#retryLanes.length === 0 || this.isStopping) {
      client.retire();
      return;
    }
    this.#resting.add(client);
    // Whoever is under way may yet be deferred.
    if (this.#resting.size === this.#activeClients && this.waiting === 0) this.#retireWaiting();
  }

  onIdle(client: Client, nowUs: number): void {
    this.#arrivals?.onIdle(client, nowUs);
  }

  onRetryDue(): void {
    if (this.#arrivals !== null) {
      const free = this.#arrivals.takeFree();
      if (free?.session.isOpen === true) free.handOver(this.#clock.nowUs());
      else if (free !== null) this.requestStart(free);
      return;
    }
    const [client] = this.#resting;
    if (client === undefined) return;
    this.#resting.delete(client);
    this.requestStart(client);
  }

  random(): number {
    return this.#random.next();
  }

  thinkUs(): number {
    const { thinkMs } = this.#task.plan;
    return thinkMs === 0 ? 0 : drawDelayMs(thinkMs, this.#random) * 1e3;
  }

  requestStart(client: Client): void {
    // A place in the queue is a promise and three microtasks, 3 % of a connection: npm run bench -- --only single-auto.
    const limit = this.#limit;
    if (limit === null) {
      client.start(this.#clock.nowUs(), null);
      return;
    }
    const isQueued = limit.activeCount + limit.pendingCount >= limit.concurrency;
    void limit(
      () =>
        new Promise<void>((settled) => {
          const nowUs = this.#clock.nowUs();
          if (isQueued) client.planned?.delayedUntil(nowUs);
          client.start(nowUs, settled);
        }),
    );
  }

  schedule(entry: WheelEntry, deadlineUs: number): void {
    this.#wheel.schedule(entry, deadlineUs);
  }

  onSessionOver(client: Client, wasGreeted: boolean): void {
    this.#arrivals?.lost(client);
    this.#isServerGreeting = wasGreeted;
  }

  onGreeted(nowUs: number): void {
    this.#lastGreetedUs = nowUs;
  }

  onStopAsked(): void {
    this.#task.port.postMessage({ type: 'stopRun' });
  }

  onSupplyEmpty(): void {
    // Where messages are tried again, whoever waits now may have to send one.
    if (this.#retryLanes.length === 0) this.#retireWaiting();
  }

  onClientDone(): void {
    this.#activeClients--;
    if (this.#activeClients === 0) this.#finish();
  }

  /** Makes a client for each place, so that none has to be made when the first arrivals are due. */
  #prepare(scripts: readonly CompiledScript[]): Client[] {
    this.#lanes = this.#openLanes(scripts);
    this.#retryLanes = this.#lanes.filter(({ retries }) => retries !== null);
    const { sessions, workerId, workerCount } = this.#task.share;
    const shared = { wheel: this.#wheel, outbox: new Outbox(), clock: this.#clock, observer: null };
    // Whoever begins first moves to the lane of its turn.
    const lane = this.#lanes[0] as Lane;
    return Array.from({ length: sessions }, (_, index) => {
      const client = new Client(this, lane, this.#arrivals);
      const session = new SessionActor({ ...shared, ...lane.tools }, client);
      const connection = new SmtpConnection(lane.connections, session, workerId + index * workerCount);
      session.attach(connection);
      client.attach(session, connection);
      return client;
    });
  }

  #begin(clients: readonly Client[]): void {
    const nowUs = this.#clock.nowUs();
    this.#health.begin();
    this.#clients = clients;
    this.#activeClients = clients.length;
    this.#tickDueUs = nowUs + WHEEL_TICK_US;
    this.#timer = setInterval(() => {
      this.#tick();
    }, WHEEL_TICK_US / 1e3);
    if (this.#arrivals === null) this.#startAll(nowUs);
    else {
      for (const client of this.#clients) this.#arrivals.add(client);
      this.#arrive(this.#arrivals);
    }
  }

  /** Closed load: all places begin, at once or over the ramp, evenly over all workers. */
  #startAll(nowUs: number): void {
    const { rampMs, sessions } = this.#task.plan;
    const { workerId, workerCount } = this.#task.share;
    for (const [index, client] of this.#clients.entries()) {
      const place = workerId + index * workerCount;
      if (rampMs === 0 || place === 0) this.requestStart(client);
      else this.schedule(client, nowUs + (rampMs * 1e3 * place) / sessions);
    }
  }

  /**
   * The warm-up ends at `atUs`, or now where that has passed: what has begun keeps its side. Whoever hears of it only behind
   * the warm-up's planned end stays with that: its own books hold, and those of the plan tell of it.
   */
  #measureFrom(atUs: number): void {
    const nowUs = this.#clock.nowUs();
    if (this.isStopping || nowUs >= this.#window.warmupEndUs) return;
    this.#window.moveTo(atUs);
    this.#window.warmupEndUs = Math.max(atUs, nowUs + 1);
    const { plan, share } = this.#task;
    const arrivals = shareOf(measuredFrom(plan, atUs), share.workerId);
    if (this.#arrivals === null || arrivals === null) return;
    this.#arrivals.replan(arrivals);
    clearTimeout(this.#arrivalTimer ?? undefined);
    this.#arrive(this.#arrivals);
  }

  /** Starts what is due, and comes back when the next arrival is. */
  #arrive(arrivals: ArrivalDriver): void {
    const nowUs = this.#clock.nowUs();
    arrivals.startDue(nowUs);
    if (arrivals.isOver) {
      this.#retireResting(arrivals, nowUs);
      return;
    }
    // What waits for a session is started by the one that becomes free.
    const waitMs = Math.floor((arrivals.nextUs - this.#clock.nowUs()) / 1e3);
    const isFull = arrivals.nextUs <= nowUs;
    this.#arrivalTimer = setTimeout(
      () => {
        this.#arrive(arrivals);
      },
      isFull ? WHEEL_TICK_US / 1e3 : Math.min(Math.max(1, waitMs), MOST_WAIT_MS),
    );
  }

  /** No arrival comes any more: whoever waits for one has nothing to do, unless a message may have to be tried again. */
  #retireResting(arrivals: ArrivalDriver, nowUs: number): void {
    const isSomeoneAtWork = this.waiting > 0 || arrivals.freeCount < this.#activeClients;
    if (this.#retryLanes.length > 0 && !this.isStopping && isSomeoneAtWork) return;
    arrivals.endIdle(nowUs);
    for (const client of arrivals.takeResting()) client.retire();
  }

  #openLanes(scripts: readonly CompiledScript[]): Lane[] {
    const { addresses, share } = this.#task;
    const firstStarts = Array.from({ length: share.firstStart }, (_, place) => this.#table[place % this.#table.length]);
    const hooks = {
      onLimit: this.#health.limitHit.bind(this.#health),
      // A timer comes a millisecond late, or behind all that was heard at once; what is heard comes all the time.
      onHeard: this.#arrivals?.startDue.bind(this.#arrivals) ?? null,
      onQueued: (connection: Sending, wasDrained: boolean): void => {
        this.#health.sends.queued(connection, this.#clock.nowUs(), wasDrained);
      },
    };
    return this.#lanePlans.map((plan, lane) => {
      const firstTurn = firstStarts.filter((each) => each === lane).length;
      return new Lane(plan, {
        index: lane,
        script: scripts[lane] as CompiledScript,
        recorder: this.#recorders[lane] as Recorder,
        address: addresses[lane % addresses.length] as PinnedAddress,
        clock: this.#clock,
        numbers: scripts.length === 1 ? null : new LaneNumbers(share.workerId, share.workerCount, firstTurn),
        hooks,
        retryHost: this,
      });
    });
  }

  #tick(): void {
    const nowUs = this.#clock.nowUs();
    this.#health.tick(this.#tickDueUs, nowUs);
    this.#tickDueUs = nowUs + WHEEL_TICK_US;
    this.#wheel.tick(nowUs);
    if (nowUs >= this.#window.endUs) this.#stop(this.#window.endUs);
    if (this.isStopping && this.#arrivals !== null) this.#arrivals.endIdle(nowUs);
    // Those that begin to wait after the run's end, too. Who arrived by plan says all that its script says.
    else if (this.isStopping) for (const client of this.#clients) client.session.end(nowUs);
    if (nowUs >= this.#drainEndUs) this.#cut(nowUs);
    // The record is written even when this very tick ended the run: `#finish` has then stopped the timer.
    if (this.#timer !== null && nowUs >= (this.#intervalIndex + 1) * INTERVAL_US) {
      this.#closeInterval(nowUs);
    } else this.#post.tick();
  }

  #closeInterval(nowUs: number): void {
    const { censuses, sessions, isHolding } = this.#count();
    // While all clients pause after sessions that were greeted, or hold one open, the silence is ours and not the server's.
    const isUnasked = this.#isServerGreeting || this.#openSessions.peak === 0;
    if (isHolding || (sessions === 0 && isUnasked)) this.#lastGreetedUs = nowUs;
    const drains: LatencyDrain[] = [];
    const record: IntervalRecord = {
      version: INTERVAL_RECORD_VERSION,
      workerId: this.#task.share.workerId,
      index: this.#intervalIndex,
      startUs: this.#intervalStartUs,
      endUs: nowUs,
      lanes: this.#recorders.map((recorder, lane) => recorder.interval(censuses[lane] as PhaseCensus, drains)),
      peakOpenSessions: this.#openSessions.peak,
      lastGreetedUs: Math.max(this.#lastGreetedUs, ...this.#recorders.map(({ lastAnsweredUs }) => lastAnsweredUs)),
      health: this.#health.drain(),
    };
    this.#post.begin(record, drains);
    this.#intervals++;
    this.#intervalStartUs = nowUs;
    this.#intervalIndex = Math.max(this.#intervalIndex + 1, Math.floor(nowUs / INTERVAL_US));
  }

  /** What is under way, by lane, and whether a session waits for us alone. */
  #count(): { censuses: PhaseCensus[]; sessions: number; isHolding: boolean } {
    const censuses = this.#recorders.map((): PhaseCensus => [new Census(), new Census()]);
    let isHolding = false;
    for (const { lane, session, startedAtUs } of this.#clients) {
      const census = censuses[this.#recorders.indexOf(lane.recorder)] as PhaseCensus;
      isHolding ||= session.isHolding;
      session.count(census, this.#window.warmupEndUs);
      if (startedAtUs >= 0) census[startedAtUs < this.#window.warmupEndUs ? 0 : 1].clients++;
    }
    for (const [index, { retries }] of this.#lanes.entries()) {
      const census = censuses[index] as PhaseCensus;
      retries?.count((takenAtUs) => census[takenAtUs < this.#window.warmupEndUs ? 0 : 1]);
    }
    const sessions = censuses.flat().reduce((sum, census) => sum + census.sessions, 0);
    return { censuses, sessions, isHolding };
  }

  #stop(nowUs: number): void {
    if (this.isStopping) return;
    this.isStopping = true;
    for (const recorder of this.#recorders) recorder.stopped(nowUs);
    this.#supply.close();
    this.#drainEndUs = nowUs + this.#task.plan.drainMs * 1e3;
    // What arrived by plan goes on, and what waits for a session still gets one.
    if (this.#arrivals === null) this.#retireWaiting();
    else if (this.#arrivals.isOver) this.#retireResting(this.#arrivals, nowUs);
  }

  /** Nothing arrives any more, though the plan has more. */
  #endArrivals(nowUs: number): void {
    if (this.#arrivals === null) return;
    clearTimeout(this.#arrivalTimer ?? undefined);
    this.#arrivals.close();
    this.#retireResting(this.#arrivals, nowUs);
  }

  #cut(nowUs: number): void {
    this.#stop(nowUs);
    this.#endArrivals(nowUs);
    this.#retireWaiting();
    this.#drainEndUs = Infinity;
    for (const client of this.#clients) client.session.cut(nowUs);
  }

  /** Clients that pause or queue for a connect have nothing to finish. */
  #retireWaiting(): void {
    this.#limit?.clearQueue();
    this.#resting.clear();
    for (const client of this.#clients) if (client.isWaiting) client.retire();
  }

  #finish(): void {
    const nowUs = this.#clock.nowUs();
    clearTimeout(this.#arrivalTimer ?? undefined);
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    for (const { retries } of this.#retryLanes) retries?.settleWaiting();
    this.#closeInterval(nowUs);
    this.#post.flush();
    this.#health.end();
    this.#task.port.close();
    this.#finished?.({
      workerId: this.#task.share.workerId,
      intervals: this.#intervals,
      messagesLeft: this.#supply.left,
      latencyCounts: this.#recorders.map((recorder) => recorder.latencyCounts()),
    });
  }
}
