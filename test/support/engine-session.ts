/** One session with everything around it but a network and a timer: the test says what happens, and when. */
import { closedInterval } from './engine-records.js';
import { LoadWindow } from '../../src/metrics/load-window.js';
import { ManualClock } from '../../src/clock.js';
import type { FeederPlan } from '../../src/data/feeder.js';
import type { TlsDescription } from '../../src/messages/coordinator-worker.js';
import type { PhaseCounts } from '../../src/metrics/interval-record.js';
import { Ending, ErrorKind } from '../../src/metrics/outcome.js';
import { Census } from '../../src/metrics/phase-book.js';
import type { LanePlan } from '../../src/plan/lane-plan.js';
import type { ScriptStep } from '../../src/plan/script-steps.js';
import type { ScramKeyCache } from '../../src/protocol/sasl/scram-keys.js';
import { Step } from '../../src/protocol/steps.js';
import { compileLoadScript, compilePreflightScript } from '../../src/scenario/compile-script.js';
import { LaneData, WorkerData } from '../../src/scenario/lane-data.js';
import { DeadlineWheel, WHEEL_TICK_US } from '../../workers/deadline-wheel.js';
import type { LaneRetries, RetryEntry } from '../../workers/lane-retries.js';
import { Outbox } from '../../workers/outbox.js';
import { Recorder } from '../../workers/recorder.js';
import { ReplyEcho } from '../../workers/reply-echo.js';
import { SessionActor } from '../../workers/session-actor.js';
import type { SessionObserver, SessionOwner } from '../../workers/session-state.js';
import { errorTable, faultsInBooks, outcomes, replyTable, stepsWith } from './engine-books.js';
import { laneOf, type EngineOptions } from './engine-plan.js';
import { ManualConnection } from './manual-connection.js';

/** How long every event takes, unless a test says otherwise. */
const EVENT_US = 1_000;

interface SessionSettings {
  /** Messages that the session may take. */
  readonly messages?: number;
  readonly warmupEndUs?: number;
  readonly target?: string;
  /** Shared with other sessions, as in a worker. */
  readonly outbox?: Outbox;
  /** The session of the pre-flight. */
  readonly polite?: boolean;
  readonly observer?: SessionObserver;
  /** In place of those that the options say. */
  readonly steps?: readonly ScriptStep[];
  /** In place of what the options say. */
  readonly lane?: LanePlan;
  readonly feeders?: readonly FeederPlan[];
  /** Deferred messages may be tried again. */
  readonly retries?: (session: EngineSession) => LaneRetries;
}

/** A session, its owner and its surroundings. After every event the books are checked. */
export class EngineSession implements SessionOwner {
  readonly clock = new ManualClock(0);
  readonly connection = new ManualConnection();
  readonly lane: LanePlan;
  readonly recorder: Recorder;
  readonly session: SessionActor;
  /** How sessions ended and how many messages they had accepted. */
  readonly endings: { ending: string; accepted: number }[] = [];
  greetedCount = 0;
  connectsSettled = 0;
  takenCount = 0;
  messagesLeft: number;
  stopsAsked = 0;
  retried: RetryEntry | null = null;
  readonly planned = null;
  readonly #scramKeys: ScramKeyCache | null;
  readonly #recipients: number;
  readonly #wheel = new DeadlineWheel(0);
  readonly #warmupEndUs: number;

  constructor(options: EngineOptions = {}, settings: SessionSettings = {}) {
    const { steps, feeders = [], lane = laneOf(options, settings.target) } = settings;
    this.lane = steps === undefined ? lane : { ...lane, session: { ...lane.session, steps } };
    this.messagesLeft = settings.messages ?? 1;
    this.#warmupEndUs = settings.warmupEndUs ?? 0;
    this.recorder = new Recorder(new LoadWindow(this.#warmupEndUs));
    const worker = new WorkerData(feeders, new Map(), this.lane);
    const script =
      settings.polite === true
        ? compilePreflightScript(this.lane, worker)
        : compileLoadScript(this.lane, new LaneData(this.lane, worker));
    this.#scramKeys = script.auths[0]?.accounts.first.scramKeys ?? null;
    this.#recipients = script.recipients;
    this.session = new SessionActor(
      {
        script,
        recorder: this.recorder,
        retries: settings.retries?.(this) ?? null,
        wheel: this.#wheel,
        outbox: settings.outbox ?? new Outbox(),
        clock: this.clock,
        observer: settings.observer ?? null,
        echo: new ReplyEcho(this.lane),
      },
      this,
    );
    this.session.attach(this.connection);
  }

  hasMessage(): boolean {
    return this.messagesLeft > 0;
  }

  takeMessage(nowUs: number): number {
    this.messagesLeft--;
    this.recorder.messageTaken(this.#recipients, nowUs);
    return this.takenCount++;
  }

  onGreeted(): void {
    this.greetedCount++;
  }

  onStopAsked(): void {
    this.stopsAsked++;
  }

  onConnectSettled(): void {
    this.connectsSettled++;
  }

  onSessionEnded(ending: Ending, accepted: number): void {
    const name = Object.keys(Ending)[ending] ?? '';
    this.endings.push({ ending: name, accepted });
  }

  /** How many keys of SCRAM its worker has made and keeps. */
  get scramKeysKept(): number {
    return this.#scramKeys?.size ?? 0;
  }

  get nowUs(): number {
    return this.clock.nowUs();
  }

  /** Opens a connection for the next message, or for none when there is none. */
  begin(): this {
    return this.#event(() => {
      this.session.begin(this.hasMessage() ? this.takeMessage(this.nowUs) : -1, this.nowUs);
    }, 0);
  }

  connected(): this {
    return this.#event(() => this.session.onConnected(this.nowUs));
  }

  tlsReady(tls: TlsDescription | null = null): this {
    this.connection.isSecure = true;
    return this.#event(() => this.session.onTlsReady(tls, this.nowUs));
  }

  /** The server sends replies in one chunk; CRLF is put behind each line. */
  says(...lines: string[]): this {
    return this.saysOctets(lines.map((line) => `${line}\r\n`).join(''));
  }

  /** The server sends just these octets, in one chunk. */
  saysOctets(octets: string, afterUs = EVENT_US): this {
    const buffer = Buffer.from(octets, 'latin1');
    return this.#event(() => this.session.onData(buffer, buffer.length, this.nowUs), afterUs);
  }

  /** The kernel takes what is queued and says so if it was asked to. */
  drained(): this {
    return this.#event(() => {
      this.connection.drain();
      if (!this.connection.isDrainAwaited) return;
      this.connection.isDrainAwaited = false;
      this.session.onDrained(this.nowUs);
    });
  }

  lost(kind: keyof typeof ErrorKind = 'closed', sample = 'gone'): this {
    return this.#event(() => this.session.onConnectionLost(ErrorKind[kind], sample, this.nowUs));
  }

  /** The descriptor is free. */
  closed(): this {
    return this.#event(() => {
      this.connection.isOpen = false;
      this.session.onClosed(this.nowUs);
    });
  }

  cut(): this {
    return this.#event(() => this.session.cut(this.nowUs));
  }

  /** Time passes, with a tick of the wheel at its end. */
  passes(us: number): this {
    return this.#event(() => this.#wheel.tick(this.nowUs), us);
  }

  /** Time passes up to just before, or just behind, the deadline that is set. */
  passesDeadline(by: 'before' | 'behind'): this {
    const leftUs = this.session.deadlineUs - this.nowUs;
    return this.passes(by === 'before' ? leftUs - 1 : leftUs + WHEEL_TICK_US);
  }

  /** How far away the deadline is. */
  get deadlineInUs(): number {
    return this.session.deadlineUs - this.nowUs;
  }

  /** Up to the reply to EHLO, which offers `keywords`. Writes before are forgotten. */
  opened(...keywords: string[]): this {
    this.begin().connected().says('220 mx.test ready');
    this.connection.take();
    return this.says(...ehloReply(keywords));
  }

  /** The writes since the last call. */
  take(): string[] {
    return this.connection.take();
  }

  /** Counters of one phase, with what is under way. */
  counts(phase: 0 | 1 = 1): PhaseCounts {
    const censuses: [Census, Census] = [new Census(), new Census()];
    this.session.count(censuses, this.#warmupEndUs);
    return this.recorder.phaseOf(phase === 0 ? -1 : Infinity).toCounts(censuses[phase]);
  }

  /** All that a test usually wants to know of the main phase. */
  get summary(): Record<string, unknown> {
    const counts = this.counts();
    return {
      messages: outcomes(counts.messages),
      recipients: outcomes(counts.recipients),
      replies: replyTable(counts),
      errors: errorTable(counts),
      ...(this.endings.length > 0 ? { endings: this.endings.map(({ ending }) => ending) } : {}),
    };
  }

  get replies(): string[] {
    return replyTable(this.counts());
  }

  get errors(): string[] {
    return errorTable(this.counts());
  }

  get messages(): Record<string, number> {
    return outcomes(this.counts().messages);
  }

  get recipients(): Record<string, number> {
    return outcomes(this.counts().recipients);
  }

  get sent(): Record<string, number> {
    return stepsWith(this.counts().sent);
  }

  get inFlight(): Record<string, number> {
    return stepsWith(this.counts().inFlight);
  }

  get pipelined(): Record<string, number> {
    return stepsWith(this.counts().pipelined);
  }

  /** Latency of the values recorded under `key` since the last call: their sum. */
  latencies(): Map<number, { count: number; sumUs: number }> {
    const censuses: [Census, Census] = [new Census(), new Census()];
    this.session.count(censuses, this.#warmupEndUs);
    const record = closedInterval(this.recorder, censuses);
    return new Map(record.latencies[1].map(({ key, count, sumUs }) => [key, { count, sumUs }]));
  }

  /** Sum of the latencies of one step since the last call of `latencies`. */
  latencyOf(step: keyof typeof Step): number | undefined {
    return this.latencies().get(Step[step])?.sumUs;
  }

  /** Gives the memory of the histograms back; for tests that make many sessions. */
  destroy(): void {
    for (const us of [-1, Infinity]) this.recorder.phaseOf(us).latencies.destroy();
  }

  /** Every equation, and that a session which waits has a deadline. */
  checkBooks(): void {
    const latencyCounts = this.recorder.latencyCounts();
    const faults = ([0, 1] as const).flatMap((phase) => faultsInBooks(this.counts(phase), latencyCounts[phase]));
    const isWaiting = this.session.isOpen && !this.connection.isDropped;
    if (isWaiting && this.session.deadlineUs === Infinity) faults.push('a session waits without a deadline');
    if (!isWaiting && this.session.deadlineUs !== Infinity) faults.push('a session that is over has a deadline');
    if (faults.length > 0) throw new Error(`at ${this.nowUs} µs: ${faults.join('; ')}`);
  }

  #event(happens: () => void, afterUs: number = EVENT_US): this {
    this.clock.advance(afterUs);
    // The wheel never lags far behind the clock, as in a worker.
    if (this.nowUs < this.session.deadlineUs) this.#wheel.tick(this.nowUs);
    happens();
    this.checkBooks();
    return this;
  }
}

/** The lines of a reply to EHLO. */
export function ehloReply(keywords: readonly string[]): string[] {
  const lines = ['mx.test', ...keywords];
  return lines.map((line, index) => `250${index === lines.length - 1 ? ' ' : '-'}${line}`);
}
