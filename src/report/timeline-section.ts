/** Throughput over time: accepted messages per second, or sessions where no mail is sent, interval by interval, as one line of blocks. */
import { formatRate, formatSeconds } from './quantities.js';
import { heading, piece, LABEL_WIDTH, type ReportLine } from './report-line.js';
import type { IntervalResult, RunResult } from './result-schema.js';
import { isAboutSessions } from './session-run.js';
import { sparkline } from './sparkline.js';

/** A last interval shorter than this share of the longest is left out: its rate is chance. */
const SHORTEST_SHARE = 0.5;

/** The line of blocks over the measured time, with its scale; nothing when no interval was measured. */
export function timelineSection(result: RunResult, width: number): ReportLine[] {
  const measured = result.intervals.filter(({ phase, sec }) => phase === 'measured' && sec > 0);
  const longest = Math.max(0, ...measured.map(({ sec }) => sec));
  const full = measured.filter(({ sec }) => sec >= longest * SHORTEST_SHARE);
  if (full.length === 0) return [];
  const perMark = Math.ceil(full.length / (width - LABEL_WIDTH));
  const counted = isAboutSessions(result) ? 'sessionsCompleted' : 'accepted';
  const rates = ratesOf(full, perMark, counted);
  const indent = piece(' '.repeat(LABEL_WIDTH));
  return [
    heading(
      'Over time',
      `${counted === 'accepted' ? 'accepted' : 'sessions'}/s; one mark for ${formatSeconds(Number((longest * perMark).toPrecision(2)))}, the scale begins at 0`,
    ),
    [indent, piece(sparkline(rates), 'good')],
    [indent, piece(`min ${formatRate(Math.min(...rates))}, max ${formatRate(Math.max(...rates))}`, 'faint')],
  ];
}

/** What was counted per second, of each group of `perMark` neighbours. */
function ratesOf(
  intervals: readonly IntervalResult[],
  perMark: number,
  counted: 'accepted' | 'sessionsCompleted',
): number[] {
  const rates: number[] = [];
  for (let start = 0; start < intervals.length; start += perMark) {
    const group = intervals.slice(start, start + perMark);
    const sec = group.reduce((sum, interval) => sum + interval.sec, 0);
    rates.push(group.reduce((sum, interval) => sum + interval[counted], 0) / sec);
  }
  return rates;
}
