/** What `--credentials` holds: a CSV file of accounts. No problem ever quotes the file: it may hold passwords anywhere. */
import { AccountWriter, CREDENTIALS_ORDERS } from './accounts.js';
import type { Account } from './accounts.js';
import { readCsv } from './csv.js';
import type { AccountsPlan } from './load-plan.js';
import type { OptionReader } from './option-reader.js';
import { DEFAULTS } from './options.js';
import { formatSize } from './units.js';

/** Octets of a file; text that is not from a file is held to as many characters. */
export const MAX_CREDENTIALS_BYTES = 64 * 1_048_576;
/** A worker keeps all of them. */
const MAX_ACCOUNTS = 1_000_000;
/** Lines with something wrong that are named. */
const MAX_NAMED_LINES = 5;

/** The accounts of a file, with the first of them. */
export interface Credentials {
  readonly accounts: AccountsPlan;
  readonly first: Account;
}

/**
 * Reads accounts and their order.
 *
 * @param problemOf - what is wrong with an account, without its secret; null: nothing
 * @returns null: none are given, or they are unusable and refused
 */
export function readCredentials(
  reader: OptionReader,
  problemOf: (account: Account) => string | null,
): Credentials | null {
  const order = reader.choice('credentialsOrder', DEFAULTS.credentialsOrder, CREDENTIALS_ORDERS);
  if (reader.has('credentialsOrder') && !reader.has('credentials')) {
    reader.refuse('credentialsOrder', 'needs --credentials');
  }
  const text = reader.text('credentials', null);
  if (text === null) return null;
  if (text.length > MAX_CREDENTIALS_BYTES) {
    reader.refuse('credentials', `takes at most ${formatSize(MAX_CREDENTIALS_BYTES)}`);
    return null;
  }
  const file = new CredentialsFile(problemOf);
  const broken = readCsv(text.replace(/^\ufeff/, ''), file.add);
  if (broken !== null) file.refuse(broken.line, broken.problem);
  else if (file.first === null && file.problems.length === 0) file.refuse(1, 'no account follows the header');
  for (const problem of file.problems) reader.refuse('credentials', problem);
  return file.first === null || file.problems.length > 0
    ? null
    : { accounts: { count: file.writer.count, order, text: file.writer.text() }, first: file.first };
}

/** The records of a file, the first of which names the columns. */
class CredentialsFile {
  readonly writer = new AccountWriter();
  readonly problems: string[] = [];
  first: Account | null = null;
  readonly #problemOf: (account: Account) => string | null;
  #columns = 0;
  #user = -1;
  #password = -1;

  constructor(problemOf: (account: Account) => string | null) {
    this.#problemOf = problemOf;
  }

  readonly add = (values: string[], line: number): void => {
    if (this.#columns === 0) this.#readHeader(values, line);
    // Without its columns nothing in the file means anything.
    else if (this.#user >= 0 && this.#password >= 0) this.#readAccount(values, line);
  };

  refuse(line: number, problem: string): void {
    if (this.problems.length < MAX_NAMED_LINES) this.problems.push(`line ${String(line)}: ${problem}`);
  }

  #readHeader(values: readonly string[], line: number): void {
    const names = values.map((name) => name.trim().toLowerCase());
    this.#columns = names.length;
    this.#user = names.indexOf('user');
    this.#password = names.indexOf('password');
    const isOnce = [this.#user, this.#password].every((at) => at === names.lastIndexOf(names[at] ?? ''));
    if (this.#user < 0 || this.#password < 0) this.refuse(line, 'the header has to name the columns user and password');
    else if (!isOnce) this.refuse(line, 'the header names a column twice');
  }

  #readAccount(values: readonly string[], line: number): void {
    if (values.length !== this.#columns) {
      const columns = `${String(values.length)} values, and the header ${String(this.#columns)} columns`;
      // What stands behind the comma of a password would be lost without a word.
      this.refuse(line, `has ${columns}: a value with a comma or a quote in it needs quotes around it`);
      return;
    }
    const account = { user: values[this.#user] ?? '', password: values[this.#password] ?? '' };
    const problem = this.#problemOf(account);
    if (problem !== null) this.refuse(line, problem);
    else if (this.writer.count === MAX_ACCOUNTS) this.refuse(line, `is one account more than ${String(MAX_ACCOUNTS)}`);
    else {
      this.first ??= account;
      this.writer.add(account);
    }
  }
}
