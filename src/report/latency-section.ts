/** The tables of latencies: whole messages and sessions, then every step. */
import { STEP_NAMES } from '../protocol/steps.js';
import { formatCount, formatCounted, formatLatency } from './quantities.js';
import { piece, type ReportLine } from './report-line.js';
import { tableHead, tableRow, type Cell, type Column } from './report-table.js';
import type { LatencySummary } from './latency-schema.js';
import type { MessageTotals, RunResult, StepResult } from './result-schema.js';
import { isAboutSessions } from './session-run.js';

const WEAK_MARK = '~';
const NAME_WIDTH = 11;
const COUNT_WIDTH = 10;
const ERRORS_WIDTH = 7;

/** The percentiles that have a column, as field of the summary and as named among its weak ones. */
const PERCENTILE_COLUMNS = [
  { title: 'p50', field: 'p50Us', name: 'p50' },
  { title: 'p90', field: 'p90Us', name: 'p90' },
  { title: 'p99', field: 'p99Us', name: 'p99' },
  { title: 'p99.9', field: 'p999Us', name: 'p999' },
] as const;

// A blank behind each title stands where values have the mark.
const LATENCY_COLUMNS: readonly Column[] = [
  { title: '', width: NAME_WIDTH, align: 'left' },
  { title: 'count', width: COUNT_WIDTH, align: 'right' },
  ...['mean', ...PERCENTILE_COLUMNS.map(({ title }) => title), 'max'].map((title) => ({
    title: `${title} `,
    width: 8,
    align: 'right' as const,
  })),
];
const STEP_COLUMNS: readonly Column[] = [...LATENCY_COLUMNS, { title: 'errors', width: ERRORS_WIDTH, align: 'right' }];
const PIPELINED_STEP_COLUMNS: readonly Column[] = [...STEP_COLUMNS, { title: 'pipe', width: 5, align: 'right' }];

/** Rows of the first table, with what each holds. `session` stands last: it is no message. */
const LATENCY_ROWS = [
  'message',
  'response',
  'service',
  'wait',
  'lag',
  'refused',
  'unfinished',
  'timeToSuccess',
  'session',
] as const;

/** Shorter names for the table. */
const TITLES: Readonly<Record<string, string>> = { timeToSuccess: 'toSuccess' };

/** Latencies of messages and sessions, then of every step that occurred. */
export function latencySection(result: RunResult): ReportLine[] {
  const hasMail = !isAboutSessions(result);
  const rows = LATENCY_ROWS.flatMap((name) => {
    const summary = result.latency[name];
    // Nothing refused and nothing unfinished needs no line; no message at all does.
    return summary === null || (summary.count === 0 && !(name === 'message' && hasMail)) ? [] : [{ name, summary }];
  });
  const steps = STEP_NAMES.flatMap((name) => {
    const step = result.steps[name];
    return step === undefined ? [] : [{ name, step }];
  });
  const pipelined = steps.some(({ step }) => step.pipelined > 0);
  const columns = titled('Steps', pipelined ? PIPELINED_STEP_COLUMNS : STEP_COLUMNS);
  const footnotes = [
    ...([...rows.map(({ summary }) => summary), ...steps.map(({ step }) => step.latency)].some(hasWeakColumn)
      ? [`${WEAK_MARK} under 100 values beyond it, do not quote`]
      : []),
    ...(pipelined ? ['pipe: sent in one write with others'] : []),
  ];
  return [
    tableHead(titled('Latency', LATENCY_COLUMNS)),
    ...rows.map(({ name, summary }) => tableRow(LATENCY_COLUMNS, [TITLES[name] ?? name, ...latencyCells(summary)])),
    ...(hasMail ? [noVerdictLine(result.messages), ...confidenceLines(result)] : []),
    ...(steps.length === 0 ? [] : [[], tableHead(columns)]),
    ...steps.map(({ name, step }) => stepRow(name, step, columns)),
    ...(footnotes.length === 0 ? [] : [[piece(footnotes.join('   '), 'faint')]]),
  ];
}

function titled(title: string, columns: readonly Column[]): Column[] {
  return columns.map((column, index) => (index === 0 ? { ...column, title } : column));
}

/** How far the percentiles may be off; short runs say so. */
function confidenceLines({ confidence, window }: RunResult): ReportLine[] {
  if (confidence === null) {
    if (window.measuredSec >= 60) return [];
    return [[piece('no confidence intervals: they need 60 s of measured time', 'faint')]];
  }
  return (['message', 'response'] as const).flatMap((name) => {
    const rows = confidence.rows.filter(({ latency }) => latency === name);
    const texts = rows.map(
      ({ percentile, lowUs, highUs }) => `${percentile} ${formatLatency(lowUs)}-${formatLatency(highUs)}`,
    );
    return texts.length === 0
      ? []
      : [
          [
            piece(
              `${name.padEnd(NAME_WIDTH)}${(confidence.level * 100).toFixed(0)}% within ${texts.join(', ')}`,
              'faint',
            ),
          ],
        ];
  });
}

/** Percentiles of accepted messages flatter a server that leaves many without a reply: say how many. */
function noVerdictLine({ failed, cut }: MessageTotals): ReportLine {
  if (failed + cut === 0)
    return [piece('every message has a verdict; message is MAIL to final reply, of accepted ones', 'faint')];
  const causes = `${formatCount(failed)} failed, ${formatCount(cut)} cut`;
  return [
    piece(`${formatCounted(failed + cut, 'message')} without a verdict (${causes}): under unfinished`, 'doubtful'),
  ];
}

function stepRow(name: string, step: StepResult, columns: readonly Column[]): ReportLine {
  const pipelined = step.pipelined === 0 ? '' : `${((step.pipelined / Math.max(step.sent, 1)) * 100).toFixed(0)}%`;
  return tableRow(columns, [
    name,
    ...latencyCells(step.latency),
    { text: formatCount(step.failed, ERRORS_WIDTH - 1), style: step.failed === 0 ? 'plain' : 'bad' },
    pipelined,
  ]);
}

function latencyCells(summary: LatencySummary): Cell[] {
  return [
    formatCount(summary.count, COUNT_WIDTH - 1),
    `${formatLatency(summary.meanUs)} `,
    ...PERCENTILE_COLUMNS.map(({ field, name }): Cell => {
      const isWeak = summary.weak.includes(name);
      return { text: formatLatency(summary[field]) + (isWeak ? WEAK_MARK : ' '), style: isWeak ? 'faint' : 'plain' };
    }),
    `${formatLatency(summary.maxUs)} `,
  ];
}

function hasWeakColumn(summary: LatencySummary): boolean {
  return PERCENTILE_COLUMNS.some(({ name }) => summary.weak.includes(name));
}
