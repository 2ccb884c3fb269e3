/**
 * Enhanced status codes (RFC 3463) as one integer: class·1,000,000 + subject·1,000 + detail. Knows nothing of replies.
 */
import { DOT, NINE, SP, ZERO } from './ascii.js';

/** The value that says "this reply has no enhanced status code". */
export const NO_ENHANCED = 0;

/** RFC 3463 §2: subject and detail have one to three digits each. */
const MAX_SUB_CODE_DIGITS = 3;

/**
 * Reads the enhanced status code at the beginning of a reply line's text. RFC 2034 §4: it stands first, a space follows
 * it, and its class is the first digit of the reply code. What looks different is text.
 *
 * @param buffer - holds the text at [start, end)
 * @param start - index of the text's first octet
 * @param end - index behind the text's last octet
 * @param replyClass - first digit of the reply code
 * @returns the code as one integer, or {@link NO_ENHANCED}
 */
export function readEnhanced(buffer: Uint8Array, start: number, end: number, replyClass: number): number {
  // The shortest is "2.0.0". Only classes 2, 4 and 5 exist.
  if (end - start < 5 || buffer[start + 1] !== DOT || buffer[start] !== ZERO + replyClass) return NO_ENHANCED;
  if (replyClass !== 2 && replyClass !== 4 && replyClass !== 5) return NO_ENHANCED;
  let value = 0;
  let digits = 0;
  let subject = -1;
  for (let position = start + 2; position < end; position++) {
    const octet = buffer[position] as number;
    if (octet >= ZERO && octet <= NINE) {
      if (++digits > MAX_SUB_CODE_DIGITS) return NO_ENHANCED;
      value = value * 10 + (octet - ZERO);
    } else if (octet === DOT && subject < 0 && digits > 0) {
      subject = value;
      value = 0;
      digits = 0;
    } else if (octet === SP) {
      break;
    } else {
      return NO_ENHANCED;
    }
  }
  if (subject < 0 || digits === 0) return NO_ENHANCED;
  return replyClass * 1_000_000 + subject * 1_000 + value;
}

/** An enhanced status code as people write it, such as `2.1.5`; `null` when there is none. */
export function formatEnhanced(enhanced: number): string | null {
  if (enhanced === NO_ENHANCED) return null;
  return `${classOf(enhanced)}.${subjectOf(enhanced)}.${detailOf(enhanced)}`;
}

const classOf = (enhanced: number): number => Math.floor(enhanced / 1_000_000);
const subjectOf = (enhanced: number): number => Math.floor(enhanced / 1_000) % 1_000;
const detailOf = (enhanced: number): number => enhanced % 1_000;
