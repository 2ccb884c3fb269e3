/** A worker's exact share of the messages, or of the sessions that send none: who asks gets the next one, until the plan or the run ends. */
import type { LoadWindow } from '../src/metrics/load-window.js';
import { LanePlaces } from '../src/plan/lane-table.js';

const ONE_LANE = new LanePlaces(Uint16Array.of(0));

/**
 * The messages of one worker, for all its lanes. Of each lane it has the messages j, j + workers, j + 2·workers and so on,
 * under the global numbers that belong to the lane; with one lane these are the same.
 */
export class MessageSupply {
  readonly #workerCount: number;
  readonly #window: LoadWindow;
  readonly #places: LanePlaces;
  /** Per lane, the next of its messages, counted within the lane. */
  readonly #next: number[];
  /** Messages still to be begun after the warm-up; Infinity without a bound. */
  #left: number;
  /** The same for sessions that send no messages. */
  #sessionsLeft: number;
  #isClosed = false;

  constructor(
    share: { workerId: number; workerCount: number; messages: number | null; connections?: number | null },
    window: LoadWindow,
    places = ONE_LANE,
  ) {
    this.#workerCount = share.workerCount;
    this.#window = window;
    this.#places = places;
    this.#next = new Array<number>(places.laneCount).fill(share.workerId);
    this.#left = share.messages ?? Infinity;
    this.#sessionsLeft = share.connections ?? Infinity;
  }

  /** Whether a message, or a session without any, may be begun at `nowUs`: where the plan bounds both, the first bound ends both. */
  has(nowUs: number): boolean {
    return (
      !this.#isClosed &&
      nowUs < this.#window.endUs &&
      ((this.#left > 0 && this.#sessionsLeft > 0) || nowUs < this.#window.warmupEndUs)
    );
  }

  /** The global number of the next message of a lane. Call only when {@link has} says yes. */
  take(nowUs: number, lane = 0): number {
    if (nowUs >= this.#window.warmupEndUs) this.#left--;
    const index = this.#next[lane] as number;
    this.#next[lane] = index + this.#workerCount;
    return this.#places.numberOf(lane, index);
  }

  /** A session without messages is begun. Call only when {@link has} says yes. */
  takeSession(nowUs: number): void {
    if (nowUs >= this.#window.warmupEndUs) this.#sessionsLeft--;
  }

  /** Messages of the share that were not begun; 0 when it has no bound. */
  get left(): number {
    return this.#left === Infinity ? 0 : this.#left;
  }

  /** Nothing more is begun. */
  close(): void {
    this.#isClosed = true;
  }
}
