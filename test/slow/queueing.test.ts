/** Long runs against queues of theory. They take minutes, and a machine with nothing else to do. */
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/report/result-schema.js';
import { runLoad } from '../support/integration-run.js';

describe('a queue before one server with exponential service', () => {
  /** Mean response of M/G/1 from the first two moments of the service (Pollaczek and Khinchine). */
  function theory({ service, arrivals }: RunResult['latency'] & { arrivals: number }, sec: number): number {
    const meanSec = service!.meanUs! / 1e6;
    const squareSec = (service!.stdevUs! / 1e6) ** 2 + meanSec ** 2;
    const perSec = arrivals / sec;
    return meanSec + (perSec * squareSec) / (2 * (1 - perSec * meanSec));
  }

  test.each([
    [0.5, 25],
    [0.8, 100],
  ])('at %d of what it can do responds as theory says', { retry: 2, timeout: 300_000 }, async (load, seconds) => {
    const meanMs = 4;
    const { result } = await runLoad({
      sink: { faults: [{ on: 'endOfData', delayMs: { shape: 'exponential', meanMs } }], seed: 3 },
      options: {
        ...{
          rate: `${(load / (meanMs + 1.2)) * 1e3}/s`,
          arrivals: 'poisson',
          seed: 4,
          duration: `${seconds}s`,
          drain: '10s',
        },
        ...{ sessions: 1, onFull: 'queue', reuse: true },
      },
    });
    const { response, service } = result.latency;
    const sec = theory({ ...result.latency, arrivals: response!.count }, result.window.measuredSec);
    // The service time has what the machine adds to the 4 ms, which is why theory is asked about the service measured.
    expect(service!.meanUs! / 1e3).toBeGreaterThan(meanMs * 0.9);
    expect(Math.abs(response!.meanUs! / 1e6 / sec - 1)).toBeLessThan(0.1);
  });
});
