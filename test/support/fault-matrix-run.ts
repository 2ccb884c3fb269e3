/** Runs one combination of the fault matrix and says in words what was not as it must be. */
import { Ending, ERROR_KIND_NAMES, OUTCOME_NAMES, Outcome } from '../../src/metrics/outcome.js';
import type { PhaseTotals } from '../../src/metrics/phase-totals.js';
import type { LoadTestOptions } from '../../src/plan/options.js';
import { STEP_NAMES } from '../../src/protocol/steps.js';
import { startSink, type RunningSink, type SinkOptions, type SinkStats } from '../../src/sink/sink.js';
import { testCertificate } from './certificate.js';
import { runInProcess } from './engine-load.js';
import { planOf } from './engine-plan.js';
import { DEADLINE_MS, RECIPIENTS, chunksOf, deadlineStep, type Cell, type Expected } from './fault-matrix.js';

const { key, cert } = await testCertificate();
const USER = 'load';
const PASSWORD = 'secret';

/** A session that is over waits so long for the server's close, at most: CLOSE_WAIT_US. */
const CLOSE_WAIT_MS = 2_000;
/** For everything that takes no deadline: many combinations share one core. */
const SLACK_MS = 40_000;
/** How long the sink may take to notice that its clients are gone. */
const SETTLE_MS = 15_000;

const WORDS = { off: 'in lock-step', auto: 'pipelined', across: 'pipelined across messages' } as const;
const MANNER_WORDS = { data: '', bdat: ', by BDAT', lmtp: ', by LMTP' } as const;

/** Combinations with the sentence that each proves. */
export function sentences(cells: readonly Cell[]): [string, Cell][] {
  return cells.map((cell) => {
    const { place, fault, security, pipelining, manner } = cell;
    const how = `${security}, ${WORDS[pipelining]}${MANNER_WORDS[manner]}`;
    return [`there is one outcome where a server ${fault.name} at ${place.name} (${how})`, cell];
  });
}

/** What to tell a sink, and what to ask of a client, for one combination. */
export function trialOf(cell: Cell): { sink: SinkOptions; options: Omit<LoadTestOptions, 'target'> } {
  const { place, fault, security, pipelining, manner } = cell;
  const on = place.on === 'ehlo' && manner === 'lmtp' ? 'lhlo' : place.on;
  const row = { on, ...place.occurrence(security, manner), ...fault.row(place, security) };
  const scheme = security === 'implicit' ? 'smtps' : manner === 'lmtp' ? 'lmtp' : 'smtp';
  const waitsFor = deadlineStep(cell);
  return {
    sink: {
      listen: [`${scheme}://127.0.0.1:0`],
      tls: security === 'plain' ? null : { key, cert },
      users: { [USER]: PASSWORD },
      faults: [...(place.rows ?? []), row],
    },
    options: {
      ...place.load,
      ...(fault.isAlone === true ? { sessions: 1 } : {}),
      recipients: RECIPIENTS,
      auth: 'plain',
      user: USER,
      password: PASSWORD,
      pipelining,
      ...(manner === 'bdat' ? { bdat: chunksOf(cell) } : {}),
      ...(security === 'starttls' ? { tls: 'required' } : {}),
      ...(security === 'plain' ? {} : { tlsCa: cert }),
      ...(waitsFor === null ? {} : { timeouts: `${waitsFor}=${DEADLINE_MS}ms` }),
    },
  };
}

/**
 * Runs a combination.
 *
 * @param longestMs - when it counts as hanging
 * @returns everything that is wrong; empty when all is well
 */
export async function faultsOf(cell: Cell, longestMs = longestMsOf(cell)): Promise<string[]> {
  const { sink: sinkOptions, options } = trialOf(cell);
  const sink = await startSink(sinkOptions);
  try {
    const { totals, faults } = await runInProcess(planOf(options, sink.url), longestMs);
    // A sink that has stopped reading does not notice that its clients are gone.
    const stopsReading = cell.fault.row(cell.place, cell.security).stopReading === true;
    const stats = stopsReading ? sink.stats() : await settledStats(sink);
    return [...faults, ...faultsInOutcome(cell, totals), ...faultsAgainstSink(cell, totals, stats)];
  } finally {
    await sink.close();
  }
}

function longestMsOf(cell: Cell): number {
  return (deadlineStep(cell) === null ? 0 : DEADLINE_MS) + CLOSE_WAIT_MS + SLACK_MS;
}

async function settledStats(sink: RunningSink): Promise<SinkStats> {
  const untilMs = performance.now() + SETTLE_MS;
  while (sink.openNow() > 0 && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 5));
  return sink.stats();
}

/** What differs from the one outcome that is right. */
function faultsInOutcome(cell: Cell, totals: PhaseTotals): string[] {
  const { place, fault } = cell;
  const expected = fault.expected(cell);
  const faults: string[] = [];
  const differ = (what: string, wanted: unknown, seen: unknown): void => {
    const [left, right] = [JSON.stringify(wanted), JSON.stringify(seen)];
    if (left !== right) faults.push(`${what}: wanted ${left}, saw ${right}`);
  };
  const total = Number(place.load.messages);
  differ('messages', messagesWanted(cell), outcomesOf(totals.messages));
  const recipients = expected.recipients ?? timesRecipients(expected.messages);
  const rejected = (place.rejected ?? 0) * RECIPIENTS;
  differ('recipients', outcomesWanted(recipients, rejected, total * RECIPIENTS), outcomesOf(totals.recipients));
  const errors = totals.errors.map(({ step, kind, count }) => [`${nameOf(step)} ${ERROR_KIND_NAMES[kind]}`, count]);
  differ('errors', sorted(Object.entries(expected.errors)), sorted(errors as [string, number][]));
  const rows = totals.replies.map(({ step, code }) => `${nameOf(step)} ${code}`);
  if (expected.reply !== undefined && !rows.includes(expected.reply)) {
    faults.push(`no row ${expected.reply} among ${rows.join(', ')}`);
  }
  differ('failed sessions', expected.failedSessions, totals.sessions.ended[Ending.failed]);
  return faults;
}

/** What the sink counts otherwise, though the fault is no reason for it. */
function faultsAgainstSink(cell: Cell, totals: PhaseTotals, stats: SinkStats): string[] {
  const expected = cell.fault.expected(cell);
  const row = cell.fault.row(cell.place, cell.security);
  const faults: string[] = [];
  if (stats.open > 0 && row.stopReading !== true) faults.push(`${stats.open} connections are open at the sink`);
  if (stats.faults < 1) faults.push('the fault never struck');
  const accepted = (totals.messages[Outcome.accepted] ?? 0) + (expected.acceptedBySinkAlone ?? 0);
  if (accepted !== stats.messages) faults.push(`messages: ${accepted} accepted, ${stats.messages} by the sink`);
  const connected = totals.replied[STEP_NAMES.indexOf('connect')] ?? 0;
  if (connected !== stats.connections) faults.push(`connections: ${connected} and ${stats.connections}`);
  for (const [step, heard] of Object.entries(stats.commands)) {
    const index = STEP_NAMES.indexOf(step as (typeof STEP_NAMES)[number]);
    const sent = index === -1 ? 0 : (totals.sent[index] ?? 0);
    const unheard = unheardOf(cell, totals, index);
    if (unheard === null ? heard > sent : heard !== sent - unheard) {
      faults.push(`${step}: ${sent} sent, ${heard} heard, ${String(unheard)} of them unheard`);
    }
  }
  if (Object.keys(expected.errors).length === 0) faults.push(...differingReplies(totals, stats));
  return faults;
}

/** How many commands of a step the sink cannot have obeyed; null: that depends on who was faster. */
function unheardOf({ place, fault, security }: Cell, totals: PhaseTotals, step: number): number | null {
  const { then = 'continue', stopReading = false, reply } = fault.row(place, security);
  const errors = totals.errors.filter((row) => row.step === step);
  // What is not on offer counts as sent and is not.
  const unsent = errors.filter(({ kind }) => ERROR_KIND_NAMES[kind]?.endsWith('NotOffered') === true);
  if (then === 'continue' && !stopReading) return sum(unsent.map(({ count }) => count));
  if (fault.isLast !== true) return null;
  const failed = sum(errors.map(({ count }) => count));
  if (nameOf(step) !== place.step) return failed;
  // The command itself was heard, and failed unless it was answered; the end of the content never came so far.
  const isAnswered = reply !== undefined;
  if (place.on === 'content') return failed + (isAnswered ? 1 : 0);
  return failed - (isAnswered ? 0 : 1);
}

/** Where every reply came whole, both sides have the same table. */
function differingReplies(totals: PhaseTotals, stats: SinkStats): string[] {
  const counts = new Map<string, number>();
  const add = (row: string, count: number): void => {
    counts.set(row, (counts.get(row) ?? 0) + count);
  };
  for (const { step, code, count } of totals.replies) add(`${nameOf(step)} ${code}`, count);
  for (const { step, code, count } of stats.replies) add(`${step} ${code}`, -count);
  return [...counts].filter(([, count]) => count !== 0).map(([row, count]) => `replies: ${row}, ${count} more of ours`);
}

function nameOf(step: number): string {
  return STEP_NAMES[step] ?? '';
}

/** Outcomes of messages that must come, in the order of their names. */
export function messagesWanted({ place, fault, ...others }: Cell): [string, number][] {
  const { messages } = fault.expected({ place, fault, ...others });
  return outcomesWanted(messages, place.rejected ?? 0, Number(place.load.messages));
}

function outcomesWanted(others: Expected['messages'], rejected: number, total: number): [string, number][] {
  const wanted = { ...others, rejected: (others.rejected ?? 0) + rejected };
  const accepted = total - sum(Object.values(wanted));
  return sorted(Object.entries({ accepted, ...wanted }).filter(([, count]) => count !== 0));
}

function outcomesOf(values: readonly number[]): [string, number][] {
  const named = OUTCOME_NAMES.map((name, outcome): [string, number] => [name, values[outcome] ?? 0]);
  return sorted(named.filter(([, count]) => count !== 0));
}

function timesRecipients(messages: Expected['messages']): Expected['messages'] {
  return Object.fromEntries(Object.entries(messages).map(([name, count]) => [name, count * RECIPIENTS]));
}

function sorted(entries: [string, number][]): [string, number][] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
