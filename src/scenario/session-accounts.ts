/** Who each session of a run is, and whether it proves that with a wrong password. Pure: the number of a session decides. */
import { AccountList } from '../plan/accounts.js';
import type { Account } from '../plan/accounts.js';
import type { LanePlan } from '../plan/lane-plan.js';
import type { AuthPlan } from '../plan/load-plan.js';
import { isInShare } from '../plan/share.js';
import type { SaslKnowledge } from '../protocol/sasl/sasl-conversation.js';

/** As the connection of a session has them. */
export interface SessionNumbers {
  /** Over the whole run, from 0. */
  readonly session: number;
  /** Which of the sessions at once, from 0. */
  readonly place: number;
  /** In shares of the sessions. */
  readonly turn: number;
}

/**
 * Stands before a password. Whatever it is before, the whole is longer than the right one and no form of it, since no
 * character joins a hyphen; and it is still a token (RFC 6750).
 */
const WRONG = 'wrong-';

/** The accounts of a worker's sessions. */
export class SessionAccounts {
  /** Of a session that is nothing special: the only account, or the first, with its right password. */
  readonly first: SaslKnowledge;
  readonly #list: AccountList | null;
  readonly #wrongPercent: number;
  readonly #seed: number;

  /** @param first - what is the same for all of them, with user and password of `auth` */
  constructor(first: SaslKnowledge, { accounts, wrongPercent }: AuthPlan, { seed }: Pick<LanePlan, 'seed'>) {
    this.first = first;
    this.#list = accounts === null ? null : new AccountList(accounts);
    this.#wrongPercent = wrongPercent;
    this.#seed = seed;
  }

  /** Whether a session says a wrong password on purpose. */
  isWrong({ turn }: SessionNumbers): boolean {
    return isInShare(turn, this.#wrongPercent);
  }

  /**
   * What the mechanism of a session is told.
   *
   * @param own - what it says of itself in place of its account
   */
  knowledgeOf(numbers: SessionNumbers, own: Partial<Account> = {}): SaslKnowledge {
    const isWrong = this.isWrong(numbers);
    const isUsual = own.user === undefined && own.password === undefined;
    if (this.#list === null && !isWrong && isUsual) return this.first;
    const { user, password } = { ...this.#accountOf(numbers), ...own };
    return { ...this.first, user, secret: isWrong ? `${WRONG}${password}` : password };
  }

  #accountOf({ session, place }: SessionNumbers): Account {
    if (this.#list === null) return { user: this.first.user, password: this.first.secret };
    return this.#list.at(this.#list.indexOf(session, place, this.#seed));
  }
}
