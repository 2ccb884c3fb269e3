/** Totals of messages, recipients, sessions and clients, and the throughput. */
import type { Style } from './paint.js';
import { formatBytes, formatCount, formatRate, formatShareOf } from './quantities.js';
import { labelled, type ReportLine } from './report-line.js';
import { tableHead, tableRow, type Cell, type Column } from './report-table.js';
import type { ClientTotals, RunResult } from './result-schema.js';
import { isAboutSessions } from './session-run.js';

const OUTCOME_COLUMNS: readonly Column[] = [
  { title: 'Totals', width: 11, align: 'left' },
  { title: 'attempted', width: 11, align: 'right' },
  { title: 'accepted', width: 11, align: 'right' },
  { title: 'deferred', width: 10, align: 'right' },
  { title: 'rejected', width: 10, align: 'right' },
  { title: 'failed', width: 9, align: 'right' },
  { title: 'cut', width: 8, align: 'right' },
  { title: 'abandoned', width: 10, align: 'right' },
];
const LIFE_COLUMNS: readonly Column[] = [
  { title: '', width: 11, align: 'left' },
  { title: 'started', width: 11, align: 'right' },
  { title: 'completed', width: 11, align: 'right' },
  { title: '', width: 20, align: 'right' },
  { title: 'failed', width: 9, align: 'right' },
  { title: 'cut', width: 8, align: 'right' },
  { title: 'peak open', width: 10, align: 'right' },
];

const DROP_CAUSES = {
  cap: 'no free session',
  target: 'the target was lost',
  end: 'the run ended first',
  worker: 'a worker was lost',
} as const;

/** The tables of totals and the lines about offered load and throughput. */
export function totalsSection(result: RunResult, width: number): ReportLine[] {
  const { messages, recipients, sessions, clients, throughput } = result;
  if (isAboutSessions(result)) return sessionTotals(result, width);
  const shares = (['accepted', 'deferred', 'rejected', 'failed', 'cut', 'abandoned'] as const).map((outcome) =>
    faintShare(messages[outcome], messages.attempted),
  );
  const rates = [
    `${formatRate(throughput.acceptedPerSec)} accepted/s`,
    `${formatRate(throughput.attemptedPerSec)} attempted/s`,
    ...(throughput.offeredPerSec === null ? [] : [`${formatRate(throughput.offeredPerSec)} offered/s`]),
    `${formatRate(throughput.recipientsPerSec)} recipients/s`,
    `${formatBytes(throughput.bytesPerSec)}/s`,
  ];
  return [
    tableHead(OUTCOME_COLUMNS),
    outcomeRow('messages', messages),
    ...(messages.attempted === 0 ? [] : [tableRow(OUTCOME_COLUMNS, ['', '', ...shares])]),
    outcomeRow('recipients', recipients),
    tableHead(LIFE_COLUMNS),
    lifeRow('sessions', sessions, formatCount(sessions.peakOpen, 9)),
    lifeRow('clients', clients, ''),
    ...labelled('Throughput', rates.join(', '), width, 'strong'),
    ...retryLines(result, width),
    ...labelled('Offered', offeredText(result), width, messages.dropped > 0 ? 'doubtful' : 'plain'),
    ...labelled(
      'Octets',
      `${formatBytes(result.bytes.sent)} sent, ${formatBytes(result.bytes.received)} received`,
      width,
    ),
  ];
}

/** What became of deferred messages that were tried again. */
function retryLines({ retries }: RunResult, width: number): ReportLine[] {
  if (retries === null) return [];
  const { scheduled, accepted, gaveUp, waiting } = retries;
  const parts = [
    `${formatCount(scheduled)} tries scheduled`,
    `${formatCount(accepted)} accepted after a deferral`,
    `${formatCount(gaveUp)} gave up`,
    `${formatCount(waiting)} waiting at the end`,
  ];
  return labelled('Retries', parts.join(', '), width, waiting + gaveUp > 0 ? 'doubtful' : 'plain');
}

/** Where no mail was to be sent there is nothing to say of messages. */
function sessionTotals({ sessions, clients, throughput, bytes }: RunResult, width: number): ReportLine[] {
  const rates = `${formatRate(throughput.sessionsPerSec)} sessions/s, ${formatBytes(throughput.bytesPerSec)}/s`;
  return [
    tableHead([{ title: 'Totals', width: 11, align: 'left' }, ...LIFE_COLUMNS.slice(1)]),
    lifeRow('sessions', sessions, formatCount(sessions.peakOpen, 9)),
    lifeRow('clients', clients, ''),
    ...labelled('Throughput', rates, width, 'strong'),
    ...labelled('Octets', `${formatBytes(bytes.sent)} sent, ${formatBytes(bytes.received)} received`, width),
  ];
}

function offeredText({ messages, arrivals }: RunResult): string {
  const causes = (Object.keys(DROP_CAUSES) as (keyof typeof DROP_CAUSES)[])
    .filter((cause) => messages.droppedBy[cause] > 0)
    .map((cause) => `${formatCount(messages.droppedBy[cause])} because ${DROP_CAUSES[cause]}`);
  const planned =
    arrivals === null ? '' : `; ${formatCount(arrivals.started)} of ${formatCount(arrivals.offered)} arrivals started`;
  return (
    `${formatCount(messages.offered)} = ${formatCount(messages.attempted)} attempted + ${formatCount(messages.dropped)} dropped` +
    (causes.length === 0 ? '' : ` (${causes.join(', ')})`) +
    planned
  );
}

function outcomeRow(name: string, totals: RunResult['recipients']): ReportLine {
  return tableRow(OUTCOME_COLUMNS, [
    name,
    countCell(totals.attempted, OUTCOME_COLUMNS, 1),
    countCell(totals.accepted, OUTCOME_COLUMNS, 2),
    countCell(totals.deferred, OUTCOME_COLUMNS, 3, 'doubtful'),
    countCell(totals.rejected, OUTCOME_COLUMNS, 4, 'doubtful'),
    countCell(totals.failed, OUTCOME_COLUMNS, 5, 'bad'),
    countCell(totals.cut, OUTCOME_COLUMNS, 6, 'doubtful'),
    countCell(totals.abandoned, OUTCOME_COLUMNS, 7),
  ]);
}

function lifeRow(name: string, totals: ClientTotals, peakOpen: string): ReportLine {
  return tableRow(LIFE_COLUMNS, [
    name,
    countCell(totals.started, LIFE_COLUMNS, 1),
    countCell(totals.completed, LIFE_COLUMNS, 2),
    '',
    countCell(totals.failed, LIFE_COLUMNS, 4, 'bad'),
    countCell(totals.cut, LIFE_COLUMNS, 5, 'doubtful'),
    peakOpen,
  ]);
}

/** A count in the column with `index`; the style is for counts that are not zero. */
function countCell(value: number, columns: readonly Column[], index: number, style: Style = 'plain'): Cell {
  const width = columns[index]?.width ?? 0;
  return { text: formatCount(value, width - 1), style: value === 0 ? 'plain' : style };
}

function faintShare(part: number, whole: number): Cell {
  return { text: part === 0 ? '' : formatShareOf(part, whole), style: 'faint' };
}
