/** What a client serves where clients arrive by plan: its arrival, and how far it is with it. */
import { ArrivalCount } from '../src/metrics/arrival-counts.js';
import type { Arrival } from '../src/plan/arrival-share.js';
import type { ArrivalClocks, Recorder } from './recorder.js';
import type { PlannedOwner } from './session-state.js';

/** What it needs of the one who hands out arrivals. */
export interface ArrivalSource {
  /** Sessions are kept open for the next message. */
  readonly isReusing: boolean;
  /** Nothing comes any more. */
  readonly isOver: boolean;
  /** Global number of message `index` of an arrival, from 0. */
  numberOf(arrival: Arrival, index: number): number;
  /** What counts for a lane. */
  recorderOf(lane: number): Recorder;
  /** An arrival that waits for a session, for one that has become free; null: none waits. */
  nextFor(nowUs: number): Arrival | null;
}

/** The arrival of one client. */
export class ClientArrival implements PlannedOwner {
  /** Called when the session waits for a message. */
  readonly onIdle: (nowUs: number) => void;
  readonly #source: ArrivalSource;
  #arrival: Arrival | null = null;
  /** When a session was free for it. */
  #freeUs = 0;
  #hasBegun = false;
  /** Messages of it that were taken. */
  #taken = 0;
  #servedFromUs = 0;
  #roomInSession = 0;

  constructor(source: ArrivalSource, onIdle: (nowUs: number) => void) {
    this.#source = source;
    this.onIdle = onIdle;
  }

  /** It is for this client to serve. */
  assign(arrival: Arrival, freeUs: number): void {
    this.#arrival = arrival;
    this.#freeUs = freeUs;
    this.#hasBegun = false;
    this.#taken = 0;
  }

  /** It waits for a connect, and was not free before: that is no lateness of ours. */
  delayedUntil(nowUs: number): void {
    if (this.#arrival !== null && nowUs > this.#arrival.intendedUs) this.#freeUs = nowUs;
  }

  /** An arrival is assigned, and not over. */
  get isServing(): boolean {
    return this.#arrival !== null;
  }

  /** An arrival is assigned, and not begun. */
  get isNew(): boolean {
    return this.#arrival !== null && !this.#hasBegun;
  }

  /** The lane of the arrival; -1: there is none. */
  get lane(): number {
    return this.#arrival?.lane ?? -1;
  }

  /** Whether the session serves others behind it. */
  get isReusing(): boolean {
    return this.#source.isReusing;
  }

  /** Whether it has a message left. */
  get hasMessage(): boolean {
    return this.#arrival !== null && this.#taken < this.#arrival.messages;
  }

  get phaseUs(): number {
    return this.#arrival?.intendedUs ?? -1;
  }

  get clocks(): ArrivalClocks | null {
    if (this.#arrival === null || this.#taken !== 1) return null;
    return { intendedUs: this.#arrival.intendedUs, servedFromUs: this.#servedFromUs };
  }

  get isKeptOpen(): boolean {
    return this.#source.isReusing && this.#roomInSession > 0 && !this.#source.isOver;
  }

  /** A session that is kept open takes what waits for one. @returns whether there was something */
  takeWaiting(recorder: Recorder, nowUs: number): boolean {
    if (!this.#source.isReusing || this.#roomInSession <= 0) return false;
    const arrival = this.#source.nextFor(nowUs);
    if (arrival === null) return false;
    this.end();
    this.assign(arrival, nowUs);
    this.begin(recorder, nowUs);
    return true;
  }

  /** Messages that the session under way may still take before QUIT. */
  set roomInSession(messages: number) {
    this.#roomInSession = messages;
  }

  /** The arrival is started. @returns its intended start; without an arrival `nowUs` */
  begin(recorder: Recorder, nowUs: number): number {
    const arrival = this.#arrival;
    if (arrival === null) return nowUs;
    this.#hasBegun = true;
    this.#servedFromUs = nowUs;
    recorder.arrivalStarted(arrival.intendedUs, this.#freeUs, nowUs);
    if (arrival.firstMessage >= 0) recorder.arrival(ArrivalCount.messagesOffered, arrival.intendedUs, arrival.messages);
    return arrival.intendedUs;
  }

  /** Its next message is taken. @returns the global number */
  take(recorder: Recorder): number {
    const arrival = this.#arrival as Arrival;
    if (arrival.firstMessage < 0) recorder.arrival(ArrivalCount.messagesOffered, arrival.intendedUs);
    const number = this.#source.numberOf(arrival, this.#taken);
    this.#taken++;
    return number;
  }

  /** It is over, or was never begun: what was not taken of it is dropped. */
  end(): void {
    const arrival = this.#arrival;
    if (arrival === null) return;
    this.#arrival = null;
    // Whoever has not begun it has the lane of the client before.
    const recorder = this.#source.recorderOf(arrival.lane);
    if (!this.#hasBegun) {
      recorder.arrivalDropped(arrival, ArrivalCount.droppedEnd, ArrivalCount.messagesDroppedEnd);
    } else if (arrival.firstMessage >= 0 && this.#taken < arrival.messages) {
      recorder.arrival(ArrivalCount.messagesDroppedEnd, arrival.intendedUs, arrival.messages - this.#taken);
    }
  }
}
