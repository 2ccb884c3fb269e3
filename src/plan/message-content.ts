/** What a message may be: its octets in the form that mail data has, and its size. What generated headers say is decided where messages are made. */

/** A larger message is refused: every worker holds its octets in memory. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** Room for the generated headers without what a user puts into them, numbers in addresses included. */
const HEADER_BYTES = 300;

const LF = 10;
const CR = 13;

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

/**
 * Gives every line its CRLF, the last one too (RFC 5321 §2.3.8: neither CR nor LF may stand alone in mail data).
 *
 * @param octets - any octets; lines end in LF, CRLF or CR
 * @returns a new array with the same text
 */
export function withCrlfLines(octets: Uint8Array): Uint8Array {
  // Counted first and written once: a message may hold as many line ends as octets.
  const result = new Uint8Array(writeLines(octets, null));
  writeLines(octets, result);
  return result;
}

/** Writes the lines, or only counts their octets when there is no `target`. */
function writeLines(octets: Uint8Array, target: Uint8Array | null): number {
  let end = 0;
  let previous = LF;
  const put = (octet: number): void => {
    if (target !== null) target[end] = octet;
    end++;
  };
  for (const octet of octets) {
    if (octet === CR || (octet === LF && previous !== CR)) {
      put(CR);
      put(LF);
    } else if (octet !== LF) put(octet);
    previous = octet;
  }
  if (octets.length > 0 && previous !== LF && previous !== CR) {
    put(CR);
    put(LF);
  }
  return end;
}
