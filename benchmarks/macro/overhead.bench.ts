/** CPU per message of runs that are kept in a directory, beside runs that are not. See benchmarks/README.md. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SESSIONS, START_UP_MESSAGES } from '../support/cases.js';
import { printMachine, readMacroSettings } from '../support/macro-settings.js';
import { playRounds, wantedCases } from '../support/paired-rounds.js';
import { printRatios, type RatioCase } from '../support/ratio-table.js';
import { postrushRun } from '../support/programs.js';
import { startOwnSink } from '../support/sink-process.js';

/** Runs that are kept, or not. */
interface OverheadCase extends RatioCase {
  readonly words: readonly string[];
  readonly isKept: boolean;
}

const MESSAGES = 60_000;
/** What journal and health may cost. */
const BOUND = 1.03;

const CASES: readonly OverheadCase[] = (['off', 'auto'] as const).flatMap((pipelining) => {
  const mode = pipelining === 'off' ? 'lock-step' : 'pipelined';
  const words = ['-n', 'all', '--pipelining', pipelining];
  const plain = `${mode}-plain`;
  return [
    { name: plain, title: `${mode}, not kept`, besides: [], words, isKept: false, beside: null, bound: null },
    {
      name: `${mode}-kept`,
      title: `${mode}, kept`,
      besides: [plain],
      words,
      isKept: true,
      beside: plain,
      bound: BOUND,
    },
  ];
});

const settings = readMacroSettings(CASES.map(({ name }) => name));
const machine = printMachine();
const folder = mkdtempSync(join(tmpdir(), 'postrush-bench-'));
const work = { accepted: 0, expected: 0 };
let runs = 0;
console.log(
  `server: our own sink in another process | rounds ${settings.rounds}, scale ${settings.scale} | CPU of the client, median ` +
    'of rounds, ratios of CPU paired',
);

const sink = await startOwnSink(['smtp'], []);
const cases = wantedCases(CASES, settings);
try {
  const figures = await playRounds(cases, settings.rounds, measure);
  const { messages: seen } = await sink.stop();
  printRatios(cases, figures, 'run', 'to not kept');
  console.log(`work: ${work.accepted} of ${work.expected} accepted; seen by the server ${seen} messages`);
  if (work.accepted !== work.expected || seen !== work.accepted) process.exitCode = 1;
  settings.writeJson({
    machine,
    cases: cases.map(({ name, title }) => ({ name, title, cpuUs: figures.get(name) })),
    checksum: { ...work, seen },
  });
} finally {
  rmSync(folder, { recursive: true });
}

/** µs per message of a long run beyond those of a short one. */
async function measure({ words, isKept }: OverheadCase): Promise<number> {
  const many = Math.max(2 * START_UP_MESSAGES, Math.round(MESSAGES * settings.scale));
  const run = async (messages: number): Promise<number> => {
    runs++;
    const out = isKept ? join(folder, String(runs)) : 'none';
    const all = ['-s', String(SESSIONS), sink.urls[0] ?? '', ...words, '-m', String(messages), '--out', out];
    const { cpuSec, result } = await postrushRun(all);
    work.expected += messages;
    work.accepted += result.messages.accepted;
    return cpuSec;
  };
  const [short, long] = [await run(START_UP_MESSAGES), await run(many)];
  return ((long - short) * 1e6) / (many - START_UP_MESSAGES);
}
