/** How large a message may be. What its headers say is decided where messages are made. */

/** A larger message is refused: every worker holds its octets in memory. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** Room for the generated headers without what a user puts into them, numbers in addresses included. */
const HEADER_BYTES = 300;

/**
 * The smallest generated message: its headers and nothing else.
 *
 * @param texts - what goes into From, To and Subject
 * @returns octets
 */
export function minMessageBytes(texts: {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
}): number {
  return HEADER_BYTES + texts.from.length + texts.to.length + texts.subject.length;
}
