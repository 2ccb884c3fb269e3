/** What follows from trials beside a sink. */
import { describe, expect, test } from 'vitest';
import { ceilingOf, trialOf } from '../../src/calibration/generator-ceiling.js';
import type { RunResult } from '../../src/report/result-schema.js';
import { sampleInterval, sampleResult } from '../support/sample-result.js';

/** Two seconds of 1,000 messages on so many workers and cores, behind a warm-up that cost a lot. */
function trialResult(cpuSec: number | null, workers = 2, cores = 8): RunResult {
  const second = (index: number, phase: 'warmup' | 'measured', sec: number | null) =>
    sampleInterval(index, {
      phase,
      attempted: 1000,
      generator: { eventLoopLagP99Us: 1, gcSec: 0.05, busy: 0.9, cpuSec: sec },
    });
  const { generator, environment, throughput } = sampleResult();
  return sampleResult({
    environment: { ...environment, cores },
    throughput: { ...throughput, attemptedPerSec: 1000, sessionsPerSec: 250 },
    generator: {
      ...generator,
      workers: Array.from({ length: workers }, (_, workerId) => ({
        ...{ workerId, busy: workerId === 0 ? 0.6 : 0.2, cpuSec: 1 },
        ...{ eventLoopLagP99Us: 1, gcSec: 0.05, lost: false, sessions: 1 },
      })),
    },
    intervals: [second(0, 'warmup', 9), second(1, 'measured', cpuSec), second(2, 'measured', cpuSec)],
  });
}

describe('a trial', () => {
  test('gives the ceiling by the CPU per message, without that of the warm-up', () => {
    const trial = trialOf(trialResult(0.25));
    expect(trial.cpuUsPerMessage).toBeCloseTo(250, 9);
    expect(trial.ceilingPerSec).toBeCloseTo(8000, 6);
    expect(trial).toMatchObject({ messagesPerSec: 1000, sessionsPerSec: 250, busy: 0.4 });
  });

  test('gives more workers than cores no more than the cores', () => {
    expect(trialOf(trialResult(0.25, 4, 1)).ceilingPerSec).toBeCloseTo(4000, 6);
    expect(trialOf(trialResult(0.25, 4, 4)).ceilingPerSec).toBeCloseTo(16_000, 6);
  });

  test('falls back on what was reached and how busy workers were where nobody tells CPU', () => {
    expect(trialOf(trialResult(null))).toMatchObject({ cpuUsPerMessage: null, ceilingPerSec: 2500 });
  });
});

describe('all trials', () => {
  const trials = [0.25, 0.2, 0.5].map((cpuSec) => trialOf(trialResult(cpuSec)));

  test('give the median with lowest and highest, for all workers, for each, and for sessions', () => {
    const { method, ceiling, besideSink } = ceilingOf(trials, 2);
    expect(method).toBe('cpu');
    expect(ceiling.messagesPerSec).toEqual({ median: 8000, lowest: 4000, highest: 10_000 });
    expect(ceiling.messagesPerSecPerWorker).toEqual({ median: 4000, lowest: 2000, highest: 5000 });
    expect(ceiling.sessionsPerSec).toEqual({ median: 2000, lowest: 1000, highest: 2500 });
    expect(ceiling.cpuUsPerMessage).toEqual({ median: 250, lowest: 200, highest: 500 });
    expect(besideSink.messagesPerSec).toEqual({ median: 1000, lowest: 1000, highest: 1000 });
    expect(besideSink.busy.median).toBe(0.4);
  });

  test('take the middle of two, and say which way they were made', () => {
    const { method, ceiling } = ceilingOf([...trials.slice(0, 1), trialOf(trialResult(null))], 2);
    expect(method).toBe('busy');
    expect(ceiling.cpuUsPerMessage).toBeNull();
    expect(ceiling.messagesPerSec.median).toBe((8000 + 2500) / 2);
  });
});
