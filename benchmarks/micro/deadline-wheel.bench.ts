/**
 * What deadlines cost per command: armed when it is written, taken away by its reply, moved on by the wheel.
 * `node dist/benchmarks/micro/deadline-wheel.bench.js [commands]` prints a line per number of sessions.
 */
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { DeadlineWheel, WHEEL_TICK_US, type WheelEntry } from '../../workers/deadline-wheel.js';
import { nsPerUnit } from '../support/statistics.js';

/** What deadlines cost with so many sessions. */
export interface DeadlineWheelFigure {
  readonly sessions: number;
  readonly nsPerCommand: number;
  /** Best of the rounds; the median is `nsPerCommand`. */
  readonly nsPerCommandMin: number;
  /** Deadlines that fired: the same for every version of the wheel. */
  readonly checksum: number;
}

const ROUNDS = 7;
const SESSION_COUNTS = [20, 5000];
const TIMEOUT_US = 30_000_000;
/** So many commands per second and worker. */
const COMMAND_EVERY_US = 10;
/** Every so many commands a server does not answer: its deadline stays. */
const SILENT_EVERY = 1009;

/**
 * Measures every number of sessions.
 *
 * @param commands - per round; a smoke test needs 2,000, a figure 5,000,000
 */
export function runBench(commands: number): Promise<DeadlineWheelFigure[]> {
  return Promise.resolve(
    SESSION_COUNTS.map((sessions) => {
      let checksum = 0;
      const { median, best } = nsPerUnit(ROUNDS, commands, () => {
        checksum = driveWheel(sessions, commands);
      });
      return { sessions, nsPerCommand: median, nsPerCommandMin: best, checksum };
    }),
  );
}

function driveWheel(sessions: number, commands: number): number {
  const wheel = new DeadlineWheel(0);
  const entries = Array.from({ length: sessions }, () => new CountingEntry());
  let nextTickUs = WHEEL_TICK_US;
  let nowUs = 0;
  for (let command = 0; command < commands; command++) {
    const entry = entries[command % sessions];
    if (entry === undefined) continue;
    wheel.schedule(entry, nowUs + TIMEOUT_US);
    nowUs += COMMAND_EVERY_US;
    if (command % SILENT_EVERY !== 0) wheel.cancel(entry);
    if (nowUs >= nextTickUs) {
      wheel.tick(nowUs);
      nextTickUs += WHEEL_TICK_US;
    }
  }
  // What was not answered fires at the latest now.
  for (let us = nowUs; us <= nowUs + 2 * TIMEOUT_US; us += WHEEL_TICK_US) wheel.tick(us);
  return entries.reduce((sum, { fired }) => sum + fired, 0);
}

class CountingEntry implements WheelEntry {
  deadlineUs = Infinity;
  bucketDueUs = Infinity;
  nextInBucket: WheelEntry | null = null;
  previousInBucket: WheelEntry | null = null;
  fired = 0;

  onDeadline(): void {
    this.fired++;
  }
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) {
  for (const figure of await runBench(Number(argv[2] ?? 5_000_000))) {
    const median = figure.nsPerCommand.toFixed(1).padStart(6);
    const best = figure.nsPerCommandMin.toFixed(1);
    const sessions = `${figure.sessions} sessions`.padEnd(16);
    console.log(`${sessions}${median} ns per command (best ${best}), checksum ${figure.checksum}`);
  }
}
