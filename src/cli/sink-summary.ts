/** What a sink has seen, in words for the terminal. Pure. */
import { formatBytes, formatCount, formatCounted, formatSeconds } from '../report/quantities.js';
import type { SinkStats } from '../sink/sink.js';

/** One line on how it is getting on. */
export function sinkLine(stats: SinkStats, messagesPerSec: number): string {
  const rate = formatCount(Math.round(messagesPerSec));
  return `${formatCount(stats.open)} open, ${formatCounted(stats.connections, 'connection')}, ${formatCounted(stats.messages, 'message')} (${rate}/s)`;
}

/** All of it, in lines of at most 80 columns. */
export function sinkSummary(stats: SinkStats, elapsedSec: number): string {
  const lines = [
    `Sink        ${formatSeconds(elapsedSec)}, ${formatBytes(stats.bytesReceived)} received, ${formatBytes(stats.bytesSent)} sent`,
    `Connections ${formatCount(stats.connections)}, at most ${formatCount(stats.peakOpen)} at once, ${formatCount(stats.open)} open, ${formatCount(stats.refused)} refused, ${formatCounted(stats.socketErrors, 'error')}`,
    `Messages    ${formatCount(stats.messages)} for ${formatCounted(stats.recipients, 'recipient')}`,
    `Sessions    ${formatCount(stats.tlsSessions)} with TLS, ${formatCount(stats.authenticated)} authenticated`,
  ];
  for (const { version, cipher, count } of stats.tls)
    lines.push(`TLS         ${formatCount(count)} × ${version} ${cipher}`);
  if (stats.faults > 0) lines.push(`Faults      ${formatCount(stats.faults)} played`);
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
  return lines.map((line) => `${line}\n`).join('');
}

function row(step: string, code: string, enhanced: string, count: string): string {
  return `${step.padEnd(12)}${code.padEnd(6)}${enhanced.padEnd(10)}${count.padStart(14)}`;
}
