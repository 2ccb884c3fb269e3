/** What a message may be: its octets in the form that mail data has, and its size. What generated headers say is decided where messages are made. */

/** A larger message is refused: every worker holds its octets in memory. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** Generated headers without what a user puts into them: Message-ID, Date, the names of the others, an empty line. */
const HEADER_BYTES = 123;

const LF = 10;
const CR = 13;

/** What goes into the headers of a generated message. */
export interface HeaderTexts {
  /** Addresses as in the envelope; `%d` becomes a number up to `addresses`. */
  readonly from: string;
  readonly to: string;
  readonly addresses: number;
  readonly subject: string;
}

/** The smallest generated message: its headers and nothing else. In octets. */
export function minMessageBytes({ from, to, addresses, subject }: HeaderTexts): number {
  const numbered = (from + to).replaceAll('%d', String(addresses));
  return HEADER_BYTES + new TextEncoder().encode(numbered).length + subject.length;
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
