/** The live counters of one phase inside one generator. Hot: everything counted per command is a typed array. */
import { STEP_COUNT } from '../protocol/steps.js';
import { ARRIVAL_COUNTS } from './arrival-counts.js';
import type { ErrorRow, LifeCounts, PhaseCounts } from './interval-record.js';
import { LatencySet } from './latency-histograms.js';
import { ERROR_KIND_NAMES, OUTCOME_COUNT } from './outcome.js';
import { ReplyCounts } from './reply-counts.js';
import { RETRY_COUNTS } from './retry-counts.js';
import { SampleBudget } from './sample-budget.js';
import { TlsCounts } from './tls-counts.js';
import { UnexpectedCounts } from './unexpected-counts.js';

const KIND_COUNT = ERROR_KIND_NAMES.length;

/** What is under way, counted by walking the sessions: the other side of the books. */
export class Census {
  messages = 0;
  recipients = 0;
  clients = 0;
  sessions = 0;
  /** Outstanding commands per step index. */
  readonly steps = new Float64Array(STEP_COUNT);
}

/** Started and ended, by `Ending`. */
class Lives {
  started = 0;
  readonly ended = new Float64Array(3);

  /** A plain copy, beside the number found open by walking. */
  toCounts(open: number): LifeCounts {
    return { started: this.started, ended: Array.from(this.ended), open };
  }
}

/** Counters and interval histograms of everything that began in one phase. */
export class PhaseBook {
  messagesAttempted = 0;
  recipientsAttempted = 0;
  bytesSent = 0;
  bytesReceived = 0;
  readonly messages = new Float64Array(OUTCOME_COUNT);
  readonly recipients = new Float64Array(OUTCOME_COUNT);
  /** By `RetryCount`. */
  readonly retries = new Float64Array(RETRY_COUNTS);
  /** By `ArrivalCount`. */
  readonly arrivals = new Float64Array(ARRIVAL_COUNTS);
  readonly clients = new Lives();
  readonly sessions = new Lives();
  readonly sent = new Float64Array(STEP_COUNT);
  readonly replied = new Float64Array(STEP_COUNT);
  readonly failed = new Float64Array(STEP_COUNT);
  readonly pipelined = new Float64Array(STEP_COUNT);
  /** Commands left without an answer when the run's end cut their session. */
  readonly cutOff = new Float64Array(STEP_COUNT);
  readonly replies: ReplyCounts;
  readonly tls = new TlsCounts();
  readonly unexpected: UnexpectedCounts;
  /** Of the interval under way; drained at its end. */
  readonly latencies = new LatencySet();

  /** Length STEP_COUNT x kinds, row by row. */
  readonly #errorCounts = new Float64Array(STEP_COUNT * KIND_COUNT);
  readonly #errorSamples = new Map<number, string>();
  /** For texts of all tables. */
  readonly #budget: SampleBudget;

  /** @param lanes - how many lanes share a record */
  constructor(lanes = 1) {
    this.#budget = new SampleBudget(lanes);
    this.replies = new ReplyCounts(this.#budget);
    this.unexpected = new UnexpectedCounts(this.#budget);
  }

  /** Counts one error of a step; `sample` is kept for the first of its kind. */
  countError(step: number, kind: number, sample: string): void {
    const cell = step * KIND_COUNT + kind;
    const before = this.#errorCounts[cell] as number;
    if (before === 0) this.#errorSamples.set(cell, this.#budget.take(sample));
    this.#errorCounts[cell] = before + 1;
  }

  /** A plain copy of all counters, with what `census` found under way. */
  toCounts(census: Census): PhaseCounts {
    return {
      messagesAttempted: this.messagesAttempted,
      messages: Array.from(this.messages),
      messagesInFlight: census.messages,
      recipientsAttempted: this.recipientsAttempted,
      recipients: Array.from(this.recipients),
      recipientsInFlight: census.recipients,
      retries: Array.from(this.retries),
      arrivals: Array.from(this.arrivals),
      clients: this.clients.toCounts(census.clients),
      sessions: this.sessions.toCounts(census.sessions),
      bytesSent: this.bytesSent,
      bytesReceived: this.bytesReceived,
      sent: Array.from(this.sent),
      replied: Array.from(this.replied),
      failed: Array.from(this.failed),
      pipelined: Array.from(this.pipelined),
      inFlight: Array.from(this.cutOff, (cut, step) => cut + (census.steps[step] as number)),
      replies: this.replies.rows(),
      errors: this.#errorRows(),
      tls: this.tls.rows(),
      unexpected: this.unexpected.rows(),
    };
  }

  #errorRows(): ErrorRow[] {
    const rows: ErrorRow[] = [];
    for (const [cell, sample] of this.#errorSamples) {
      const step = Math.floor(cell / KIND_COUNT);
      rows.push({ step, kind: cell % KIND_COUNT, count: this.#errorCounts[cell] as number, sample });
    }
    return rows;
  }
}
