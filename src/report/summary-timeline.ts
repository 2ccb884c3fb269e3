/** The run over time, as the result file has it. */
import type { Bucket } from '../metrics/timeline.js';
import type { IntervalResult } from './result-schema.js';
import type { RunWindow } from './run-window.js';
import { nameOf } from './summary-blocks.js';

/** One row per bucket. */
export function intervalsOf(buckets: readonly Bucket[], window: RunWindow): IntervalResult[] {
  return buckets.map((bucket, index) => ({
    index,
    startSec: bucket.startUs / 1e6,
    sec: (bucket.endUs - bucket.startUs) / 1e6,
    phase: phaseAt((bucket.startUs + bucket.endUs) / 2, window),
    attempted: bucket.counts.attempted,
    accepted: bucket.counts.accepted,
    deferred: bucket.counts.deferred,
    rejected: bucket.counts.rejected,
    failed: bucket.counts.failed,
    sessionsCompleted: bucket.counts.sessionsCompleted,
    dropped: bucket.counts.dropped,
    openSessions: bucket.openSessions,
    steps: stepsOf(bucket),
    replies: {
      '2yz': bucket.counts.replies[0],
      '3yz': bucket.counts.replies[1],
      '4yz': bucket.counts.replies[2],
      '5yz': bucket.counts.replies[3],
    },
    errors: bucket.counts.errors,
    generator: {
      eventLoopLagP99Us: bucket.eventLoopLag?.p99Us ?? null,
      busy: bucket.busy,
      cpuSec: Number.isNaN(bucket.counts.cpuSec) ? null : bucket.counts.cpuSec,
      gcSec: bucket.counts.gcUs / 1e6,
    },
  }));
}

/** The phase in which the time lies. */
function phaseAt(us: number, { warmupEndUs, endUs }: RunWindow): IntervalResult['phase'] {
  if (us < warmupEndUs) return 'warmup';
  return us < endUs ? 'measured' : 'drain';
}

function stepsOf(bucket: Bucket): IntervalResult['steps'] {
  const steps: IntervalResult['steps'] = {};
  for (const latency of bucket.latencies) {
    if (latency === null) continue;
    const { record, p50Us, p99Us } = latency;
    steps[nameOf(record.key)] = { count: record.count, p50Us, p99Us };
  }
  return steps;
}
