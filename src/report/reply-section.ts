/** The table of replies: what the server said, how often, and what it means. */
import { STEP_NAMES } from '../protocol/steps.js';
import { cleanText, clip } from './clean-text.js';
import { formatCount, formatCounted, formatShareOf } from './quantities.js';
import { heading, piece, type ReportLine } from './report-line.js';
import { tableHead, tableRow, type Column } from './report-table.js';
import type { ReplyResult, RunResult } from './result-schema.js';

const COUNT_WIDTH = 10;
const SAMPLE_INDENT = 11;
/** The commonest rows are shown; a server that makes up codes would fill the screen. */
const MOST_ROWS = 24;
const FIRST_REFUSAL = 400;
const INTERIM_MARK = 'interim';

/** The reply table, in the order of steps; refusals with their text on a line of its own. */
export function replySection(result: RunResult, width: number): ReportLine[] {
  if (result.replies.length === 0) return [heading('Replies', 'none')];
  const columns: readonly Column[] = [
    { title: 'Replies', width: SAMPLE_INDENT, align: 'left' },
    { title: 'code', width: 5, align: 'left' },
    { title: 'enhanced', width: 9, align: 'left' },
    { title: 'count', width: COUNT_WIDTH, align: 'right' },
    { title: 'of step', width: 8, align: 'right' },
    { title: 'meaning and sample', width: width - 43 + 1, align: 'left' },
  ];
  const totals = repliedPerStep(result.replies);
  const shown = commonest(result.replies);
  const lines = [
    tableHead(columns),
    ...shown.flatMap((reply) => replyLines(reply, totals.get(reply.step) ?? 0, columns, width)),
  ];
  const hidden = result.replies.length - shown.length;
  if (hidden > 0) lines.push([piece(`${formatCounted(hidden, 'rarer row')} in the result file (--json)`, 'faint')]);
  return lines;
}

function replyLines(reply: ReplyResult, total: number, columns: readonly Column[], width: number): ReportLine[] {
  const meaning = cleanText(reply.meaning);
  const sample = cleanText(reply.sample);
  const refused = reply.code >= FIRST_REFUSAL;
  const row = tableRow(columns, [
    reply.step,
    { text: String(reply.code).padStart(3, '0'), style: refused ? 'doubtful' : 'plain' },
    reply.enhanced === null ? '' : cleanText(reply.enhanced),
    formatCount(reply.count, COUNT_WIDTH - 1),
    reply.interim ? { text: INTERIM_MARK, style: 'faint' } : formatShareOf(reply.count, total),
    refused || sample === '' ? meaning : `${meaning}: ${sample}`,
  ]);
  if (!refused) return [row];
  const seen = `  ${reply.firstSeenSec.toFixed(1)} to ${reply.lastSeenSec.toFixed(1)} s`;
  const quoted = `"${clip(sample, width - SAMPLE_INDENT - seen.length - 2)}"`;
  return [row, [piece(' '.repeat(SAMPLE_INDENT)), piece(quoted), piece(seen, 'faint')]];
}

/** Replies that ended a command, per step. */
function repliedPerStep(replies: readonly ReplyResult[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { step, count, interim } of replies) if (!interim) totals.set(step, (totals.get(step) ?? 0) + count);
  return totals;
}

/** The rows with the highest counts, in the order of steps, then of counts. */
function commonest(replies: readonly ReplyResult[]): ReplyResult[] {
  return replies
    .toSorted((a, b) => b.count - a.count)
    .slice(0, MOST_ROWS)
    .toSorted((a, b) => STEP_NAMES.indexOf(a.step) - STEP_NAMES.indexOf(b.step));
}
