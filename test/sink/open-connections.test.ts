import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OpenConnections } from '../../src/sink/open-connections.js';

interface Connection {
  readonly name: number;
  place: number;
}

describe('the list of open connections', () => {
  test('holds those that came and did not leave, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat()), { maxLength: 60 }), (steps) => {
        const list = new OpenConnections<Connection>();
        const expected: Connection[] = [];
        for (const [name, leaver] of steps.entries()) {
          if (leaver === null) {
            const connection = { name, place: -1 };
            expected.push(connection);
            list.add(connection);
          } else if (expected.length > 0) {
            for (const connection of expected.splice(leaver % expected.length, 1)) list.remove(connection);
          }
          expect(
            list
              .all()
              .map((each) => each.name)
              .toSorted(),
          ).toEqual(expected.map((each) => each.name).toSorted());
        }
      }),
    );
  });
});
