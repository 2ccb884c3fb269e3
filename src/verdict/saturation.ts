/** Whether the load could be placed: a server that does not take it, with the sessions there are, is saturated. */
import type { ArrivalTotals } from './offered-load.js';
import type { VerdictReason } from './verdict.js';

/** Share of the arrivals that must be started. */
const MIN_STARTED_SHARE = 0.99;
/** Share of the arrivals that may wait for a free session where the plan lets them. */
const MAX_WAITING_SHARE = 0.01;

/** What came of the arrivals after the warm-up. */
export interface PlacedLoad extends ArrivalTotals {
  /** Arrivals that were started, but had to wait for a free session. */
  readonly waited: number;
  /** How long the longest of them waited, µs; null: none did. */
  readonly longestWaitUs: number | null;
  /** The most sessions that there may be at once. */
  readonly sessions: number;
  /** Among which the sessions are divided. */
  readonly workers: number;
  /** The most connects that may be under way in one worker. */
  readonly connectLimit: number;
  /** The run went on to the end of its plan. */
  readonly isWhole: boolean;
}

/** Says that the load was not placed, or nothing. */
export function saturationReasons(load: PlacedLoad): VerdictReason[] {
  const { offered, started, droppedCap, waited, longestWaitUs, sessions, workers, connectLimit } = load;
  const droppedEnd = load.isWhole ? load.droppedEnd : 0;
  const due = offered - (load.isWhole ? 0 : load.droppedEnd);
  // Each worker has its part of the sessions: one may have none free while another has.
  const whose = workers > 1 ? `, divided among ${String(workers)} workers` : '';
  const busy = `all ${sessions.toLocaleString('en-US')} sessions (-s${whose}) busy`;
  const reasons: VerdictReason[] = [];
  const add = (text: string, value: number, bound: number): void => {
    reasons.push({ kind: 'saturated', text: `the server did not take the load: ${text}`, value, bound });
  };
  if (droppedCap + droppedEnd > 0) {
    const share = due === 0 ? 1 : started / due;
    const missing = [
      ...(droppedCap > 0 ? [`${droppedCap.toLocaleString('en-US')} found ${busy}`] : []),
      ...(droppedEnd > 0 ? [`${droppedEnd.toLocaleString('en-US')} still waited at the end`] : []),
    ];
    add(
      `${formatPercent(share)} of ${due.toLocaleString('en-US')} arrivals were started, ${missing.join(' and ')}`,
      share,
      MIN_STARTED_SHARE,
    );
  }
  const waitingShare = started === 0 ? 0 : waited / started;
  if (waitingShare > MAX_WAITING_SHARE) {
    const connects =
      sessions > connectLimit ? `, or ${String(connectLimit)} connects under way (--connect-limit),` : '';
    const longest = longestWaitUs === null ? '' : `, the longest for ${(longestWaitUs / 1e6).toFixed(2)} s`;
    add(
      `${formatPercent(waitingShare)} of the arrivals found ${busy}${connects} and waited${longest}`,
      waitingShare,
      MAX_WAITING_SHARE,
    );
  }
  return reasons;
}

/** Never rounded to what it is not. */
function formatPercent(share: number): string {
  const percent = share * 100;
  return `${percent > 99.9 && percent < 100 ? '99.9' : percent.toFixed(1)} %`;
}
