/**
 * SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677): client and server prove to each other that they know the password.
 * Without channel binding.
 *
 * ```
 * client                                   server
 * n,,n=user,r=CLIENT                  ->
 *                                     <-   r=CLIENTSERVER,s=salt,i=4096
 * c=biws,r=CLIENTSERVER,p=proof       ->
 *                                     <-   v=signature, as one more challenge (RFC 4954 §4)
 * (empty)                             ->
 *                                     <-   235
 * ```
 *
 * A failure is told by 535 alone: `e=` (RFC 5802 §7) would say more about users than a stranger should know.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { decodeBase64 } from './base64.js';
import { MEANINGLESS, verdictOn } from './sasl-mechanism.js';
import type { SaslConversation } from './sasl-mechanism.js';
import { SCRAM_ITERATIONS, digest, hmac } from './scram-keys.js';
import type { ScramHash, ScramKeys } from './scram-keys.js';

const NONCE_OCTETS = 18;

/** The client's first message. */
interface FirstMessage {
  /** `n,,` or with an authorisation identity. */
  readonly header: string;
  /** What follows the header; both proofs cover it. */
  readonly bare: string;
  readonly user: string;
  readonly nonce: string;
}

/** The client's final message. */
interface FinalMessage {
  /** Everything before the proof; both proofs cover it. */
  readonly withoutProof: string;
  readonly proof: Buffer;
}

/** The server's part of a nonce: printable and without comma (RFC 5802 §5.1). */
export function scramNonce(): string {
  return randomBytes(NONCE_OCTETS).toString('base64');
}

/** @param serverNonce - as {@link scramNonce} makes it */
export function* scram(hash: ScramHash, keys: ScramKeys, serverNonce: string): SaslConversation {
  const first = readFirst(yield '');
  if (first === null) return MEANINGLESS;
  const nonce = `${first.nonce}${serverNonce}`;
  const salt = keys.saltOf(first.user).toString('base64');
  const serverFirst = `r=${nonce},s=${salt},i=${String(SCRAM_ITERATIONS)}`;

  const final = readFinal(yield serverFirst, first.header, nonce);
  const { storedKey, serverKey } = keys.pairOf(hash, first.user);
  if (final?.proof.length !== storedKey.length) return MEANINGLESS;
  const authMessage = `${first.bare},${serverFirst},${final.withoutProof}`;
  const clientKey = exclusiveOr(final.proof, hmac(hash, storedKey, authMessage));
  if (!timingSafeEqual(digest(hash, clientKey), storedKey)) return verdictOn(first.user, false);
  return verdictOn(first.user, true, `v=${hmac(hash, serverKey, authMessage).toString('base64')}`);
}

/** RFC 5802 §7, `client-first-message`. Channel binding (`p=`) is not on offer, and nobody acts for another. */
function readFirst(message: string): FirstMessage | null {
  const parts = /^([ny],(?:a=([^,]+))?,)(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/s.exec(message);
  const [, header = '', authorisation, bare = '', name = '', nonce = ''] = parts ?? [];
  const user = readName(name);
  if (user === null || (authorisation !== undefined && readName(authorisation) !== user)) return null;
  return { header, bare, user, nonce };
}

/** RFC 5802 §5.1: `=2C` is a comma, `=3D` an equals sign, and any other `=` an error. null: no name. */
export function readName(text: string): string | null {
  if (text === '' || /=(?!2C|3D)/.test(text)) return null;
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

/** RFC 5802 §7, `client-final-message`. Header and nonce must be those of this conversation. */
function readFinal(message: string, header: string, nonce: string): FinalMessage | null {
  const at = message.lastIndexOf(',p=');
  if (at === -1) return null;
  const withoutProof = message.slice(0, at);
  const expected = `c=${Buffer.from(header).toString('base64')},r=${nonce}`;
  if (withoutProof !== expected && !withoutProof.startsWith(`${expected},`)) return null;
  const proof = decodeBase64(message.slice(at + 3));
  return proof === null ? null : { withoutProof, proof };
}

function exclusiveOr(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((octet, index) => octet ^ (b[index] ?? 0)));
}
