/** `postrush sink`: listens until told to stop, then tells what it saw. */
import { performance } from 'node:perf_hooks';
import type { SinkRecord } from '../report/sink-schema.js';
import { startSink } from '../sink/sink.js';
import type { SinkStats } from '../sink/sink.js';
import type { SinkOptions } from '../sink/sink-options.js';
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
  const { options, processes, durationMs, jsonPath, isQuiet } = await prepareSink(invocation);
  const sink = await start(options, processes);
  const stop = stopSignal(durationMs);
  const startedAt = new Date();
  const startedMs = performance.now();
  const elapsedSec = (): number => (performance.now() - startedMs) / 1000;
  const isLive = !isQuiet && canRewriteLine(stderr.isTerminal, environment);
  for (const url of sink.urls) stderr.tell(`listening on ${url}\n`);
  if (!isQuiet) stderr.tell('Ctrl-C ends it and prints what it saw\n');

  const ticker = isLive ? showEverySecond(sink, (line) => stderr.tell(CLEAR_LINE + line)) : null;
  const onSummary = (): void => {
    void Promise.resolve(sink.stats()).then((stats) =>
      stderr.tell((isLive ? CLEAR_LINE : '') + sinkSummary(stats, elapsedSec())),
    );
  };
  process.on('SIGUSR2', onSummary);
  const loss = await Promise.race([stop.told, sink.lost]).then(() => null, errorOf);
  stop.forget();
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
  if (loss !== null) throw loss;
  return ExitCode.pass;
}

/** A sink in one process or in several. */
interface StartedSink {
  readonly urls: readonly string[];
  stats(): SinkStats | Promise<SinkStats>;
  /** Rejects when a part of it dies. */
  readonly lost: Promise<never>;
  close(): Promise<SinkStats>;
}

async function start(options: SinkOptions, processes: number): Promise<StartedSink> {
  if (processes > 1) {
    // Loaded where it is wanted: a sink of one process starts without it.
    const { startSinkCluster } = await import('../sink/sink-cluster.js');
    return startSinkCluster(options, processes);
  }
  return { ...(await startSink(options)), lost: new Promise(() => undefined) };
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** What `--json` writes. */
function recordOf(stats: SinkStats, startedAt: Date, lastedSec: number): SinkRecord {
  const { tls, replies, seconds, addedDelay, ...counts } = stats;
  return {
    schema: 'postrush.sink/1',
    startedAt: startedAt.toISOString(),
    lastedSec,
    ...counts,
    tls: [...tls],
    replies: [...replies],
    addedDelay: { ...addedDelay },
    seconds: [...seconds],
  };
}

/** `told` resolves at the first signal, or at the end of the time. A second signal leaves at once. */
function stopSignal(durationMs: number | null): { told: Promise<void>; forget: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const told = new Promise<void>((resolve) => {
    let isStopping = false;
    if (durationMs !== null) timer = setTimeout(resolve, durationMs);
    const onSignal = (): void => {
      if (isStopping) process.exit(ExitCode.cut);
      isStopping = true;
      resolve();
    };
    for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  });
  // Left alone the timer would keep the process until its time, though nothing listens any more.
  return { told, forget: () => clearTimeout(timer) };
}

function showEverySecond(sink: StartedSink, tell: (line: string) => void): NodeJS.Timeout {
  let before = 0;
  return setInterval(() => {
    void Promise.resolve(sink.stats()).then((stats) => {
      tell(sinkLine(stats, stats.messages - before));
      before = stats.messages;
    });
  }, 1000);
}
