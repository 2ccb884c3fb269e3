/** A client: one place of the closed load. It sends its messages in one session, or in as many as the server makes it need. */
import { Ending } from '../src/metrics/outcome.js';
import { ClientArrival, type ArrivalSource } from './client-arrival.js';
import type { MessageSupply } from './message-supply.js';
import type { WheelEntry } from './deadline-wheel.js';
import type { Lane } from './lane.js';
import type { RetryEntry } from './lane-retries.js';
import type { SessionActor } from './session-actor.js';
import type { SessionOwner } from './session-state.js';
import type { SmtpConnection } from './smtp-connection.js';

/** First pause before a new connection when the last session brought nothing; it doubles up to the longest. */
export const FIRST_PAUSE_US = 50_000;
/** Longest pause before a new connection, before jitter. */
export const LONGEST_PAUSE_US = 5_000_000;

/** What a client needs of its generator. */
export interface ClientHost {
  readonly supply: MessageSupply;
  /** The lane of the client that begins now: that of its arrival, one with a message to try again, or the one whose turn it is. */
  nextLane(arrival: number): ClientLane;
  /** Whether a client that begins now would have something to send. */
  hasWork(nowUs: number): boolean;
  /** The session of a client waits for a message. */
  onIdle(client: Client, nowUs: number): void;
  /** There is nothing to do now; the client is started again, or retired. */
  rest(client: Client, nowUs: number): void;
  /** Seeded, from 0 (included) to 1. */
  random(): number;
  /** What a client waits between its session and the next, µs; drawn anew each time. */
  thinkUs(): number;
  /** Queues the client for its next connect(). */
  requestStart(client: Client): void;
  schedule(client: Client, deadlineUs: number): void;
  onGreeted(nowUs: number): void;
  /** A script ends the whole run. */
  onStopAsked(): void;
  /** The session of a client ended; whether the server had greeted it. */
  onSessionOver(client: Client, wasGreeted: boolean): void;
  /** The last message was taken. */
  onSupplyEmpty(): void;
  /** The client has nothing more to do in this run. */
  onClientDone(client: Client): void;
}

/** What a client needs of its lane, and gives to its session and connection. */
export type ClientLane = Pick<
  Lane,
  | 'index'
  | 'recorder'
  | 'retries'
  | 'recipients'
  | 'messagesPerClient'
  | 'isOneSession'
  | 'sendsMail'
  | 'beginsWithMessage'
  | 'tools'
  | 'connections'
>;

/** What a client needs of its connection. */
type ClientConnection = Pick<SmtpConnection, 'enter'>;

/** One of the `-s` places. When its client is done the next one takes the place. */
export class Client implements SessionOwner, WheelEntry {
  deadlineUs = Infinity;
  bucketDueUs = Infinity;
  nextInBucket: WheelEntry | null = null;
  previousInBucket: WheelEntry | null = null;

  readonly #host: ClientHost;
  /** Of the client under way, or of the one before. */
  #lane: ClientLane;
  #connection: ClientConnection | null = null;
  #session: SessionActor | null = null;
  /** Messages that this client may still begin. */
  #left = 0;
  #startedAtUs = -1;
  #lastEnding: Ending = Ending.completed;
  #pauseUs = FIRST_PAUSE_US;
  #connectSettled: (() => void) | null = null;
  #isWaiting = true;
  /** The session under way, or the last, has taken a message. */
  #hasTaken = false;
  retried: RetryEntry | null = null;
  /** Null: closed load. */
  readonly planned: ClientArrival | null;

  /**
   * @param lane - what its session and connection were made for
   * @param arrivals - where its arrivals come from; null: closed load
   */
  constructor(host: ClientHost, lane: ClientLane, arrivals: ArrivalSource | null = null) {
    this.#host = host;
    this.#lane = lane;
    const onIdle = (nowUs: number): void => {
      host.onIdle(this, nowUs);
    };
    this.planned = arrivals === null ? null : new ClientArrival(arrivals, onIdle);
  }

  attach(session: SessionActor, connection: ClientConnection): void {
    this.#session = session;
    this.#connection = connection;
  }

  get lane(): ClientLane {
    return this.#lane;
  }

  get session(): SessionActor {
    return this.#session as SessionActor;
  }

  /** When the client under way began, µs since time zero; -1: none is. */
  get startedAtUs(): number {
    return this.#startedAtUs;
  }

  /** Opens the next session. `connectSettled` is called once its connect() has succeeded or failed. */
  start(nowUs: number, connectSettled: (() => void) | null): void {
    // Retired while its turn was already coming.
    if (!this.#isWaiting) {
      connectSettled?.();
      return;
    }
    if (this.#startedAtUs >= 0 && !this.#hasWork(nowUs)) this.#end();
    if (this.#startedAtUs < 0 && this.planned?.isServing !== true && !this.#host.hasWork(nowUs)) {
      connectSettled?.();
      this.#host.rest(this, nowUs);
      return;
    }
    this.#isWaiting = false;
    if (this.#startedAtUs < 0) this.#begin(nowUs);
    this.#connectSettled = connectSettled;
    this.#hasTaken = false;
    if (this.planned !== null) this.planned.roomInSession = this.#left;
    this.session.begin(this.#takeFirst(nowUs), nowUs);
  }

  /** An arrival, or a message to try again, is for its session, which waits for one. */
  handOver(nowUs: number): void {
    if (this.planned?.isNew === true) this.planned.begin(this.#lane.recorder, nowUs);
    this.session.endHold(nowUs);
  }

  /** A new client takes the place, and with it perhaps another lane. */
  #begin(nowUs: number): void {
    const lane = this.#host.nextLane(this.planned?.lane ?? -1);
    if (lane !== this.#lane) {
      this.#lane = lane;
      this.session.enter(lane.tools);
      this.#connection?.enter(lane.connections);
    }
    this.#startedAtUs = this.planned?.begin(lane.recorder, nowUs) ?? nowUs;
    this.#left = lane.messagesPerClient;
    lane.recorder.clientStarted(this.#startedAtUs);
  }

  /** What the session is opened for. @returns the number of a message, or -1 */
  #takeFirst(nowUs: number): number {
    const { sendsMail, beginsWithMessage } = this.#lane;
    if (beginsWithMessage) return this.takeMessage(nowUs);
    // Whether it sends any shows on its way.
    return sendsMail ? -1 : this.#takeSession(nowUs);
  }

  hasMessage(nowUs: number): boolean {
    return this.#left > 0 && (this.#hasWork(nowUs) || this.planned?.takeWaiting(this.#lane.recorder, nowUs) === true);
  }

  /** Whether there is a message for it: of its arrival, of the plan, or one to try again. */
  #hasWork(nowUs: number): boolean {
    const { planned } = this;
    if (planned?.isServing === true && (planned.hasMessage || !planned.isReusing)) return planned.hasMessage;
    return this.#host.supply.has(nowUs) || this.#lane.retries?.hasDue === true;
  }

  takeMessage(nowUs: number): number {
    const { recorder, recipients, retries } = this.#lane;
    this.#hasTaken = true;
    this.#left--;
    if (this.planned !== null) this.planned.roomInSession = this.#left;
    // Whoever arrives brings messages of its own, and those only.
    if (this.planned?.hasMessage === true) {
      this.retried = null;
      recorder.messageTaken(recipients, nowUs, this.planned.phaseUs);
      return this.planned.take(recorder);
    }
    this.retried = retries?.take() ?? null;
    if (this.retried !== null) return this.retried.number;
    recorder.messageTaken(recipients, nowUs);
    const number = this.#host.supply.take(nowUs, this.#lane.index);
    // Whoever pauses now would wake for nothing, and hold the run open until then.
    if (!this.#host.supply.has(nowUs)) this.#host.onSupplyEmpty();
    return number;
  }

  /** Counts a session that sends no messages. @returns that it has none */
  #takeSession(nowUs: number): number {
    this.#left = 0;
    if (this.planned !== null) return -1;
    this.#host.supply.takeSession(nowUs);
    if (!this.#host.supply.has(nowUs)) this.#host.onSupplyEmpty();
    return -1;
  }

  onConnectSettled(): void {
    this.#connectSettled?.();
    this.#connectSettled = null;
  }

  onGreeted(nowUs: number): void {
    this.#host.onGreeted(nowUs);
  }

  onStopAsked(): void {
    this.#host.onStopAsked();
  }

  onSessionEnded(ending: Ending, servedCount: number, nowUs: number): void {
    this.#lastEnding = ending;
    this.#host.onSessionOver(this, this.session.wasGreeted);
    const isGood = this.#hasTaken ? servedCount > 0 : ending === Ending.completed;
    if (isGood) this.#pauseUs = FIRST_PAUSE_US;
    if (ending === Ending.cut) {
      this.retire();
      return;
    }
    if (this.#left === 0 || this.#lane.isOneSession || !this.#hasWork(nowUs)) this.#end();
    this.#isWaiting = true;
    if (this.#startedAtUs < 0 ? !this.#host.hasWork(nowUs) : !this.#hasWork(nowUs)) {
      this.#host.rest(this, nowUs);
      return;
    }
    // Whoever goes on with its messages does not think.
    const thinkUs = this.#startedAtUs < 0 ? this.#host.thinkUs() : 0;
    if (isGood && thinkUs <= 0) {
      this.#host.requestStart(this);
      return;
    }
    if (isGood) {
      this.#host.schedule(this, nowUs + thinkUs);
      return;
    }
    const jitter = 0.5 + this.#host.random();
    this.#host.schedule(this, nowUs + Math.max(thinkUs, this.#pauseUs * jitter));
    this.#pauseUs = Math.min(2 * this.#pauseUs, LONGEST_PAUSE_US);
  }

  /** The pause is over. */
  onDeadline(): void {
    if (this.#isWaiting) this.#host.requestStart(this);
  }

  /** Ends what is left of the client when nothing more will be started. */
  retire(): void {
    this.#isWaiting = false;
    if (this.#startedAtUs >= 0) this.#end();
    else this.planned?.end();
    this.#host.onClientDone(this);
  }

  /** Whether the client pauses or queues for a connect(). */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  #end(): void {
    this.#lane.recorder.clientEnded(this.#lastEnding, this.#startedAtUs);
    this.planned?.end();
    this.#startedAtUs = -1;
  }
}
