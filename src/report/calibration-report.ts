/** The generator's own ceiling, for people: 80 columns. Knows the calibration and not how it came about. */
import type { Calibration, Spread } from './calibration-schema.js';
import { cleanText } from './clean-text.js';
import { createPaint } from './paint.js';
import { formatCount, formatCounted, formatLatency, formatRate, formatSeconds, formatShare } from './quantities.js';
import { labelled, piece, printLine, type ReportLine } from './report-line.js';
import { tableHead, tableRow, type Column } from './report-table.js';
import type { TextReportOptions } from './text-report.js';

const MIN_WIDTH = 80;
const MAX_WIDTH = 120;
/** Below this the workers had so little to do that what they do beside weighs too much. */
const HARDLY_BUSY = 0.2;
/** Fewer sessions than this per message are those of kept connections, which none is opened for. */
const KEPT = 0.001;

const COLUMNS: readonly Column[] = [
  { title: '', width: 32, align: 'left' },
  { title: 'median', width: 16, align: 'right' },
  { title: 'lowest', width: 16, align: 'right' },
  { title: 'highest', width: 16, align: 'right' },
];

/** The whole report, ending in a line end. No line is wider than `width`, or 80 columns when that is more. */
export function renderCalibration(calibration: Calibration, { color, width }: TextReportOptions): string {
  const columns = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, Math.floor(width)));
  const paint = createPaint(color);
  const lines: ReportLine[] = [
    ...headLines(calibration, columns),
    [],
    tableHead(COLUMNS),
    ...ceilingRows(calibration),
    [],
    ...besideRows(calibration),
    [],
    ...labelled('Meaning', meaningOf(calibration), columns, 'faint', 6),
    ...doubtsOf(calibration).flatMap((doubt) => labelled('DOUBT', doubt, columns, 'doubtful')),
  ];
  return lines.map((line) => printLine(line, columns, paint) + '\n').join('');
}

function headLines({ ceiling, sessions, workers, environment, trials }: Calibration, width: number): ReportLine[] {
  const [first] = trials;
  const each = first === undefined ? '' : ` of ${formatSeconds(Math.round(first.measuredSec))}`;
  const { node, cpuModel, cores } = environment;
  return [
    ...labelled(
      'Ceiling',
      `${formatRate(ceiling.messagesPerSec.median)} messages/s, of the generator alone`,
      width,
      'strong',
    ),
    ...labelled(
      'Load',
      `closed: ${formatCounted(sessions, 'session')} on a sink without delay; ${formatCounted(trials.length, 'trial')}${each}`,
      width,
    ),
    ...labelled(
      'Generator',
      cleanText(`${formatCounted(workers, 'worker')}, ${formatCounted(cores, 'core')}, ${cpuModel}, Node ${node}`),
      width,
    ),
  ];
}

function ceilingRows({ ceiling }: Calibration): ReportLine[] {
  const { cpuUsPerMessage, messagesPerSec, messagesPerSecPerWorker, sessionsPerSec } = ceiling;
  return [
    [piece('The generator alone', 'strong')],
    ...(cpuUsPerMessage === null ? [] : [row('CPU of workers per message', cpuUsPerMessage, formatLatency)]),
    row('messages/s', messagesPerSec, formatRate),
    row('messages/s per worker', messagesPerSecPerWorker, formatRate),
    ...sessionRow(sessionsPerSec, messagesPerSec),
  ];
}

function besideRows({ besideSink }: Calibration): ReportLine[] {
  const { messagesPerSec, sessionsPerSec, busy } = besideSink;
  return [
    [piece('Reached beside the sink', 'strong')],
    row('messages/s', messagesPerSec, formatRate),
    ...sessionRow(sessionsPerSec, messagesPerSec),
    row('workers busy', busy, formatShare),
  ];
}

/** Sessions that are kept have no rate. */
function sessionRow(sessions: Spread, messages: Spread): ReportLine[] {
  return sessions.median < messages.median * KEPT ? [] : [row('sessions/s', sessions, formatRate)];
}

function row(name: string, { median, lowest, highest }: Spread, format: (value: number) => string): ReportLine {
  return tableRow(COLUMNS, [`  ${name}`, format(median), format(lowest), format(highest)]);
}

function meaningOf({ method, workers, environment: { cores } }: Calibration): string {
  const parallel = Math.min(workers, cores);
  const cores1 = parallel === 1 ? '1 core' : `${formatCount(parallel)} cores`;
  const how =
    method === 'cpu'
      ? `the ceiling is ${cores1} / CPU per message: what the workers can do with a core each and a server elsewhere`
      : 'this platform does not tell the CPU of a thread, so the ceiling is what was reached / share that workers were busy';
  return `${how}. The sink takes its part of the same cores, so that less is reached beside it: that is the limit of both together, not of the generator.`;
}

/** What makes the figures rougher than they look. */
function doubtsOf({ besideSink, trials }: Calibration): string[] {
  const attempted = trials.reduce((sum, each) => sum + each.attempted, 0);
  const accepted = trials.reduce((sum, each) => sum + each.accepted, 0);
  const doubts: string[] = [];
  if (accepted < attempted) {
    doubts.push(
      `the sink accepted ${formatCount(accepted)} of ${formatCount(attempted)} messages: what became of the others took another time`,
    );
  }
  if (besideSink.busy.median < HARDLY_BUSY) {
    doubts.push(
      `workers were busy for ${formatShare(besideSink.busy.median)} of the time alone: the sink, or pauses in the sessions, held them back`,
    );
  }
  return doubts;
}
