/** Numbers for the sessions of one lane among several, so that shares and turns hold within the lane. Pure arithmetic. */

/** The numbers that one worker gives to the sessions of one lane. */
export class LaneNumbers {
  readonly #workerCount: number;
  #session: number;
  #turn: number;

  /** @param firstTurn - first starts of the lane that the workers before this one have */
  constructor(workerId: number, workerCount: number, firstTurn: number) {
    this.#workerCount = workerCount;
    this.#session = workerId - workerCount;
    this.#turn = firstTurn - 1;
  }

  /** No other session of the lane has it in any worker. */
  nextSession(): number {
    this.#session += this.#workerCount;
    return this.#session;
  }

  /** Counts on from turn to turn: any share of the turns is a share of this worker's sessions in the lane. */
  nextTurn(): number {
    this.#turn++;
    return this.#turn;
  }
}
