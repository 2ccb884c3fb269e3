/** The keys of SCRAM (RFC 5802 §3), which cost thousands of hashes to make, and are made once per worker. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { saslPrepared } from './sasl-prep.js';

/** The hash function of a SCRAM mechanism, as Node calls it. */
export type ScramHash = 'sha1' | 'sha256';

/**
 * Iterations beyond which a server is refused. Making keys stops everything else in a worker: 15 ms for so many on a
 * core that hashes in hardware, 0.1 s on one that does not. Servers ask for 4,096 to 65,536.
 */
export const MAX_SCRAM_ITERATIONS = 100_000;

/**
 * Keys kept at once, which take some 2.4 KB each. A server that stores keys has one salt per user, so that a run needs
 * as many as it has users, and again as many for their wrong passwords. One that stores passwords may have another salt
 * each time, as Dovecot does: that costs both sides the hashes of every AUTH, and must not fill the memory.
 *
 * @internal
 */
export const MAX_KEPT_SCRAM_KEYS = 10_000;

/** What both proofs are made with. Each key is as long as the hash. */
export interface ScramKeys {
  readonly clientKey: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/**
 * Keeps the keys of a worker's users. Without it every AUTH would cost the client as much as a server is meant to spend
 * on a stolen password, and an AUTH storm would measure the client; with it a proof costs three keyed digests, and what
 * is measured is the server.
 */
export class ScramKeyCache {
  readonly #kept = new Map<string, ScramKeys>();

  /**
   * The keys for one user and password, and what the server said of them. The oldest go when there are too many.
   *
   * @param salt - in base64, as the server sent it
   * @param iterations - at most {@link MAX_SCRAM_ITERATIONS}
   */
  keysOf(hash: ScramHash, salt: string, iterations: number, user: string, password: string): ScramKeys {
    // A user may come with a wrong password as well, which must not get the keys of the right one.
    const name = `${hash} ${String(iterations)} ${salt} ${user}\0${password}`;
    const known = this.#kept.get(name);
    if (known !== undefined) return known;
    const keys = derive(hash, salt, iterations, password);
    if (this.#kept.size >= MAX_KEPT_SCRAM_KEYS) {
      for (const oldest of this.#kept.keys()) {
        this.#kept.delete(oldest);
        break;
      }
    }
    this.#kept.set(name, keys);
    return keys;
  }

  /** How many are kept. */
  get size(): number {
    return this.#kept.size;
  }
}

function derive(hash: ScramHash, salt: string, iterations: number, password: string): ScramKeys {
  const octets = hash === 'sha1' ? 20 : 32;
  const salted = pbkdf2Sync(saslPrepared(password), Buffer.from(salt, 'base64'), iterations, octets, hash);
  const clientKey = keyedDigest(hash, salted, 'Client Key');
  return {
    clientKey,
    storedKey: createHash(hash).update(clientKey).digest(),
    serverKey: keyedDigest(hash, salted, 'Server Key'),
  };
}

/** HMAC; as long as the hash. */
export function keyedDigest(hash: ScramHash, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text).digest();
}
