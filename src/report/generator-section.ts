/** Health of the generator: whether the numbers are the server's or its own. */
import { cleanText } from './clean-text.js';
import {
  formatCount,
  formatCounted,
  formatLatency,
  formatRate,
  formatSeconds,
  formatShare,
  NO_VALUE,
} from './quantities.js';
import { heading, labelled, LABEL_WIDTH, piece, type ReportLine } from './report-line.js';
import { tableHead, tableRow, type Column } from './report-table.js';
import type { HealthGate, WorkerHealth } from './generator-schema.js';
import type { RunResult } from './result-schema.js';

const WORKER_COLUMNS: readonly Column[] = [
  { title: '', width: LABEL_WIDTH, align: 'left' },
  { title: 'busy', width: 8, align: 'right' },
  { title: 'CPU', width: 10, align: 'right' },
  { title: 'loop lag p99', width: 14, align: 'right' },
  { title: 'in GC', width: 10, align: 'right' },
  { title: 'sessions', width: 12, align: 'right' },
  { title: '', width: 8, align: 'left' },
];
/** The busiest workers are shown; on a large machine the others would fill the screen. */
const MOST_WORKERS = 8;

/** From this part of its ceiling on the generator may be what is measured. */
const NEAR_CEILING = 0.7;

/** From this part of a limit of the machine on it is told as near. */
const NEAR_LIMIT = 0.8;

/** Gates in words; one that is not here goes by its name. */
const GATE_WORDS: ReadonlyMap<string, string> = new Map([
  ['lag.p99', 'start lag p99'],
  ['eventLoopLag.p99', 'event-loop lag p99'],
  ['utilisation', 'busiest worker'],
  ['fileLimit', 'connects without a file descriptor'],
  ['portLimit', 'connects without a local port'],
  ['workersLost', 'workers lost'],
]);

/** What the generator had left, per worker; a warning when it was the limit. */
export function generatorSection(result: RunResult, width: number): ReportLine[] {
  const { generator } = result;
  const broken = generator.gates.filter(({ ok }) => !ok);
  const lines: ReportLine[] = [
    heading('Generator', costText(result)),
    tableHead(WORKER_COLUMNS),
    ...busiest(generator.workers).map(workerRow),
  ];
  if (generator.workers.length > MOST_WORKERS) {
    lines.push([
      piece(`${formatCounted(generator.workers.length - MOST_WORKERS, 'less busy worker')} not shown`, 'faint'),
    ]);
  }
  lines.push(...pauseLines(generator, width), ...resourceLines(generator, width));
  if (generator.functions !== null) lines.push(...labelled('Functions', functionText(generator.functions), width));
  const { ceiling } = generator;
  if (ceiling !== null && ceiling.share >= NEAR_CEILING) {
    lines.push(...labelled('Ceiling', ceilingText(ceiling), width, 'doubtful'));
  }
  for (const gate of broken) lines.push(...labelled('BROKEN', gateText(gate), width, 'bad'));
  if (broken.length > 0) {
    lines.push(
      ...labelled(
        'WARNING',
        'The generator, not the server, was the limit: do not quote the numbers above.',
        width,
        'bad',
      ),
    );
  }
  const off = generator.gates.filter(({ bound }) => bound === null);
  if (off.length > 0) {
    const names = off.map(gateText).join('; ');
    lines.push(...labelled('OFF', `switched off by --gate, and not part of the verdict: ${names}`, width, 'doubtful'));
  }
  const held = generator.gates.filter(({ ok, bound }) => ok && bound !== null);
  if (held.length > 0) lines.push(...labelled('Held', held.map(gateText).join('; '), width, 'faint'));
  return lines;
}

/** Pauses of the generator, and of what it sends to. */
function pauseLines({ gc, sendStalls }: RunResult['generator'], width: number): ReportLine[] {
  const garbage = `${formatCounted(gc.count, 'pause')} of ${formatSeconds(gc.sec)} in all, the longest ${formatLatency(gc.longestUs)}`;
  const stalls =
    `${formatCounted(sendStalls.count, 'write')} waited longer than 10 ms for the kernel, ${formatSeconds(sendStalls.sec)} in all: ` +
    'the server or the network took less than was sent';
  return [
    ...(gc.count > 0 ? labelled('Garbage', garbage, width, 'faint') : []),
    ...(sendStalls.count > 0 ? labelled('Stalls', stalls, width) : []),
  ];
}

/** What of this machine was in use, against what there is. */
function resourceLines({ files, ports }: RunResult['generator'], width: number): ReportLine[] {
  const lines: ReportLine[] = [];
  if (files.peakOpen !== null) {
    const isNear = files.limit !== null && files.peakOpen >= NEAR_LIMIT * files.limit;
    const text = `${formatCount(files.peakOpen)} open at most${files.limit === null ? '' : ` of ${formatCount(files.limit)} allowed`}`;
    lines.push(
      ...labelled(
        'Files',
        isNear ? `${text}: raise the limit (ulimit -n)` : text,
        width,
        isNear ? 'doubtful' : 'faint',
      ),
    );
  }
  if (ports !== null) lines.push(...portLines(ports, width));
  return lines;
}

function portLines(ports: NonNullable<RunResult['generator']['ports']>, width: number): ReportLine[] {
  const { available, addressPairs, atOnce, plannedConnectsPerSec, timeWaitBefore, timeWaitPeak } = ports;
  const isNear = available !== null && atOnce >= NEAR_LIMIT * available;
  const rate = plannedConnectsPerSec === null ? '' : `, up to ${formatRate(plannedConnectsPerSec)} new ones/s`;
  const there =
    available === null
      ? ''
      : `${formatCount(available)} local ports (${formatCounted(addressPairs, 'pair')} of addresses) `;
  const waiting =
    timeWaitPeak === null
      ? ''
      : `; in TIME_WAIT on the whole machine ${formatCount(timeWaitBefore ?? 0)} before and at most ${formatCount(timeWaitPeak)}`;
  const text = `${there}for ${formatCount(atOnce)} connections at once${rate}${waiting}`;
  return labelled('Ports', text, width, isNear ? 'doubtful' : 'faint');
}

function costText({ generator }: RunResult): string {
  const { cpuUsPerMessage, cpuSec } = generator;
  return [
    ...(cpuUsPerMessage === null ? [] : [`CPU ${formatLatency(cpuUsPerMessage)} per message`]),
    ...(cpuSec === null ? [] : [`${formatSeconds(cpuSec)} in all`]),
    `start-up ${formatSeconds(generator.startupSec)}`,
  ].join(', ');
}

function ceilingText({ share, messagesPerSec, calibratedAt }: NonNullable<RunResult['generator']['ceiling']>): string {
  return (
    `${formatShare(share)} of the ${formatRate(messagesPerSec)} messages/s that this generator can do (calibrated ` +
    `${cleanText(calibratedAt.slice(0, 10))}): near its own limit, what it times may be itself; use more workers or machines`
  );
}

function functionText({ calls, usPerCall, share }: NonNullable<RunResult['generator']['functions']>): string {
  if (usPerCall === null) return "none of the scenario's functions was called";
  const part = share === null ? '' : `, ${formatShare(share)} of the workers' CPU`;
  return `${formatCounted(calls, 'call')} of the scenario's functions took ${usPerCall.toFixed(2)}µs each${part}`;
}

function busiest(workers: readonly WorkerHealth[]): WorkerHealth[] {
  return workers
    .toSorted((a, b) => Number(b.lost) - Number(a.lost) || b.busy - a.busy)
    .slice(0, MOST_WORKERS)
    .toSorted((a, b) => a.workerId - b.workerId);
}

function workerRow(worker: WorkerHealth): ReportLine {
  return tableRow(WORKER_COLUMNS, [
    `worker ${worker.workerId}`,
    formatShare(worker.busy),
    worker.cpuSec === null ? NO_VALUE : formatSeconds(worker.cpuSec),
    formatLatency(worker.eventLoopLagP99Us),
    formatSeconds(worker.gcSec),
    formatCount(worker.sessions, 10),
    worker.lost ? { text: 'LOST', style: 'bad' } : '',
  ]);
}

function gateText({ name, value, bound, unit }: HealthGate): string {
  const measured = value === null ? 'no data' : formatGateValue(value, unit);
  return `${GATE_WORDS.get(name) ?? cleanText(name)} ${measured}${bound === null ? '' : ` (bound ${formatGateValue(bound, unit)})`}`;
}

/** A figure of a gate with its unit. */
export function formatGateValue(value: number, unit: string): string {
  switch (unit) {
    case 'us':
      return formatLatency(value);
    case 'share':
      return formatShare(value);
    case 'count':
      return formatCount(value);
    default:
      return `${formatCount(value)} ${cleanText(unit)}`;
  }
}
