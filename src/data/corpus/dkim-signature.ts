/**
 * Signs messages by DKIM (RFC 6376), by nodemailer. A signature covers the header fields that are the same in every sending
 * of the message, and the body; those that are written per message stand outside, since it is made only once.
 */
import { createPrivateKey } from 'node:crypto';
import { text } from 'node:stream/consumers';
import DKIM from 'nodemailer/lib/dkim';
import { assert } from '../../assert.js';

/** Who signs. */
export interface DkimKey {
  readonly domain: string;
  readonly selector: string;
  /** PEM of an RSA key. */
  readonly privateKey: string;
}

/** Labels as in host names (RFC 6376 §3.1). */
const LABELS = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;

/** What is wrong with a key; null: nothing. Never quotes it. */
export function dkimProblem({ domain, selector, privateKey }: DkimKey): string | null {
  if (!LABELS.test(domain)) return 'needs the domain that signs, such as example.test';
  if (!LABELS.test(selector)) return 'needs a selector, such as mail2026';
  try {
    const { asymmetricKeyType } = createPrivateKey(privateKey);
    return asymmetricKeyType === 'rsa' ? null : 'takes an RSA key';
  } catch {
    // What the library says of broken PEM helps nobody.
    return 'holds a private key that cannot be read: it takes PEM without passphrase';
  }
}

/**
 * Signs a message.
 *
 * @param octets - fields, an empty line and the body; lines end in CRLF
 * @returns the field to put before it, with its line end
 */
export async function dkimField(octets: Buffer, { domain, selector, privateKey }: DkimKey): Promise<Buffer> {
  const signer = new DKIM({ domainName: domain, keySelector: selector, privateKey });
  // The signed message follows its signature; nothing else is different.
  const signed = await text(signer.sign(octets).setEncoding('latin1'));
  assert(signed.length > octets.length, 'a key that was checked signs');
  return Buffer.from(signed.slice(0, signed.length - octets.length), 'latin1');
}
