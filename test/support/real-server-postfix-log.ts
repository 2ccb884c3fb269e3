/** What Postfix's log says of sessions and commands, and what a result must say for both to agree. */
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { RunResult } from '../../src/report/result-schema.js';

/** Commands by their names at Postfix. */
type Commands = Readonly<Record<string, number>>;

/** Steps that Postfix counts, by its names for them. */
const POSTFIX_NAMES = {
  ehlo: 'ehlo',
  starttls: 'starttls',
  auth: 'auth',
  xclient: 'xclient',
  xforward: 'xforward',
  mail: 'mail',
  rcpt: 'rcpt',
  data: 'data',
  bdat: 'bdat',
  rset: 'rset',
  noop: 'noop',
  vrfy: 'vrfy',
  expn: 'unknown',
  help: 'unknown',
  raw: 'unknown',
  quit: 'quit',
} as const;
type CountedStep = keyof typeof POSTFIX_NAMES;

/** The log of Postfix from where it is now. */
export class PostfixLogPart {
  readonly #file: string;
  readonly #start: number;

  constructor(file: string) {
    this.#file = file;
    this.#start = existsSync(file) ? readFileSync(file, 'utf8').length : 0;
  }

  get text(): string {
    return readFileSync(this.#file, 'utf8').slice(this.#start);
  }

  /** How often lines match. */
  count(pattern: RegExp): number {
    return this.text.match(new RegExp(pattern, 'gm'))?.length ?? 0;
  }

  /** What the only group of a pattern holds, by how often. */
  tally(pattern: RegExp): Record<string, number> {
    const tally: Record<string, number> = {};
    for (const [, key = ''] of this.text.matchAll(new RegExp(pattern, 'gm'))) tally[key] = (tally[key] ?? 0) + 1;
    return tally;
  }

  /** Sizes of the messages that came into the queue, sorted. */
  sizes(): number[] {
    return [...this.text.matchAll(/qmgr\[\d+\]: \w+: from=<.+>, size=(\d+), /g)]
      .map(([, size]) => Number(size))
      .sort((a, b) => a - b);
  }

  /** Sessions that have ended, but for the pre-flight one, which is the first, and their commands. */
  sessions(): Commands[] {
    const sessions: Commands[] = [];
    for (const [, list = ''] of this.text.matchAll(/smtpd\[\d+\]: disconnect from \S+ (.*) commands=/g)) {
      // `rcpt=2/3`: two of three were not refused.
      const commands = list.split(' ').map((word): [string, number] => {
        const [name = '', counts = ''] = word.split('=');
        return [name, Number(counts.split('/').at(-1))];
      });
      sessions.push(Object.fromEntries(commands));
    }
    return sessions.slice(1);
  }
}

/** Waits until the log has as many sessions and commands as `result`, and no others. */
export async function expectSameCommands(part: PostfixLogPart, result: RunResult): Promise<void> {
  const expected: Record<string, number> = { sessions: result.sessions.started };
  const add = (name: string, count: number): void => {
    if (count > 0) expected[name] = (expected[name] ?? 0) + count;
  };
  for (const step of Object.keys(POSTFIX_NAMES) as CountedStep[]) {
    add(POSTFIX_NAMES[step], result.steps[step]?.sent ?? 0);
  }
  // The last chunk is the end of the content, and the only one where there are no others.
  if (result.steps.data === undefined) add('bdat', result.steps.endOfData?.sent ?? 0);
  await expect.poll(() => sumOf(part.sessions()), { timeout: 15_000, interval: 50 }).toEqual(expected);
}

function sumOf(sessions: readonly Commands[]): Record<string, number> {
  const sum: Record<string, number> = { sessions: sessions.length };
  for (const [name, count] of sessions.flatMap((commands) => Object.entries(commands))) {
    sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}
