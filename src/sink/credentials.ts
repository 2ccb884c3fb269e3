/** The users of a sink, and whether somebody is one of them. Knows no dialogue. */

/** Users and their passwords. */
export class Credentials {
  readonly #users: Readonly<Record<string, string>>;

  constructor(users: Readonly<Record<string, string>>) {
    this.#users = users;
  }

  /** `user` if `password` is theirs, or null. */
  verify(user: string, password: string): string | null {
    return Object.hasOwn(this.#users, user) && this.#users[user] === password ? user : null;
  }

  /** The user whom a message of PLAIN (RFC 4616 §2) proves to be, or null. Nobody acts for another. */
  verifyPlain(message: string): string | null {
    const parts = message.split('\0');
    const [authzid = '', authcid = '', password = ''] = parts;
    if (parts.length !== 3 || (authzid !== '' && authzid !== authcid)) return null;
    return this.verify(authcid, password);
  }
}
