/** Verifies what SASL PLAIN (RFC 4616) and LOGIN say against the users of a sink. */

/** Decodes base64 as RFC 4954 §4 wants it, or null. `=` alone is the empty initial response. */
export function decodeBase64(text: string): string | null {
  if (text === '=') return '';
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  return Buffer.from(text, 'base64').toString('utf8');
}

/** The users of a sink and their passwords. */
export class Credentials {
  readonly #users: Readonly<Record<string, string>>;

  constructor(users: Readonly<Record<string, string>>) {
    this.#users = users;
  }

  /** Whether `password` is that of `user`. */
  verify(user: string, password: string): boolean {
    return Object.hasOwn(this.#users, user) && this.#users[user] === password;
  }

  /** The user whom a PLAIN message `authzid NUL authcid NUL password` proves to be, or null. Nobody acts for another. */
  verifyPlain(message: string): string | null {
    const parts = message.split('\0');
    const [authzid = '', authcid = '', password = ''] = parts;
    if (parts.length !== 3 || (authzid !== '' && authzid !== authcid)) return null;
    return this.verify(authcid, password) ? authcid : null;
  }
}
