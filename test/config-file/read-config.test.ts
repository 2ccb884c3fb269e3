import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { closedObject, readConfig } from '../../src/config-file/read-config.js';

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
    ['rows:\n  - count: 1\n    color: red', ['a.yaml:3:5 rows.0: `color` is not known here: did you mean colour?']],
    ['rows:\n  - count: many', [expect.stringMatching(/^a\.yaml:2:12 rows\.0\.count: .*expected number/)]],
    ['rows:\n  - {}', [expect.stringMatching(/^a\.yaml:2:5 rows\.0\.count: .*expected number/)]],
    ['- name', [expect.stringMatching(/^a\.yaml:1:1 .*expected object/)]],
    ['a: 1\na: 2', [expect.stringMatching(/^a\.yaml:2:1 .*unique/)]],
    ['name: [', [expect.stringMatching(/^a\.yaml:1:8 /)]],
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
});
