/** The memory that all sessions of a sink may hold content in. Without it, clients could fill it as they like. */

/** What unfinished messages may take together, octets. */
const OCTETS_MAX = 256 * 1024 * 1024;

/** A number of octets that sessions take from and give back to. */
export class ContentBudget {
  #left: number;

  constructor(octets: number = OCTETS_MAX) {
    this.#left = octets;
  }

  /** Whether there is room for so many octets; then they are taken. */
  take(octets: number): boolean {
    if (octets > this.#left) return false;
    this.#left -= octets;
    return true;
  }

  giveBack(octets: number): void {
    this.#left += octets;
  }
}
