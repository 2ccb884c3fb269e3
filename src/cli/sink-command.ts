/** `postrush sink`: listens until told to stop, then tells what it saw. */
import { performance } from 'node:perf_hooks';
import { startSink } from '../sink/sink.js';
import type { RunningSink, SinkStats } from '../sink/sink.js';
import type { Invocation } from './command-line.js';
import { ExitCode } from './exit-codes.js';
import { STDOUT_PATH, jsonText, writeJsonFile } from './result-file.js';
import type { Surroundings } from './run-command.js';
import { prepareSink } from './sink-settings.js';
import { sinkLine, sinkSummary } from './sink-summary.js';
import { canRewriteLine } from './terminal.js';

const CLEAR_LINE = '\r\x1b[2K';
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a sink as the command line says, until a signal or the end of `--duration`.
 *
 * @returns the exit code
 * @throws PostrushError `E_CONFIG` when it cannot listen, `E_REPORT_WRITE` when what it saw cannot be written
 */
export async function sinkCommand(
  invocation: Extract<Invocation, { kind: 'sink' }>,
  { stdout, stderr, environment }: Surroundings,
): Promise<ExitCode> {
  if (invocation.flags.has('--example') && invocation.problems.length === 0) {
    const { SINK_FILE_EXAMPLE } = await import('../sink/sink-file.js');
    await stdout.write(SINK_FILE_EXAMPLE);
    return ExitCode.pass;
  }
  const { options, durationMs, jsonPath, isQuiet } = await prepareSink(invocation);
  const sink = await startSink(options);
  const stopped = stopSignal(durationMs);
  const startedAt = new Date();
  const startedMs = performance.now();
  const elapsedSec = (): number => (performance.now() - startedMs) / 1000;
  const isLive = !isQuiet && canRewriteLine(stderr.isTerminal, environment);
  for (const url of sink.urls) stderr.tell(`listening on ${url}\n`);
  if (!isQuiet) stderr.tell('Ctrl-C ends it and prints what it saw\n');

  const ticker = isLive ? showEverySecond(sink, (line) => stderr.tell(CLEAR_LINE + line)) : null;
  const onSummary = (): void => stderr.tell((isLive ? CLEAR_LINE : '') + sinkSummary(sink.stats(), elapsedSec()));
  process.on('SIGUSR2', onSummary);
  await stopped;
  clearInterval(ticker ?? undefined);
  process.off('SIGUSR2', onSummary);
  if (isLive) stderr.tell(CLEAR_LINE);
  const lastedSec = elapsedSec();
  const stats = await sink.close();
  const record = recordOf(stats, startedAt, lastedSec);
  if (jsonPath === STDOUT_PATH) await stdout.write(jsonText(record));
  else {
    try {
      if (!isQuiet) await stdout.write(sinkSummary(stats, lastedSec));
    } finally {
      if (jsonPath !== null) writeJsonFile(jsonPath, record);
    }
  }
  return ExitCode.pass;
}

/** What `--json` writes. */
function recordOf(stats: SinkStats, startedAt: Date, lastedSec: number): object {
  return { schema: 'postrush.sink/1', startedAt: startedAt.toISOString(), lastedSec, ...stats };
}

/** Resolves at the first signal, or at the end of the time. A second signal leaves at once. */
function stopSignal(durationMs: number | null): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    // Left alone it would keep the process until its time, though nothing listens any more.
    const timer = durationMs === null ? null : setTimeout(resolve, durationMs);
    const onSignal = (): void => {
      if (isStopping) process.exit(ExitCode.cut);
      isStopping = true;
      clearTimeout(timer ?? undefined);
      resolve();
    };
    for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  });
}

function showEverySecond(sink: RunningSink, tell: (line: string) => void): NodeJS.Timeout {
  let before = 0;
  return setInterval(() => {
    const stats = sink.stats();
    tell(sinkLine(stats, stats.messages - before));
    before = stats.messages;
  }, 1000);
}
