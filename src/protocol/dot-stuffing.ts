/** Makes content safe to send behind DATA (RFC 5321 §4.5.2). Done once per content, never per send. */
import { CR, DOT, LF } from './ascii.js';

/**
 * Writes content as the lines that DATA carries: every line ends in CRLF (bare LFs and CRs are taken as line ends, RFC
 * 5321 §2.3.8 forbids sending them), and a line that begins with a dot gets a second one. The terminator is not part of
 * the result.
 *
 * @param content - headers and body; left as it is
 * @returns new octets, which end with CRLF unless there was no content at all
 */
export function dotStuff(content: Uint8Array): Uint8Array {
  const stuffed = new Uint8Array(stuff(content, null));
  stuff(content, stuffed);
  return stuffed;
}

/** Goes through the content, writes if there is a target, and returns how many octets the result has. */
function stuff(content: Uint8Array, target: Uint8Array | null): number {
  let written = 0;
  let isLineStart = true;
  const put = (octet: number): void => {
    if (target !== null) target[written] = octet;
    written++;
  };
  for (let position = 0; position < content.length; position++) {
    const octet = content[position] as number;
    if (octet === CR || octet === LF) {
      if (octet === CR && content[position + 1] === LF) position++;
      put(CR);
      put(LF);
      isLineStart = true;
      continue;
    }
    if (octet === DOT && isLineStart) put(DOT);
    put(octet);
    isLineStart = false;
  }
  if (!isLineStart) {
    put(CR);
    put(LF);
  }
  return written;
}
