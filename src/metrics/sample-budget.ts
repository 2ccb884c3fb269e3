/** Room for texts of a server in a record, so that no record grows with what a server invents. */

/** Octets that all texts of one phase may take in a record. */
const SAMPLE_OCTETS = 12 * 1024;

/** What is left of it. */
export class SampleBudget {
  #left = SAMPLE_OCTETS;

  /** The text, or nothing where there is no room for it any more. */
  take(text: string): string {
    // As it stands in a journal: a control character takes six octets there.
    const octets = Buffer.byteLength(JSON.stringify(text)) - 2;
    if (octets > this.#left) return '';
    this.#left -= octets;
    return text;
  }
}
