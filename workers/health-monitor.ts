/** How the generator itself is doing: lateness of its clock tick, share of time busy, CPU, pauses for garbage collection, limits hit. */
import { readFileSync } from 'node:fs';
import { PerformanceObserver, performance, type EventLoopUtilization } from 'node:perf_hooks';
import type { FunctionCosts } from '../src/data/scenario-functions.js';
import { LatencyHistogram } from '../src/metrics/latency-histograms.js';
import type { HealthRecord } from '../src/metrics/interval-record.js';
import { SendWatch } from './send-watch.js';

/** Linux counts CPU in hundredths of a second for every process, whatever the kernel's own tick (proc(5), USER_HZ). */
const USER_TICKS_PER_SEC = 100;
/** Fields of /proc/thread-self/stat after the name in parentheses: utime is the 12th, stime the 13th (proc(5)). */
const UTIME_FIELD = 11;

/** Watches one worker thread; must be made inside it. */
export class HealthMonitor {
  readonly #lag = new LatencyHistogram();
  /** Connections that the server does not read from. */
  readonly sends = new SendWatch();
  #fileLimitHits = 0;
  #portLimitHits = 0;
  #utilization: EventLoopUtilization = performance.eventLoopUtilization();
  readonly #functionCosts: Readonly<FunctionCosts>;
  #gcCount = 0;
  #gcUs = 0;
  #gcLongestUs = 0;
  readonly #collections = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      this.#gcCount++;
      this.#gcUs += duration * 1e3;
      this.#gcLongestUs = Math.max(this.#gcLongestUs, duration * 1e3);
    }
  });

  /** @param functionCosts - what the functions of the scenario have cost, added up elsewhere */
  constructor(functionCosts: Readonly<FunctionCosts>) {
    this.#functionCosts = functionCosts;
  }

  /** The load begins: what the thread did before, waiting among it, is none of the first interval's business. */
  begin(): void {
    this.#utilization = performance.eventLoopUtilization();
    this.#collections.observe({ entryTypes: ['gc'] });
  }

  /** The load is over. */
  end(): void {
    this.#collections.disconnect();
  }

  /** The tick that was due at `dueUs` came at `nowUs`. */
  tick(dueUs: number, nowUs: number): void {
    this.#lag.record(Math.max(1, nowUs - dueUs));
    this.sends.tick(nowUs);
  }

  /** A connect failed because this machine ran out of file descriptors or local ports. */
  limitHit(limit: 'file' | 'port'): void {
    if (limit === 'file') this.#fileLimitHits++;
    else this.#portLimitHits++;
  }

  /** The interval's record; begins the next one. */
  drain(): HealthRecord {
    const now = performance.eventLoopUtilization();
    const busy = performance.eventLoopUtilization(now, this.#utilization).utilization;
    this.#utilization = now;
    const eventLoopLag = this.#lag.toRecord(-1);
    this.#lag.reset();
    return {
      eventLoopLag,
      busy: Number.isFinite(busy) ? busy : 0,
      cpuSec: threadCpuSec(),
      fileLimitHits: this.#fileLimitHits,
      portLimitHits: this.#portLimitHits,
      gcCount: this.#gcCount,
      gcUs: this.#gcUs,
      gcLongestUs: this.#gcLongestUs,
      sendStalls: this.sends.stalls,
      sendStalledUs: this.sends.stalledUs,
      functionCalls: this.#functionCosts.calls,
      functionUs: this.#functionCosts.us,
    };
  }
}

/** User and system CPU of the calling thread in s since its start; -1 where the platform does not tell. */
function threadCpuSec(): number {
  try {
    const stat = readFileSync('/proc/thread-self/stat', 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[UTIME_FIELD]) + Number(fields[UTIME_FIELD + 1])) / USER_TICKS_PER_SEC;
  } catch {
    // Not Linux: the report then says that it is not known.
    return -1;
  }
}
