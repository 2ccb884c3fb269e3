import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Feeder, feederProblem } from '../../src/data/feeder.js';
import type { FeederPlan } from '../../src/data/feeder.js';
import { readRanges } from '../../src/data/generated-range.js';
import type { RangePlan } from '../../src/data/generated-range.js';
import type { FeederOrder } from '../../src/data/row-order.js';
import { fuzzParameters } from '../support/property-time.js';
import { compiled, contextOf, csvFeeder, dataOf, written } from '../support/template-data.js';

const PEOPLE = 'user,password,age\nann,secret,1\nbob,hidden,22\ncy,dark,333\n';

function rangeOf(patterns: Record<string, string>): RangePlan {
  const reading = readRanges(patterns);
  if ('problems' in reading) throw new Error(JSON.stringify(reading.problems));
  return reading.range;
}

function rangeFeeder(rows: number, order: FeederOrder, exponent = 1): FeederPlan {
  return { name: 'people', order, exponent, rows: rangeOf({ row: `{0..${rows - 1}}` }) };
}

/** The rows that messages or sessions get. */
function rowsOf(plan: FeederPlan, contexts: Parameters<typeof contextOf>[0][], seed = 1): number[] {
  const template = compiled('{{people.row}}', dataOf({ seed, feeders: [plan] }));
  return contexts.map((context) => Number(written(template, contextOf(context))));
}

const numbers = (count: number): { number: number }[] => Array.from({ length: count }, (_, number) => ({ number }));

describe('fields of a feeder', () => {
  test('are all of one row in a message, whatever the order and wherever they stand', () => {
    for (const order of ['in-order', 'random', 'zipf', 'unique'] as const) {
      const data = dataOf({ feeders: [csvFeeder('people', PEOPLE, { order })] });
      const [one, other] = [
        compiled('{{people.user}}', data, 'one'),
        compiled('{{people.password}} {{people.age}}', data),
      ];
      for (let number = 0; number < 50; number++) {
        const context = contextOf({ number, place: number % 3, visit: Math.floor(number / 3), places: 3 });
        expect(PEOPLE).toContain(`${written(one, context)},${written(other, context).replace(' ', ',')}\n`);
      }
    }
  });

  test('hold what the file holds, in whatever columns, rows and lengths', () => {
    const value = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', ',', '"', 'é', '日', ' '), maxLength: 20 }),
      fc.nat(9).map((length) => 'x'.repeat(120 + length)),
      fc.constantFrom('y'.repeat(8_192), 'z'.repeat(255), 'z'.repeat(256), 'z'.repeat(32_00)),
    );
    const table = fc
      .integer({ min: 1, max: 5 })
      .chain((columns) =>
        fc.array(fc.array(value, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 12 }),
      );
    fc.assert(
      fc.property(table, (rows) => {
        const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        const header = rows[0]!.map((_, index) => `c${index}`);
        const csv = [header, ...rows.map((row) => row.map(quote))].map((row) => row.join(',')).join('\n');
        const data = dataOf({ feeders: [csvFeeder('people', csv)] });
        const templates = header.map((column) => compiled(`{{people.${column}}}`, data));
        for (const [number, row] of rows.entries()) {
          expect(templates.map((template) => written(template, contextOf({ number })))).toEqual(row);
        }
      }),
      fuzzParameters(500),
    );
  });

  test('come from a copy of the plan as they do from the plan itself', () => {
    const plan = csvFeeder('people', PEOPLE);
    const copy = structuredClone(plan);
    const [one, other] = [plan, copy].map((feeder) =>
      compiled('{{people.user}}:{{people.age}}', dataOf({ feeders: [feeder] })),
    );
    expect(written(one!, contextOf({ number: 4 }))).toBe('bob:22');
    expect(written(other!, contextOf({ number: 4 }))).toBe('bob:22');
  });
});

describe('the order', () => {
  test('in-order gives row after row, and the first one behind the last', () => {
    expect(rowsOf(rangeFeeder(3, 'in-order'), numbers(8))).toEqual([0, 1, 2, 0, 1, 2, 0, 1]);
  });

  test('in-order gives every repetition of a message a row of its own', () => {
    const contexts = numbers(3).flatMap(({ number }) => [0, 1].map((index) => ({ number, index, count: 2 })));
    expect(rowsOf(rangeFeeder(100, 'in-order'), contexts)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('random gives every row as often as any other', () => {
    const counts = new Array<number>(50).fill(0);
    for (const row of rowsOf(rangeFeeder(50, 'random'), numbers(50_000))) counts[row] = counts[row]! + 1;
    // 49 degrees of freedom: above 85.4 in one of 1,000 cases; the seed is fixed.
    expect(counts.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0)).toBeLessThan(85.4);
  });

  test.each([0, 0.5, 0.99, 1, 1.5, 2, 3])('zipf gives row r a share of 1 / r^%d', (exponent) => {
    const rows = 40;
    const weights = Array.from({ length: rows }, (_, row) => (row + 1) ** -exponent);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const counts = new Array<number>(rows).fill(0);
    const drawn = 50_000;
    for (const row of rowsOf(rangeFeeder(rows, 'zipf', exponent), numbers(drawn))) counts[row] = counts[row]! + 1;
    // Rows that hardly anyone gets are taken together, as the test wants.
    let [chiSquare, expected, seen] = [0, 0, 0];
    for (let row = 0; row < rows; row++) {
      expected += (weights[row]! / total) * drawn;
      seen += counts[row]!;
      if (expected < 20 && row < rows - 1) continue;
      chiSquare += (seen - expected) ** 2 / Math.max(1, expected);
      [expected, seen] = [0, 0];
    }
    // 39 degrees of freedom at most: above 72.1 in one of 1,000 cases.
    expect(chiSquare).toBeLessThan(72.1);
  });

  test('zipf takes a billion rows as easily', () => {
    const rows = rowsOf(rangeFeeder(1_000_000_000, 'zipf', 1.1), numbers(2_000));
    expect(Math.max(...rows)).toBeLessThan(1_000_000_000);
    expect(rows.filter((row) => row === 0).length).toBeGreaterThan(100);
    expect(new Set(rows).size).toBeGreaterThan(500);
  });

  test('zipf of one row is that row', () => {
    expect(new Set(rowsOf(rangeFeeder(1, 'zipf', 1), numbers(50)))).toEqual(new Set([0]));
  });

  test('unique gives every session its own row, as long as there are any', () => {
    const contexts = Array.from({ length: 10 }, (_, session) => ({
      place: session % 4,
      visit: Math.floor(session / 4),
      places: 4,
      number: session * 3,
    }));
    expect(rowsOf(rangeFeeder(10, 'unique'), contexts)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('unique never gives two sessions at once the same row, however far places get ahead of each other', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.nat(100),
        fc.infiniteStream(fc.nat(200)),
        (places, more, turns) => {
          const contexts = Array.from({ length: places }, (_, place) => {
            const turn = turns.next().value as number;
            return { place, visit: turn, places };
          });
          const rows = rowsOf(rangeFeeder(places + more, 'unique'), contexts);
          expect(new Set(rows).size).toBe(places);
        },
      ),
      fuzzParameters(300),
    );
  });

  test('follows from the seed and the message alone', () => {
    for (const order of ['random', 'zipf'] as const) {
      const plan = rangeFeeder(1_000, order);
      const forward = rowsOf(plan, numbers(200));
      expect(rowsOf(plan, numbers(200).toReversed()).toReversed()).toEqual(forward);
      expect(rowsOf(plan, numbers(200), 2)).not.toEqual(forward);
    }
  });

  test('of two feeders is not the same', () => {
    const [one, other] = ['one', 'other'].map((name) => ({ ...rangeFeeder(1_000, 'random'), name }));
    const template = compiled('{{one.row}} {{other.row}}', dataOf({ feeders: [one!, other!] }));
    const alike = numbers(200).filter((context) => {
      const [first, second] = written(template, contextOf(context)).split(' ');
      return first === second;
    });
    expect(alike.length).toBeLessThan(5);
  });
});

test.each([1, 2, 3, 4, 7])('1 worker or %i: the messages are the same', (workers) => {
  const people = csvFeeder('people', PEOPLE, { order: 'zipf' });
  const inOrder = { ...rangeFeeder(17, 'in-order'), name: 'turn' };
  const text = '{{seq}} {{people.user}} {{turn.row}} {{random.int 1 99}} {{random.name}} {{trace}}';
  const total = 500;
  /** Worker w of N has the messages w, w + N, w + 2N …; each compiles for itself. */
  const messagesOf = (count: number): string[] =>
    Array.from({ length: count }, (_, worker) => {
      const template = compiled(text, dataOf({ seed: 42, feeders: [people, inOrder] }));
      const messages: string[] = [];
      for (let number = worker; number < total; number += count) {
        messages.push(written(template, contextOf({ number, worker })));
      }
      return messages;
    }).flat();
  expect(messagesOf(workers).toSorted()).toEqual(messagesOf(1).toSorted());
});

describe('generated ranges', () => {
  test.each<[string, string[]]>([
    ['user{0001..9999}@example.test', ['user0001@example.test', 'user0002@example.test', 'user9999@example.test']],
    ['{8..12}', ['8', '9', '12']],
    ['{08..12}', ['08', '09', '12']],
    ['{8..012}', ['008', '009', '012']],
    ['{0..2}x', ['0x', '1x', '2x']],
    ['{5..5}', ['5', '5', '5']],
    ['é{1..3}ü', ['é1ü', 'é2ü', 'é3ü']],
    ['{{1..3}}', ['{1}', '{2}', '{3}']],
  ])('%s', (pattern, [first, second, last]) => {
    const rows = rangeOf({ row: pattern });
    const [one, two, end] = [0, 1, rows.rows - 1].map((number) => {
      const data = dataOf({ feeders: [{ name: 'people', order: 'in-order', exponent: 1, rows }] });
      return written(compiled('{{people.row}}', data), contextOf({ number }));
    });
    expect([one, two, end]).toEqual([first, second, last]);
  });

  test('count along with each other, and texts without one stay', () => {
    const rows = rangeOf({ user: 'u{1..3}', password: 'p{07..09}', domain: 'example.test' });
    expect(rows).toEqual({
      columns: ['user', 'password', 'domain'],
      patterns: ['u{1..3}', 'p{07..09}', 'example.test'],
      rows: 3,
    });
  });

  test.each<[Record<string, string>, string, string]>([
    [{ a: 'x' }, 'a', 'no pattern has a range, as in user{0001..9999}@example.test'],
    [{}, '', 'no pattern has a range, as in user{0001..9999}@example.test'],
    [{ a: '{1..3}', b: '{1..4}' }, 'b', 'counts 4 rows, and the column before it 3: all have to count as many'],
    [{ a: '{3..1}' }, 'a', 'takes the smaller number first (got {3..1})'],
    [{ a: '{1..2}{1..2}' }, 'a', 'takes one range: give the other a column of its own'],
    [{ a: '{a..z}' }, 'a', '{a..z} has to be two whole numbers, as in {0001..9999}'],
    [{ a: '{-1..2}' }, 'a', '{-1..2} has to be two whole numbers, as in {0001..9999}'],
    [{ a: '{1..9007199254740991}' }, 'a', 'counts to at most 9007199254740990'],
    [{ a: '{1..2}\r\nQUIT' }, 'a', expect.stringContaining('holds a line end or NUL') as string],
  ])('%j is refused', (patterns, column, problem) => {
    expect(readRanges(patterns)).toEqual({ problems: [{ column, problem }] });
  });
});

test.each<[Partial<FeederPlan>, number, string | null]>([
  [{ order: 'unique' }, 3, null],
  [{ order: 'unique' }, 4, 'needs as many rows as there are sessions at once: it has 3 rows for 4 sessions'],
  [{ order: 'random' }, 4, null],
  [{ order: 'zipf', exponent: 0 }, 4, null],
  [{ order: 'zipf', exponent: -1 }, 4, 'takes an exponent from 0 to 10 (got -1)'],
  [{ order: 'zipf', exponent: NaN }, 4, 'takes an exponent from 0 to 10 (got NaN)'],
])('%j for %i sessions: %s', (options, places, problem) => {
  expect(feederProblem(csvFeeder('people', PEOPLE, options), places)).toBe(problem);
});

test('a feeder names its columns', () => {
  expect(new Feeder(csvFeeder('people', PEOPLE), 1).columns).toEqual(['user', 'password', 'age']);
});
