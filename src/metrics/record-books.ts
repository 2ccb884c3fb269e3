/** The books of a record: equations between its counts that hold at any moment. Pure arithmetic. */
import { STEPS_WITHOUT_REPLY, STEP_COUNT, Step } from '../protocol/steps.js';
import { ArrivalCount } from './arrival-counts.js';
import type { IntervalRecord, PhaseCounts } from './interval-record.js';

/** Whether the books of all lanes and phases of a record hold. */
export function isRecordBalanced({ lanes }: IntervalRecord): boolean {
  return lanes.every(({ phases }) => phases.every(isBalanced));
}

/** The books of one phase of one record: every equation that must hold at any moment. */
export function isBalanced(counts: PhaseCounts): boolean {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const answered = new Float64Array(STEP_COUNT);
  const failed = new Float64Array(STEP_COUNT);
  for (const row of counts.replies) {
    if (!row.interim) answered[row.step] = (answered[row.step] as number) + row.count;
  }
  for (const row of counts.errors) failed[row.step] = (failed[row.step] as number) + row.count;
  return (
    counts.messagesAttempted === sum(counts.messages) + counts.messagesInFlight &&
    counts.recipientsAttempted === sum(counts.recipients) + counts.recipientsInFlight &&
    isOffered(counts.arrivals) &&
    counts.sessions.started === sum(counts.sessions.ended) + counts.sessions.open &&
    counts.clients.started === sum(counts.clients.ended) + counts.clients.open &&
    counts.sent.every(
      (sent, step) =>
        step === Step.session ||
        (sent === (counts.replied[step] ?? 0) + (counts.failed[step] ?? 0) + (counts.inFlight[step] ?? 0) &&
          failed[step] === counts.failed[step] &&
          (STEPS_WITHOUT_REPLY.includes(step) || answered[step] === counts.replied[step])),
    )
  );
}

/** Every arrival that was offered was started or dropped. */
function isOffered(arrivals: readonly number[]): boolean {
  const of = (index: number): number => arrivals[index] ?? 0;
  return (
    of(ArrivalCount.offered) === of(ArrivalCount.started) + of(ArrivalCount.droppedCap) + of(ArrivalCount.droppedEnd)
  );
}
