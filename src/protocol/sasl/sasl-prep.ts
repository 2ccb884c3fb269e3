/** SASLprep (RFC 4013): one form for names and passwords that look alike, so that both sides of SCRAM hash the same octets. */

/** RFC 3454, table C.1.2. Zero-width space (200B) stands in both tables; as in libidn and PostgreSQL it is a space. */
const OTHER_SPACES = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu;
/** RFC 3454, table B.1. */
const MAPPED_TO_NOTHING = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|[\u200c-\u200d]|\u2060|[\ufe00-\ufe0f]|\ufeff/gu;

/**
 * Maps and normalises (RFC 4013 §2.1, §2.2). The ban on odd characters and directions (§2.3, §2.4) is left out: a server
 * that has such a password knows it by its octets.
 */
export function saslPrepared(text: string): string {
  return text.replace(OTHER_SPACES, ' ').replace(MAPPED_TO_NOTHING, '').normalize('NFKC');
}
