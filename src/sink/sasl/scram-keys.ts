/** What a server keeps of a password for SCRAM (RFC 5802 §3): made when a user first needs it. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { saslPrepared } from '../../protocol/sasl/sasl-prep.js';
import type { Secrets } from '../credentials.js';

/** The hash function of a SCRAM mechanism, as Node calls it. */
export type ScramHash = 'sha1' | 'sha256';

/** The least that RFC 7677 §4 allows. More would measure the sink, not the client. */
export const SCRAM_ITERATIONS = 4096;
const SALT_OCTETS = 16;
const SALT_KEY_OCTETS = 32;
/** Octets of a key: as many as the hash has. */
const KEY_OCTETS: Readonly<Record<ScramHash, number>> = { sha1: 20, sha256: 32 };

/** The two keys of a user, each as long as the hash. */
export interface ScramKeyPair {
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** The salts and keys of all users of a sink. */
export class ScramKeys {
  readonly #credentials: Secrets;
  readonly #saltOf: (user: string) => Buffer;
  readonly #pairs: Readonly<Record<ScramHash, Map<string, ScramKeyPair>>> = { sha1: new Map(), sha256: new Map() };
  /** For users that do not exist, so that they are not told by the time that the answer takes. */
  readonly #decoys: Readonly<Record<ScramHash, ScramKeyPair>> = { sha1: decoy('sha1'), sha256: decoy('sha256') };

  /** @param saltOf - the salt of a user name, always the same and known to nobody before */
  constructor(credentials: Secrets, saltOf = secretSalts()) {
    this.#credentials = credentials;
    this.#saltOf = saltOf;
  }

  /** The salt of any name: a user that does not exist has one that never changes either (RFC 5802 §9). */
  saltOf(user: string): Buffer {
    return this.#saltOf(user);
  }

  /** The keys of a user; of one that does not exist, keys that no password leads to. */
  pairOf(hash: ScramHash, user: string): ScramKeyPair {
    const secret = this.#credentials.secretOf(user);
    if (secret === null) return this.#decoys[hash];
    let pair = this.#pairs[hash].get(user);
    if (pair === undefined) {
      pair = derivePair(hash, secret, this.#saltOf(user));
      this.#pairs[hash].set(user, pair);
    }
    return pair;
  }
}

function secretSalts(): (user: string) => Buffer {
  const key = randomBytes(SALT_KEY_OCTETS);
  return (user) => hmac('sha256', key, user).subarray(0, SALT_OCTETS);
}

function decoy(hash: ScramHash): ScramKeyPair {
  return { storedKey: randomBytes(KEY_OCTETS[hash]), serverKey: randomBytes(KEY_OCTETS[hash]) };
}

/** RFC 5802 §3. It takes a millisecond or two, once per user. */
function derivePair(hash: ScramHash, password: string, salt: Buffer): ScramKeyPair {
  const salted = pbkdf2Sync(saslPrepared(password), salt, SCRAM_ITERATIONS, KEY_OCTETS[hash], hash);
  return { storedKey: digest(hash, hmac(hash, salted, 'Client Key')), serverKey: hmac(hash, salted, 'Server Key') };
}

/** A keyed digest, as long as the hash. */
export function hmac(hash: ScramHash, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text).digest();
}

/** A digest, as long as the hash. */
export function digest(hash: ScramHash, octets: Buffer): Buffer {
  return createHash(hash).update(octets).digest();
}
