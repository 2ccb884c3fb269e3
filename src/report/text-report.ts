/** The report for people: 80 columns, the verdict first. Knows the result and nothing of how it came about. */
import { booksSection } from './books-section.js';
import { cleanText } from './clean-text.js';
import { errorSection } from './error-section.js';
import { generatorSection } from './generator-section.js';
import { latencySection } from './latency-section.js';
import { createPaint } from './paint.js';
import { formatCount, formatLatency, formatRate } from './quantities.js';
import { replySection } from './reply-section.js';
import { printLine, type ReportLine } from './report-line.js';
import type { RunResult } from './result-schema.js';
import { scenariosSection } from './scenarios-section.js';
import { isAboutSessions } from './session-run.js';
import { targetSection } from './target-section.js';
import { timelineSection } from './timeline-section.js';
import { totalsSection } from './totals-section.js';
import { unexpectedSection } from './unexpected-section.js';
import { verdictSection } from './verdict-section.js';

/** How to print a report. */
export interface TextReportOptions {
  /** Whether to use colours. */
  readonly color: boolean;
  /** Columns of the terminal. Below 80 the tables keep their width; beyond 120 nothing is gained. */
  readonly width: number;
}

const MIN_WIDTH = 80;
const MAX_WIDTH = 120;

/** The whole report, ending in a line end. No line is wider than `width`, or 80 columns when that is more. */
export function renderTextReport(result: RunResult, { color, width }: TextReportOptions): string {
  const columns = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, Math.floor(width)));
  const sections: ReportLine[][] = [
    verdictSection(result, columns),
    targetSection(result, columns),
    totalsSection(result, columns),
    scenariosSection(result, columns),
    latencySection(result),
    replySection(result, columns),
    unexpectedSection(result, columns),
    errorSection(result, columns),
    timelineSection(result, columns),
    generatorSection(result, columns),
    booksSection(result, columns),
  ];
  const paint = createPaint(color);
  const lines = sections
    .filter((section) => section.length > 0)
    .flatMap((section, index) => (index === 0 ? section : [[], ...section]));
  return lines.map((line) => printLine(line, columns, paint) + '\n').join('');
}

/** The report in one line, ending in a line end: verdict, throughput, latency and what was not accepted. */
export function renderQuietLine(result: RunResult): string {
  if (isAboutSessions(result)) return quietSessions(result);
  const { messages, throughput, latency } = result;
  const parts = [
    `${result.verdict.toUpperCase()} ${formatRate(throughput.acceptedPerSec)} accepted/s`,
    `p99 ${formatLatency(latency.message?.p99Us ?? null)}${latency.message?.weak.includes('p99') === true ? ' (weak)' : ''}`,
    `${formatCount(messages.accepted)}/${formatCount(messages.attempted)} accepted`,
    `${formatCount(messages.deferred + messages.rejected)} refused`,
    `${formatCount(messages.failed)} failed`,
  ];
  if (messages.abandoned > 0) parts.push(`${formatCount(messages.abandoned)} abandoned`);
  if (messages.cut > 0) parts.push(`${formatCount(messages.cut)} cut`);
  if (messages.dropped > 0) parts.push(`${formatCount(messages.dropped)} dropped`);
  if (result.reasons.length > 0) parts.push(`because of ${kindsOf(result)}`);
  return parts.join(', ') + '\n';
}

/** Each kind of reason once. */
function kindsOf({ reasons }: RunResult): string {
  return [...new Set(reasons.map(({ kind }) => cleanText(kind)))].join(', ');
}

function quietSessions({ verdict, sessions, throughput, latency }: RunResult): string {
  const p99 =
    latency.session === null
      ? '-'
      : `${formatLatency(latency.session.p99Us)}${latency.session.weak.includes('p99') ? ' (weak)' : ''}`;
  const parts = [
    `${verdict.toUpperCase()} ${formatRate(throughput.sessionsPerSec)} sessions/s`,
    `p99 ${p99}`,
    `${formatCount(sessions.completed)}/${formatCount(sessions.started)} completed`,
    `${formatCount(sessions.failed)} failed`,
  ];
  if (sessions.cut > 0) parts.push(`${formatCount(sessions.cut)} cut`);
  return parts.join(', ') + '\n';
}
