/** What a sink has seen, in words for the terminal. Pure. */
import { formatBytes, formatCount, formatCounted, formatLatency, formatSeconds } from '../report/quantities.js';
import type { SinkStats } from '../sink/sink.js';

/** One line on how it is getting on. */
export function sinkLine(stats: SinkStats, messagesPerSec: number): string {
  const rate = formatCount(Math.round(messagesPerSec));
  return `${formatCount(stats.open)} open, ${formatCounted(stats.connections, 'connection')}, ${formatCounted(stats.messages, 'message')} (${rate}/s)`;
}

/** All of it, in lines of at most 80 columns. */
export function sinkSummary(stats: SinkStats, elapsedSec: number): string {
  const lines = [
    `Sink        ${formatSeconds(elapsedSec)}, ${formatBytes(stats.bytes.received)} received, ${formatBytes(stats.bytes.sent)} sent`,
    `Connections ${formatCount(stats.connections)}, at most ${formatCount(stats.peakOpen)} at once, ${formatCount(stats.open)} open, ${formatCount(stats.refused)} refused, ${formatCounted(stats.socketErrors, 'error')}`,
    `Messages    ${formatCount(stats.messages)} for ${formatCounted(stats.recipients, 'recipient')}`,
    `Sessions    ${formatCount(stats.tlsSessions)} with TLS, ${formatCount(stats.authenticated)} authenticated`,
  ];
  for (const { version, cipher, count } of stats.tls)
    lines.push(`TLS         ${formatCount(count)} × ${version} ${cipher}`);
  if (stats.faults > 0) lines.push(`Faults      ${formatCount(stats.faults)} played`);
  if (stats.saved !== null) lines.push(`Saved       ${savedWords(stats.saved)}`);
  const commands = Object.entries(stats.commands).filter(([, count]) => count > 0);
  if (commands.length > 0) {
    lines.push('', row('Commands', '', '', 'count'));
    for (const [step, count] of commands) lines.push(row(step, '', '', formatCount(count)));
  }
  if (stats.replies.length > 0) {
    lines.push('', row('Replies', 'code', 'enhanced', 'count'));
    for (const { step, code, enhanced, count } of stats.replies) {
      lines.push(row(step, String(code), enhanced ?? '-', formatCount(count)));
    }
  }
  const delays = Object.entries(stats.addedDelay);
  if (delays.length > 0) {
    lines.push('', delayRow('Held back', ['count', 'p50', 'p99', 'max']));
    for (const [step, { count, p50Us, p99Us, maxUs }] of delays) {
      lines.push(delayRow(step, [formatCount(count), ...[p50Us, p99Us, maxUs].map((us) => formatLatency(us))]));
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

function savedWords({ messages, skipped, problem }: NonNullable<SinkStats['saved']>): string {
  const saved = `${formatCounted(messages, 'message')}, ${formatCount(skipped)} not`;
  return problem === null ? saved : `${saved}: it ended with ${problem}`;
}

function delayRow(step: string, figures: readonly string[]): string {
  return step.padEnd(12) + figures.map((figure) => figure.padStart(12)).join('');
}

function row(step: string, code: string, enhanced: string, count: string): string {
  return `${step.padEnd(12)}${code.padEnd(6)}${enhanced.padEnd(10)}${count.padStart(14)}`;
}
