/** From trials beside a sink to what the generator could do alone. Pure arithmetic. */
import type { Calibration, CalibrationTrial, Spread } from '../report/calibration-schema.js';
import type { RunResult } from '../report/result-schema.js';

/** What one trial showed. The warm-up is left out: code that is not compiled yet costs more. */
export function trialOf(result: RunResult): CalibrationTrial {
  const { window, throughput, messages, generator, environment } = result;
  const measured = result.intervals.filter(({ phase }) => phase === 'measured');
  const attempted = measured.reduce((sum, each) => sum + each.attempted, 0);
  const cpuSec = measured.reduce<number | null>((sum, { generator: { cpuSec: sec } }) => {
    return sum === null || sec === null ? null : sum + sec;
  }, 0);
  const cpuUsPerMessage = cpuSec === null || cpuSec === 0 || attempted === 0 ? null : (cpuSec * 1e6) / attempted;
  const { workers } = generator;
  const busy = workers.reduce((sum, worker) => sum + worker.busy, 0) / workers.length;
  const messagesPerSec = throughput.attemptedPerSec;
  const ceilingPerSec =
    cpuUsPerMessage === null
      ? messagesPerSec / Math.max(busy, Number.EPSILON)
      : (parallelWorkers(workers.length, usableCores(environment)) * 1e6) / cpuUsPerMessage;
  return {
    measuredSec: window.measuredSec,
    attempted: messages.attempted,
    accepted: messages.accepted,
    messagesPerSec,
    sessionsPerSec: throughput.sessionsPerSec,
    busy,
    cpuUsPerMessage,
    ceilingPerSec,
  };
}

/** Cores that this process may use, perhaps parts of one. */
export function usableCores({ cores, cpuLimit }: Pick<RunResult['environment'], 'cores' | 'cpuLimit'>): number {
  return Math.min(cores, cpuLimit ?? Infinity);
}

/** More workers than cores take turns. */
function parallelWorkers(workers: number, cores: number): number {
  return Math.min(workers, cores);
}

/** What all trials say together. */
export function ceilingOf(
  trials: readonly CalibrationTrial[],
  workers: number,
): Pick<Calibration, 'method' | 'ceiling' | 'besideSink'> {
  const of = (read: (trial: CalibrationTrial) => number): Spread => spreadOf(trials.map(read));
  const isKnown = trials.every(({ cpuUsPerMessage }) => cpuUsPerMessage !== null);
  return {
    method: isKnown ? 'cpu' : 'busy',
    ceiling: {
      cpuUsPerMessage: isKnown ? of(({ cpuUsPerMessage }) => cpuUsPerMessage ?? 0) : null,
      messagesPerSec: of(({ ceilingPerSec }) => ceilingPerSec),
      messagesPerSecPerWorker: of(({ ceilingPerSec }) => ceilingPerSec / workers),
      sessionsPerSec: of(({ ceilingPerSec, sessionsPerSec, messagesPerSec }) =>
        messagesPerSec === 0 ? 0 : (ceilingPerSec * sessionsPerSec) / messagesPerSec,
      ),
    },
    besideSink: {
      messagesPerSec: of(({ messagesPerSec }) => messagesPerSec),
      sessionsPerSec: of(({ sessionsPerSec }) => sessionsPerSec),
      busy: of(({ busy }) => busy),
    },
  };
}

/** Median, lowest and highest of what is not empty. */
function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? 0;
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    lowest: at(0),
    highest: at(sorted.length - 1),
  };
}
