/** The table of errors: commands that never got the reply they were due. */
import type { ErrorKindName } from '../metrics/outcome.js';
import { STEP_NAMES } from '../protocol/steps.js';
import { cleanText, clip } from './clean-text.js';
import { formatCount, formatCounted } from './quantities.js';
import { heading, piece, type ReportLine } from './report-line.js';
import { tableHead, tableRow, type Column } from './report-table.js';
import type { ErrorResult, RunResult } from './result-schema.js';

/** Each kind of error in words. */
const ERROR_KIND_MEANINGS: Readonly<Record<ErrorKindName, string>> = {
  refused: 'nothing listens there, or its queue is full',
  unreachable: 'no route to the server',
  reset: 'the server reset the connection (RST)',
  closed: 'the server closed before it replied',
  timeout: 'no complete reply before the deadline',
  tls: 'the TLS handshake failed',
  tlsNotOffered: 'TLS wanted, STARTTLS not offered',
  authNotOffered: 'login wanted, mechanism not offered',
  notOffered: 'extension wanted, not offered',
  malformed: 'a reply or challenge that makes no sense',
  overlong: 'a reply line or reply beyond every limit',
  unexpectedCode: 'a code that cannot answer this command',
  unaskedReply: 'a reply to no command of ours',
  crossedReply: 'a reply that names another message',
  earlyReply: 'a reply before the content was sent',
  limit: 'no files or ports left, or an endless reply',
};

const KIND_WIDTH = 15;
const COUNT_WIDTH = 10;
const SAMPLE_INDENT = 10;
const MOST_ROWS = 16;

/** The error table; nothing but a line when there are none. */
export function errorSection(result: RunResult, width: number): ReportLine[] {
  if (result.errors.length === 0) return [heading('Errors', 'none')];
  const columns: readonly Column[] = [
    { title: 'Errors', width: SAMPLE_INDENT, align: 'left' },
    { title: 'kind', width: KIND_WIDTH, align: 'left' },
    { title: 'count', width: COUNT_WIDTH, align: 'right' },
    { title: ' meaning', width: width - SAMPLE_INDENT - KIND_WIDTH - COUNT_WIDTH + 1, align: 'left' },
  ];
  const shown = result.errors.toSorted((a, b) => b.count - a.count).slice(0, MOST_ROWS);
  const lines = [
    tableHead(columns),
    ...shown
      .toSorted((a, b) => STEP_NAMES.indexOf(a.step) - STEP_NAMES.indexOf(b.step))
      .flatMap((error) => errorLines(error, columns, width)),
  ];
  const hidden = result.errors.length - shown.length;
  if (hidden > 0) lines.push([piece(`${formatCounted(hidden, 'rarer row')} in the result file (--json)`, 'faint')]);
  return lines;
}

function errorLines(error: ErrorResult, columns: readonly Column[], width: number): ReportLine[] {
  const row = tableRow(columns, [
    error.step,
    { text: error.kind, style: 'bad' },
    formatCount(error.count, COUNT_WIDTH - 1),
    ` ${ERROR_KIND_MEANINGS[error.kind]}`,
  ]);
  const sample = cleanText(error.sample);
  if (sample === '') return [row];
  return [row, [piece(' '.repeat(SAMPLE_INDENT)), piece(clip(sample, width - SAMPLE_INDENT))]];
}
