import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCsv, type CsvProblem } from '../../src/plan/csv.js';

function read(text: string): { records: [number, ...string[]][]; problem: CsvProblem | null } {
  const records: [number, ...string[]][] = [];
  const problem = readCsv(text, (values, line) => records.push([line, ...values]));
  return { records, problem };
}

describe('CSV', () => {
  test.each<[string, string, [number, ...string[]][]]>([
    ['lines end with LF', 'a,b\nc,d\n', [[1, 'a', 'b'], [2, 'c', 'd']]], // prettier-ignore
    ['lines end with CRLF', 'a,b\r\nc,d\r\n', [[1, 'a', 'b'], [2, 'c', 'd']]], // prettier-ignore
    ['the last line may have no end', 'a,b\nc,d', [[1, 'a', 'b'], [2, 'c', 'd']]], // prettier-ignore
    ['empty lines are no records, and are counted', '\na\n\r\n\nb\n', [[2, 'a'], [5, 'b']]], // prettier-ignore
    ['values may be empty', ',\na,\n,b\n"",""\n', [[1, '', ''], [2, 'a', ''], [3, '', 'b'], [4, '', '']]], // prettier-ignore
    ['a comma at the end of the file has an empty value behind it', 'a,', [[1, 'a', '']]],
    ['spaces are part of a value', ' a , b \n', [[1, ' a ', ' b ']]],
    ['quotes hold commas and line ends', '"a,b","c\r\nd"\ne,f\n', [[1, 'a,b', 'c\r\nd'], [3, 'e', 'f']]], // prettier-ignore
    ['two quotes within quotes are one', '"a""b","""",""""""\n', [[1, 'a"b', '"', '""']]],
    ['nothing has no records', '', []],
  ])('%s', (_rule, text, records) => {
    expect(read(text)).toEqual({ records, problem: null });
  });

  test.each<[string, string, CsvProblem, number]>([
    ['a quote in a value without quotes', 'a,b\nsec"ret,d\ne,f\n', unended(2), 1],
    ['anything behind a closing quote', 'a\n"x\ny"z\n', unended(3), 1],
    ['a space behind a closing quote', '"a" ,b\n', unended(1), 0],
    ['a CR alone', 'a\rb\n', unended(1), 0],
    ['a quote that is not closed', 'a\n"secret\n\n', { line: 2, problem: 'a quote is not closed' }, 1],
    ['a last quote that is one of two', '"secret""', { line: 1, problem: 'a quote is not closed' }, 0],
  ])('%s ends the reading, and is named by its line alone', (_what, text, problem, recordsBefore) => {
    const result = read(text);
    expect(result.problem).toEqual(problem);
    expect(result.records).toHaveLength(recordsBefore);
  });

  test('whatever values hold, quotes bring it back', () => {
    const value = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'ü') });
    const record = fc.array(value, { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(record), fc.constantFrom('\n', '\r\n'), (records, end) => {
        const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        const text = records.map((values) => values.map(quote).join(',') + end).join('');
        const { records: found, problem } = read(text);
        expect(problem).toBeNull();
        expect(found.map(([, ...values]) => values)).toEqual(records);
        const lineOf = (index: number): number =>
          records.slice(0, index).reduce((line, values) => line + values.join('').split('\n').length, 1);
        expect(found.map(([line]) => line)).toEqual(records.map((_, index) => lineOf(index)));
      }),
    );
  });

  test('one value may fill the file', () => {
    const long = '"",\n'.repeat(1_000_000);
    const { records, problem } = read(`"${long}"`);
    expect(problem).toBeNull();
    expect(records[0]?.[1]).toHaveLength(3_000_000);
  });
});

function unended(line: number): CsvProblem {
  return { line, problem: 'a value is followed by neither a comma nor a line end' };
}
