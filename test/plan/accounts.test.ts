import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AccountList, AccountWriter, CREDENTIALS_ORDERS, type CredentialsOrder } from '../../src/plan/accounts.js';
import { partition } from '../../src/plan/partition.js';

function listOf(count: number, order: CredentialsOrder): AccountList {
  const writer = new AccountWriter();
  for (let index = 0; index < count; index++) writer.add({ user: `u${index}`, password: `p${index}` });
  return new AccountList({ count, order, text: writer.text() });
}

/** Numbers of the first sessions of each place, as connections have them, worker by worker. */
function sessionsOf(workers: number, sessions: number, turns: number): number[] {
  return partition({ sessions, workers, messages: null, connections: null }).flatMap((share) =>
    Array.from({ length: share.sessions * turns }, (_, index) => {
      const place = share.workerId + (index % share.sessions) * share.workerCount;
      return place + Math.floor(index / share.sessions) * sessions;
    }),
  );
}

/** How often each account is taken. */
function usage(list: AccountList, count: number, numbers: readonly number[], places: number, seed = 1): number[] {
  const used = new Array<number>(count).fill(0);
  for (const session of numbers) used[list.indexOf(session, session % places, seed)]!++;
  return used;
}

test('accounts are found again by their number, whatever one line can hold', () => {
  const line = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ''));
  fc.assert(
    fc.property(fc.array(fc.record({ user: line, password: line }), { minLength: 1 }), (accounts) => {
      const writer = new AccountWriter();
      for (const account of accounts) writer.add(account);
      const list = new AccountList({ count: writer.count, order: 'in-order', text: writer.text() });
      expect(accounts.map((_, index) => list.at(index))).toEqual(accounts);
    }),
  );
});

describe.each([1, 2, 3])('over %d workers', (workers) => {
  test('in order session k takes account k mod N, so that all are used alike', () => {
    const list = listOf(4, 'in-order');
    const numbers = sessionsOf(workers, 6, 10);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, index) => index));
    expect(numbers.map((session) => list.indexOf(session, session % 6, 1))).toEqual(
      numbers.map((session) => session % 4),
    );
    expect(usage(list, 4, numbers, 6)).toEqual([15, 15, 15, 15]);
  });

  test('sticky every place keeps its account', () => {
    expect(usage(listOf(4, 'sticky'), 4, sessionsOf(workers, 6, 10), 6)).toEqual([20, 20, 10, 10]);
    expect(usage(listOf(9, 'sticky'), 9, sessionsOf(workers, 6, 10), 6)).toEqual([10, 10, 10, 10, 10, 10, 0, 0, 0]);
  });

  test('at random the same sessions take the same accounts', () => {
    const list = listOf(7, 'random');
    const inOne = usage(list, 7, sessionsOf(1, 6, 10), 6);
    expect(usage(list, 7, sessionsOf(workers, 6, 10), 6)).toEqual(inOne);
    expect(usage(list, 7, sessionsOf(workers, 6, 10), 6, 2)).not.toEqual(inOne);
  });
});

test('at random the number of places decides nothing, and all accounts are used about alike', () => {
  const list = listOf(100, 'random');
  const numbers = Array.from({ length: 100_000 }, (_, index) => index);
  const taken = (places: number): number[] => numbers.map((session) => list.indexOf(session, session % places, 1));
  expect(taken(1)).toEqual(taken(50));
  // 1,000 each; 5.5 standard deviations are 174.
  for (const used of usage(list, 100, numbers, 1)) expect(Math.abs(used - 1_000)).toBeLessThan(174);
  // Neighbours are not alike: about one in a hundred takes the account of the session before.
  const repeats = taken(1).filter((account, index, all) => account === all[index - 1]).length;
  expect(Math.abs(repeats - 1_000)).toBeLessThan(174);
});

test.each(CREDENTIALS_ORDERS)('%s never leaves the list', (order) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(2 ** 40), fc.nat(500), fc.nat(), (...of) => {
      const [count, session, place, seed] = of;
      const index = listOf(count, order).indexOf(session, place, seed);
      expect(Number.isInteger(index) && index >= 0 && index < count).toBe(true);
    }),
  );
});
