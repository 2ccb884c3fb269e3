/** What a server keeps of a password for SCRAM-SHA-256 (RFC 5802 §3): made when a user first needs it. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { Credentials } from '../credentials.js';

/** The least that RFC 7677 §4 allows. More would measure the sink, not the client. */
export const SCRAM_ITERATIONS = 4096;
const SALT_OCTETS = 16;
const KEY_OCTETS = 32;

/** The two keys of a user; each has 32 octets. */
export interface ScramKeyPair {
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** The salts and keys of all users of a sink. */
export class ScramKeys {
  readonly #credentials: Credentials;
  readonly #saltOf: (user: string) => Buffer;
  readonly #pairs = new Map<string, ScramKeyPair>();
  /** For users that do not exist, so that they are not told by the time that the answer takes. */
  readonly #decoy: ScramKeyPair = { storedKey: randomBytes(KEY_OCTETS), serverKey: randomBytes(KEY_OCTETS) };

  /** @param saltOf - the salt of a user name, always the same and known to nobody before */
  constructor(credentials: Credentials, saltOf = secretSalts()) {
    this.#credentials = credentials;
    this.#saltOf = saltOf;
  }

  /** The salt of any name: a user that does not exist has one that never changes either (RFC 5802 §9). */
  saltOf(user: string): Buffer {
    return this.#saltOf(user);
  }

  /** The keys of a user; of one that does not exist, keys that no password leads to. */
  pairOf(user: string): ScramKeyPair {
    const secret = this.#credentials.secretOf(user);
    if (secret === null) return this.#decoy;
    let pair = this.#pairs.get(user);
    if (pair === undefined) {
      pair = derivePair(secret, this.#saltOf(user));
      this.#pairs.set(user, pair);
    }
    return pair;
  }
}

function secretSalts(): (user: string) => Buffer {
  const key = randomBytes(KEY_OCTETS);
  return (user) => hmac(key, user).subarray(0, SALT_OCTETS);
}

/** RFC 5802 §3. It takes a millisecond or two, once per user. */
function derivePair(password: string, salt: Buffer): ScramKeyPair {
  const salted = pbkdf2Sync(prepared(password), salt, SCRAM_ITERATIONS, KEY_OCTETS, 'sha256');
  return { storedKey: sha256(hmac(salted, 'Client Key')), serverKey: hmac(salted, 'Server Key') };
}

/** SASLprep (RFC 4013 §2.1, §2.2) of a password: what is mapped, without the ban on odd characters. */
function prepared(password: string): string {
  return password
    .replace(/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/gu, ' ')
    .replace(/\u00ad|\u034f|\u1806|[\u180b-\u180d]|[\u200b-\u200d]|\u2060|[\ufe00-\ufe0f]|\ufeff/gu, '')
    .normalize('NFKC');
}

/** HMAC-SHA-256; 32 octets. */
export function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** SHA-256; 32 octets. */
export function sha256(octets: Buffer): Buffer {
  return createHash('sha256').update(octets).digest();
}
