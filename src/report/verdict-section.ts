/** The top of the report: the verdict, its reasons, and what to do about each. */
import { cleanText, wrap } from './clean-text.js';
import type { Style } from './paint.js';
import { formatCount, formatCounted, formatLatency, formatShareOf } from './quantities.js';
import { piece, type ReportLine } from './report-line.js';
import type { RunResult } from './result-schema.js';

/** What to try, by kind of reason. The text of the other kinds says it itself. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['workerLost', 'What was received is kept, but the load was not the one asked for. Run again.'],
  ['books', 'The counts contradict each other: a defect of postrush. Please report it with the result file (--json).'],
  [
    'saturated',
    'A finding: this is more than the server takes with so many sessions. Lower the rate (-r), allow more sessions (-s), or let arrivals wait (--on-full queue) where they do not yet.',
  ],
  ['targetLost', 'Look at the replies and errors below, and at the log of the server around the end of the run.'],
]);

const VERDICT_STYLES = {
  pass: 'goodBadge',
  fail: 'badBadge',
  invalid: 'doubtfulBadge',
} as const satisfies Record<string, Style>;

const EARLY_ENDS: Readonly<Record<RunResult['endedBy'], string>> = {
  plan: '',
  signal: 'ended early by a signal; what was under way was finished',
  secondSignal: 'cut short by a second signal; what was under way counts as cut',
  abort: 'ended early, for a missed objective or a lost worker; what was under way was finished where it could be',
  targetLost: '',
  stopRun: 'ended early by a reply that a scenario did not expect; what was under way was finished',
  killed: 'killed; its last interval may be missing',
};

const EMPTY_PASS =
  'the numbers can be believed, and they say that the server took nothing: see the replies and errors below';

const MOST_REASONS = 8;
const LINES_PER_REASON = 3;
const BULLET = '  - ';
const INDENT = '    ';

/** The verdict strip: the verdict in a sentence, then a line per reason with what to try. */
export function verdictSection(result: RunResult, width: number): ReportLine[] {
  const { messages, sessions } = result;
  const hasNothing =
    messages.attempted > 0
      ? messages.accepted === 0 && messages.abandoned < messages.attempted
      : sessions.started > 0 && sessions.completed === 0;
  const isEmptyPass = result.verdict === 'pass' && hasNothing;
  const lines: ReportLine[] = [
    [
      piece(` ${result.verdict.toUpperCase()} `, isEmptyPass ? 'doubtfulBadge' : VERDICT_STYLES[result.verdict]),
      piece(' '),
      piece(verdictSentence(result), 'strong'),
    ],
  ];
  const add = (text: string, style: Style, lead = BULLET) => {
    for (const [index, part] of wrap(text, width - lead.length, LINES_PER_REASON).entries()) {
      lines.push([piece(index === 0 ? lead : INDENT), piece(part, style)]);
    }
  };
  if (isEmptyPass) add(EMPTY_PASS, 'doubtful');
  // Objectives have lines of their own.
  const reasons = result.reasons.filter(({ kind }) => kind !== 'objective');
  const shown = reasons.slice(0, MOST_REASONS);
  for (const [index, { kind, text }] of shown.entries()) {
    add(cleanText(text), result.verdict === 'invalid' ? 'doubtful' : 'bad');
    const advice = ADVICE.get(kind);
    // Reasons of one kind stand together; their advice follows the last.
    if (advice !== undefined && shown[index + 1]?.kind !== kind) add(advice, 'plain', INDENT);
  }
  const hidden = reasons.length - MOST_REASONS;
  if (hidden > 0) add(`${formatCounted(hidden, 'more reason')} in the result file (--json)`, 'plain');
  const earlyEnd = EARLY_ENDS[result.endedBy];
  if (earlyEnd !== '') add(`the run was ${earlyEnd}`, 'doubtful');
  if (!result.complete) add('the result is incomplete: some of what happened was not received', 'doubtful');
  for (const objective of result.objectives) {
    const { pass, expression } = objective;
    const text = `objective ${pass ? 'met' : 'MISSED'}: ${cleanText(expression)}: ${formatObjective(objective)}`;
    add(text, pass ? 'good' : 'bad');
  }
  return lines;
}

function verdictSentence(result: RunResult): string {
  const { attempted, accepted } = result.messages;
  if (result.verdict === 'invalid') return 'These numbers do not count: the fault lies with the generator.';
  if (attempted === 0) return sessionSentence(result);
  return `${formatCount(accepted)} of ${formatCounted(attempted, 'message')} accepted (${formatShareOf(accepted, attempted)})${latencyWords(result)}.`;
}

/** Of a run that sent no mail: what its sessions did. */
function sessionSentence({ sessions }: RunResult): string {
  if (sessions.started === 0) return 'No message was attempted.';
  const share = formatShareOf(sessions.completed, sessions.started);
  return `${formatCount(sessions.completed)} of ${formatCounted(sessions.started, 'session')} completed (${share}); none of them was to send mail.`;
}

/** The highest percentile that the count can carry, of the two that people ask for. */
function latencyWords({ latency }: RunResult): string {
  if (latency.message === null) return '';
  const { p50Us, p99Us, weak } = latency.message;
  if (p99Us !== null && !weak.includes('p99')) return `, 99% of them within ${formatLatency(p99Us)}`;
  if (p50Us !== null && !weak.includes('p50')) return `, half of them within ${formatLatency(p50Us)}`;
  return '';
}

/** What an objective came to, and how far from its bound: `312ms, 62.0ms too much`. */
export function formatObjective({ value, margin, unit, expression, pass }: RunResult['objectives'][number]): string {
  if (value === null || margin === null) return 'no data';
  if (margin === 0) return formatMeasured(value, unit);
  const isUpper = expression.includes('<');
  const distance = formatMeasured(Math.abs(margin), unit);
  const words = isUpper || expression.includes('>') ? (isUpper ? 'too much' : 'too little') : 'off';
  return `${formatMeasured(value, unit)}, ${distance} ${pass ? 'to spare' : words}`;
}

function formatMeasured(value: number, unit: string): string {
  if (unit === 'us') return formatLatency(value);
  const number = Number.isInteger(value) ? formatCount(value) : String(Number(value.toPrecision(3)));
  return unit === 'count' ? number : `${number}${cleanText(unit)}`;
}
