/** `postrush calibrate`: what the generator itself can do with such sessions on this machine. */
import { availableParallelism } from 'node:os';
import { TRIALS, calibrate } from '../calibrate.js';
import { calibrationProblems } from '../calibration/calibration-plan.js';
import { PostrushError } from '../errors.js';
import { DEFAULTS } from '../plan/options.js';
import { parseDurationMs } from '../plan/units.js';
import { renderCalibration } from '../report/calibration-report.js';
import type { Calibration, CalibrationTrial } from '../report/calibration-schema.js';
import { formatLatency, formatRate } from '../report/quantities.js';
import { CALIBRATE_FLAGS, LONGEST_TRIAL_MS, SHORTEST_TRIAL_MS, TRIAL_MS } from './calibrate-flags.js';
import { ceilingPath, storeCeiling } from './calibration-file.js';
import type { Invocation, UsageProblem } from './command-line.js';
import type { Environment } from './environment.js';
import { ExitCode } from './exit-codes.js';
import { ceilingKey } from './known-ceiling.js';
import type { Output } from './output.js';
import { STDOUT_PATH, jsonText, writeJsonFile } from './result-file.js';
import type { Surroundings } from './run-command.js';
import { RUN_FLAGS, longName, variableOf } from './run-flags.js';
import { prepareRun } from './run-settings.js';
import type { RunSettings } from './run-settings.js';
import { usesColor } from './terminal.js';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Calibrates as the command line says, prints what came of it, and stores it.
 *
 * @returns the exit code
 * @throws PostrushError for whatever stops a calibration
 */
export async function calibrateCommand(
  invocation: Extract<Invocation, { kind: 'run' | 'explain' | 'calibrate' }>,
  surroundings: Surroundings,
): Promise<ExitCode> {
  const { stderr, environment } = surroundings;
  const { settings, durationMs } = await prepare(invocation, environment);
  const { plan, planFor, jsonPath, draft } = settings;
  const isSaid = draft.load.origins.has('sessions');
  // With arrivals -s is the most that there may be, and its default says nothing of how many there are.
  const usual = Math.max(DEFAULTS.sessions, plan.workers);
  const sessions = plan.arrivals === null || isSaid ? plan.sessions : usual;
  if (plan.arrivals !== null) {
    stderr.tell(
      `the arrivals of the scenario (${plan.arrivals.written}) do not count here: ${String(sessions)} sessions send as fast as they can\n`,
    );
  }
  if (plan.scenarios.some(({ proxy }) => proxy !== null)) {
    stderr.tell('the header of the PROXY protocol is left out: the built-in sink does not know it\n');
  }
  if (
    plan.scenarios.some(
      ({ localAddresses, tls }) => localAddresses.length > 0 || tls.caPem !== null || tls.serverName !== null,
    )
  ) {
    stderr.tell(
      'source addresses, roots to trust and names in certificates do not count here: they are of the real target\n',
    );
  }
  const interruption = listenForStop();
  try {
    const calibration = await calibrate(
      { plan, planFor, sessions, durationMs },
      { stop: interruption.stop, onTrial: (trial, number) => stderr.tell(trialLine(trial, number)) },
    );
    store(settings, calibration, surroundings);
    await publish(calibration, jsonPath, surroundings);
    return ExitCode.pass;
  } finally {
    interruption.release();
  }
}

/** What the flags and the file say, as they would to `run`. Variables count for the flags that calibrate has of it. */
async function prepare(
  { flags, problems, targets }: Extract<Invocation, { kind: 'run' | 'explain' | 'calibrate' }>,
  environment: Environment,
): Promise<{ settings: RunSettings; durationMs: number }> {
  const words = new Map(flags);
  words.delete('--duration');
  const found: UsageProblem[] = [...problems];
  const text = flags.get('--duration');
  const reading = text === undefined ? null : parseDurationMs(String(text), SHORTEST_TRIAL_MS, LONGEST_TRIAL_MS);
  if (reading?.ok === false) found.push({ path: '--duration', message: `${reading.takes}, got '${String(text)}'` });
  const settings = await prepareRun(
    { targets, flags: words, problems: found },
    ofCalibrate(environment),
    availableParallelism(),
  );
  const issues = calibrationProblems(settings.plan).map((message) => ({ path: 'calibrate', message }));
  if (issues.length > 0) throw new PostrushError('E_CONFIG', 'this cannot be calibrated', { issues });
  return { settings, durationMs: reading?.ok === true ? reading.value : TRIAL_MS };
}

/** The environment without what it says of other flags of `run`. */
function ofCalibrate(environment: Environment): Environment {
  const shaping = new Set(CALIBRATE_FLAGS.filter(({ option }) => option !== null).map(longName));
  const names = RUN_FLAGS.filter((flag) => !shaping.has(longName(flag)) && longName(flag) !== '--scenario');
  const others = new Set(names.map(variableOf));
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !others.has(name)));
}

function trialLine(trial: CalibrationTrial, number: number): string {
  const { messagesPerSec, cpuUsPerMessage } = trial;
  const cpu = cpuUsPerMessage === null ? '' : `, CPU ${formatLatency(cpuUsPerMessage)} per message`;
  return `trial ${String(number)} of ${String(TRIALS)}: ${formatRate(messagesPerSec)} messages/s beside the sink${cpu}\n`;
}

/** Stores the ceiling for later runs, and says where; that it cannot be stored takes nothing from the figures. */
function store({ plan }: RunSettings, calibration: Calibration, { stderr, environment }: Surroundings): void {
  const path = ceilingPath(environment);
  if (path === null) return;
  const { calibratedAt, ceiling, workers } = calibration;
  const problem = storeCeiling(path, {
    ...ceilingKey(plan, workers),
    messagesPerSec: ceiling.messagesPerSec.median,
    sessionsPerSec: ceiling.sessionsPerSec.median,
    calibratedAt,
  });
  stderr.tell(problem === null ? `stored in ${path}\n` : `nothing is stored: ${problem}\n`);
}

async function publish(
  calibration: Calibration,
  jsonPath: string | null,
  { stdout, environment }: { stdout: Output; environment: Environment },
): Promise<void> {
  if (jsonPath === STDOUT_PATH) return stdout.write(jsonText(calibration));
  const color = usesColor(stdout.isTerminal, environment);
  try {
    await stdout.write(renderCalibration(calibration, { color, width: stdout.columns }));
  } finally {
    if (jsonPath !== null) writeJsonFile(jsonPath, calibration);
  }
}

/** The first signal ends the calibration, a second one the process. */
function listenForStop(): { stop: AbortSignal; release: () => void } {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(ExitCode.cut);
    stop.abort();
  };
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  return {
    stop: stop.signal,
    release: () => {
      for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
    },
  };
}
