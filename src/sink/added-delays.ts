/** How long a sink held replies back on purpose, by step: to be taken off what clients measured. */
import { LatencyHistogram } from '../metrics/latency-histograms.js';
import type { LatencySummary } from '../metrics/latency-histograms.js';

/** By step, only those that were held back. A reply counts from where it was ready to its last octet, as it came about. */
export type AddedDelay = Readonly<Record<string, LatencySummary>>;

/** One distribution for each step. */
export class AddedDelays {
  readonly #histograms = new Map<string, LatencyHistogram>();

  record(step: string, ms: number): void {
    this.#of(step).record(ms * 1000);
  }

  /** Adds what another process of the sink recorded. */
  add(delays: AddedDelay): void {
    for (const [step, { count, minUs, maxUs, meanUs, histogram }] of Object.entries(delays)) {
      if (minUs === null || maxUs === null || meanUs === null || histogram === null) continue;
      const sumUs = meanUs * count;
      this.#of(step).add({ key: 0, count, minUs, maxUs, sumUs, clamped: 0, histogram });
    }
  }

  summaries(): AddedDelay {
    return Object.fromEntries(Array.from(this.#histograms, ([step, histogram]) => [step, histogram.summary()]));
  }

  #of(step: string): LatencyHistogram {
    let histogram = this.#histograms.get(step);
    if (histogram === undefined) {
      histogram = new LatencyHistogram();
      this.#histograms.set(step, histogram);
    }
    return histogram;
  }
}
