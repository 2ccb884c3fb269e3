import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { partition } from '../../src/plan/partition.js';
import { saslPrepared } from '../../src/protocol/sasl/sasl-prep.js';
import { compileLoadScript, compilePreflightScript } from '../../src/scenario/compile-script.js';
import type { AuthScript } from '../../src/scenario/compiled-script.js';
import { laneOf, type EngineOptions } from '../support/engine-plan.js';

const FILE = 'user,password\nanna,a-secret\nbert,b-secret\ncleo,c-secret\n';
const ONE = { auth: 'plain', user: 'anna', password: 'a-secret' };
/** Sessions at once. */
const PLACES = 5;
const accountsOf = (options: EngineOptions): AuthScript['accounts'] =>
  compileLoadScript(laneOf(options)).auths[0]!.accounts;

describe('a session', () => {
  test('takes the account of its number', () => {
    const accounts = accountsOf({ auth: 'plain', credentials: FILE });
    const users = [0, 1, 2, 3, 7].map((session) => accounts.knowledgeOf({ session, place: session % PLACES, turn: 0 }));
    expect(users.map(({ user, secret }) => `${user} ${secret}`)).toEqual(
      ['anna a-secret', 'bert b-secret', 'cleo c-secret', 'anna a-secret', 'bert b-secret'], // prettier-ignore
    );
  });

  test('that is sticky takes that of its place', () => {
    const accounts = accountsOf({ auth: 'plain', credentials: FILE, credentialsOrder: 'sticky', sessions: PLACES });
    const userOf = (session: number): string =>
      accounts.knowledgeOf({ session, place: session % PLACES, turn: 0 }).user;
    expect([1, 6, 11, 16].map(userOf)).toEqual(['bert', 'bert', 'bert', 'bert']);
    expect(userOf(3)).toBe('anna');
  });

  test('at random goes by the seed of the plan', () => {
    const usersWith = (seed: number): string => {
      const accounts = accountsOf({ auth: 'plain', credentials: FILE, credentialsOrder: 'random', seed });
      return Array.from(
        { length: 50 },
        (_, session) => accounts.knowledgeOf({ session, place: session % PLACES, turn: 0 }).user,
      ).join();
    };
    expect(usersWith(1)).toBe(usersWith(1));
    expect(usersWith(1)).not.toBe(usersWith(2));
  });

  test('like all others shares one record with them', () => {
    const accounts = accountsOf(ONE);
    expect(accounts.knowledgeOf({ session: 5, place: 0, turn: 5 })).toBe(accounts.first);
  });

  test('with a wrong password is the same user', () => {
    const accounts = accountsOf({ auth: 'plain', credentials: FILE, authWrong: 50 });
    expect(accounts.knowledgeOf({ session: 4, place: 0, turn: 3 })).toMatchObject({
      user: 'bert',
      secret: 'wrong-b-secret',
    });
    expect(accounts.knowledgeOf({ session: 4, place: 0, turn: 4 })).toMatchObject({ user: 'bert', secret: 'b-secret' });
  });
});

describe.each([1, 2, 3])('wrong passwords over %d workers', (workers) => {
  /** How many of the sessions of all places are wrong, each place having so many. */
  const wrongOf = (authWrong: number, sessions: number, turns: number): number => {
    const accounts = accountsOf({ ...ONE, authWrong, sessions, workers });
    let wrong = 0;
    for (const share of partition({ sessions, workers, messages: null, connections: null })) {
      for (let index = 0; index < share.sessions; index++) {
        const place = share.workerId + index * share.workerCount;
        for (let turn = place; turn < place + turns; turn++)
          if (accounts.isWrong({ session: 0, place: 0, turn })) wrong++;
      }
    }
    return wrong;
  };

  test.each([
    [10, 20, 1, 2],
    [10, 20, 7, 14],
    [10, 3, 10, 3],
    [33, 100, 3, 99],
    [1, 4, 100, 4],
    [0, 20, 5, 0],
    [100, 20, 5, 100],
  ])('%d%% of %d places with %d sessions each are %d', (percent, sessions, turns, wrong) => {
    expect(wrongOf(percent, sessions, turns)).toBe(wrong);
  });
});

test('a wrong password is never the right one, in no form of it, and still fit for its mechanism', () => {
  const token = fc.stringMatching(/^[A-Za-z0-9\-._~+/]{1,40}={0,2}$/);
  const password = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !/\p{Cc}/u.test(text));
  fc.assert(
    fc.property(fc.oneof(token, password, fc.constantFrom('wrong-', 'wrong-wrong-', '\u0338x')), (right) => {
      const accounts = accountsOf({ auth: 'scram-sha-256', user: 'u', password: right, authWrong: 100 });
      const { secret } = accounts.knowledgeOf({ session: 0, place: 0, turn: 0 });
      expect(secret).not.toBe(right);
      expect(saslPrepared(secret)).not.toBe(saslPrepared(right));
      expect(secret.toLowerCase()).not.toBe(right.toLowerCase());
      if (/^[A-Za-z0-9\-._~+/]+=*$/.test(right)) expect(secret).toMatch(/^[A-Za-z0-9\-._~+/]+=*$/);
    }),
  );
});

test('the pre-flight is the first account, with its right password', () => {
  const plan = laneOf({ auth: 'plain', credentials: FILE, credentialsOrder: 'random', authWrong: 100 });
  const { accounts } = compilePreflightScript(plan).auths[0]!;
  for (let session = 0; session < 20; session++) {
    expect(accounts.knowledgeOf({ session, place: 0, turn: session })).toMatchObject({
      user: 'anna',
      secret: 'a-secret',
    });
  }
});
