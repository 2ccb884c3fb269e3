/** Room for texts of a server in a record, so that no record grows with what a server invents. */

/** Octets that all texts of one phase of a lane may take in a record. */
const LANE_OCTETS = 12 * 1024;
/** The same of all lanes together. */
const RECORD_OCTETS = 24 * 1024;

/** What is left of it for one phase of a lane. */
export class SampleBudget {
  #left: number;

  /** @param lanes - how many lanes share a record */
  constructor(lanes = 1) {
    this.#left = Math.min(LANE_OCTETS, Math.floor(RECORD_OCTETS / lanes));
  }

  /** The text, or nothing where there is no room for it any more. */
  take(text: string): string {
    // As it stands in a journal: a control character takes six octets there.
    const octets = Buffer.byteLength(JSON.stringify(text)) - 2;
    if (octets > this.#left) return '';
    this.#left -= octets;
    return text;
  }
}
