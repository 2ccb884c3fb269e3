/**
 * The commands of a session as ready octets (RFC 5321 §4.1.1). Knows no session: when to send what is decided
 * elsewhere.
 */
import { assert } from '../assert.js';

const encoder = new TextEncoder();

/** RFC 3207 §4 */
export const STARTTLS: Uint8Array = encoder.encode('STARTTLS\r\n');
/** RFC 5321 §4.1.1.4 */
export const DATA: Uint8Array = encoder.encode('DATA\r\n');
/** RFC 5321 §4.1.1.5 */
export const RSET: Uint8Array = encoder.encode('RSET\r\n');
/** RFC 5321 §4.1.1.10 */
export const QUIT: Uint8Array = encoder.encode('QUIT\r\n');
/** The lone dot that ends mail data (RFC 5321 §4.1.1.4). The CRLF before it ends the data's last line. */
export const END_OF_DATA: Uint8Array = encoder.encode('.\r\n');

/**
 * RFC 5321 §4.1.1.1
 *
 * @param name - domain or address literal of the client
 * @throws Error when the name holds CR, LF or NUL
 */
export function ehlo(name: string): Uint8Array {
  return commandLine('EHLO', name);
}

/**
 * The older greeting, for servers that refuse EHLO (RFC 5321 §3.2).
 *
 * @param name - domain or address literal of the client
 * @throws Error when the name holds CR, LF or NUL
 */
export function helo(name: string): Uint8Array {
  return commandLine('HELO', name);
}

/**
 * A greeting of LMTP (RFC 2033 §4.1).
 *
 * @param name - domain or address literal of the client
 * @throws Error when the name holds CR, LF or NUL
 */
export function lhlo(name: string): Uint8Array {
  return commandLine('LHLO', name);
}

/**
 * A command with its CRLF.
 *
 * @param argument - '' where there is none
 * @throws Error when either holds CR, LF or NUL
 */
export function commandLine(verb: string, argument: string): Uint8Array {
  assertSingleLine(verb + argument);
  return encoder.encode(`${verb}${argument === '' ? '' : ' '}${argument}\r\n`);
}

/** Stops text that would end its line early, and so smuggle a command, from getting into one. */
export function assertSingleLine(text: string): void {
  assert(!/[\r\n\0]/.test(text), 'an argument of a command holds no CR, LF or NUL');
}
