/** CPU per message of the client where content goes by BDAT, beside DATA, by size. See benchmarks/README.md. */
import { clientCost } from '../support/client-cost.js';
import { printMachine, readMacroSettings } from '../support/macro-settings.js';
import { pairs, playRounds, wantedCases, type PairedCase } from '../support/paired-rounds.js';
import { startOwnSink } from '../support/sink-process.js';
import { median, spread } from '../support/statistics.js';
import { printTable } from '../support/table.js';

/** One way to send content of one size. */
interface ContentCase extends PairedCase {
  readonly bytes: number;
  /** Messages of a full run. */
  readonly messages: number;
  readonly words: readonly string[];
  /** The same content by DATA; null: it is. */
  readonly byData: string | null;
}

const KIB = 1024;
const MIB = KIB * KIB;
const CASES: readonly ContentCase[] = [
  ...casesOfSize('1KiB', KIB, 60_000),
  ...casesOfSize('100KiB', 100 * KIB, 10_000),
  ...casesOfSize('10MiB', 10 * MIB, 200),
];

const settings = readMacroSettings(CASES.map(({ name }) => name));
const machine = printMachine();
const work = { accepted: 0, expected: 0, contentBytes: 0 };
console.log(
  `server: our own sink in another process | rounds ${settings.rounds}, scale ${settings.scale} | CPU of the client, median ` +
    'of rounds, ratios of CPU paired',
);

const sink = await startOwnSink(['smtp'], []);
const cases = wantedCases(CASES, settings);
const figures = await playRounds(cases, settings.rounds, measure);
const { messages: seen, bytes } = await sink.stop();
printFigures();
console.log(
  `work: ${work.accepted} of ${work.expected} accepted, ${work.contentBytes} octets of content; seen by the server ` +
    `${seen} messages, ${bytes.received} octets in all`,
);
if (work.accepted !== work.expected || seen !== work.accepted || bytes.received < work.contentBytes)
  process.exitCode = 1;
settings.writeJson({
  machine,
  cases: cases.map((each) => ({ ...each, cpuUs: figures.get(each.name) })),
  checksum: { ...work, seen, receivedBytes: bytes.received },
});

function casesOfSize(size: string, bytes: number, messages: number): ContentCase[] {
  const byData = `${size}-data`;
  const chunkBytes = 64 * KIB;
  const all: ContentCase[] = [
    { name: byData, title: `${size}, DATA`, besides: [], bytes, messages, words: [], byData: null },
    {
      name: `${size}-bdat`,
      title: `${size}, BDAT in one chunk`,
      besides: [byData],
      bytes,
      messages,
      words: ['--bdat'],
      byData,
    },
    {
      name: `${size}-bdat-64KiB`,
      title: `${size}, BDAT in chunks of 64 KiB`,
      besides: [byData],
      bytes,
      messages,
      words: ['--bdat', String(chunkBytes)],
      byData,
    },
  ];
  // Content that fits one chunk is the same both ways.
  return bytes > chunkBytes ? all : all.slice(0, -1);
}

async function measure({ bytes, messages, words }: ContentCase): Promise<number> {
  const load = [sink.urls[0] ?? '', '-n', 'all', '-l', String(bytes), '--pipelining', 'auto', ...words];
  const cost = await clientCost('-m', messages * settings.scale, load);
  work.expected += cost.expected;
  for (const result of cost.results) {
    work.accepted += result.messages.accepted;
    work.contentBytes += result.messages.accepted * result.plan.scenarios[0].message.sizeBytes;
  }
  return cost.cpuUsPerUnit;
}

function printFigures(): void {
  const rows = [['content', 'MiB per CPU s', 'messages per CPU s', 'CPU µs', 'spread', 'to DATA', 'spread']];
  for (const { name, title, bytes: size, byData } of cases) {
    const cpuUs = figures.get(name) ?? [];
    const ratios = byData === null ? [] : pairs(figures, [name, byData], (ours, data) => ours / data);
    rows.push([
      title,
      ((size / MIB) * (1e6 / median(cpuUs))).toFixed(size < MIB / 16 ? 1 : 0),
      (1e6 / median(cpuUs)).toFixed(0),
      median(cpuUs).toFixed(1),
      spread(cpuUs, 1),
      ratios.length > 0 ? median(ratios).toFixed(2) : '-',
      ratios.length > 0 ? spread(ratios, 2) : '-',
    ]);
  }
  printTable(rows);
}
