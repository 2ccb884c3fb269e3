/** Names inside the messages of SCRAM and OAUTHBEARER, where commas and equals signs are syntax. */

/** RFC 5802 §5.1 and RFC 5801 §4, `saslname`. */
export function saslName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}
