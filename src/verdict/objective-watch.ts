/** Measures objectives while a run goes on and at its end. Fed with the interval records, like everything that counts. */
import { ArrivalCount } from '../metrics/arrival-counts.js';
import type { IntervalRecord, LaneRecord, PhaseCounts } from '../metrics/interval-record.js';
import { LatencyHistogram } from '../metrics/latency-histograms.js';
import { Ending } from '../metrics/outcome.js';
import type { RunMetrics } from '../metrics/run-metrics.js';
import { meets, type Metric, type Objective } from './objective-grammar.js';

/** What an objective came to. */
export interface ObjectiveResult {
  readonly expression: string;
  /** In `unit`: of the whole, or of the stretch that was worst; null: there was nothing to measure. */
  readonly value: number | null;
  readonly bound: number;
  readonly unit: string;
  /** Distance to the bound, positive when met; null: no value. */
  readonly margin: number | null;
  readonly pass: boolean;
}

/** When the measured time is, µs since time zero. A warm-up that ends by itself moves it before it has begun. */
export interface MeasuredTime {
  readonly warmupEndUs: number;
  /** Infinity while it is not known. */
  readonly endUs: number;
}

/** Before so much of the measured time a run is not ended for what it has come to so far, µs. */
const SETTLING_US = 10_000_000;

/** The objectives of one run. */
export class ObjectiveWatch {
  readonly #stretches: readonly Stretches[];
  readonly #wholes: readonly Whole[];
  readonly #order: readonly (Stretches | Whole)[];
  readonly #time: MeasuredTime;
  /** Up to when each worker was heard, µs; Infinity: it says nothing more. */
  readonly #heardUs: number[];

  /**
   * @param scenarios - names in the order of the plan
   * @param lanesEach - lanes of each scenario, one per target
   * @param isCounted - the load may end before its time, when so many messages or sessions are over
   */
  constructor(
    objectives: readonly Objective[],
    { scenarios, lanesEach, workers, isCounted }: WatchedPlan,
    time: MeasuredTime,
  ) {
    this.#time = time;
    this.#heardUs = new Array<number>(workers).fill(0);
    this.#order = objectives.map((objective) => {
      const scenario = objective.scenario === null ? -1 : scenarios.indexOf(objective.scenario);
      const lanes = { first: scenario < 0 ? 0 : scenario * lanesEach, count: scenario < 0 ? Infinity : lanesEach };
      const isWhole = objective.overMs === null && objective.afterMs === 0;
      return isWhole ? new Whole(objective, lanes) : new Stretches(objective, lanes, { workers, isCounted, time });
    });
    this.#stretches = this.#order.filter((each) => each instanceof Stretches);
    this.#wholes = this.#order.filter((each) => each instanceof Whole);
  }

  /** Whether one of them is about a part of the measured time, which records of minutes do not show. */
  get asksForSeconds(): boolean {
    return this.#stretches.length > 0;
  }

  /** Takes in one record. */
  add(record: IntervalRecord): void {
    this.#heardUs[record.workerId] = record.endUs;
    for (const each of this.#stretches) each.add(record);
  }

  /** A worker says nothing more. */
  workerDone(workerId: number): void {
    this.#heardUs[workerId] = Infinity;
    for (const each of this.#stretches) each.workerDone(workerId);
  }

  /** The load was stopped: what would be measured behind `atUs` is no whole stretch. */
  stopped(atUs: number): void {
    for (const each of this.#stretches) each.stopped(atUs);
  }

  /** The first objective that is missed so far, as written; null: none is, or the measured time is over. */
  missed(metrics: RunMetrics): string | null {
    const heardUs = Math.min(...this.#heardUs);
    if (heardUs >= this.#time.endUs) return null;
    const stretch = this.#stretches.find(({ isMissed }) => isMissed);
    if (stretch !== undefined) return stretch.objective.expression;
    if (heardUs - this.#time.warmupEndUs < SETTLING_US) return null;
    return this.#wholes.find((each) => each.isMissed(metrics, this.#time))?.objective.expression ?? null;
  }

  /** All of them, in their order. @param endUs - end of the measured time */
  results(metrics: RunMetrics, endUs: number): ObjectiveResult[] {
    const sec = (endUs - this.#time.warmupEndUs) / 1e6;
    return this.#order.map((each) => {
      if (each instanceof Stretches) return each.result(endUs);
      return resultOf(each.objective, each.value(metrics, sec));
    });
  }
}

/** What is read of a plan. */
interface WatchedPlan {
  readonly scenarios: readonly string[];
  readonly lanesEach: number;
  readonly workers: number;
  readonly isCounted: boolean;
}

/** Which lanes an objective is about. */
interface LaneRange {
  readonly first: number;
  readonly count: number;
}

function inRange<T>(all: readonly T[], { first, count }: LaneRange): readonly T[] {
  return count === Infinity ? all : all.slice(first, first + count);
}

/** An objective over the whole measured time. */
class Whole {
  readonly objective: Objective;
  readonly #lanes: LaneRange;

  constructor(objective: Objective, lanes: LaneRange) {
    this.objective = objective;
    this.#lanes = lanes;
  }

  value(metrics: RunMetrics, sec: number): number | null {
    const { metric, unit } = this.objective;
    if (metric.kind === 'latency') {
      const merged = new LatencyHistogram();
      for (const [, main] of inRange(metrics.laneLatencies, this.#lanes)) {
        const latency = main.get(metric.key);
        if (latency !== null) merged.add(latency.toRecord(metric.key));
      }
      const figure = figureOf(merged, metric.figure);
      merged.destroy();
      return figure;
    }
    const records = metrics.workers.flatMap(({ last }) => inRange(last?.lanes ?? [], this.#lanes));
    const sums = sumOf(records, metric, unit === '/s');
    return shareOrRate(sums, unit, sec);
  }

  /** Whether it is missed while the measured time goes on. */
  isMissed(metrics: RunMetrics, { warmupEndUs, endUs }: MeasuredTime): boolean {
    const { metric, unit, operator, bound } = this.objective;
    let value = this.value(metrics, 1);
    if (unit === '/s') {
      // Workers are heard at different times: each has its own seconds.
      value = 0;
      for (const { last } of metrics.workers) {
        const sec = (Math.min(last?.endUs ?? 0, endUs) - warmupEndUs) / 1e6;
        if (sec > 0) value += sumOf(inRange(last?.lanes ?? [], this.#lanes), metric, true).part / sec;
      }
    }
    if (value === null || meets(operator, value, bound)) return false;
    // A count only grows: what it has not reached yet it may still reach.
    return unit !== 'count' || operator.startsWith('<') || (operator === '==' && value > bound);
  }
}

/** What an objective has come to in one stretch of the time. */
interface Stretch {
  readonly latency: LatencyHistogram | null;
  part: number;
  whole: number;
}

/** An objective that must hold in every stretch of the measured time, or in what is behind its begin. */
class Stretches {
  readonly objective: Objective;
  isMissed = false;
  readonly #lanes: LaneRange;
  readonly #time: MeasuredTime;
  readonly #lengthUs: number;
  readonly #isCounted: boolean;
  readonly #open = new Map<number, Stretch>();
  /** Cumulative sums of each worker's last record. */
  readonly #before: { part: number; whole: number }[] = [];
  /** Up to when each worker was heard, µs. */
  readonly #heardUs: number[];
  /** Of each worker's last record: what had begun until then. */
  readonly #begun: number[] = [];
  /** End of the last record in which something began, µs. */
  #lastBegunUs = 0;
  #stoppedAtUs = Infinity;
  /** Length of what is measured where it is one stretch, s; known at the end. */
  #measuredSec = 0;
  #worst: number | null = null;
  #hasAny = false;
  #hasNone = false;

  constructor(
    objective: Objective,
    lanes: LaneRange,
    { workers, isCounted, time }: Pick<WatchedPlan, 'workers' | 'isCounted'> & { readonly time: MeasuredTime },
  ) {
    this.objective = objective;
    this.#lanes = lanes;
    this.#time = time;
    this.#isCounted = isCounted;
    this.#lengthUs = objective.overMs === null ? Infinity : objective.overMs * 1e3;
    this.#heardUs = new Array<number>(workers).fill(0);
  }

  get #startUs(): number {
    return this.#time.warmupEndUs + this.objective.afterMs * 1e3;
  }

  add(record: IntervalRecord): void {
    const { metric, unit } = this.objective;
    const lanes = inRange(record.lanes, this.#lanes);
    const now = metric.kind === 'latency' ? NOTHING : sumOf(lanes, metric, unit === '/s');
    const before = this.#before[record.workerId] ?? NOTHING;
    this.#before[record.workerId] = now;
    const middleUs = (record.startUs + record.endUs) / 2;
    const index = this.#indexAt(middleUs);
    if (index >= 0) {
      const stretch = this.#open.get(index) ?? this.#begin(index);
      stretch.part += now.part - before.part;
      stretch.whole += now.whole - before.whole;
      if (metric.kind === 'latency') {
        for (const { latencies } of lanes) {
          for (const latency of latencies[1]) if (latency.key === metric.key) stretch.latency?.add(latency);
        }
      }
    }
    this.#heardUs[record.workerId] = record.endUs;
    const begun = begunIn(record);
    if (begun > (this.#begun[record.workerId] ?? 0)) this.#lastBegunUs = Math.max(this.#lastBegunUs, record.endUs);
    this.#begun[record.workerId] = begun;
    this.#closePassed(Math.min(...this.#heardUs, this.#wholeUntilUs, this.#stoppedAtUs));
  }

  workerDone(workerId: number): void {
    this.#heardUs[workerId] = Infinity;
  }

  stopped(atUs: number): void {
    this.#stoppedAtUs = Math.min(this.#stoppedAtUs, atUs);
  }

  /** @param endUs - end of the measured time: stretches that go further are not whole, and do not count */
  result(endUs: number): ObjectiveResult {
    this.#measuredSec = (endUs - this.#startUs) / 1e6;
    const isToTheEnd = endUs >= this.#time.endUs;
    this.#closePassed(
      this.#lengthUs === Infinity ? Infinity : Math.min(endUs, isToTheEnd ? Infinity : this.#wholeUntilUs),
    );
    const { allowsNone } = this.objective;
    const result = resultOf(this.objective, this.#worst);
    if (this.#hasAny) return { ...result, pass: !this.isMissed && (allowsNone || !this.#hasNone) };
    return { ...result, pass: allowsNone };
  }

  /** Where the load ends with a count, a stretch is known to be whole once something has begun behind it. */
  get #wholeUntilUs(): number {
    return this.#isCounted ? this.#lastBegunUs - RECORD_LATE_US : Infinity;
  }

  /** The stretch that a moment belongs to; -1: none. */
  #indexAt(us: number): number {
    if (us < this.#startUs) return -1;
    if (this.#lengthUs === Infinity) return 0;
    const index = Math.floor((us - this.#startUs) / this.#lengthUs);
    return this.#startUs + (index + 1) * this.#lengthUs > this.#time.endUs ? -1 : index;
  }

  #begin(index: number): Stretch {
    const stretch = {
      latency: this.objective.metric.kind === 'latency' ? new LatencyHistogram() : null,
      part: 0,
      whole: 0,
    };
    this.#open.set(index, stretch);
    return stretch;
  }

  /** Judges the stretches that end before `us`. Records end a little late: a few ms of the next second are no matter. */
  #closePassed(us: number): void {
    for (const [index, stretch] of this.#open) {
      const endUs = this.#lengthUs === Infinity ? Infinity : this.#startUs + (index + 1) * this.#lengthUs;
      if (us < endUs) continue;
      this.#open.delete(index);
      this.#judge(stretch);
    }
  }

  #judge({ latency, part, whole }: Stretch): void {
    const { metric, unit, operator, bound } = this.objective;
    const value =
      metric.kind === 'latency' && latency !== null
        ? figureOf(latency, metric.figure)
        : shareOrRate({ part, whole }, unit, this.#lengthUs === Infinity ? this.#measuredSec : this.#lengthUs / 1e6);
    latency?.destroy();
    if (value === null) {
      this.#hasNone = true;
      return;
    }
    const isMet = meets(operator, value, bound);
    if (!this.#hasAny || isWorse(this.objective, value, this.#worst ?? value)) this.#worst = value;
    this.#hasAny = true;
    if (!isMet) this.isMissed = true;
  }
}

const NOTHING = { part: 0, whole: 0 };
/** Records end at most so much behind their second. */
const RECORD_LATE_US = 500_000;

/** Messages and sessions that have begun in the measured time. */
function begunIn({ lanes }: IntervalRecord): number {
  return lanes.reduce((sum, { phases }) => sum + phases[1].messagesAttempted + phases[1].sessions.started, 0);
}

function isWorse({ operator, bound }: Objective, value: number, than: number): boolean {
  if (operator.startsWith('<')) return value > than;
  if (operator.startsWith('>')) return value < than;
  return meets(operator, than, bound) && !meets(operator, value, bound);
}

function figureOf(latency: LatencyHistogram, figure: number | 'mean' | 'min' | 'max'): number | null {
  if (latency.count === 0) return null;
  switch (figure) {
    case 'mean':
      return latency.sumUs / latency.count;
    case 'min':
      return latency.minUs;
    case 'max':
      return latency.maxUs;
    default:
      return latency.valueAt(figure);
  }
}

/** The count, and what it is a share of: messages attempted, for errors the commands sent, for sessions those started. */
function sumOf(lanes: readonly LaneRecord[], metric: Metric, isInTime: boolean): { part: number; whole: number } {
  let [part, whole] = [0, 0];
  for (const { phases, window } of lanes) {
    const main = phases[1];
    part += partOf(main, window, metric, isInTime);
    whole += wholeOf(main, metric);
  }
  return { part, whole };
}

/** @param isInTime - what is told per second is what was settled within the measured time */
function partOf(main: PhaseCounts, window: LaneRecord['window'], metric: Metric, isInTime: boolean): number {
  switch (metric.kind) {
    case 'messages':
      if (metric.outcome === 'attempted') return isInTime ? window.attempted : main.messagesAttempted;
      if (metric.outcome === 'dropped') {
        const { messagesDroppedCap, messagesDroppedEnd } = ArrivalCount;
        return (main.arrivals[messagesDroppedCap] ?? 0) + (main.arrivals[messagesDroppedEnd] ?? 0);
      }
      if (metric.outcome === 0 && isInTime) return window.accepted;
      return main.messages[metric.outcome] ?? 0;
    case 'replies':
      return main.replies.reduce(
        (sum, { code, count }) => sum + (code >= metric.low && code <= metric.high ? count : 0),
        0,
      );
    case 'errors':
      return main.errors.reduce(
        (sum, { kind, count }) => sum + (metric.error === null || metric.error === kind ? count : 0),
        0,
      );
    case 'sessions':
      if (metric.what === 'started') return main.sessions.started;
      return main.sessions.ended[metric.what === 'completed' ? Ending.completed : Ending.failed] ?? 0;
    case 'latency':
      return 0;
  }
}

function wholeOf(main: PhaseCounts, metric: Metric): number {
  if (metric.kind === 'errors') return main.sent.reduce((sum, count) => sum + count, 0);
  if (metric.kind === 'sessions') return main.sessions.started;
  const offered = metric.kind === 'messages' && metric.outcome === 'dropped';
  return offered ? (main.arrivals[ArrivalCount.messagesOffered] ?? 0) : main.messagesAttempted;
}

function shareOrRate(
  { part, whole }: { part: number; whole: number },
  unit: Objective['unit'],
  sec: number,
): number | null {
  if (unit === 'count') return part;
  if (unit === '/s') return sec > 0 && Number.isFinite(sec) ? part / sec : null;
  return whole === 0 ? null : (part / whole) * 100;
}

function resultOf(objective: Objective, value: number | null): ObjectiveResult {
  const { expression, bound, unit, operator, allowsNone } = objective;
  return {
    expression,
    value,
    bound,
    unit,
    margin: value === null ? null : marginOf(operator, value, bound),
    pass: value === null ? allowsNone : meets(operator, value, bound),
  };
}

function marginOf(operator: Objective['operator'], value: number, bound: number): number {
  if (operator.startsWith('<')) return bound - value;
  if (operator.startsWith('>')) return value - bound;
  const distance = Math.abs(value - bound);
  return operator === '==' ? 0 - distance : distance;
}
