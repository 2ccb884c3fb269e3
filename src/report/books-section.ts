/** The end of the report: the warm-up, and whether the books balance. */
import { cleanText } from './clean-text.js';
import { formatCount, formatCounted, formatLatency, formatSeconds, formatShare } from './quantities.js';
import { labelled, type ReportLine } from './report-line.js';
import type { RunResult } from './result-schema.js';

const MOST_CHECKS = 8;

/** What was counted apart, and the checks of the counts. */
export function booksSection(result: RunResult, width: number): ReportLine[] {
  return [...warmupLines(result, width), ...preflightLines(result, width), ...checkLines(result.books, width)];
}

function checkLines({ balanced, checks }: RunResult['books'], width: number): ReportLine[] {
  if (balanced) return labelled('Books', `balanced: ${formatCounted(checks.length, 'check')}, all hold`, width, 'good');
  const failed = checks.filter(({ ok }) => !ok);
  const hidden = failed.length - MOST_CHECKS;
  return [
    ...labelled('Books', 'NOT BALANCED: these should be equal', width, 'bad'),
    ...failed
      .slice(0, MOST_CHECKS)
      .flatMap(({ name, left, right }) =>
        labelled('', `${cleanText(name)}: ${formatCount(left)} and ${formatCount(right)}`, width, 'bad'),
      ),
    ...(hidden > 0 ? labelled('', `and ${formatCounted(hidden, 'more check')}`, width, 'bad') : []),
  ];
}

function preflightLines({ preflight }: RunResult, width: number): ReportLine[] {
  const { connections, commands } = preflight;
  const text = `${formatCounted(connections, 'connection')}, ${formatCounted(commands, 'command')}; not counted above`;
  return labelled('Pre-flight', text, width);
}

function warmupLines({ warmup, window }: RunResult, width: number): ReportLine[] {
  if (warmup === null) return [];
  const errors = warmup.errors.reduce((sum, { count }) => sum + count, 0);
  const p99 = warmup.latency.message?.p99Us ?? null;
  const text =
    `${formatSeconds(window.warmupSec)}, not counted above: ${formatCounted(warmup.messages.attempted, 'message')} attempted, ` +
    `${formatCount(warmup.messages.accepted)} accepted, ${formatCounted(errors, 'error')}` +
    (p99 === null ? '' : `, p99 ${formatLatency(p99)}`);
  return [...labelled('Warm-up', text, width), ...warmupEndLines(window.warmupEnd, width)];
}

/** What a warm-up that ends by itself did. */
function warmupEndLines(end: RunResult['window']['warmupEnd'], width: number): ReportLine[] {
  if (end === null) return [];
  if (end.by === 'end') return labelled('', 'it had not ended by itself when the run did', width, 'doubtful');
  const changes = [
    ...(end.rateChange === null ? [] : [`rate ${changeText(end.rateChange)}`]),
    ...(end.latencyChange === null ? [] : [`median latency ${changeText(end.latencyChange)}`]),
  ];
  const last = changes.length === 0 ? 'too few ended to tell' : `${changes.join(', ')} against the 3 s before`;
  if (end.by === 'steady') return labelled('', `it ended by itself, steady: ${last}`, width);
  return labelled('', `it ended at its longest, not steady: ${last}`, width, 'doubtful');
}

function changeText(change: number): string {
  return `${change < 0 ? '-' : '+'}${formatShare(Math.abs(change))}`;
}
