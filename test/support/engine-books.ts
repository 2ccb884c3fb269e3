/** The equations that hold after every single event, and short forms of what was counted. */
import { LATENCY_COUNT, LatencyKey, type PhaseCounts } from '../../src/metrics/interval-record.js';
import { ERROR_KIND_NAMES, OUTCOME_NAMES, Outcome } from '../../src/metrics/outcome.js';
import { isBalanced } from '../../src/metrics/record-books.js';
import { STEP_COUNT, STEP_NAMES, Step } from '../../src/protocol/steps.js';

/** Steps whose success is no reply of the server. */
const WITHOUT_REPLY: readonly number[] = [Step.connect, Step.tls, Step.transfer];

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/**
 * Every equation that does not hold, in words.
 *
 * @param latencyCounts - how many values were recorded per latency key
 */
export function faultsInBooks(counts: PhaseCounts, latencyCounts: readonly number[]): string[] {
  const faults: string[] = [];
  const equal = (what: string, left: number, right: number): void => {
    if (left !== right) faults.push(`${what}: ${left} and ${right}`);
  };
  const messages = (outcome: number): number => counts.messages[outcome] ?? 0;
  if (!isBalanced(counts)) faults.push('the record does not balance');
  for (let step = 0; step < STEP_COUNT; step++) {
    const name = STEP_NAMES[step] ?? '';
    const errors = sum(counts.errors.filter((row) => row.step === step).map(({ count }) => count));
    const replies = counts.replies.filter((row) => row.step === step && !row.interim);
    if (step === Step.session) {
      equal('session: sent, outside the books', counts.sent[step] ?? 0, 0);
      continue;
    }
    equal(`${name}: errors = failed`, errors, counts.failed[step] ?? 0);
    equal(`${name}: latencies = replied`, latencyCounts[step] ?? 0, counts.replied[step] ?? 0);
    const rows = sum(replies.map(({ count }) => count));
    equal(`${name}: reply rows = replied`, rows, WITHOUT_REPLY.includes(step) ? 0 : (counts.replied[step] ?? 0));
    if ((counts.pipelined[step] ?? 0) > (counts.sent[step] ?? 0)) faults.push(`${name}: pipelined > sent`);
  }
  const timed = (key: number): number => latencyCounts[key] ?? 0;
  equal('latency.message', timed(LatencyKey.message), messages(Outcome.accepted));
  equal('latency.refused', timed(LatencyKey.refused), messages(Outcome.deferred) + messages(Outcome.rejected));
  equal('latency.unfinished', timed(LatencyKey.unfinished), messages(Outcome.failed) + messages(Outcome.cut));
  equal('latency.session', timed(LatencyKey.session), sum(counts.sessions.ended.slice(0, 2)));
  equal('latency keys', latencyCounts.length, LATENCY_COUNT);
  return faults;
}

/** `mail 250 x2`, `auth 334 x1 interim`: the reply table in short. */
export function replyTable(counts: PhaseCounts): string[] {
  return counts.replies
    .map((row) => `${STEP_NAMES[row.step]} ${row.code} x${row.count}${row.interim ? ' interim' : ''}`)
    .sort();
}

/** `mail timeout x1`: the error table in short. */
export function errorTable(counts: PhaseCounts): string[] {
  return counts.errors.map((row) => `${STEP_NAMES[row.step]} ${ERROR_KIND_NAMES[row.kind]} x${row.count}`).sort();
}

/** Outcomes that occurred, by name. */
export function outcomes(values: readonly number[]): Record<string, number> {
  return Object.fromEntries(
    OUTCOME_NAMES.map((name, index) => [name, values[index] ?? 0] as const).filter(([, count]) => count > 0),
  );
}

/** Steps with a count, by name. */
export function stepsWith(values: readonly number[]): Record<string, number> {
  return Object.fromEntries(
    STEP_NAMES.map((name, index) => [name as string, values[index] ?? 0] as const).filter(([, count]) => count > 0),
  );
}
