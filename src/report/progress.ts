/** The line that tells how a run is getting on while it runs. */
import { createPaint } from './paint.js';
import { formatCount, formatLatency, formatRate, formatShare } from './quantities.js';
import { piece, printLine, type Piece } from './report-line.js';

/** How a run without mail is getting on. */
export interface SessionProgress {
  readonly completed: number;
  readonly failed: number;
  readonly completedPerSec: number;
  /** Sessions that end the run; null: time does. */
  readonly planned: number | null;
}

/** How a run is getting on. Counts are totals of the phase; rates and percentiles are of the last interval. */
export interface RunProgress {
  readonly phase: 'preflight' | 'warmup' | 'measured' | 'drain';
  /** Since the start of the phase, s. */
  readonly elapsedSec: number;
  /** Planned length of the phase, s; null: it has none. */
  readonly plannedSec: number | null;
  /** Length of the last interval, s. */
  readonly intervalSec: number;
  readonly attempted: number;
  readonly accepted: number;
  readonly deferred: number;
  readonly rejected: number;
  readonly failed: number;
  readonly acceptedPerSec: number;
  /** What is told in place of messages where sessions send none; null: they do. */
  readonly sessions: SessionProgress | null;
  readonly openSessions: number;
  /** 99th percentile of the latency of accepted messages, µs; null: none was accepted. */
  readonly p99Us: number | null;
  /** Busiest worker: share of the interval its event loop was busy, 0 to 1. */
  readonly generatorBusy: number;
  /** Messages that end the run; null: time does. */
  readonly plannedMessages: number | null;
}

/** Above this share the generator is about to be the limit. */
const BUSY_WARNING_SHARE = 0.9;

const PHASE_WORDS = { preflight: 'pre-flight', warmup: 'warm-up', measured: 'measured', drain: 'drain' } as const;

/** One line of at most `width` columns, without a line end. */
export function renderProgressLine(
  progress: RunProgress,
  { color, width }: { readonly color: boolean; readonly width: number },
): string {
  const { plannedSec } = progress;
  const fields: Piece[] = [
    piece(PHASE_WORDS[progress.phase], 'strong'),
    piece(`${progress.elapsedSec.toFixed(0)}${plannedSec === null ? '' : `/${formatCount(plannedSec)}`} s`),
  ];
  if (progress.phase !== 'preflight') {
    fields.push(...(progress.sessions === null ? mailFields(progress) : sessionFields(progress.sessions)));
    fields.push(
      piece(`${formatCount(progress.openSessions)} open`),
      piece(
        `busy ${formatShare(progress.generatorBusy)}`,
        progress.generatorBusy >= BUSY_WARNING_SHARE ? 'doubtful' : 'faint',
      ),
    );
  }
  const line = fields.flatMap((field, index) => (index === 0 ? [field] : [piece('  '), field]));
  return printLine(line, width, createPaint(color));
}

function mailFields(progress: RunProgress): Piece[] {
  const { plannedMessages } = progress;
  const planned = plannedMessages === null ? '' : `/${formatCount(plannedMessages)}`;
  const fields = [
    piece(`${formatRate(progress.acceptedPerSec)}/s`),
    piece(`accepted ${formatCount(progress.accepted)}${planned}`),
  ];
  // What went wrong comes before what is merely of interest: a narrow terminal clips the end.
  if (progress.failed > 0) fields.push(piece(`failed ${formatCount(progress.failed)}`, 'bad'));
  if (progress.rejected > 0) fields.push(piece(`rejected ${formatCount(progress.rejected)}`, 'doubtful'));
  if (progress.deferred > 0) fields.push(piece(`deferred ${formatCount(progress.deferred)}`, 'doubtful'));
  fields.push(piece(`p99 ${formatLatency(progress.p99Us)}`));
  return fields;
}

function sessionFields({ completed, failed, completedPerSec, planned }: SessionProgress): Piece[] {
  const fields = [
    piece(`${formatRate(completedPerSec)} sessions/s`),
    piece(`completed ${formatCount(completed)}${planned === null ? '' : `/${formatCount(planned)}`}`),
  ];
  if (failed > 0) fields.push(piece(`failed ${formatCount(failed)}`, 'bad'));
  return fields;
}
