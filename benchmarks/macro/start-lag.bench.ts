/** How late planned arrivals are started, at 2,000 a second in one worker. See benchmarks/README.md. */
import { printMachine, readMacroSettings } from '../support/macro-settings.js';
import { postrushRun } from '../support/programs.js';
import { preferredSink, startSinkProcess } from '../support/sink-process.js';
import { median, spread } from '../support/statistics.js';
import { holds, printTable } from '../support/table.js';

const PER_SEC = 2_000;
const MEASURED_SEC = 10;
/** What the 99th percentile may be on a machine with nothing else to do, ms. */
const BOUND_MS = 2;
/** A gap in a loop that only reads the clock is time in which the machine did something else, ns. */
const LEAST_GAP_NS = 200_000n;
const LOOK_NS = 500_000_000n;

interface LagCase {
  readonly name: string;
  readonly title: string;
  readonly words: readonly string[];
}

const CASES: readonly LagCase[] = [
  { name: 'even', title: 'a connection each, even', words: [] },
  { name: 'poisson', title: 'a connection each, Poisson', words: ['--arrivals', 'poisson'] },
  { name: 'kept', title: 'connections kept, even', words: ['--reuse'] },
];

/** Figures of one run, ms. */
interface LagRun {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

const settings = readMacroSettings(CASES.map(({ name }) => name));
const machine = printMachine();
const kind = preferredSink();
const sec = Math.max(1, Math.round(MEASURED_SEC * settings.scale));
const cases = CASES.filter(({ name }) => settings.wants(name));
const work = { offered: 0, started: 0, dropped: 0 };
const runs = new Map<string, LagRun[]>(cases.map(({ name }) => [name, []]));
const away: number[] = [];
console.log(
  `server: ${kind} in another process | ${PER_SEC}/s in one worker for ${sec} s behind 3 s of warm-up | rounds ${settings.rounds}`,
);

const sink = await startSinkProcess(kind);
try {
  for (let round = 0; round < settings.rounds; round++) {
    for (const each of cases) {
      away.push(awayShare());
      runs.get(each.name)?.push(await measure(each));
    }
  }
} finally {
  await sink.stop();
}
printTable([
  ['lag in ms', 'p50', 'p99', 'spread', 'bound', 'holds', 'p99.9', 'max'],
  ...cases.map(({ name, title }) => {
    const all = runs.get(name) ?? [];
    const p99 = all.map((run) => run.p99);
    const of = (key: keyof LagRun): string => median(all.map((run) => run[key])).toFixed(2);
    return [
      ...[title, of('p50'), of('p99'), spread(p99, 2), BOUND_MS.toFixed(2), holds(median(p99), BOUND_MS)],
      ...[of('p999'), of('max')],
    ];
  }),
]);
console.log(
  `between runs, a loop that only read the clock was off its core for ${(median(away) * 100).toFixed(2)} % of the time (${spread(
    away.map((share) => share * 100),
    2,
  )} %)`,
);
console.log(
  `work: ${work.offered} arrivals, ${work.started} started, ${work.dropped} dropped since no session was free`,
);
if (work.offered === 0 || work.started + work.dropped !== work.offered) process.exitCode = 1;
settings.writeJson({
  machine,
  cases: cases.map(({ name, title }) => ({ name, title, lagMs: runs.get(name) })),
  away,
  checksum: work,
});

async function measure({ words }: LagCase): Promise<LagRun> {
  const target = `smtp://127.0.0.1:${sink.port}`;
  const load = ['--rate', `${PER_SEC}/s`, '-d', `${sec}s`, '--warmup', '3s', '--no-out'];
  const { result } = await postrushRun([target, ...load, ...words]);
  // A Poisson process of an exact number has it over warm-up and measured time.
  work.offered += result.arrivals?.offered ?? 0;
  work.started += result.arrivals?.started ?? 0;
  work.dropped += result.arrivals?.dropped ?? 0;
  const ms = (us: number | null | undefined): number => (us ?? NaN) / 1e3;
  const { lag } = result.latency;
  return { p50: ms(lag?.p50Us), p99: ms(lag?.p99Us), p999: ms(lag?.p999Us), max: ms(lag?.maxUs) };
}

/** The share of half a second for which this thread was not on a core, though it wanted to be. */
function awayShare(): number {
  const startNs = process.hrtime.bigint();
  let gapsNs = 0n;
  let lastNs = startNs;
  while (lastNs - startNs < LOOK_NS) {
    const nowNs = process.hrtime.bigint();
    if (nowNs - lastNs > LEAST_GAP_NS) gapsNs += nowNs - lastNs;
    lastNs = nowNs;
  }
  return Number(gapsNs) / Number(lastNs - startNs);
}
