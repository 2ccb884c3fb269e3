/** Whether the numbers count, and what they say: invalid beats fail beats pass. */
import type { BookCheck } from './books.js';
import type { HealthGate } from './health-gates.js';
import type { ObjectiveResult } from './objective-watch.js';

/** What a run is worth. */
export type Verdict = 'pass' | 'fail' | 'invalid';

/** Why the verdict is what it is. */
export interface VerdictReason {
  /** Stable name: a gate's name, `books`, `workerLost`, `nothingMeasured`, `targetLost`, `saturated` or `objective`. */
  readonly kind: string;
  /** One sentence: what, the figure, what to change. */
  readonly text: string;
  readonly value: number | null;
  readonly bound: number | null;
}

/** What the verdict is made from. */
export interface VerdictInput {
  readonly gates: readonly HealthGate[];
  readonly checks: readonly BookCheck[];
  readonly lost: readonly { readonly workerId: number; readonly reason: string }[];
  readonly isTargetLost: boolean;
  /** Why the load was not placed; empty: it was. */
  readonly saturation: readonly VerdictReason[];
  readonly objectives: readonly ObjectiveResult[];
  /** A signal ended the run before its first measured message. */
  readonly isEmpty: boolean;
  readonly giveUpSec: number;
}

/** Judges a run. */
export function judge(input: VerdictInput): { verdict: Verdict; reasons: VerdictReason[] } {
  const invalid = [
    ...input.lost.map(lostReason),
    ...input.gates.filter(({ ok, name }) => !ok && name !== 'workersLost').map(gateReason),
    ...input.checks.filter(({ ok }) => !ok).map(bookReason),
  ];
  if (input.isEmpty) {
    invalid.push({
      kind: 'nothingMeasured',
      text: 'the run was stopped before anything was measured',
      value: 0,
      bound: null,
    });
  }
  const missed = input.objectives.filter(({ pass }) => !pass);
  const failed: VerdictReason[] = [...input.saturation, ...missed.map(objectiveReason)];
  if (input.isTargetLost) {
    failed.unshift({
      kind: 'targetLost',
      text: `the target was lost: no session got a greeting for ${String(input.giveUpSec)} s (--give-up)`,
      value: null,
      bound: input.giveUpSec,
    });
  }
  const verdict = invalid.length > 0 ? 'invalid' : failed.length > 0 ? 'fail' : 'pass';
  return { verdict, reasons: [...invalid, ...failed] };
}

function objectiveReason({ expression, value, bound }: ObjectiveResult): VerdictReason {
  const what = value === null ? 'there was nothing to measure' : 'it was missed';
  return { kind: 'objective', text: `objective ${expression}: ${what}`, value, bound };
}

function lostReason({ workerId, reason }: { workerId: number; reason: string }): VerdictReason {
  return {
    kind: 'workerLost',
    text: `worker ${String(workerId)} was lost (${reason}): its last second and what it had under way are missing`,
    value: null,
    bound: null,
  };
}

function bookReason({ name, left, right }: BookCheck): VerdictReason {
  return {
    kind: 'books',
    text: `the books do not balance: ${name} (${String(left)} and ${String(right)})`,
    value: left,
    bound: right,
  };
}

function gateReason({ name, value, bound }: HealthGate): VerdictReason {
  return { kind: name, text: gateText(name, value ?? 0, bound ?? 0), value, bound };
}

function gateText(name: string, value: number, bound: number): string {
  const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
  switch (name) {
    case 'utilisation':
      return (
        `a worker was busy ${percent(value)} of the time (bound ${percent(bound)}): the generator was the limit; ` +
        'use more workers (-w), fewer sessions (-s) or a lower rate (-r), or run it on another machine than the server'
      );
    case 'eventLoopLag.p99':
      return (
        `the generator's event loop lagged ${(value / 1e3).toFixed(0)} ms at p99 (bound ${(bound / 1e3).toFixed(0)} ms): ` +
        'latencies are partly its own; use fewer sessions (-s) or a less busy machine'
      );
    case 'lag.p99':
      return (
        `arrivals were started ${(value / 1e3).toFixed(1)} ms late at p99 though sessions were free (bound ${(bound / 1e3).toFixed(0)} ms): ` +
        'the generator was late; begin with a warm-up (--warmup 2s), or use more workers (-w), a lower rate or a less busy machine'
      );
    case 'fileLimit':
      return `${String(value)} connects failed for want of file descriptors: raise the limit (ulimit -n)`;
    default:
      return (
        `${String(value)} connects failed for want of local ports: use fewer connections per second, ` +
        'more messages per session (-n), more source addresses (--local-address), or widen net.ipv4.ip_local_port_range'
      );
  }
}
