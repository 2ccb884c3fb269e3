/** The top of the report: the verdict, its reasons, and what to do about each. */
import { cleanText, wrap } from './clean-text.js';
import type { Style } from './paint.js';
import { formatCount, formatCounted, formatLatency, formatShareOf } from './quantities.js';
import { piece, type ReportLine } from './report-line.js';
import type { RunResult } from './result-schema.js';

/** What to try, by kind of reason. A kind without an entry has a text that says enough. */
const ADVICE: Readonly<Record<string, string>> = {
  eventLoopLag: 'The generator was too slow to time replies well. Use fewer sessions, or a machine with free cores.',
  busy: 'A worker had no time left, so latencies include its own delay. Use more workers or fewer sessions.',
  lag: 'Arrivals started late. Lower the rate, or use more workers.',
  fileLimit: 'Raise the file limit (ulimit -n), or use fewer sessions.',
  portLimit: 'Local ports ran out. Send more messages per connection (-n), or use fewer sessions.',
  workerLost: 'What the other workers received is kept, but the load was not the one asked for. Run again.',
  books: 'The counts contradict each other: a defect of postrush. Please report it with the result file.',
  saturated: 'The server could not take the load that was planned. Lower it to find what it can take.',
  targetLost: 'The server stopped answering. Look at its log around the end of the run.',
};

const VERDICT_STYLES = { pass: 'goodBadge', fail: 'badBadge', invalid: 'doubtfulBadge' } as const satisfies Record<
  string,
  Style
>;

const EARLY_ENDS: Readonly<Record<RunResult['endedBy'], string>> = {
  plan: '',
  signal: 'The run was ended early by a signal; what was under way was finished.',
  secondSignal: 'The run was cut short by a second signal; what was under way counts as cut.',
  abort: 'The run was ended early by its caller.',
  targetLost: '',
  killed: 'The run was killed; the last interval may be missing.',
};

const MOST_REASONS = 8;
const LINES_PER_REASON = 3;
const INDENT = '  ';

/** What a verdict means, in words. */
export function verdictSentence(result: RunResult): string {
  const { attempted, accepted } = result.messages;
  if (result.verdict === 'invalid') return 'These numbers do not count: the generator, not the server, set them.';
  if (attempted === 0) return 'No message was attempted.';
  const share = formatShareOf(accepted, attempted);
  const p99 = result.latency.message?.p99Us ?? null;
  return (
    `${formatCount(accepted)} of ${formatCounted(attempted, 'message')} accepted (${share})` +
    (p99 === null ? '.' : `, 99% of them within ${formatLatency(p99)}.`)
  );
}

/** The verdict strip. */
export function verdictSection(result: RunResult, width: number): ReportLine[] {
  const lines: ReportLine[] = [
    [
      piece(` ${result.verdict.toUpperCase()} `, VERDICT_STYLES[result.verdict]),
      piece(' '),
      piece(verdictSentence(result), 'strong'),
    ],
  ];
  const add = (text: string, style: Style) => {
    for (const part of wrap(text, width - INDENT.length, LINES_PER_REASON))
      lines.push([piece(INDENT), piece(part, style)]);
  };
  for (const reason of result.reasons.slice(0, MOST_REASONS)) {
    add(cleanText(reason.text), result.verdict === 'invalid' ? 'doubtful' : 'bad');
    const advice = Object.hasOwn(ADVICE, reason.kind) ? ADVICE[reason.kind] : undefined;
    if (advice !== undefined) add(advice, 'plain');
  }
  if (result.reasons.length > MOST_REASONS) {
    add(`and ${formatCounted(result.reasons.length - MOST_REASONS, 'more reason')}`, 'plain');
  }
  const earlyEnd = EARLY_ENDS[result.endedBy];
  if (earlyEnd !== '') add(earlyEnd, 'doubtful');
  if (!result.complete) add('The result is incomplete: some of what happened was not received.', 'doubtful');
  for (const { expression, value, unit, pass } of result.objectives) {
    const measured = value === null ? 'no data' : `${cleanText(formatMeasured(value))} ${cleanText(unit)}`;
    add(`objective ${pass ? 'met' : 'missed'}: ${cleanText(expression)} (measured ${measured})`, pass ? 'good' : 'bad');
  }
  return lines;
}

function formatMeasured(value: number): string {
  return Number.isInteger(value) ? formatCount(value) : value.toPrecision(3);
}
