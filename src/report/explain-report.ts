/** What a plan would do, for people: 80 columns. Knows the explanation and not how it came about. */
import type { LoadPlan } from '../plan/load-plan.js';
import { cleanText, clip, wrap } from './clean-text.js';
import { dialogueSample } from './dialogue-text.js';
import type { Estimate, Explanation, ExplainedScenario, Needs, PlannedRates } from './explanation.js';
import { createPaint } from './paint.js';
import { formatBytes, formatCount, formatCounted, formatRate, formatSeconds, formatShare } from './quantities.js';
import { LABEL_WIDTH, heading, labelled, piece, printLine, type ReportLine } from './report-line.js';
import { outlineOf, type OutlinedScenario } from './script-outline.js';
import { sparkline } from './sparkline.js';
import type { TextReportOptions } from './text-report.js';

const MIN_WIDTH = 80;
const MAX_WIDTH = 120;
/** Columns of the plot. */
const PLOT_WIDTH = 48;
/** Stands before what cannot be. */
const OVER_CAP = '!';
const NAME_WIDTH = 28;
const VALUE_WIDTH = 14;
/** Targets and feeders that are named. */
const MOST_LINES = 8;

/** The whole explanation, ending in a line end. No line is wider than `width`, or 80 columns when that is more. */
export function renderExplanation(explanation: Explanation, { color, width }: TextReportOptions): string {
  const columns = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, Math.floor(width)));
  const sections = [
    planSection(explanation, columns),
    explanation.rates === null
      ? timeSection(explanation.plan, columns)
      : rateSection(explanation.plan, explanation.rates, columns),
    estimateSection(explanation),
    needsSection(explanation, columns),
    ...explanation.plan.scenarios.flatMap((scenario, index) => {
      const explained = explanation.scenarios[index];
      return explained === undefined ? [] : scenarioSections(explanation, scenario, explained, columns);
    }),
  ];
  const paint = createPaint(color);
  const lines = sections
    .filter((section) => section.length > 0)
    .flatMap((section, index) => (index === 0 ? section : [[], ...section]));
  return lines.map((line) => printLine(line, columns, paint) + '\n').join('');
}

function planSection({ plan, isBuiltInSink }: Explanation, width: number): ReportLine[] {
  const { targets, workers, seed, feeders } = plan;
  const sum = targets.reduce((total, { weight }) => total + weight, 0);
  const places = isBuiltInSink
    ? 'the built-in sink, started for the run on a free loopback port'
    : targets
        .map(({ url, weight }) => (targets.length === 1 ? url : `${url} (${formatShare(weight / sum)} of the clients)`))
        .join(', ');
  const rows = feeders.map(({ name, rows: count, order }) => `${name} (${formatCounted(count, 'row')}, ${order})`);
  return [
    ...paragraph('Plan', 'nothing was sent: this is what run would do', width),
    ...paragraph('Target', places, width),
    ...paragraph('Load', loadText(plan), width),
    ...paragraph('Generator', `${formatCounted(workers, 'worker')}, seed ${String(seed)}`, width),
    ...(rows.length === 0 ? [] : paragraph('Feeders', rows.join(', '), width)),
  ];
}

function loadText(plan: Explanation['plan']): string {
  const { arrivals, sessions } = plan;
  if (arrivals === null) return `closed: ${formatCounted(sessions, 'session')} at once, ${endOf(plan)}`;
  const { isReusing, pattern, onFull, written } = arrivals;
  const who = `${pattern === 'poisson' ? 'Poisson' : 'even'} ${isReusing ? 'messages for kept sessions' : 'arrivals'}`;
  const full = onFull === 'drop' ? 'dropped' : 'waiting';
  return `open: ${who}, ${written}, ${endOf(plan)}; at most ${formatCounted(sessions, 'session')}, more are ${full}`;
}

function endOf({ durationMs, messages, connections }: Explanation['plan']): string {
  const ends = [
    ...(durationMs === null ? [] : [`for ${formatSeconds(durationMs / 1e3)}`]),
    ...(messages === null ? [] : [`until ${formatCounted(messages, 'message')} were tried`]),
    ...(connections === null ? [] : [`until ${formatCounted(connections, 'session')} began`]),
  ];
  return ends.length === 1 ? ends.join() : `${ends.join(' or ')}, whichever is first`;
}

/** Open sessions over the time of the run: what a closed load plans. */
function timeSection(plan: Explanation['plan'], width: number): ReportLine[] {
  const { sessions, warmupMs, durationMs, drainMs, rampMs } = plan;
  const note = 'the rate follows from how fast the server is';
  if (durationMs === null) {
    return [
      ...plotLine('Sessions', sparkline(new Array<number>(PLOT_WIDTH).fill(sessions)), `${formatCount(sessions)} open`),
      ...paragraph('', `${warmupMs === 0 ? '' : `${warmupText(plan)}, then `}until all are sent; ${note}`, width),
    ];
  }
  const endMs = warmupMs + durationMs;
  const open = Array.from({ length: PLOT_WIDTH }, (_, column) => {
    const ms = (column / (PLOT_WIDTH - 1)) * (endMs + drainMs);
    if (ms < rampMs) return sessions * (ms / rampMs);
    return ms <= endMs ? sessions : sessions * (1 - (ms - endMs) / Math.max(1, drainMs));
  });
  const phases = [
    ...(warmupMs === 0 ? [] : [warmupText(plan)]),
    `measured ${formatSeconds(durationMs / 1e3)}`,
    `drain up to ${formatSeconds(drainMs / 1e3)}`,
  ];
  return [
    ...plotLine('Sessions', sparkline(open), `${formatCount(sessions)} open at most`),
    ...paragraph('', `${phases.join(', ')}; ${note}`, width),
  ];
}

/** `warm-up 10 s`, or what it is at most. */
function warmupText({ warmupMs, isWarmupAuto }: Explanation['plan']): string {
  return `warm-up ${isWarmupAuto ? 'until steady, at most ' : ''}${formatSeconds(warmupMs / 1e3)}`;
}

function rateSection(plan: Explanation['plan'], { perSec, peakPerSec }: PlannedRates, width: number): ReportLine[] {
  const { warmupMs, durationMs, drainMs } = plan;
  const phases = [
    ...(warmupMs === 0 ? [] : [warmupText(plan)]),
    ...(durationMs === null ? [] : [`measured ${formatSeconds(durationMs / 1e3)}`]),
    `drain up to ${formatSeconds(drainMs / 1e3)} behind it`,
  ];
  return [
    ...plotLine('Arrivals', sparkline(perSec), `up to ${formatRate(peakPerSec)}/s`),
    ...paragraph('', phases.join(', '), width),
  ];
}

function plotLine(label: string, blocks: string, note: string): ReportLine[] {
  return [[piece(label.padEnd(LABEL_WIDTH), 'strong'), piece(blocks), piece(`  ${note}`, 'faint')]];
}

/** What would come of it with servers of different speed. */
function estimateSection({ estimates, plan }: Explanation): ReportLine[] {
  const sendsMail = estimates.some(({ messagesPerSec }) => messagesPerSec > 0);
  const row = (name: string, value: (estimate: Estimate) => string): ReportLine => [
    piece(name.padEnd(NAME_WIDTH)),
    ...estimates.map((each) => piece(value(each).padStart(VALUE_WIDTH))),
  ];
  const total = `${sendsMail ? 'messages' : 'sessions'} in all`;
  return [
    [
      piece('If a reply takes'.padEnd(NAME_WIDTH), 'strong'),
      ...estimates.map(({ replyMs }) => piece(`${String(replyMs)} ms`.padStart(VALUE_WIDTH), 'strong')),
    ],
    row('sessions per second', ({ sessionsPerSec }) => formatRate(sessionsPerSec)),
    ...(plan.arrivals === null
      ? []
      : [row('sessions at the peak', ({ peakSessions }) => peakText(peakSessions, plan))]),
    ...(sendsMail ? [row('messages per second', ({ messagesPerSec }) => formatRate(messagesPerSec))] : []),
    row(total, ({ messages, sessionsPerSec, lastsSec }) =>
      formatCount(sendsMail ? messages : sessionsPerSec * (lastsSec - plan.warmupMs / 1e3), VALUE_WIDTH - 2),
    ),
    row('octets per second', ({ octetsPerSec }) => formatBytes(octetsPerSec)),
    row('octets in all', ({ octets }) => formatBytes(octets)),
    row('the run lasts', ({ lastsSec }) => formatSeconds(lastsSec)),
    [piece('if nothing but the replies takes time; above 20,000 per second count on less', 'faint')],
    ...(estimates.some(({ peakSessions }) => (peakSessions ?? 0) > plan.sessions)
      ? [[piece(`${OVER_CAP} more than -s allows: such a server would not take the load`, 'doubtful')]]
      : []),
  ];
}

function peakText(peakSessions: number | null, { sessions }: Explanation['plan']): string {
  const peak = peakSessions ?? 0;
  return `${peak > sessions ? OVER_CAP : ''}${formatCount(peak)}`;
}

function needsSection({ needs, estimates }: Explanation, width: number): ReportLine[] {
  const { files, fileLimit, portLimit, addressPairs } = needs;
  const isShort = fileLimit !== null && files > fileLimit;
  const fileText = `${formatCount(files)} open files${limitText(fileLimit, 'this process may have')}`;
  return [
    ...labelled(
      'Needs',
      fileText + (isShort ? `: raise it with ulimit -n ${String(files)}` : ''),
      width,
      isShort ? 'bad' : 'plain',
    ),
    ...portLines(estimates, portLimit, addressPairs, width),
  ];
}

function portLines(
  estimates: readonly Estimate[],
  portLimit: Needs['portLimit'],
  addressPairs: number,
  width: number,
): ReportLine[] {
  const [fastest] = estimates;
  if (fastest === undefined || fastest.ports === null) return [];
  const available = portLimit === null ? null : portLimit * addressPairs;
  const isShort = available !== null && fastest.ports > available;
  const text = `up to ${formatCount(fastest.ports)} local ports${limitText(available, 'there are')}`;
  const advice = isShort ? ': spread the load with --local-address, or end sessions with quit' : '';
  return labelled('', text + advice, width, isShort ? 'doubtful' : 'plain');
}

function limitText(limit: number | null, whose: string): string {
  return limit === null ? '' : ` (${whose} ${formatCount(limit)})`;
}

function scenarioSections(
  { plan }: Explanation,
  scenario: OutlinedScenario,
  explained: ExplainedScenario,
  width: number,
): ReportLine[][] {
  const { share, firstClients, session, dialogue } = explained;
  const isLmtp = plan.targets[0].protocol === 'lmtp';
  const part =
    plan.scenarios.length === 1
      ? 'every client'
      : `${formatShare(share)} of the clients, ${formatCount(firstClients)} of the first ${formatCount(plan.sessions)}`;
  const title = plan.scenarios.length === 1 ? 'Session' : 'Scenario';
  return [
    [
      ...labelled(title, cleanText(plan.scenarios.length === 1 ? part : `${scenario.name}: ${part}`), width, 'strong'),
      ...paragraph('', costText(scenario, session), width),
      ...(scenario.retry === null ? [] : paragraph('', retryText(scenario.retry), width)),
      ...outlineOf(scenario, isLmtp).flatMap((line) => outlineLines(line, width - LABEL_WIDTH)),
    ],
    [
      heading('Dialogue', `${sampleText(scenario)}, as the built-in sink answers; secrets hidden`),
      ...dialogueSample(dialogue).map((line) => [
        piece(clip(visible(line), width), line.startsWith('S:') ? 'faint' : 'plain'),
      ]),
    ],
  ];
}

/** A step; what does not fit goes on below it. */
function outlineLines(line: string, width: number): ReportLine[] {
  const indent = /^ */.exec(line)?.[0] ?? '';
  const text = visible(line).trimStart();
  const room = width - indent.length;
  const [first = '', ...others] = wrap(text, room, 1 + MOST_LINES);
  return [first, ...others].map((part, index) => [
    piece(' '.repeat(LABEL_WIDTH)),
    piece(indent + (index === 0 ? part : `  ${clip(part, room - 2)}`)),
  ]);
}

/** Which part of a session the sample is. */
function sampleText({ messagesPerSession: count, session }: OutlinedScenario): string {
  return session.steps !== null || count === 1 ? 'a session' : 'a message of a session';
}

function costText({ messagesPerSession, session }: OutlinedScenario, cost: ExplainedScenario['session']): string {
  const isEndless = session.steps === null && messagesPerSession === null;
  const { messages, octetsSent, octetsReceived, roundTrips, pausedMs } = cost;
  const per = isEndless ? messages : 1;
  const counts = [
    ...(isEndless || messages === 0 ? [] : [`${decimal(messages)} message${messages === 1 ? '' : 's'}`]),
    `${decimal(roundTrips / per)} round trip${roundTrips / per === 1 ? '' : 's'}`,
    `${formatBytes(Math.round(octetsSent / per))} sent`,
    `${formatBytes(Math.round(octetsReceived / per))} received`,
    ...(pausedMs === 0 ? [] : [`${formatSeconds(pausedMs / per / 1e3)} of pauses`]),
  ];
  return `${isEndless ? 'kept open; each message' : 'each session'}${session.steps === null ? '' : ', on average'}: ${counts.join(', ')}`;
}

function retryText({ afterMs, attempts }: NonNullable<LoadPlan['scenarios'][0]['retry']>): string {
  return `deferred messages are tried again after ${formatSeconds(afterMs / 1e3)} and later, ${String(attempts)} times in all`;
}

function decimal(value: number): string {
  return Number.isInteger(value) ? formatCount(value) : value.toFixed(1);
}

function paragraph(label: string, text: string, width: number): ReportLine[] {
  return labelled(label, cleanText(text), width, 'plain', MOST_LINES);
}

/** Clean, with the spaces at its start. */
function visible(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  return indent + cleanText(line.slice(indent.length));
}
