/**
 * How long a feeder takes to load, and what it takes in memory, here and in workers.
 * `node --expose-gc dist/benchmarks/micro/feeder-load.bench.js [rows [workers]]` prints a line per format.
 */
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { FeederPlan } from '../../src/data/feeder.js';
import type { TablePlan } from '../../src/data/feeder-table.js';
import { readFeederFile } from '../../src/data/read-feeder-file.js';
import type { FeederFormat } from '../../src/data/read-feeder-file.js';

/** What one file cost. */
export interface FeederFigure {
  readonly format: FeederFormat;
  readonly fileMiB: number;
  readonly readSec: number;
  /** From the first worker that is sent the rows to the last one that has read some. */
  readonly sendSec: number;
  /** Resident memory with the rows here and in all workers, less that before the file was read. */
  readonly heldMiB: number;
  /** Sums octets of some rows of every worker. */
  readonly checksum: number;
}

const MIB = 1_048_576;
const HOLDER = new URL('../support/feeder-holder.js', import.meta.url);
const FORMATS: readonly { format: FeederFormat; header: string; row: (number: number) => string }[] = [
  {
    format: 'csv',
    header: 'user,password\n',
    row: (number) => `user${number}@mail${number % 97}.example.test,p${(number * 7919) % 99_991}-secret\n`,
  },
  {
    format: 'jsonl',
    header: '',
    row: (number) =>
      `{"user":"user${number}@mail${number % 97}.example.test","password":"p${(number * 7919) % 99_991}-secret"}\n`,
  },
];

/**
 * Measures both formats.
 *
 * @param rows - of each file; a smoke test needs 1,000, a figure 1,000,000
 */
export async function runBench(rows: number, workers: number): Promise<FeederFigure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'postrush-feeder-'));
  try {
    const files = FORMATS.map(({ format, header, row }) => {
      const path = join(folder, format);
      writeRows(path, header, row, rows);
      return { format, path };
    });
    const figures: FeederFigure[] = [];
    for (const { format, path } of files) figures.push(await measure(format, path, workers));
    return figures;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(format: FeederFormat, path: string, workers: number): Promise<FeederFigure> {
  const threads = Array.from({ length: workers }, () => new Worker(HOLDER));
  await Promise.all(threads.map((thread) => once(thread, 'online')));
  const beforeBytes = residentBytes();
  const { table, fileBytes, readSec } = readRows(format, path);
  const plan: FeederPlan = { name: 'rows', order: 'in-order', exponent: 1, rows: table };
  const startedMs = performance.now();
  let checksum = 0;
  for (const thread of threads) {
    thread.postMessage(plan);
    const [sum] = (await once(thread, 'message')) as [number];
    checksum += sum;
  }
  const sendSec = (performance.now() - startedMs) / 1000;
  const heldMiB = (residentBytes() - beforeBytes) / MIB;
  await Promise.all(threads.map((thread) => thread.terminate()));
  return { format, fileMiB: fileBytes / MIB, readSec, sendSec, heldMiB, checksum };
}

/** In a function of its own, so that nothing of the file outlives it. */
function readRows(format: FeederFormat, path: string): { table: TablePlan; fileBytes: number; readSec: number } {
  const startedMs = performance.now();
  const file = readFileSync(path);
  const reading = readFeederFile(file, format, null);
  if ('problems' in reading) throw new Error(reading.problems.join('; '));
  return { table: reading.table, fileBytes: file.length, readSec: (performance.now() - startedMs) / 1000 };
}

/** Piece by piece: what writing takes would be measured along with the rest. */
function writeRows(path: string, header: string, row: (number: number) => string, rows: number): void {
  const file = openSync(path, 'w');
  writeSync(file, header);
  for (let number = 0; number < rows; number += 1000) {
    const count = Math.min(1000, rows - number);
    writeSync(file, Array.from({ length: count }, (_, index) => row(number + index)).join(''));
  }
  closeSync(file);
}

function residentBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().rss;
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) {
  const workers = Number(argv[3] ?? 4);
  for (const figure of await runBench(Number(argv[2] ?? 1_000_000), workers)) {
    const { format, fileMiB, readSec, sendSec, heldMiB, checksum } = figure;
    const size = `${format.padEnd(5)} ${fileMiB.toFixed(1)} MiB`;
    const times = `read in ${readSec.toFixed(2)} s, in ${workers} workers after ${sendSec.toFixed(2)} s`;
    console.log(`${size}: ${times}, ${heldMiB.toFixed(0)} MiB in all, checksum ${checksum}`);
  }
}
