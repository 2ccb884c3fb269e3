/** `postrush check`: finds out what a server is, and tells it. */
import { checkTarget } from '../check.js';
import { renderCheckReport } from '../report/check-report.js';
import type { CheckResult } from '../report/check-schema.js';
import { prepareCheck } from './check-settings.js';
import type { Invocation } from './command-line.js';
import { ExitCode } from './exit-codes.js';
import type { Output } from './output.js';
import { STDOUT_PATH, jsonText, writeJsonFile } from './result-file.js';
import type { Surroundings } from './run-command.js';
import { canRewriteLine, usesColor } from './terminal.js';

const CLEAR_LINE = '\r\x1b[2K';
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Checks a server as the command line says.
 *
 * @returns the exit code
 * @throws PostrushError for whatever stops a check
 */
export async function checkCommand(
  invocation: Extract<Invocation, { kind: 'check' }>,
  surroundings: Surroundings,
): Promise<ExitCode> {
  const { stderr, environment } = surroundings;
  const { plan, jsonPath } = prepareCheck(invocation);
  const isLive = canRewriteLine(stderr.isTerminal, environment);
  const clear = isLive ? CLEAR_LINE : '';
  const interruption = listenForStop(stderr, clear);
  try {
    const onStage = (text: string): void => {
      if (isLive) stderr.tell(`${CLEAR_LINE}${text}`);
    };
    const result = await checkTarget(plan, { stop: interruption.stop, onStage });
    stderr.tell(clear);
    await publish(result, jsonPath, surroundings);
    return ExitCode.pass;
  } finally {
    stderr.tell(clear);
    interruption.release();
  }
}

async function publish(
  result: CheckResult,
  jsonPath: string | null,
  { stdout, environment }: Surroundings,
): Promise<void> {
  if (jsonPath === STDOUT_PATH) return stdout.write(jsonText(result));
  const color = usesColor(stdout.isTerminal, environment);
  try {
    await stdout.write(renderCheckReport(result, { color, width: stdout.columns }));
  } finally {
    if (jsonPath !== null) writeJsonFile(jsonPath, result);
  }
}

/** The first signal ends the check, a second one the process. */
function listenForStop(stderr: Output, clear: string): { stop: AbortSignal; release: () => void } {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(ExitCode.cut);
    stderr.tell(`${clear}stopping: what is known so far follows; press Ctrl-C again to leave without it\n`);
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
