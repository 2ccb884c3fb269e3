/** Base64 as RFC 4954 §4 wants it read: nothing is skipped and nothing is guessed. */

/** The octets; null: this is no base64, with its padding at the end and nowhere else. */
export function decodeBase64(text: string): Buffer | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  return Buffer.from(text, 'base64');
}

/** Text as UTF-8 in base64. */
export function encodeBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
