/** Statistics of the processes of one sink as those of the whole. Pure. */
import { AddedDelays } from './added-delays.js';
import type { ArchiveStats } from './message-archive.js';
import type { SinkReplyRow, SinkStats, SinkTlsRow } from './sink-counters.js';

/** What the processes together have seen; `seconds` and `peakOpen` cannot be known from their parts. */
export type MergedStats = Omit<SinkStats, 'seconds' | 'peakOpen'>;

/** Adds up. */
export function mergeStats(parts: readonly SinkStats[]): MergedStats {
  const sum = (of: (part: SinkStats) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const delays = new AddedDelays();
  for (const { addedDelay } of parts) delays.add(addedDelay);
  return {
    connections: sum((part) => part.connections),
    refused: sum((part) => part.refused),
    open: sum((part) => part.open),
    messages: sum((part) => part.messages),
    recipients: sum((part) => part.recipients),
    bytes: { sent: sum((part) => part.bytes.sent), received: sum((part) => part.bytes.received) },
    tlsSessions: sum((part) => part.tlsSessions),
    tls: sumRows<SinkTlsRow>(
      parts.flatMap(({ tls }) => tls),
      ({ version, cipher }) => `${version} ${cipher}`,
    ),
    authenticated: sum((part) => part.authenticated),
    commands: Object.fromEntries(
      Object.keys(parts[0]?.commands ?? {}).map((step) => [step, sum(({ commands }) => commands[step] ?? 0)]),
    ),
    replies: sumRows<SinkReplyRow>(
      parts.flatMap(({ replies }) => replies),
      ({ step, code, enhanced }) => `${step} ${String(code)} ${enhanced ?? ''}`,
    ),
    faults: sum((part) => part.faults),
    socketErrors: sum((part) => part.socketErrors),
    addedDelay: delays.summaries(),
    saved: mergeSaved(parts.flatMap(({ saved }) => saved ?? [])),
  };
}

function mergeSaved(parts: readonly ArchiveStats[]): ArchiveStats | null {
  if (parts.length === 0) return null;
  return {
    messages: parts.reduce((total, { messages }) => total + messages, 0),
    skipped: parts.reduce((total, { skipped }) => total + skipped, 0),
    problem: parts.find(({ problem }) => problem !== null)?.problem ?? null,
  };
}

/** Rows with the same key become one; in the order of their keys. */
function sumRows<Row extends { readonly count: number }>(rows: readonly Row[], keyOf: (row: Row) => string): Row[] {
  const sums = new Map<string, Row>();
  for (const row of rows) {
    const key = keyOf(row);
    sums.set(key, { ...row, count: row.count + (sums.get(key)?.count ?? 0) });
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
