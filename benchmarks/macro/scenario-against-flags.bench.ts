/** CPU per message of the same sessions from flags, from a file and from steps; and of templates. See benchmarks/README.md. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientCost } from '../support/client-cost.js';
import { printMachine, readMacroSettings } from '../support/macro-settings.js';
import { playRounds, wantedCases } from '../support/paired-rounds.js';
import { printRatios, type RatioCase } from '../support/ratio-table.js';
import { startOwnSink } from '../support/sink-process.js';

/** One way to ask for sessions. */
interface ScenarioCase extends RatioCase {
  readonly words: readonly string[];
  /** A file; null: flags alone. */
  readonly yaml: string | null;
}

const MESSAGES = 60_000;
/** What a scenario of the standard session may cost, beside flags. */
const BOUND = 1.03;

const settings = readMacroSettings(casesIn('').map(({ name }) => name));
const machine = printMachine();
const folder = mkdtempSync(join(tmpdir(), 'postrush-bench-'));
const work = { accepted: 0, expected: 0 };
console.log(
  `server: our own sink in another process | rounds ${settings.rounds}, scale ${settings.scale} | CPU of the client, median ` +
    'of rounds, ratios of CPU paired',
);

const sink = await startOwnSink(['smtp'], []);
const cases = wantedCases(casesIn(folder), settings);
try {
  const figures = await playRounds(cases, settings.rounds, measure);
  const { messages: seen } = await sink.stop();
  printRatios(cases, figures, 'sessions', 'to flags');
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

/** @param place - where the files of the cases are */
function casesIn(place: string): readonly ScenarioCase[] {
  return (['off', 'auto'] as const).flatMap((pipelining): ScenarioCase[] => {
    const mode = pipelining === 'off' ? 'lock-step' : 'pipelined';
    const byFlags = `${mode}-flags`;
    const other = (name: string, title: string, yaml: string, bound: number | null): ScenarioCase => ({
      name: `${mode}-${name}`,
      title: `${mode}, ${title}`,
      besides: [byFlags],
      words: ['-f', join(place, `${mode}-${name}.yaml`)],
      yaml: `pipelining: ${pipelining}\n${yaml}`,
      beside: byFlags,
      bound,
    });
    return [
      {
        name: byFlags,
        title: `${mode}, flags`,
        besides: [],
        words: ['-n', 'all', '--pipelining', pipelining],
        yaml: null,
        beside: null,
        bound: null,
      },
      other('file', 'file', 'messagesPerSession: all\n', BOUND),
      other('steps', 'steps', scripted(['mail', 'rcpt', 'data']), BOUND),
      other(
        'templates',
        'four variables',
        "messagesPerSession: all\nfrom: 's{{random.int 1 1000}}.{{seq}}@example.test'\nto: '{{random.name}}@example.test'\nmessage: { size: 1KiB, subject: 'Nr. {{seq}}' }\n",
        null,
      ),
    ];
  });
}

/** A session that does the same again for as long as there are messages. */
function scripted(steps: readonly string[]): string {
  const count = 1_000_000_000;
  return `scenarios:\n  - steps: [ehlo, { repeat: { count: ${String(count)}, steps: [${steps.join(', ')}] } }, quit]\n`;
}

async function measure({ words, yaml }: ScenarioCase): Promise<number> {
  if (yaml !== null) writeFileSync(words[1] ?? '', yaml);
  const cost = await clientCost('-m', MESSAGES * settings.scale, [sink.urls[0] ?? '', ...words]);
  work.expected += cost.expected;
  for (const { messages } of cost.results) work.accepted += messages.accepted;
  return cost.cpuUsPerUnit;
}
