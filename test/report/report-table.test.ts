import { expect, test } from 'vitest';
import { createPaint } from '../../src/report/paint.js';
import { piece, printLine, labelled } from '../../src/report/report-line.js';
import { tableHead, tableRow, type Column } from '../../src/report/report-table.js';

const COLUMNS: readonly Column[] = [
  { title: 'step', width: 8, align: 'left' },
  { title: 'count', width: 8, align: 'right' },
];
const plain = createPaint(false);

test('cells stand under their titles and never touch', () => {
  expect(printLine(tableHead(COLUMNS), 80, plain)).toBe('step      count');
  expect(printLine(tableRow(COLUMNS, ['mail', '12']), 80, plain)).toBe('mail         12');
  expect(printLine(tableRow(COLUMNS, ['much too long', '123456789']), 80, plain)).toBe('much t… 123456…');
});

test('a missing cell is empty', () => {
  expect(printLine(tableRow(COLUMNS, ['mail']), 80, plain)).toBe('mail');
});

test('a line is clipped before it is painted', () => {
  const line = [piece('abc', 'bad'), piece('defgh', 'good')];
  expect(printLine(line, 5, createPaint(true))).toBe('\x1b[31mabc\x1b[39m\x1b[32md…\x1b[39m');
});

test('a paragraph stays beside its label', () => {
  const lines = labelled('Load', 'ten sessions on two workers', 26);
  expect(lines.map((line) => printLine(line, 80, plain))).toEqual([
    'Load        ten sessions',
    '            on two workers',
  ]);
});
