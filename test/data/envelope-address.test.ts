import { expect, test } from 'vitest';
import { compileAddress } from '../../src/data/envelope-address.js';
import { recipientNumber, senderNumber } from '../../src/scenario/message-template.js';
import { contextOf, csvFeeder, dataOf, written } from '../support/template-data.js';

test('addresses have the numbers that flags give them', () => {
  const sender = compileAddress('s%d@example.test', 'from', 'sender', 700, dataOf({}));
  const recipient = compileAddress('r%d-%d@example.test', 'to', 'recipient', 700, dataOf({}));
  for (const number of [0, 1, 98, 99, 699, 700, 123_456_789]) {
    for (const index of [0, 1, 2]) {
      const context = contextOf({ number, index, count: 3 });
      const turn = recipientNumber(number, index, 3, 700);
      expect(written(sender, context)).toBe(`s${senderNumber(number, 700)}@example.test`);
      expect(written(recipient, context)).toBe(`r${turn}-${turn}@example.test`);
    }
  }
});

test('addresses may hold variables beside the number', () => {
  const data = dataOf({ feeders: [csvFeeder('people', 'user\nann%d\nbob\n')] });
  const address = compileAddress('{{people.user}}+%d@{{"%d"}}.test', 'to', 'recipient', 10, data);
  // What stands in a value or in quotes is no mark.
  expect(written(address, contextOf({ number: 2 }))).toBe('ann%d+3@%d.test');
  expect(compileAddress('plain@example.test', 'to', 'recipient', 10, data).isConstant).toBe(true);
  expect(compileAddress('', 'from', 'sender', 10, data).maxLength).toBe(0);
});

test('two random values of an address are not the same', () => {
  const address = compileAddress('{{random.hex 8}}@{{random.hex 8}}', 'to', 'recipient', 10, dataOf({}));
  const [local, domain] = written(address, contextOf()).split('@');
  expect(local).not.toBe(domain);
});
