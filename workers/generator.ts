/**
 * The Generator actor: one worker's exact share of the plan. It starts clients, lets their sessions run, writes an
 * interval record per second and ends when everything is closed.
 */
import pLimit, { type LimitFunction } from 'p-limit';
import { assertNever } from '../src/assert.js';
import { RunClock, type Clock } from '../src/clock.js';
import { Census } from '../src/metrics/phase-book.js';
import type { IntervalRecord } from '../src/metrics/interval-record.js';
import type { CheckRecord, CheckTask } from '../src/messages/check-record.js';
import type {
  CoordinatorMessage,
  GeneratorResult,
  GeneratorTask,
  PreflightResult,
  PreflightTask,
  WorkerMessage,
} from '../src/messages/coordinator-worker.js';
import { firstLane, type LanePlan } from '../src/plan/lane-plan.js';
import { sendsMail } from '../src/plan/script-counts.js';
import { compileLoadScript } from '../src/scenario/compile-script.js';
import type { CheckPort } from './check-task.js';
import { Client, type ClientHost } from './client.js';
import { connectionTools } from './connection-tools.js';
import { DeadlineWheel, WHEEL_TICK_US } from './deadline-wheel.js';
import { HealthMonitor } from './health-monitor.js';
import { MessageSupply } from './message-supply.js';
import { Outbox } from './outbox.js';
import { preflight } from './preflight.js';
import { Recorder } from './recorder.js';
import { ReplyEcho } from './reply-echo.js';
import { SeededRandom } from '../src/seeded-random.js';
import type { SessionTools } from './script-walker.js';
import { SessionActor } from './session-actor.js';
import { SmtpConnection, type ConnectionTools } from './smtp-connection.js';

const INTERVAL_US = 1_000_000;

/** The part of a MessagePort that a generator uses, so that another transport can take its place. */
export interface GeneratorPort {
  postMessage(message: WorkerMessage): void;
  on(event: 'message', listener: (message: CoordinatorMessage) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  close(): void;
}

/** What a worker thread runs: a share of the load, the polite session before it, or a check. Resolves when every socket is closed. */
export default async function runTask(
  task: GeneratorTask<GeneratorPort> | PreflightTask | CheckTask<CheckPort>,
): Promise<GeneratorResult | PreflightResult | CheckRecord> {
  switch (task.kind) {
    case 'load':
      return new Generator(task).run();
    case 'preflight':
      return preflight(task);
    case 'check': {
      // A load needs none of it.
      const { check } = await import('./check-task.js');
      return check(task);
    }
    default:
      return assertNever(task);
  }
}

class Generator implements ClientHost {
  readonly recipients: number;
  readonly messagesPerClient: number;
  readonly isOneSession: boolean;
  readonly sendsMail: boolean;

  readonly #task: GeneratorTask<GeneratorPort>;
  readonly #lane: LanePlan;
  /** Null where connects can never be more than the limit allows. */
  readonly #limit: LimitFunction | null;
  readonly #random: SeededRandom;
  readonly #warmupEndUs: number;
  readonly #windowEndUs: number;
  readonly #health = new HealthMonitor();
  readonly #clients: Client[] = [];
  readonly #recorder: Recorder;
  readonly #supply: MessageSupply;
  #clock: Clock = { nowUs: () => 0 };
  #wheel = new DeadlineWheel(0);
  #activeClients = 0;
  #intervalIndex = 0;
  #intervalStartUs = 0;
  #intervals = 0;
  #tickDueUs = 0;
  #lastGreetedUs = -1;
  /** The session that ended last had been greeted. */
  #isServerGreeting = false;
  #isStopping = false;
  #drainEndUs = Infinity;
  #timer: NodeJS.Timeout | null = null;
  #finished: ((result: GeneratorResult) => void) | null = null;

  constructor(task: GeneratorTask<GeneratorPort>) {
    const { plan, share } = task;
    const lane = firstLane(plan);
    this.#task = task;
    this.#lane = lane;
    this.recipients = lane.recipients;
    this.messagesPerClient = lane.messagesPerSession ?? Infinity;
    this.isOneSession = lane.session.steps !== null;
    this.sendsMail = sendsMail(lane.session.steps);
    this.#limit = share.sessions > plan.connectLimit ? pLimit(plan.connectLimit) : null;
    this.#random = new SeededRandom(plan.seed, share.workerId);
    this.#warmupEndUs = plan.warmupMs * 1e3;
    this.#windowEndUs = plan.durationMs === null ? Infinity : this.#warmupEndUs + plan.durationMs * 1e3;
    this.#recorder = new Recorder(this.#warmupEndUs, this.#windowEndUs);
    const bound = this.sendsMail ? share.messages : share.connections;
    this.#supply = new MessageSupply({ ...share, messages: bound }, this.#warmupEndUs, this.#windowEndUs);
  }

  get supply(): MessageSupply {
    return this.#supply;
  }

  get recorder(): Recorder {
    return this.#recorder;
  }

  run(): Promise<GeneratorResult> {
    const { port, share } = this.#task;
    // Everything that takes time is done before "ready", so that time zero finds all workers waiting.
    const script = compileLoadScript(this.#lane);
    return new Promise((resolve) => {
      this.#finished = resolve;
      port.on('message', (message) => {
        switch (message.type) {
          case 'start': {
            const clock = new RunClock(message.zeroUs);
            // A timer may be a little early; nothing may begin before time zero.
            setTimeout(
              () => {
                this.#begin(clock, script);
              },
              Math.max(0, Math.ceil(-clock.nowUs() / 1e3) + 1),
            );
            break;
          }
          case 'stop':
            this.#stop(this.#clock.nowUs());
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

  random(): number {
    return this.#random.next();
  }

  requestStart(client: Client): void {
    // A place in the queue is a promise and three microtasks, 3 % of a connection: npm run bench -- --only single-auto.
    if (this.#limit === null) client.start(this.#clock.nowUs(), null);
    else void this.#limit(() => new Promise<void>((settled) => client.start(this.#clock.nowUs(), settled)));
  }

  schedule(client: Client, deadlineUs: number): void {
    this.#wheel.schedule(client, deadlineUs);
  }

  onSessionOver(wasGreeted: boolean): void {
    this.#isServerGreeting = wasGreeted;
  }

  onGreeted(nowUs: number): void {
    this.#lastGreetedUs = nowUs;
  }

  onSupplyEmpty(): void {
    this.#retireWaiting();
  }

  onClientDone(): void {
    this.#activeClients--;
    if (this.#activeClients === 0) this.#finish();
  }

  #begin(clock: Clock, script: SessionTools['script']): void {
    this.#clock = clock;
    const nowUs = clock.nowUs();
    this.#health.begin();
    this.#wheel = new DeadlineWheel(nowUs);
    const tools: SessionTools = {
      script,
      recorder: this.#recorder,
      wheel: this.#wheel,
      outbox: new Outbox(),
      clock,
      observer: null,
      echo: new ReplyEcho(this.#lane),
    };
    const connections: ConnectionTools = connectionTools(this.#lane, this.#task.address, clock, {
      onLimit: (limit) => {
        this.#health.limitHit(limit);
      },
      onHeaderSent: (octets, nowUs) => {
        this.#recorder.bytesSent(octets, nowUs);
      },
      onHandshake: (beganAtUs, agreement) => {
        this.#recorder.handshake(beganAtUs, agreement);
      },
    });
    const { sessions, workerId, workerCount } = this.#task.share;
    this.#activeClients = sessions;
    for (let index = 0; index < sessions; index++) {
      const client = new Client(this);
      const session = new SessionActor(tools, client);
      session.attach(new SmtpConnection(connections, session, workerId + index * workerCount));
      client.attach(session);
      this.#clients.push(client);
    }
    this.#tickDueUs = nowUs + WHEEL_TICK_US;
    this.#timer = setInterval(() => {
      this.#tick();
    }, WHEEL_TICK_US / 1e3);
    for (const client of this.#clients) this.requestStart(client);
  }

  #tick(): void {
    const nowUs = this.#clock.nowUs();
    this.#health.tick(this.#tickDueUs, nowUs);
    this.#tickDueUs = nowUs + WHEEL_TICK_US;
    this.#wheel.tick(nowUs);
    if (nowUs >= this.#windowEndUs) this.#stop(this.#windowEndUs);
    // Those that were still on their way into it when the run ended.
    if (this.#isStopping) for (const client of this.#clients) client.session.endHold(nowUs);
    if (nowUs >= this.#drainEndUs) this.#cut(nowUs);
    // The record is written even when this very tick ended the run: `#finish` has then stopped the timer.
    if (this.#timer !== null && nowUs >= (this.#intervalIndex + 1) * INTERVAL_US) {
      this.#task.port.postMessage({ type: 'interval', record: this.#closeInterval(nowUs) });
    }
  }

  #closeInterval(nowUs: number): IntervalRecord {
    const censuses: readonly [Census, Census] = [new Census(), new Census()];
    let isHolding = false;
    for (const client of this.#clients) {
      const { session } = client;
      isHolding ||= session.isHolding;
      session.count(censuses, this.#warmupEndUs);
      if (client.startedAtUs >= 0) censuses[client.startedAtUs < this.#warmupEndUs ? 0 : 1].clients++;
    }
    // While all clients pause after sessions that were greeted, or hold one open, the silence is ours and not the server's.
    if (isHolding || (censuses[0].sessions + censuses[1].sessions === 0 && this.#isServerGreeting)) {
      this.#lastGreetedUs = nowUs;
    }
    const record = this.#recorder.interval(
      this.#task.share.workerId,
      this.#intervalIndex,
      this.#intervalStartUs,
      nowUs,
      censuses,
      { lastGreetedUs: Math.max(this.#lastGreetedUs, this.#recorder.lastAnsweredUs), health: this.#health.drain() },
    );
    this.#intervals++;
    this.#intervalStartUs = nowUs;
    this.#intervalIndex = Math.max(this.#intervalIndex + 1, Math.floor(nowUs / INTERVAL_US));
    return record;
  }

  #stop(nowUs: number): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#recorder.stopped(nowUs);
    this.#supply.close();
    this.#drainEndUs = nowUs + this.#task.plan.drainMs * 1e3;
    this.#retireWaiting();
  }

  #cut(nowUs: number): void {
    this.#stop(nowUs);
    this.#drainEndUs = Infinity;
    for (const client of this.#clients) client.session.cut(nowUs);
  }

  /** Clients that pause or queue for a connect have nothing to finish. */
  #retireWaiting(): void {
    this.#limit?.clearQueue();
    for (const client of this.#clients) if (client.isWaiting) client.retire();
  }

  #finish(): void {
    const nowUs = this.#clock.nowUs();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#task.port.postMessage({ type: 'interval', record: this.#closeInterval(nowUs) });
    this.#task.port.close();
    this.#finished?.({
      workerId: this.#task.share.workerId,
      intervals: this.#intervals,
      messagesLeft: this.sendsMail ? this.#supply.left : 0,
      latencyCounts: this.#recorder.latencyCounts(),
    });
  }
}
