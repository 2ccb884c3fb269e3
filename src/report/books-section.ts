/** The end of the report: the warm-up, and whether the books balance. */
import { cleanText } from './clean-text.js';
import { formatCount, formatCounted, formatLatency, formatSeconds } from './quantities.js';
import { labelled, type ReportLine } from './report-line.js';
import type { RunResult } from './result-schema.js';

const MOST_CHECKS = 8;

/** What was counted apart, and the checks of the counts. */
export function booksSection(result: RunResult, width: number): ReportLine[] {
  const { books, preflight } = result;
  const failed = books.checks.filter(({ ok }) => !ok);
  const lines: ReportLine[] = [
    ...warmupLines(result, width),
    ...labelled(
      'Pre-flight',
      `${formatCounted(preflight.connections, 'connection')}, ${formatCounted(preflight.commands, 'command')}; not counted above`,
      width,
    ),
  ];
  if (books.balanced) {
    lines.push(
      ...labelled('Books', `balanced: ${formatCounted(books.checks.length, 'check')} made, all hold`, width, 'good'),
    );
    return lines;
  }
  lines.push(...labelled('Books', 'NOT BALANCED: these should be equal', width, 'bad'));
  for (const { name, left, right } of failed.slice(0, MOST_CHECKS)) {
    lines.push(...labelled('', `${cleanText(name)}: ${formatCount(left)} and ${formatCount(right)}`, width, 'bad'));
  }
  if (failed.length > MOST_CHECKS) {
    lines.push(...labelled('', `and ${formatCounted(failed.length - MOST_CHECKS, 'more check')}`, width, 'bad'));
  }
  return lines;
}

function warmupLines({ warmup, window }: RunResult, width: number): ReportLine[] {
  if (warmup === null) return [];
  const errors = warmup.errors.reduce((sum, { count }) => sum + count, 0);
  const p99 = warmup.latency.message?.p99Us ?? null;
  const text =
    `${formatSeconds(window.warmupSec)}, not counted above: ${formatCounted(warmup.messages.attempted, 'message')} attempted, ` +
    `${formatCount(warmup.messages.accepted)} accepted, ${formatCounted(errors, 'error')}` +
    (p99 === null ? '' : `, p99 ${formatLatency(p99)}`);
  return labelled('Warm-up', text, width);
}
