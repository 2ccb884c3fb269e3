/** What the fault matrix leaves out, and some of its combinations through the complete program with its threads. */
import { expect, test } from 'vitest';
import { FAULTS, PLACES, SECURITIES, cellsOf, type Cell } from '../support/fault-matrix.js';
import { messagesWanted, sentences, trialOf } from '../support/fault-matrix-run.js';
import { errorsOf, outcomesOf, reasonsOf, runLoad } from '../support/integration-run.js';

const CELLS = SECURITIES.flatMap(cellsOf);

test('the matrix leaves out no step and no fault, and keeps all that a grouped session adds', () => {
  const has = (what: (cell: Cell) => boolean): boolean => CELLS.some(what);
  expect(PLACES.filter((place) => !has((cell) => cell.place === place))).toEqual([]);
  expect(FAULTS.filter((fault) => !has((cell) => cell.fault === fault))).toEqual([]);
  // An end of the connection is possible everywhere.
  const closing = CELLS.filter(({ fault }) => fault.name.startsWith('closes'));
  expect(new Set(closing.map(({ place }) => place.name)).size).toBe(PLACES.length);
  expect(new Set(closing.map(({ security, pipelining }) => `${security} ${pipelining}`)).size).toBe(9);
  expect(CELLS.length).toBeGreaterThan(1_900);
});

/** Steps behind the pre-flight session, whose own commands no occurrence counts. */
const WHOLE: readonly (readonly [string, string, string, string])[] = [
  ['mail', 'closes the connection without a word', 'plain', 'across'],
  ['rcpt', 'says 421 and closes', 'starttls', 'auto'],
  ['data', 'never comes to the end of a line', 'implicit', 'off'],
  ['content', 'sends garbage', 'starttls', 'across'],
  ['endOfData', 'answers twice at once', 'plain', 'across'],
  ['endOfData', 'falls silent', 'implicit', 'auto'],
  ['rset', 'has two codes in one answer', 'plain', 'off'],
];
const whole = CELLS.filter(({ place, fault, security, pipelining }) =>
  WHOLE.some((each) => each.join() === [place.name, fault.name, security, pipelining].join()),
);

test.for(sentences(whole))('with threads %s', async ([, cell]) => {
  const { sink, options } = trialOf(cell);
  const { result } = await runLoad({
    sink,
    options: { workers: Number(options.sessions), ...options },
    hidden: ['commands', 'replies'],
  });
  expect(Object.entries(outcomesOf(result.messages)).toSorted()).toEqual(messagesWanted(cell));
  expect(errorsOf(result)).toEqual(cell.fault.expected(cell).errors);
  expect(result).toMatchObject({ endedBy: 'plan', complete: true });
  expect(reasonsOf(result)).toEqual([]);
});

test('every combination that is run with threads is one of the matrix', () => {
  expect(whole).toHaveLength(WHOLE.length);
});
