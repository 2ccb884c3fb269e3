/** Ctrl-C and SIGTERM: the first asks a run to stop, the second cuts it, a third ends the process. */
import { ExitCode } from './exit-codes.js';

/** What the user has asked for meanwhile. */
export interface Interruption {
  /** Finish what is under way. */
  readonly stop: AbortSignal;
  /** End now. */
  readonly cut: AbortSignal;
  /** Gives the signals back to Node. */
  release(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Listens from now on.
 *
 * @param tell - called with one line for the user
 * @param drain - how long stopping may take, as text
 */
export function listenForSignals(tell: (line: string) => void, drain: string): Interruption {
  const stop = new AbortController();
  const cut = new AbortController();
  const onSignal = (): void => {
    if (!stop.signal.aborted) {
      tell(`stopping: finishing messages under way, up to ${drain}; press Ctrl-C again to cut`);
      stop.abort();
    } else if (!cut.signal.aborted) {
      tell('cutting: ending all sessions now; press Ctrl-C again to leave without a report');
      cut.abort();
    } else process.exit(ExitCode.cut);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    stop: stop.signal,
    cut: cut.signal,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
