/** Many accounts as one text, which crosses to a worker as cheaply as its octets, and which of them a session takes. */
import { assert } from '../assert.js';
import { SeededRandom } from '../seeded-random.js';
import type { AccountsPlan } from './load-plan.js';

/** The words for `--credentials-order`. */
export const CREDENTIALS_ORDERS = ['in-order', 'random', 'sticky'] as const;
/** How sessions come by their accounts. */
export type CredentialsOrder = (typeof CREDENTIALS_ORDERS)[number];

/** What stands in the text behind every name and every password: neither can hold it. */
const END = '\n';

/** One of them. */
export interface Account {
  readonly user: string;
  readonly password: string;
}

/** The text in the making. */
export class AccountWriter {
  count = 0;
  readonly #parts: string[] = [];

  add({ user, password }: Account): void {
    assert(!user.includes(END) && !password.includes(END), 'names and passwords have one line');
    this.#parts.push(user, password);
    this.count++;
  }

  /** All accounts; see `AccountsPlan`. */
  text(): string {
    return [...this.#parts, ''].join(END);
  }
}

/** The accounts of a plan, found by their number. Keeps the text and four octets per account. */
export class AccountList {
  readonly #accounts: AccountsPlan;
  /** Where each begins in the text. */
  readonly #starts: Uint32Array;

  constructor(accounts: AccountsPlan) {
    const { count, text } = accounts;
    this.#accounts = accounts;
    this.#starts = new Uint32Array(count);
    for (let index = 0, at = 0; index < count; index++) {
      this.#starts[index] = at;
      at = text.indexOf(END, text.indexOf(END, at) + 1) + 1;
    }
  }

  /** @param index - from 0, below the count */
  at(index: number): Account {
    const { text } = this.#accounts;
    const start = this.#starts[index] ?? 0;
    const middle = text.indexOf(END, start);
    return { user: text.slice(start, middle), password: text.slice(middle + 1, text.indexOf(END, middle + 1)) };
  }

  /**
   * Which account a session takes.
   *
   * @param session - its number in the run
   * @param place - which of the sessions that are open at once it is
   */
  indexOf(session: number, place: number, seed: number): number {
    const { count, order } = this.#accounts;
    switch (order) {
      case 'in-order':
        return session % count;
      case 'random':
        return Math.floor(new SeededRandom(seed, session).next() * count);
      case 'sticky':
        return place % count;
    }
  }
}
