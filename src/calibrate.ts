/** A calibration, put together: a sink without delay, a few short runs beside it, and what they say of the generator. */
import { ceilingOf, trialOf } from './calibration/generator-ceiling.js';
import { closedPlan, sinkFor } from './calibration/calibration-plan.js';
import { workShape } from './calibration/work-shape.js';
import { startBuiltInSink } from './coordinator/built-in-sink.js';
import { PostrushError } from './errors.js';
import type { LoadPlan } from './plan/load-plan.js';
import type { Calibration, CalibrationTrial } from './report/calibration-schema.js';
import type { RunResult } from './report/result-schema.js';
import { machineOf } from './machine.js';
import { runPlan } from './run.js';
import { selfSignedPair } from './sink/self-signed.js';
import { SINK_DEFAULTS } from './sink/sink-options.js';
import { version } from './version.js';

/** How many runs there are: the fewest that have a median with something on both sides. */
export const TRIALS = 3;
/** Share of the messages that the sink must take: what is refused is other work. */
const LEAST_ACCEPTED_SHARE = 0.5;

/** What is calibrated. */
export interface CalibrationTask {
  /** As `run` would have it, at whatever target. */
  readonly plan: LoadPlan;
  /** The same at another target. */
  readonly planFor: (target: string) => LoadPlan;
  readonly sessions: number;
  /** Measured time of each trial. */
  readonly durationMs: number;
}

/** What a caller may hear, and how it may end it. */
export interface CalibrationHooks {
  /** Ends everything now, without a result. */
  readonly stop: AbortSignal;
  /** Called behind each trial. */
  readonly onTrial: (trial: CalibrationTrial, number: number) => void;
}

/**
 * Calibrates.
 *
 * @throws PostrushError `E_STOPPED` when it was stopped, `E_TARGET` when the sink did not take what the plan sends, and
 * whatever keeps a run from beginning
 */
export async function calibrate(task: CalibrationTask, { stop, onTrial }: CalibrationHooks): Promise<Calibration> {
  const pair = await selfSignedPair(SINK_DEFAULTS.name);
  const sink = await startBuiltInSink(sinkFor(task.plan, pair));
  try {
    const plan = closedPlan(task.planFor(sink.url), { ...task, trustedPem: pair.cert });
    const trials: CalibrationTrial[] = [];
    while (trials.length < TRIALS) {
      const result = await runPlan(plan, { stop, cut: stop, builtInSink: { replyDelayMs: sink.replyDelayMs } });
      if (stop.aborted) throw stopped();
      checkTrial(result);
      const trial = trialOf(result);
      trials.push(trial);
      onTrial(trial, trials.length);
    }
    return {
      schema: 'postrush.calibration/1',
      calibratedAt: new Date().toISOString(),
      tool: { name: 'postrush', version: version() },
      environment: machineOf(),
      shape: workShape(task.plan),
      sessions: plan.sessions,
      workers: plan.workers,
      ...ceilingOf(trials, plan.workers),
      trials,
    };
  } catch (error) {
    throw stop.aborted ? stopped(error) : error;
  } finally {
    await sink.close();
  }
}

function stopped(cause?: unknown): PostrushError {
  return new PostrushError('E_STOPPED', 'calibration was stopped: nothing is stored', { cause });
}

/** A run that came to nothing, or ended before its time, says nothing of the generator. */
function checkTrial({ endedBy, messages, replies, errors, reasons }: RunResult): void {
  const books = reasons.find(({ kind }) => kind === 'books');
  if (books !== undefined)
    throw new PostrushError('E_WORKER_CRASH', `a trial does not add up, so that it says nothing: ${books.text}`);
  if (endedBy === 'plan' && messages.accepted >= LEAST_ACCEPTED_SHARE * messages.attempted && messages.accepted > 0)
    return;
  const what =
    endedBy === 'plan'
      ? `the built-in sink took ${String(messages.accepted)} of ${String(messages.attempted)} messages of this scenario`
      : `the scenario ended its run on the built-in sink before its time (${endedBy})`;
  const [reply] = replies.filter(({ code }) => code >= 400);
  const [error] = errors;
  const seen = [
    ...(reply === undefined ? [] : [`${String(reply.code)} to ${reply.step}`]),
    ...(error === undefined ? [] : [`${error.kind} at ${error.step}`]),
  ];
  throw new PostrushError('E_TARGET', [what, ...seen].join('; '));
}
