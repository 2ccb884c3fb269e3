/** Many accounts and wrong passwords, as the server sees them. */
import { describe, expect, test } from 'vitest';
import { AccountList, AccountWriter } from '../../src/plan/accounts.js';
import type { LoadTestOptions } from '../../src/plan/options.js';
import type { SinkMessage } from '../../src/sink/kept-messages.js';
import { run } from '../support/integration-build.js';
import {
  errorsOf,
  loadOptions,
  openSink,
  outcomesOf,
  reasonsOf,
  repliesOf,
  runLoad,
} from '../support/integration-run.js';
import type { Outcome } from '../support/integration-run.js';

const ACCOUNTS = [
  ['anna', 'a-secret'],
  ['bert@example.test', 'b-secret, with a comma'],
  ['cleo', 'c-"secret"'],
  ['dörte', 'd-sécret'],
] as const;
const USERS = Object.fromEntries(ACCOUNTS);
const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const FILE = ['id,user,password', ...ACCOUNTS.map((account, id) => [id, ...account.map(quote)].join(','))].join('\r\n');

/** A load in which everybody logs in; nothing of the accounts stands in the result. */
async function login(options: Partial<LoadTestOptions>): Promise<Outcome> {
  const outcome = await runLoad({
    options: { auth: 'scram-sha-256', ...options },
    sink: { users: { ...USERS, one: 'one-secret' }, requireAuth: true, keepMessages: 100 },
  });
  for (const text of [...ACCOUNTS.flat(), 'one-secret', 'secret']) {
    expect(JSON.stringify(outcome.result)).not.toContain(text);
  }
  return outcome;
}

function usersOf(messages: readonly SinkMessage[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { user } of messages) counts[user ?? ''] = (counts[user ?? ''] ?? 0) + 1;
  return counts;
}

describe.each([1, 2, 3])('with %d workers', (workers) => {
  test('sessions take their accounts in order, each as often as the others', async () => {
    const { result, sink } = await login({ credentials: FILE, workers, sessions: 12, messages: 12 });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 12 });
    expect(usersOf(sink.messages())).toEqual(Object.fromEntries(ACCOUNTS.map(([user]) => [user, 3])));
    expect(result.plan.scenarios[0].auth).toEqual({
      ...{ mechanism: 'scram-sha-256', user: '', accounts: { count: 4, order: 'in-order' }, wrongPercent: 0 },
    });
  });

  test('sticky places keep theirs', async () => {
    const { sink } = await login({
      ...{ credentials: FILE, credentialsOrder: 'sticky', workers, sessions: workers, messages: 10 * workers },
    });
    expect(usersOf(sink.messages())).toEqual(
      Object.fromEntries(ACCOUNTS.slice(0, workers).map(([user]) => [user, 10])),
    );
  });

  test('at random the number of a session and the seed decide', async () => {
    const { sink } = await login({
      ...{ credentials: FILE, credentialsOrder: 'random', seed: 7, workers, sessions: 30, messages: 30 },
    });
    const expected = new Map<string, number>();
    for (let session = 0; session < 30; session++) {
      const user = ACCOUNTS[randomIndex(session, 7)]![0];
      expected.set(user, (expected.get(user) ?? 0) + 1);
    }
    expect(usersOf(sink.messages())).toEqual(Object.fromEntries(expected));
  });

  test('an exact share of an AUTH storm is refused, and the run is as good as any', async () => {
    const { result, stats } = await login({
      ...{ user: 'one', password: 'one-secret', authOnly: true, authWrong: '10%' },
      ...{ workers, sessions: 20, connections: 20 },
    });
    expect(repliesOf(result, 'auth')).toMatchObject({ '235 2.7.0': 18, '535 5.7.8': 2 });
    expect(result.sessions).toMatchObject({ started: 20, completed: 20, failed: 0 });
    expect(errorsOf(result)).toEqual({});
    expect(reasonsOf(result)).toEqual([]);
    expect(stats.authenticated).toBe(18 + 1);
  });
});

/** What `--credentials-order random` makes of a session. */
function randomIndex(session: number, seed: number): number {
  const writer = new AccountWriter();
  for (const [user, password] of ACCOUNTS) writer.add({ user, password });
  return new AccountList({ count: 4, order: 'random', text: writer.text() }).indexOf(session, 1, seed);
}

test('sessions that follow each other in one place take one account after the other', async () => {
  const { sink } = await login({ credentials: FILE, sessions: 1, messages: 10 });
  expect(sink.messages().map(({ user }) => user)).toEqual(
    Array.from({ length: 10 }, (_, session) => ACCOUNTS[session % 4]![0]),
  );
});

test('every place goes on where its numbers lead, and no place has all the wrong passwords', async () => {
  // Two places in two workers with six sessions each: 0, 2, 4 … and 1, 3, 5 …
  const load = { credentials: FILE, workers: 2, sessions: 2, messages: 12 };
  const inOrder = await login(load);
  expect(usersOf(inOrder.sink.messages())).toEqual(Object.fromEntries(ACCOUNTS.map(([user]) => [user, 3])));
  const wrong = await login({ ...load, credentialsOrder: 'sticky', authWrong: 50 });
  expect(usersOf(wrong.sink.messages())).toEqual({ [ACCOUNTS[0][0]]: 3, [ACCOUNTS[1][0]]: 3 });
});

test('a share of sessions that follow each other is exact, and nobody pauses for it', async () => {
  const { result } = await login({
    ...{ user: 'one', password: 'one-secret', authOnly: true, authWrong: 50, sessions: 1, connections: 200 },
  });
  expect(repliesOf(result, 'auth')).toMatchObject({ '235 2.7.0': 100, '535 5.7.8': 100 });
  expect(result.sessions).toMatchObject({ started: 200, completed: 200 });
  // A hundred pauses of 50 ms and more would take longer.
  expect(result.window.measuredSec).toBeLessThan(4);
});

describe.each([
  ...['plain', 'plain-late', 'login', 'cram-md5', 'scram-sha-1', 'scram-sha-256'],
  ...['xoauth2', 'oauthbearer', 'auto'],
])('a wrong password with %s', (auth) => {
  test('is refused, its message rejected, and its session complete', async () => {
    const { result, stats, sink } = await login({
      ...{ auth, user: 'one', password: 'one-secret', authWrong: 30, sessions: 10, messages: 10, workers: 2 },
    });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 7, rejected: 3 });
    expect(repliesOf(result, 'auth')).toMatchObject({ '235 2.7.0': 7, '535 5.7.8': 3 });
    expect(result.sessions).toMatchObject({ started: 10, completed: 10, failed: 0 });
    expect(errorsOf(result)).toEqual({});
    expect(stats.authenticated).toBe(7 + 1);
    expect(usersOf(sink.messages())).toEqual({ one: 7 });
  });
});

test('a refusal that nobody asked for still fails its session', async () => {
  const { result } = await runLoad({
    options: { auth: 'plain', credentials: FILE, authOnly: true, sessions: 4, connections: 4 },
    // The pre-flight is the first account, which is known.
    sink: { users: { ...USERS, cleo: 'another' } },
  });
  expect(repliesOf(result, 'auth')).toEqual({ '235 2.7.0': 3, '535 5.7.8': 1 });
  expect(result.sessions).toMatchObject({ completed: 3, failed: 1 });
});

test('a wrong password that is accepted shows: the row of refusals is missing', async () => {
  const { result } = await runLoad({
    options: { auth: 'plain', user: 'one', password: 'x', authOnly: true, authWrong: 50, sessions: 4, connections: 4 },
    sink: { users: { one: 'x' }, faults: [{ on: 'auth', reply: '235 2.7.0 whoever you are' }] },
  });
  expect(repliesOf(result, 'auth')).toEqual({ '235 2.7.0': 4 });
});

test('the pre-flight names the file when its first account is refused', async () => {
  const sink = await openSink({ users: { ...USERS, anna: 'another' } });
  await expect(run(loadOptions(sink.url, { auth: 'plain', credentials: FILE, messages: 4 }))).rejects.toMatchObject({
    code: 'E_TARGET',
    message: expect.stringMatching(
      /refused the credentials: '535 .*; check the first account of --credentials, and --auth/,
    ),
  });
  expect(sink.stats()).toMatchObject({ commands: { auth: 1, mail: 0 } });
});
