import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { closedObject } from '../../src/config-file/closed-object.js';
import { readConfig } from '../../src/config-file/read-config.js';

const schema = closedObject({
  name: z.string().exactOptional(),
  rows: z.array(closedObject({ count: z.number(), colour: z.string().exactOptional() })).exactOptional(),
});

function problemsOf(text: string): string[] {
  const reading = readConfig('a.yaml', text, schema);
  return 'value' in reading ? [] : reading.issues.map(({ path, message }) => `${path} ${message}`);
}

describe('a configuration file', () => {
  test('is what the schema makes of it', () => {
    const text = '# comment\nname: off\nrows:\n  - { count: 3 }\n';
    expect(readConfig('a.yaml', text, schema)).toMatchObject({ value: { name: 'off', rows: [{ count: 3 }] } });
  });

  test('may be empty', () => {
    expect(readConfig('a.yaml', '# nothing\n', schema)).toMatchObject({ value: {} });
  });

  test.each([
    ['nmae: x', ['a.yaml:1:1 `nmae` is not known here: did you mean name?']],
    ['name: x\n\nsomething: 1', ['a.yaml:3:1 `something` is not known here: it takes name, rows']],
    ['rows:\n  - count: 1\n    color: red', ['a.yaml:3:5 rows[0]: `color` is not known here: did you mean colour?']],
    ['rows:\n  - count: many', ["a.yaml:2:12 rows[0].count: must be a number (got 'many')"]],
    ['rows:\n  - {}', ['a.yaml:2:5 rows[0].count: is missing']],
    ['- name', ['a.yaml:1:1 must be a map (got a list)']],
    ['a: 1\na: 2', [expect.stringMatching(/^a\.yaml:2:1 .*unique/)]],
    ['name: [', [expect.stringMatching(/^a\.yaml:1:8 /)]],
    ['rows: [\nname: [\n', [expect.stringMatching(/^a\.yaml:2:1 /)]],
    ['name: a-{{b}}\nrows: [{ count: {{c}} }]', ['a.yaml:2:18 a text that begins with {{ needs quotes']],
    [
      'name: [{{b}} and {{c}}]',
      [expect.stringMatching(/^a\.yaml:1:\d+ .*: a text that begins with \{\{ needs quotes$/)],
    ],
    ['name: 1\nrows: x', [expect.stringMatching(/:1:7 name/), expect.stringMatching(/:2:7 rows/)]],
  ])('%j is refused at its place', (text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  test.each<[(string | number)[], string]>([
    [['name'], 'a.yaml:1:7'],
    [['rows', 1, 'count'], 'a.yaml:4:12'],
    // What is not there stands where its owner does.
    [['rows', 1, 'colour'], 'a.yaml:4:5'],
    [['rows', 7], 'a.yaml:3:3'],
    [[], 'a.yaml:1:1'],
  ])('tells where %j stands', (path, place) => {
    const reading = readConfig('a.yaml', 'name: x\nrows:\n  - count: 1\n  - count: 2\n', schema);
    expect('value' in reading && reading.placeOf(path)).toBe(place);
  });

  test('shows the line, with a mark under the place, unless it may hold a secret', () => {
    const framesOf = (text: string): (string | undefined)[] => {
      const reading = readConfig('a.yaml', text, schema);
      return 'value' in reading ? [] : reading.issues.map(({ frame }) => frame);
    };
    expect(framesOf('# one\nrows:\n  - count: many\r\n')).toEqual(['3 |   - count: many\n  |            ^']);
    expect(framesOf(`rows: [${'{ count: 1 }, '.repeat(20)}{ count: x }]`)[0]).toMatch(/^1 \| .{1,72}\n {2}\| {36}\^$/);
    expect(framesOf('password: geheim')).toEqual([undefined]);
  });

  test('tells what it says without what is wrong, for those who look for more', () => {
    const reading = readConfig('a.yaml', 'nmae: x\nname: y\nrows: [{ count: 1 }, 3]\n', schema);
    expect(reading).toMatchObject({ broken: [['rows', 1], ['nmae']], rest: { value: { name: 'y' } } });
  });

  test('has a word for each of several unknown keys, in the order of the lines', () => {
    expect(problemsOf('rosw: 1\nname: 2\nnmae: 3')).toEqual([
      'a.yaml:1:1 `rosw` is not known here: did you mean rows?',
      'a.yaml:2:7 name: must be text (got 2)',
      'a.yaml:3:1 `nmae` is not known here: did you mean name?',
    ]);
  });

  test('lists no more problems than can be read', () => {
    const text = Array.from({ length: 5000 }, (_, at) => `key${String(at)}: 1\n`).join('');
    const problems = problemsOf(text.slice(0, 60_000));
    expect(problems).toHaveLength(50);
    expect(problems.at(-1)).toMatch(/, and \d+ more problems follow$/);
  });

  test('with a key of the language is refused as any other', () => {
    expect(problemsOf('__proto__: { name: x }')).toEqual([
      expect.stringMatching(/^a\.yaml:1:1 `__proto__` is not known/),
    ]);
  });
});

describe('a file that was made to hurt', () => {
  const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let row = 1; row < 12; row++) {
    bomb.push(
      `a${String(row)}: &a${String(row)} [${Array(9)
        .fill(`*a${String(row - 1)}`)
        .join()}]`,
    );
  }
  test.each<[string, string, RegExp]>([
    ['aliases of aliases', bomb.join('\n'), /follows more than 100 aliases/],
    ['an alias of itself', 'rows: &a [*a]', /nested too deep/],
    ['lists in lists', '['.repeat(20_000), /nested too deep/],
    ['closed lists in lists', `rows: ${'['.repeat(20_000)}${']'.repeat(20_000)}`, /nested too deep/],
    ['more than fits', `# ${'x'.repeat(300_000)}`, /is larger than 256 KiB/],
    ['what the library cannot read in time', `[${','.repeat(250_000)}`, /takes more than 5 s/],
  ])('is refused in time: %s', (_, text, problem) => {
    const startedMs = performance.now();
    const [first] = problemsOf(text);
    expect(first).toMatch(problem);
    expect(performance.now() - startedMs).toBeLessThan(15_000);
  });
});
