/** The users of a sink, and whether somebody knows the secret of one of them. Knows no mechanism. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Who knows the secrets of users: the password, or for XOAUTH2 the token. */
export interface Secrets {
  /** What `user` knows; null: there is no such user. */
  secretOf(user: string): string | null;
  /** Whether `secret` is that of `user`. */
  verify(user: string, secret: string): boolean;
}

/** Users and their secrets. */
export class Credentials implements Secrets {
  readonly #users: Readonly<Record<string, string>>;

  constructor(users: Readonly<Record<string, string>>) {
    this.#users = users;
  }

  secretOf(user: string): string | null {
    return Object.hasOwn(this.#users, user) ? (this.#users[user] ?? null) : null;
  }

  /** Takes as long for a user that does not exist. */
  verify(user: string, secret: string): boolean {
    const known = this.secretOf(user);
    const isSame = isEqual(secret, known ?? '');
    return known !== null && isSame;
  }
}

/** Compares in a time that tells nothing of where the texts differ. */
export function isEqual(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
