/** The table of replies: what the server said, how often, and what it means. */
import { STEP_NAMES } from '../protocol/steps.js';
import { cleanText, clip, wrap } from './clean-text.js';
import type { Style } from './paint.js';
import { formatCount, formatCounted, formatShareOf } from './quantities.js';
import { heading, piece, type ReportLine } from './report-line.js';
import { tableHead, tableRow, type Cell, type Column } from './report-table.js';
import type { ReplyResult, RunResult } from './result-schema.js';

const STEP_WIDTH = 10;
const CODE_WIDTH = 5;
const ENHANCED_WIDTH = 9;
const COUNT_WIDTH = 10;
const SHARE_WIDTH = 8;
/** The commonest rows are shown; a server that makes up codes would fill the screen. */
const MOST_ROWS = 24;
const FIRST_REFUSAL = 400;
/** Lines for the meaning of a refusal, and for its text: these are what people read a report for. */
const REFUSAL_LINES = 2;

/** The reply table, in the order of steps; refusals with their text on lines of its own. */
export function replySection(result: RunResult, width: number): ReportLine[] {
  if (result.replies.length === 0) return [heading('Replies', 'none')];
  const meaningWidth = width - STEP_WIDTH - CODE_WIDTH - ENHANCED_WIDTH - COUNT_WIDTH - SHARE_WIDTH;
  const columns: readonly Column[] = [
    { title: 'Replies', width: STEP_WIDTH, align: 'left' },
    { title: 'code', width: CODE_WIDTH, align: 'left' },
    { title: 'enhanced', width: ENHANCED_WIDTH, align: 'left' },
    { title: 'count', width: COUNT_WIDTH, align: 'right' },
    { title: 'of step', width: SHARE_WIDTH, align: 'right' },
    // The last column needs no gap behind it.
    { title: 'meaning and sample', width: meaningWidth + 1, align: 'left' },
  ];
  const totals = repliedPerStep(result.replies);
  const shown = commonest(result.replies);
  const lines = [
    tableHead(columns),
    ...shown.flatMap((reply) => {
      const share = reply.interim ? 'interim' : formatShareOf(reply.count, totals.get(reply.step) ?? 0);
      return reply.code < FIRST_REFUSAL ? [goodRow(reply, share, columns)] : refusalRows(reply, share, columns, width);
    }),
  ];
  const hidden = result.replies.length - shown.length;
  if (hidden > 0) lines.push([piece(`${formatCounted(hidden, 'rarer row')} in the result file (--json)`, 'faint')]);
  return lines;
}

function goodRow(reply: ReplyResult, share: string, columns: readonly Column[]): ReportLine {
  const sample = cleanText(reply.sample);
  const meaning = cleanText(reply.meaning);
  return tableRow(columns, [...replyCells(reply, share, 'plain'), sample === '' ? meaning : `${meaning} "${sample}"`]);
}

function refusalRows(reply: ReplyResult, share: string, columns: readonly Column[], width: number): ReportLine[] {
  const seen = ` (${reply.firstSeenSec.toFixed(1)} to ${reply.lastSeenSec.toFixed(1)} s)`;
  const meaningWidth = (columns.at(-1)?.width ?? 0) - 1;
  const [meaning = '', ...more] = wrap(cleanText(reply.meaning), meaningWidth, REFUSAL_LINES);
  const sample = clip(cleanText(reply.sample), (width - STEP_WIDTH) * REFUSAL_LINES - seen.length - 2);
  const texts = sample === '' ? [] : wrap(`"${sample}"${seen}`, width - STEP_WIDTH, REFUSAL_LINES + 1);
  return [
    tableRow(columns, [...replyCells(reply, share, 'doubtful'), meaning]),
    ...more.map((text) => tableRow(columns, ['', '', '', '', '', text])),
    ...texts.map((text) => [piece(' '.repeat(STEP_WIDTH)), piece(text)]),
  ];
}

function replyCells(reply: ReplyResult, share: string, style: Style): Cell[] {
  return [
    reply.step,
    { text: String(reply.code).padStart(3, '0'), style },
    reply.enhanced === null ? '' : cleanText(reply.enhanced),
    formatCount(reply.count, COUNT_WIDTH - 1),
    { text: share, style: reply.interim ? 'faint' : 'plain' },
  ];
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
