/** Runs a load against a sink of our own and checks what must hold for every run, whatever the sink did to it. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, onTestFinished } from 'vitest';
import { OUTCOME_NAMES } from '../../src/metrics/outcome.js';
import type { LoadPlan } from '../../src/plan/load-plan.js';
import type { LoadTestOptions } from '../../src/plan/options.js';
import { resultJsonSchema, runResultSchema } from '../../src/report/result-schema.js';
import type { ResultBlocks, RunResult } from '../../src/report/result-schema.js';
import type { RunHooks } from '../../src/run.js';
import type { RunningSink, SinkOptions, SinkStats } from '../../src/sink/sink.js';
import { run, runPlan, startSink } from './integration-build.js';

/**
 * What the faults of a sink keep from one side: `commands` that it never read, `replies` that we never took (with them
 * the fate of messages).
 */
export type Hidden = 'commands' | 'replies';

/** A load and the server it is for. */
export interface Trial {
  readonly options?: Partial<LoadTestOptions>;
  readonly sink?: SinkOptions;
  /** What stands before the sink; gives the target. */
  readonly via?: (sink: RunningSink) => Promise<string>;
  readonly hooks?: RunHooks | ((sink: RunningSink) => RunHooks);
  readonly hidden?: readonly Hidden[];
}

/** What came of it. */
export interface Outcome {
  readonly result: RunResult;
  readonly sink: RunningSink;
  readonly stats: SinkStats;
}

/** Gates that tell of the machine the tests run on, and nothing of the code. */
const MACHINE_GATES = ['lag.p99', 'eventLoopLag.p99', 'utilisation'];
/** Steps that the pre-flight session may send. */
const PREFLIGHT_STEPS = ['ehlo', 'starttls', 'auth', 'quit'];
/** How long the sink may take to notice that the last connection is gone. */
const SETTLE_MS = 500;

const validate = new Ajv2020({ allErrors: true }).compile(resultJsonSchema());

/** A sink that is closed when the test is over. */
export async function openSink(options: SinkOptions = {}): Promise<RunningSink> {
  const sink = await startSink(options);
  onTestFinished(async () => {
    await sink.close();
  });
  return sink;
}

/** Small and quick, unless a test says otherwise. */
export function loadOptions(target: string, options: Partial<LoadTestOptions> = {}): LoadTestOptions {
  return { target, sessions: 4, workers: 1, drain: '2s', ...options };
}

/** Runs a load against a sink and checks the result, the books, and that the sink saw what the result says. */
export async function runLoad(trial: Trial): Promise<Outcome> {
  const { options, hooks = {}, hidden = [] } = trial;
  const sink = await openSink(trial.sink);
  const target = trial.via === undefined ? sink.url : await trial.via(sink);
  const result = await run(loadOptions(target, options), typeof hooks === 'function' ? hooks(sink) : hooks);
  checkResult(result);
  const stats = await settledStats(sink);
  checkAgainstSink(result, stats, hidden);
  return { result, sink, stats };
}

/** Reasons of the verdict that do not come from a busy test machine. */
export function reasonsOf(result: RunResult): string[] {
  return result.reasons.map(({ kind }) => kind).filter((kind) => !MACHINE_GATES.includes(kind));
}

/** The outcomes of messages or recipients that occurred. */
export function outcomesOf(block: ResultBlocks['messages'] | ResultBlocks['recipients']): Record<string, number> {
  return Object.fromEntries(OUTCOME_NAMES.map((name) => [name, block[name]]).filter(([, count]) => count !== 0));
}

/** The error table as `step kind` and how often. */
export function errorsOf(result: ResultBlocks): Record<string, number> {
  return Object.fromEntries(result.errors.map(({ step, kind, count }) => [`${step} ${kind}`, count]));
}

/** The replies of one step as `code enhanced` and how often. */
export function repliesOf(result: ResultBlocks, step: string): Record<string, number> {
  const rows = result.replies.filter((row) => row.step === step);
  return Object.fromEntries(rows.map((row) => [[row.code, row.enhanced ?? ''].join(' ').trimEnd(), row.count]));
}

/** What is asked of several sinks at once, and what came of it. */
export interface LanesOutcome {
  readonly result: RunResult;
  /** By sink. */
  readonly stats: readonly SinkStats[];
}

/** Runs a plan against sinks, checks the result, and that each lane's numbers are in its books. */
export async function runLanes(sinks: readonly RunningSink[], plan: LoadPlan): Promise<LanesOutcome> {
  const result = await runPlan(plan);
  checkResult(result);
  for (const lane of result.scenarios) checkBlock(lane);
  const stats: SinkStats[] = [];
  for (const sink of sinks) stats.push(await settledStats(sink));
  return { result, stats };
}

/** What holds for every result: both schemas, the books, and the sum over the intervals. */
export function checkResult(result: RunResult): void {
  expect(runResultSchema.parse(result)).toEqual(result);
  validate(JSON.parse(JSON.stringify(result)));
  expect(validate.errors).toBeNull();
  expect(result.books.checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(result.books.balanced).toBe(true);
  expect(reasonsOf(result)).not.toContain('books');
  for (const block of blocksOf(result)) checkBlock(block);
  checkIntervals(result);
}

/** The main blocks and those of the warm-up. */
function blocksOf(result: RunResult): readonly ResultBlocks[] {
  return result.warmup === null ? [result] : [result, result.warmup];
}

/** The equations again, from the numbers that people read and not from the engine's own checks. */
function checkBlock({ messages, recipients, sessions, clients, steps, replies, errors }: ResultBlocks): void {
  const { droppedBy } = messages;
  expect(messages.dropped).toBe(droppedBy.cap + droppedBy.target + droppedBy.end + droppedBy.worker);
  expect(messages.offered).toBe(messages.attempted + messages.dropped);
  for (const block of [messages, recipients]) expect(sum(Object.values(outcomesOf(block)))).toBe(block.attempted);
  for (const lives of [sessions, clients]) expect(lives.completed + lives.failed + lives.cut).toBe(lives.started);
  for (const [step, { sent, replied, failed, inFlight, latency }] of Object.entries(steps)) {
    expect({ step, sent }).toEqual({ step, sent: replied + failed + inFlight });
    expect({ step, count: latency.count }).toEqual({ step, count: replied });
    const failures = sum(errors.filter((row) => row.step === step).map(({ count }) => count));
    expect({ step, failures }).toEqual({ step, failures: failed });
    if (['connect', 'tls', 'transfer'].includes(step)) continue;
    const rows = sum(replies.filter((row) => row.step === step && !row.interim).map(({ count }) => count));
    expect({ step, rows }).toEqual({ step, rows: replied });
  }
}

/** Every message, reply and error stands in exactly one interval. */
function checkIntervals(result: RunResult): void {
  const { intervals } = result;
  const blocks = blocksOf(result);
  for (const key of ['attempted', 'accepted', 'deferred', 'rejected', 'failed'] as const) {
    const total = sum(blocks.map(({ messages }) => messages[key]));
    expect({ [key]: sum(intervals.map((interval) => interval[key])) }).toEqual({ [key]: total });
  }
  for (const replyClass of ['2yz', '3yz', '4yz', '5yz'] as const) {
    const rows = blocks.flatMap(({ replies }) =>
      replies.filter(({ code }) => String(code).startsWith(replyClass.slice(0, 1))),
    );
    const inIntervals = sum(intervals.map(({ replies }) => replies[replyClass]));
    expect({ [replyClass]: inIntervals }).toEqual({ [replyClass]: sum(rows.map(({ count }) => count)) });
  }
  const errors = sum(blocks.flatMap((block) => block.errors.map(({ count }) => count)));
  expect(sum(intervals.map((interval) => interval.errors))).toBe(errors);
  const steps = new Set(blocks.flatMap((block) => Object.keys(block.steps) as (keyof ResultBlocks['steps'])[]));
  for (const step of steps) {
    const inIntervals = sum(intervals.map((interval) => interval.steps[step]?.count ?? 0));
    expect({ [step]: inIntervals }).toEqual({
      [step]: sum(blocks.map((block) => block.steps[step]?.latency.count ?? 0)),
    });
  }
}

/** The sink's counts are ours, with the pre-flight session added. */
function checkAgainstSink(result: RunResult, stats: SinkStats, hidden: readonly Hidden[]): void {
  const blocks = blocksOf(result);
  const ours = (read: (block: ResultBlocks) => number): number => sum(blocks.map(read));
  const stepOf = (step: string, column: 'sent' | 'replied'): number =>
    ours(({ steps }) => steps[step as keyof typeof steps]?.[column] ?? 0);
  const { preflight } = result;

  if (!hidden.includes('commands')) {
    expect(stats.connections).toBe(stepOf('connect', 'replied') + preflight.connections);
    const more = Object.entries(stats.commands).map(([step, count]) => [step, count - stepOf(step, 'sent')] as const);
    expect(more.filter(([step, count]) => count !== 0 && !PREFLIGHT_STEPS.includes(step))).toEqual([]);
    expect(more.filter(([, count]) => count < 0)).toEqual([]);
    expect(sum(more.map(([, count]) => count))).toBe(preflight.commands);
  }
  if (!hidden.includes('replies')) {
    const more = repliesOnlySinkSaw(blocks, stats);
    expect(more.filter(({ step, count }) => count !== 0 && !['greeting', ...PREFLIGHT_STEPS].includes(step))).toEqual(
      [],
    );
    expect(more.filter(({ count }) => count < 0)).toEqual([]);
    const inPreflight = more.filter(({ code }) => code !== 334);
    expect(sum(inPreflight.map(({ count }) => count))).toBe(preflight.commands + preflight.connections);
    // A server takes a message again for those recipients that it deferred.
    if (result.retries === null) expect(stats.messages).toBe(ours(({ messages }) => messages.accepted));
    expect(stats.recipients).toBe(ours(({ recipients }) => recipients.accepted));
  }
  // Whatever is hidden: nothing was accepted that the sink did not accept, nothing answered that it did not say.
  expect(stats.messages).toBeGreaterThanOrEqual(ours(({ messages }) => messages.accepted));
  expect(stats.recipients).toBeGreaterThanOrEqual(ours(({ recipients }) => recipients.accepted));
}

/** Per step, code and enhanced code: how many replies the sink counts beyond ours. */
function repliesOnlySinkSaw(
  blocks: readonly ResultBlocks[],
  stats: SinkStats,
): { step: string; code: number; enhanced: string | null; count: number }[] {
  const rows = new Map<string, { step: string; code: number; enhanced: string | null; count: number }>();
  const add = (step: string, code: number, enhanced: string | null, count: number): void => {
    const key = [step, code, enhanced].join(' ');
    rows.set(key, { step, code, enhanced, count: (rows.get(key)?.count ?? 0) + count });
  };
  for (const { step, code, enhanced, count } of stats.replies) add(step, code, enhanced, count);
  for (const { step, code, enhanced, count } of blocks.flatMap(({ replies }) => replies))
    add(step, code, enhanced, -count);
  return [...rows.values()];
}

/** The sink's counts once it has noticed that nobody is there any more; it may have stopped reading and never notice. */
async function settledStats(sink: RunningSink): Promise<SinkStats> {
  const deadline = performance.now() + SETTLE_MS;
  while (sink.stats().open > 0 && performance.now() < deadline) await pause(5);
  return sink.stats();
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
