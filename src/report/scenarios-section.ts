/** What each scenario did at each target, where there are several. */
import { cleanText } from './clean-text.js';
import { formatCount, formatLatency, formatRate, formatShareOf } from './quantities.js';
import { piece, type ReportLine } from './report-line.js';
import { tableHead, tableRow, type Column } from './report-table.js';
import type { LaneResult, RunResult } from './result-schema.js';

const VALUE_COLUMNS: readonly Column[] = [
  { title: 'clients', width: 9, align: 'right' },
  { title: 'attempted', width: 10, align: 'right' },
  { title: 'accepted', width: 9, align: 'right' },
  { title: 'per s', width: 8, align: 'right' },
  { title: 'p50', width: 8, align: 'right' },
  { title: 'p99', width: 8, align: 'right' },
];
/** Of all of them it is the same, or nearly so. */
const SCHEME = /\b(?:smtps?|lmtp):\/\//;
const VALUE_WIDTH = VALUE_COLUMNS.reduce((sum, { width }) => sum + width, 0);

/** A table with a row for each; nothing where there is only one. */
export function scenariosSection({ scenarios }: RunResult, width: number): ReportLine[] {
  if (scenarios.length === 0) return [];
  const title = scenarios.every(({ scenario }) => scenario === scenarios[0]?.scenario) ? 'Targets' : 'Scenarios';
  const columns: readonly Column[] = [{ title, width: width - VALUE_WIDTH, align: 'left' }, ...VALUE_COLUMNS];
  return [
    tableHead(columns),
    ...scenarios.map((lane) => rowOf(lane, columns)),
    [piece('per s: accepted; p50 and p99: MAIL to final reply of accepted messages', 'faint')],
  ];
}

function rowOf({ name, clients, messages, throughput, latency }: LaneResult, columns: readonly Column[]): ReportLine {
  const isGood = messages.accepted === messages.attempted;
  return tableRow(columns, [
    cleanText(name.replace(SCHEME, '')),
    formatCount(clients.started, 8),
    formatCount(messages.attempted, 9),
    { text: formatShareOf(messages.accepted, messages.attempted), style: isGood ? 'plain' : 'doubtful' },
    formatRate(throughput.acceptedPerSec),
    formatLatency(latency.message?.p50Us ?? null),
    formatLatency(latency.message?.p99Us ?? null),
  ]);
}
