/**
 * Starts what the plan wants to arrive, when it wants it: the open side of a generator. It knows which clients are free, and
 * what becomes of an arrival that finds none. Time comes from outside.
 */
import { ArrivalCount } from '../src/metrics/arrival-counts.js';
import type { LoadWindow } from '../src/metrics/load-window.js';
import { ArrivalShare, type Arrival } from '../src/plan/arrival-share.js';
import type { LanePlaces } from '../src/plan/lane-table.js';
import type { ArrivalPlan, LoadPlan } from '../src/plan/load-plan.js';
import type { Client } from './client.js';
import type { ArrivalSource } from './client-arrival.js';
import type { Recorder } from './recorder.js';

/** What the driver needs of its generator. */
export interface ArrivalHost {
  recorderOf(lane: number): Recorder;
  requestStart(client: Client): void;
}

/** What it is made from. */
interface ArrivalTools {
  readonly share: ArrivalShare;
  readonly plan: Pick<ArrivalPlan, 'onFull' | 'isReusing'>;
  readonly places: LanePlaces;
  readonly workerId: number;
  readonly workerCount: number;
  readonly window: LoadWindow;
}

/** The arrivals of one worker. */
export class ArrivalDriver implements ArrivalSource {
  readonly isReusing: boolean;
  #share: ArrivalShare;
  readonly #isQueueing: boolean;
  readonly #places: LanePlaces;
  readonly #workerCount: number;
  readonly #window: LoadWindow;
  readonly #host: ArrivalHost;
  /** Per lane, the next number of messages whose arrivals do not say how many they bring. */
  readonly #next: number[];
  /** Clients without a session. */
  readonly #resting: Client[] = [];
  /** Clients whose session is open and waits for a message. */
  readonly #idle: Client[] = [];
  /** Until when no session was free, the last time that none was. */
  #fullUntilUs = -Infinity;

  constructor({ share, plan, places, workerId, workerCount, window }: ArrivalTools, host: ArrivalHost) {
    this.isReusing = plan.isReusing;
    this.#isQueueing = plan.onFull === 'queue';
    this.#share = share;
    this.#places = places;
    this.#workerCount = workerCount;
    this.#window = window;
    this.#host = host;
    this.#next = new Array<number>(places.laneCount).fill(workerId);
  }

  /** A client that has done nothing yet. */
  add(client: Client): void {
    this.#resting.push(client);
  }

  /** Intended start of the next arrival, µs since time zero; Infinity: there is none any more. */
  get nextUs(): number {
    return this.#share.nextUs;
  }

  get isOver(): boolean {
    return this.#share.nextUs === Infinity;
  }

  numberOf({ lane, firstMessage }: Arrival, index: number): number {
    if (firstMessage >= 0) return this.#places.numberOf(lane, firstMessage + index);
    const next = this.#next[lane] as number;
    this.#next[lane] = next + this.#workerCount;
    return this.#places.numberOf(lane, next);
  }

  /** Starts, or drops, every arrival that is due. */
  startDue(nowUs: number): void {
    while (this.#share.nextUs <= nowUs) {
      const isFull = this.freeCount === 0;
      if (isFull && this.#isQueueing) return;
      // Whether a session was free is decided at the intended start, however late we are.
      if (isFull || (this.#fullUntilUs > this.#share.nextUs && !this.#isQueueing)) {
        this.#drop(this.#share.take(), ArrivalCount.droppedCap, ArrivalCount.messagesDroppedCap);
        continue;
      }
      const client = (this.#idle.pop() ?? this.#resting.pop()) as Client;
      const arrival = this.#share.take();
      client.planned?.assign(arrival, Math.max(arrival.intendedUs, this.#fullUntilUs));
      if (client.session.isOpen) client.handOver(nowUs);
      else this.#host.requestStart(client);
    }
  }

  /** A client has nothing to do. @returns whether something may come for it yet */
  rest(client: Client, nowUs: number): boolean {
    if (this.isOver) return false;
    this.#becomesFree(nowUs);
    this.#resting.push(client);
    this.startDue(nowUs);
    return true;
  }

  recorderOf(lane: number): Recorder {
    return this.#host.recorderOf(lane);
  }

  nextFor(nowUs: number): Arrival | null {
    return this.#isQueueing && this.#share.nextUs <= nowUs ? this.#share.take() : null;
  }

  onIdle(client: Client, nowUs: number): void {
    this.#becomesFree(nowUs);
    this.#idle.push(client);
  }

  /** The session of a client has ended: it does not wait for a message any more. */
  lost(client: Client): void {
    const index = this.#idle.indexOf(client);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  /** A client to try a message again; null: none is free. */
  takeFree(): Client | null {
    return this.#idle.pop() ?? this.#resting.pop() ?? null;
  }

  /** How many clients have nothing to do. */
  get freeCount(): number {
    return this.#resting.length + this.#idle.length;
  }

  /** Clients without a session; they are the caller's now. */
  takeResting(): readonly Client[] {
    return this.#resting.splice(0);
  }

  /** Sessions that wait for messages are told that there are none, once that is so. */
  endIdle(nowUs: number): void {
    if (!this.isOver) return;
    for (const client of this.#idle.splice(0)) client.session.end(nowUs);
  }

  /** From now on what `share` holds arrives; what has come so far is taken from it. */
  replan(share: ArrivalShare): void {
    share.follow(this.#share);
    this.#share = share;
  }

  /** Nothing more is started: what would have come is dropped. */
  close(): void {
    const drop = (arrival: Arrival): void => {
      this.#drop(arrival, ArrivalCount.droppedEnd, ArrivalCount.messagesDroppedEnd);
    };
    while (this.#share.nextUs < this.#window.warmupEndUs) drop(this.#share.take());
    for (const [lane, { arrivals, messages }] of this.#share.close().entries()) {
      const recorder = this.#host.recorderOf(lane);
      recorder.arrival(ArrivalCount.offered, this.#window.warmupEndUs, arrivals);
      recorder.arrival(ArrivalCount.droppedEnd, this.#window.warmupEndUs, arrivals);
      recorder.arrival(ArrivalCount.messagesOffered, this.#window.warmupEndUs, messages);
      recorder.arrival(ArrivalCount.messagesDroppedEnd, this.#window.warmupEndUs, messages);
    }
  }

  #drop(arrival: Arrival, cause: number, messageCause: number): void {
    this.#host.recorderOf(arrival.lane).arrivalDropped(arrival, cause, messageCause);
  }

  #becomesFree(nowUs: number): void {
    if (this.freeCount === 0) this.#fullUntilUs = nowUs;
  }
}

/** A worker's arrivals; null: closed load. */
export function shareOf(plan: LoadPlan, workerId: number): ArrivalShare | null {
  const { arrivals } = plan;
  return arrivals === null ? null : new ArrivalShare({ ...plan, arrivals }, workerId);
}

/** What arrives by plan in one worker; null: closed load. */
export function arrivalsOf(
  plan: LoadPlan,
  { workerId, workerCount }: { readonly workerId: number; readonly workerCount: number },
  places: LanePlaces,
  window: LoadWindow,
  host: ArrivalHost,
): ArrivalDriver | null {
  const share = shareOf(plan, workerId);
  if (share === null || plan.arrivals === null) return null;
  return new ArrivalDriver({ share, plan: plan.arrivals, places, workerId, workerCount, window }, host);
}
