/** The table of replies that a scenario did not expect; nothing where there are none. */
import { cleanText, clip } from './clean-text.js';
import { formatCount, formatCounted } from './quantities.js';
import { piece, type ReportLine } from './report-line.js';
import { tableHead, tableRow, type Column } from './report-table.js';
import type { RunResult } from './result-schema.js';

const STEP_WIDTH = 12;
const CODE_WIDTH = 5;
const ENHANCED_WIDTH = 9;
const COUNT_WIDTH = 10;
const MOST_ROWS = 16;

/** The table, in the order of steps, with the text of the first reply of each row. */
export function unexpectedSection({ unexpected }: RunResult, width: number): ReportLine[] {
  if (unexpected.length === 0) return [];
  const columns: readonly Column[] = [
    { title: 'Unexpected', width: STEP_WIDTH, align: 'left' },
    { title: 'code', width: CODE_WIDTH, align: 'left' },
    { title: 'enhanced', width: ENHANCED_WIDTH, align: 'left' },
    { title: 'count', width: COUNT_WIDTH, align: 'right' },
    { title: ' expected', width: width - STEP_WIDTH - CODE_WIDTH - ENHANCED_WIDTH - COUNT_WIDTH + 1, align: 'left' },
  ];
  const commonest = new Set(unexpected.toSorted((a, b) => b.count - a.count).slice(0, MOST_ROWS));
  const shown = unexpected.filter((row) => commonest.has(row));
  const lines = [tableHead(columns), ...shown.flatMap((row) => rowLines(row, columns, width))];
  const hidden = unexpected.length - shown.length;
  if (hidden > 0) lines.push([piece(`${formatCounted(hidden, 'rarer row')} in the result file (--json)`, 'faint')]);
  return lines;
}

function rowLines(row: RunResult['unexpected'][number], columns: readonly Column[], width: number): ReportLine[] {
  const line = tableRow(columns, [
    row.step,
    { text: String(row.code).padStart(3, '0'), style: 'doubtful' },
    row.enhanced === null ? '' : cleanText(row.enhanced),
    formatCount(row.count, COUNT_WIDTH - 1),
    ` ${cleanText(row.expected)}`,
  ]);
  const sample = cleanText(row.sample);
  if (sample === '') return [line];
  return [line, [piece(' '.repeat(STEP_WIDTH)), piece(clip(`"${sample}"`, width - STEP_WIDTH))]];
}
