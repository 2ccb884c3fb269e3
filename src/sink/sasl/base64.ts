/** Base64 as a server must read it: nothing is skipped and nothing is guessed (RFC 4954 §4, RFC 4648 §3.3). */

/** The octets; null: this is no base64. */
export function decodeBase64(text: string): Buffer | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  return Buffer.from(text, 'base64');
}
