/** How long lines of a client may be. */
import { Verb, verbOf } from './command-verb.js';

/** Octets of a command line with CRLF (RFC 5321 §4.5.3.1.4). */
export const LINE_OCTETS_MAX = 512;
/** MAIL may be longer by what SIZE (26, RFC 1870 §3), 8BITMIME (17, RFC 6152 §2), AUTH (500, RFC 4954 §3), SMTPUTF8 (10, RFC 6531 §3.1) and DSN (8 and 107, RFC 3461 §4) add. */
export const MAIL_LINE_OCTETS_MAX = LINE_OCTETS_MAX + 26 + 17 + 500 + 10 + 8 + 107;
/** RCPT by what DSN adds: NOTIFY and ORCPT (RFC 3461 §4). */
const RCPT_LINE_OCTETS_MAX = LINE_OCTETS_MAX + 28 + 500;
/** Lines of an AUTH dialogue (RFC 4954 §4). */
const AUTH_LINE_OCTETS_MAX = 12_288;

/**
 * Octets that a line may have, CRLF included.
 *
 * @param line - its beginning at least
 * @param isAuth - it belongs to an AUTH dialogue
 */
export function lineOctetsMax(line: string, isAuth: boolean): number {
  if (isAuth) return AUTH_LINE_OCTETS_MAX;
  switch (verbOf(line)) {
    case Verb.auth:
      return AUTH_LINE_OCTETS_MAX;
    case Verb.rcpt:
      return RCPT_LINE_OCTETS_MAX;
    case Verb.mail:
      return MAIL_LINE_OCTETS_MAX;
    default:
      return LINE_OCTETS_MAX;
  }
}
