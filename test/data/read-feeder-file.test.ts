import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCsvOctets } from '../../src/data/csv-octets.js';
import { FeederTable } from '../../src/data/feeder-table.js';
import { columnsOf, readFeederFile } from '../../src/data/read-feeder-file.js';
import type { FeederFormat } from '../../src/data/read-feeder-file.js';
import { readCsv } from '../../src/plan/csv.js';
import { fuzzParameters } from '../support/property-time.js';

/** The values of a file, row by row; or its problems. */
function read(text: string | Buffer, format: FeederFormat = 'csv', wanted: string[] | null = null): unknown {
  const reading = readFeederFile(Buffer.from(text as string), format, wanted);
  if ('problems' in reading) return reading.problems;
  const { table } = reading;
  const reader = new FeederTable(table);
  const target = Buffer.alloc(10_000);
  const rows = Array.from({ length: table.rows }, (_, row) =>
    table.columns.map((_column, column) => target.toString('utf8', 0, reader.write(row, column, target, 0))),
  );
  return [table.columns, ...rows];
}

describe('a file of CSV', () => {
  test.each<[string, string | Buffer, string[][]]>([
    ['has a header', 'a,b\n1,2\n3,4\n', [['a', 'b'], ['1', '2'], ['3', '4']]], // prettier-ignore
    ['may end without a line end', 'a\n1', [['a'], ['1']]],
    ['may have CRLF and empty lines', '\r\na,b\r\n\r\n1,2\r\n', [['a', 'b'], ['1', '2']]], // prettier-ignore
    ['may have spaces around names', ' a , b \n1,2', [['a', 'b'], ['1', '2']]], // prettier-ignore
    ['may begin with a byte order mark', '\ufeff"a",b\n1,2', [['a', 'b'], ['1', '2']]], // prettier-ignore
    ['may have quotes', '"a",b\n"1,""x""",2', [['a', 'b'], ['1,"x"', '2']]], // prettier-ignore
    ['may have empty values', 'a,b\n,\n"",x', [['a', 'b'], ['', ''], ['', 'x']]], // prettier-ignore
    ['may have values of all lengths', `a\n${'x'.repeat(8_192)}\n${'y'.repeat(128)}`, [['a'], ['x'.repeat(8_192)], ['y'.repeat(128)]]], // prettier-ignore
  ])('%s', (_what, text, rows) => {
    expect(read(text)).toEqual(rows);
  });

  test('keeps the columns that are wanted, in the order of the file', () => {
    expect(read('a,b,c\n1,2,3\n', 'csv', ['c', 'a'])).toEqual([['a', 'c'], ['1', '3']]); // prettier-ignore
  });

  test.each<[string, string | Buffer, string[]]>([
    ['nothing', '', ['no row follows the header']],
    ['empty lines alone', '\n\n', ['no row follows the header']],
    ['a header alone', 'a,b\n', ['no row follows the header']],
    ['a row with a value too few', 'a,b\n1,2\n3\n4,5', ['line 3: has 1 values, and the header 2 columns']],
    ['a row with a value too many', 'a,b\n"1\n",2\n3,4,5', [
      'line 2: value 1 holds a line end or NUL, and what follows would be a command of its own',
      'line 4: has 3 values, and the header 2 columns',
    ]], // prettier-ignore
    [
      'a line end in a value',
      'a\n"x\r\nQUIT"',
      ['line 2: value 1 holds a line end or NUL, and what follows would be a command of its own'],
    ],
    [
      'NUL in a value',
      'a,b\n1,x\0',
      ['line 2: value 2 holds a line end or NUL, and what follows would be a command of its own'],
    ],
    ['a value that is too long', `a,b\n1,${'x'.repeat(8_193)}\n`, ['line 2: value 2 has more than 8192 octets']],
    [
      'a quoted value that is too long',
      `a,b\n1,"${'""'.repeat(8_193)}"\n`,
      ['line 2: value 2 has more than 8192 octets'],
    ],
    ['a quote that is not closed', 'a\n1\n"2\n\n', ['line 3: a quote is not closed']],
    ['a quote within a value', 'a\n1\n2"2\n', ['line 3: a value is followed by neither a comma nor a line end']],
    ['a column twice', '\na,b,a\n1,2,3', ['line 2: names the column a twice']],
    [
      'a column without a name',
      'a,\n1,2',
      ['line 1: a column has to be a name: letters, digits, _ and -, and no digit first'],
    ],
    ['too many columns', `${'a,'.repeat(100)}a\n`, ['line 1: has more than 100 columns']],
    ['what is no UTF-8', Buffer.from('a\n\xff', 'latin1'), ['is not UTF-8']],
  ])('is refused with %s', (_what, text, problems) => {
    expect(read(text)).toEqual(problems);
  });

  test('is refused when a column is missing', () => {
    expect(read('user,pass\n1,2', 'csv', ['usr', 'age'])).toEqual([
      'line 1: there is no column usr: did you mean user?',
      'line 1: there is no column age: it has user, pass',
    ]);
  });

  test('is refused with a few of its lines, never with its values', () => {
    const problems = read(`a,b\n${'secret\n'.repeat(100)}`) as string[];
    expect(problems).toHaveLength(5);
    expect(problems.join()).not.toContain('secret');
  });

  test.each<[string, () => Buffer]>([
    ['ten million commas', () => Buffer.alloc(10_000_000, ',')],
    ['a header, then ten million commas', () => Buffer.concat([Buffer.from('a\n'), Buffer.alloc(10_000_000, ',')])],
    ['ten million quotes', () => Buffer.alloc(10_000_001, '"')],
    ['one value of ten million octets', () => Buffer.concat([Buffer.from('a\n'), Buffer.alloc(10_000_000, 'x')])],
    ['ten million short values', () => Buffer.from(`a\n${'x,'.repeat(10_000_000)}`)],
  ])('of %s is refused at once, without memory', (_what, make) => {
    const file = make();
    const before = process.memoryUsage();
    const startedMs = performance.now();
    expect(readFeederFile(file, 'csv', null)).toHaveProperty('problems');
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    expect(heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(40e6);
  });

  test('is read as CSV is read elsewhere', () => {
    const unit = fc.constantFrom('a', '"', ',', '\n', '\r\n', '\r', ' ', 'é');
    fc.assert(
      fc.property(
        fc.array(unit, { maxLength: 40 }).map((units) => units.join('')),
        (text) => {
          const octets = Buffer.from(text);
          const records: [number, ...string[]][] = [];
          let values: string[] = [];
          const problem = readCsvOctets(octets, {
            onValue: (start, end, hasQuotes) => {
              const value = octets.toString('utf8', start, end);
              values.push(hasQuotes ? value.replaceAll('""', '"') : value);
            },
            onRecord: (line) => {
              // An empty value in quotes, alone in its line, is no record there.
              if (values.length > 1 || values[0] !== '') records.push([line, ...values]);
              values = [];
              return true;
            },
          });
          const expected: [number, ...string[]][] = [];
          const expectedProblem = readCsv(text, (found, line) => expected.push([line, ...found]));
          expect(problem).toEqual(expectedProblem);
          expect(records).toEqual(expected);
        },
      ),
      fuzzParameters(600),
    );
  });
});

describe('a file of JSON lines', () => {
  test.each<[string, string, string[][]]>([
    ['has an object per line', '{"a":"1","b":"2"}\n{"b":"4","a":"3"}\n', [['a', 'b'], ['1', '2'], ['3', '4']]], // prettier-ignore
    [
      'may have numbers, true and false',
      '{"a":1e21}\r\n\n{"a":true}\n{"a":-0.5}',
      [['a'], ['1e+21'], ['true'], ['-0.5']],
    ],
    ['may have escapes', '{"a":"\\u00e9\\ud83d\\ude00\\""}', [['a'], ['é😀"']]],
    ['may have a field named __proto__', '{"__proto__":"x"}', [['__proto__'], ['x']]],
  ])('%s', (_what, text, rows) => {
    expect(read(text, 'jsonl')).toEqual(rows);
  });

  test('keeps the columns that are wanted', () => {
    expect(read('{"a":1,"b":2,"c":3}', 'jsonl', ['b'])).toEqual([['b'], ['2']]);
  });

  test.each<[string, string, string[]]>([
    ['nothing', '', ['there is no row']],
    ['empty lines', '\n \n', ['there is no row']],
    ['a row that lacks a field', '{"a":1,"b":2}\n\n{"a":1}', ['line 3: has no b, which the first row has']],
    [
      'a row with another field',
      '{"a":1}\n{"a":1,"secret":2}',
      ['line 2: has a field that the first row does not have'],
    ],
    ['a row that is none', '{"a":1}\n[1]\n"a"\nnull\n{"a":', [
      'line 2: has to be an object',
      'line 3: has to be an object',
      'line 4: has to be an object',
      'line 5: is not JSON',
    ]], // prettier-ignore
    [
      'a value that is no text',
      '{"a":null}\n{"a":[]}\n{"a":{}}',
      [1, 2, 3].map((line) => `line ${line}: a has to be text, a number, true or false`),
    ],
    [
      'a line end in a value',
      '{"a":"x\\r\\nQUIT"}',
      ['line 1: value 1 holds a line end or NUL, and what follows would be a command of its own'],
    ],
    [
      'NUL in a value',
      '{"a":"\\u0000"}',
      ['line 1: value 1 holds a line end or NUL, and what follows would be a command of its own'],
    ],
    ['a value that is too long', `{"a":"${'é'.repeat(4_097)}"}`, ['line 1: value 1 has more than 8192 octets']],
    [
      'a name that is none',
      '{"a b":1}',
      ['line 1: a column has to be a name: letters, digits, _ and -, and no digit first'],
    ],
    ['a row without fields', '{}', ['line 1: has no columns']],
    ['a line without end', '['.repeat(2_000_000), ['line 1: has more than 1048576 octets']],
  ])('is refused with %s', (_what, text, problems) => {
    expect(read(text, 'jsonl')).toEqual(problems);
  });
});

test('no file has more than 256 MiB', () => {
  const file = Buffer.alloc(256 * 1_048_576 + 1, 'a\n');
  expect(readFeederFile(file, 'csv', null)).toEqual({ problems: ['has more than 268435456 octets'] });
});

test('the columns of a file are known from its first line, whatever follows', () => {
  const buffer = (text: string): Buffer => Buffer.from(text);
  expect(columnsOf(buffer('a,b\n1\n"'), 'csv')).toEqual({ columns: ['a', 'b'] });
  expect(columnsOf(buffer('{"a":1,"b":"x"}\nnonsense'), 'jsonl')).toEqual({ columns: ['a', 'b'] });
  expect(columnsOf(buffer(''), 'csv')).toEqual({ problems: ['there is no row'] });
  expect(columnsOf(buffer('a,a\n'), 'csv')).toEqual({ problems: ['line 1: names the column a twice'] });
  expect(columnsOf(buffer('nonsense'), 'jsonl')).toEqual({ problems: ['line 1: is not JSON'] });
});
