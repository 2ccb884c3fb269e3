/**
 * What it costs a worker to watch its own health: a hundred ticks and one record per second, whatever the load.
 * `node dist/benchmarks/micro/health.bench.js [seconds]` prints the parts and the share of a core.
 */
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { HealthMonitor } from '../../workers/health-monitor.js';
import { nsPerUnit } from '../support/statistics.js';

/** What one part cost. */
export interface HealthFigure {
  readonly part: string;
  /** How often a worker does it, per second. */
  readonly perSec: number;
  readonly us: number;
  /** Values in the records: one per tick. */
  readonly checksum: number;
}

const ROUNDS = 7;
const TICKS_PER_SEC = 100;
const TICK_US = 10_000;

/**
 * Measures every part.
 *
 * @param seconds - of a run, per round; a smoke test needs 2, a figure 2,000
 */
export function runBench(seconds: number): Promise<HealthFigure[]> {
  const measure = (part: string, perSec: number, units: number, work: (health: HealthMonitor) => number) => {
    let checksum = 0;
    const { median } = nsPerUnit(ROUNDS, units, () => {
      checksum = work(new HealthMonitor({ calls: 0, us: 0 }));
    });
    return { part, perSec, us: median / 1e3, checksum };
  };
  return Promise.resolve([
    measure('a tick', TICKS_PER_SEC, seconds * TICKS_PER_SEC, (health) => {
      tick(health, seconds * TICKS_PER_SEC);
      return health.drain().eventLoopLag.count;
    }),
    measure('a second, ticks and record', 1, seconds, (health) => {
      let count = 0;
      for (let second = 0; second < seconds; second++) {
        tick(health, TICKS_PER_SEC);
        count += health.drain().eventLoopLag.count;
      }
      return count;
    }),
  ]);
}

/** Ticks that come a little late, no two alike. */
function tick(health: HealthMonitor, ticks: number): void {
  for (let turn = 0; turn < ticks; turn++) {
    const dueUs = turn * TICK_US;
    health.tick(dueUs, dueUs + 100.25 + ((turn * 7919) % 997));
  }
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) {
  for (const { part, perSec, us, checksum } of await runBench(Number(argv[2] ?? 2_000))) {
    const share = ((perSec * us) / 1e4).toFixed(3);
    console.log(`${part.padEnd(28)}${us.toFixed(2).padStart(8)} us, ${share} % of a core, checksum ${checksum}`);
  }
}
