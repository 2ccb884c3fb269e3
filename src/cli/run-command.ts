/** `postrush run`: prepares, runs, prints. */
import { availableParallelism } from 'node:os';
import { portLimit } from '../machine-limits.js';
import { portWarning } from '../plan/port-needs.js';
import { formatDuration } from '../plan/units.js';
import type { KnownCeiling } from '../report/generator-schema.js';
import type { RunResult } from '../report/result-schema.js';
import { renderQuietLine, renderTextReport } from '../report/text-report.js';
import { runPlan, startBuiltInSink } from '../run.js';
import type { Environment } from './environment.js';
import { ExitCode, exitCodeOfResult } from './exit-codes.js';
import { listenForSignals } from './interruption.js';
import type { Interruption } from './interruption.js';
import type { Output } from './output.js';
import { RunDirectory, directoryProblem } from '../run-store/run-directory.js';
import { defaultDirectory } from './default-directory.js';
import type { RunProgress } from '../report/progress.js';
import { ProgressPrinter } from './progress-printer.js';
import { STDOUT_PATH, jsonText, writeJsonFile, writeWhole } from './result-file.js';
import { knownCeiling } from './known-ceiling.js';
import { prepareRun } from './run-settings.js';
import type { RunSettings, RunWords } from './run-settings.js';
import { canRewriteLine, usesColor } from './terminal.js';

/** The world around a command. */
export interface Surroundings {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: Environment;
}

/**
 * Runs a load test as the command line says.
 *
 * @returns the exit code
 * @throws PostrushError for whatever stops a run
 */
export async function runCommand(invocation: RunWords, surroundings: Surroundings): Promise<ExitCode> {
  const { stdout, stderr, environment } = surroundings;
  const settings = await prepareRun(invocation, environment, availableParallelism());
  if (settings.isPrintOnly) {
    const { renderConfig } = await import('./print-config.js');
    await stdout.write(renderConfig(settings.draft, settings.plan));
    return ExitCode.pass;
  }
  const progress = new ProgressPrinter(stderr, {
    mode: settings.progress,
    isRewriting: canRewriteLine(stderr.isTerminal, environment),
    color: usesColor(stderr.isTerminal, environment),
  });
  const interruption = listenForSignals((line) => progress.note(line), formatDuration(settings.plan.drainMs));
  try {
    const directory = openDirectory(settings, progress);
    const ceiling = knownCeiling(settings.plan, environment, progress.note.bind(progress));
    const ports = portWarning(settings.plan, portLimit());
    if (ports !== null) progress.note(`warning: ${ports}`);
    const result = await perform(settings, progress, interruption, { directory, ceiling });
    progress.clear();
    if (result === null) {
      progress.note('postrush: stopped before the load began');
      return ExitCode.cut;
    }
    try {
      await publish(result, settings, surroundings);
    } finally {
      directory?.finish(jsonText(result));
    }
    if (directory !== null && !settings.isQuiet)
      progress.note(`kept in ${directory.path} (postrush report ${directory.path})`);
    return exitCodeOfResult(result);
  } finally {
    progress.clear();
    interruption.release();
  }
}

/** Where the run is kept; null: nowhere. A place that nobody asked for and that cannot be written is no reason not to run. */
function openDirectory(settings: RunSettings, progress: ProgressPrinter): RunDirectory | null {
  const { out } = settings;
  if (out === null) return null;
  const path = out.path ?? defaultDirectory(settings, new Date());
  const problem = out.path === null ? directoryProblem(path) : null;
  if (problem === null) return new RunDirectory(path);
  if (!settings.isQuiet)
    progress.note(`nothing is kept: ${path} ${problem} (--out says where, --no-out that nothing is)`);
  return null;
}

/** The run itself, with a sink beside it when there is no target. Null: it was stopped before there was any load. */
async function perform(
  settings: RunSettings,
  progress: ProgressPrinter,
  { stop, cut }: Interruption,
  { directory, ceiling }: { directory: RunDirectory | null; ceiling: KnownCeiling | null },
): Promise<RunResult | null> {
  const sink = settings.targets.length === 0 ? await startBuiltInSink() : null;
  const seen = { load: false };
  try {
    if (sink !== null && !settings.isQuiet) {
      progress.note(
        `no TARGET given: the load goes to the built-in sink at ${sink.url}, which answers after ${sink.replyDelayMs} ms`,
      );
    }
    const plan = sink === null ? settings.plan : settings.planFor(sink.url);
    const hooks = {
      ...{ stop, cut },
      onProgress: (now: RunProgress): void => {
        seen.load ||= now.phase !== 'preflight';
        progress.show(now);
      },
      ...(directory === null ? {} : { store: directory }),
      ...(ceiling === null ? {} : { ceiling }),
    };
    return await runPlan(plan, sink === null ? hooks : { ...hooks, builtInSink: { replyDelayMs: sink.replyDelayMs } });
  } catch (error) {
    // Whatever a run that was told to stop during its pre-flight says, the user knows why it ended.
    if (stop.aborted && !seen.load) return null;
    throw error;
  } finally {
    await sink?.close();
  }
}

/** Report and files: when one of them cannot be written, the others are there all the same. */
async function publish(
  result: RunResult,
  { jsonPath, junitPath, isQuiet }: RunSettings,
  { stdout, environment }: Surroundings,
): Promise<void> {
  const color = usesColor(stdout.isTerminal, environment);
  const reportText = (): string =>
    isQuiet ? renderQuietLine(result) : renderTextReport(result, { color, width: stdout.columns });
  try {
    await stdout.write(jsonPath === STDOUT_PATH ? jsonText(result) : reportText());
  } finally {
    await publishFiles(result, jsonPath === STDOUT_PATH ? null : jsonPath, junitPath);
  }
}

/** Writes the files that were asked for. */
export async function publishFiles(result: RunResult, json: string | null, junit: string | null): Promise<void> {
  try {
    if (json !== null) writeJsonFile(json, result);
  } finally {
    if (junit !== null) await writeJunit(junit, result);
  }
}

async function writeJunit(path: string, result: RunResult): Promise<void> {
  const { renderJunit } = await import('../report/junit-report.js');
  writeWhole(path, renderJunit(result));
}
