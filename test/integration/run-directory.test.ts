/** The directory of a run: what it holds, and what can be told from it whatever ended the run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { runResultSchema } from '../../src/report/result-schema.js';
import type { RunResult } from '../../src/report/result-schema.js';
import { RunDirectory } from '../../src/run-store/run-directory.js';
import { rebuildRun } from '../../src/rebuild.js';
import { openSink } from '../support/integration-run.js';
import { readProgram } from '../support/program.js';
import { runPostrush } from '../support/real-server-run.js';

// Whole programs, on machines that have other things to do.
vi.setConfig({ testTimeout: 60_000 });

const PROGRAM = join(import.meta.dirname, '../../dist/src/cli/main.js');

function folderFor(): string {
  const folder = mkdtempSync(join(tmpdir(), 'postrush-out-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function rebuilt(path: string): Promise<{ result: RunResult; stderr: string }> {
  const { code, stdout, stderr } = await readProgram(['report', path, '--json', '-']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) as string });
  return { result: runResultSchema.parse(JSON.parse(stdout)), stderr };
}

const countOf = ({ messages }: RunResult): number =>
  messages.accepted + messages.deferred + messages.rejected + messages.failed + messages.cut + messages.abandoned;

describe('the report of a directory', () => {
  test.each<[string, readonly string[]]>([
    ['closed load', ['-m', '300', '-s', '6', '-w', '2', '--warmup', '500ms']],
    [
      'open load behind a warm-up that ends by itself',
      ['-r', '60/s', '-d', '1s', '-s', '100', '-w', '2', '--warmup', 'auto', '--arrivals', 'poisson'],
    ],
    [
      'open load that is saturated',
      [
        '-r',
        '60/s',
        '-d',
        '2s',
        '-s',
        '3',
        '-w',
        '2',
        '--on-full',
        'queue',
        '--slo',
        'deferred.rate < 1%',
        '--slo',
        'message.p50 < 1ms over 1s',
      ],
    ],
  ])('is the report of its run, to the letter (%s)', async (_, words) => {
    const out = join(folderFor(), 'run');
    const sink = await openSink({
      faults: [
        { on: 'rcpt', everyNth: 7, reply: '450 4.2.1 busy' },
        { on: 'endOfData', delayMs: 60 },
      ],
    });
    const run = await runPostrush([sink.url, ...words, '--out', out]);
    expect(readdirSync(out).sort()).toEqual(['head.json', 'journal.jsonl', 'result.json']);
    expect(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'))).toEqual(run.result);
    const report = await readProgram(['report', out]);
    expect(report).toEqual({ code: 0, stdout: run.stdout, stderr: '' });
    expect((await rebuilt(out)).result).toEqual(run.result);
    const lines = readFileSync(join(out, 'journal.jsonl'), 'utf8').split('\n');
    // Typical records stay under 16 KB, and none comes near 200 KB.
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(16 * 1024);
  });

  test('holds no secret', async () => {
    const out = join(folderFor(), 'run');
    const sink = await openSink({ users: { load: 'v3ry-s3cret' } });
    const folder = folderFor();
    writeFileSync(join(folder, 'password'), 'v3ry-s3cret\n');
    const auth = ['--auth', 'plain', '--user', 'load', '--password-file', join(folder, 'password')];
    const run = await runPostrush([sink.url, '-m', '20', ...auth, '--out', out]);
    expect(run.result?.messages.accepted).toBe(20);
    for (const name of readdirSync(out)) {
      const text = readFileSync(join(out, name), 'utf8');
      expect(text).not.toContain('v3ry-s3cret');
      expect(text).not.toContain(Buffer.from('\0load\0v3ry-s3cret').toString('base64'));
    }
  });
});

/** Starts the program, and kills it when its journal has a few seconds. */
async function killAfterSomeSeconds(words: readonly string[], out: string): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, ...words], { stdio: 'ignore' });
  const journal = join(out, 'journal.jsonl');
  const isUnderWay = (): boolean => existsSync(journal) && readFileSync(journal, 'utf8').split('"interval"').length > 5;
  await expect.poll(isUnderWay, { timeout: 15_000 }).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'close');
}

describe('a run that is killed', () => {
  test('is told up to its last second, marked as incomplete, with balanced books', async () => {
    const out = join(folderFor(), 'run');
    const sink = await openSink();
    const words = ['run', sink.url, '-m', '1000000', '-s', '8', '-w', '2', '-q', '--out', out];
    await killAfterSomeSeconds(words, out);
    expect(existsSync(join(out, 'result.json'))).toBe(false);
    const { result, stderr } = await rebuilt(out);
    expect(stderr).toMatch(/(^|\n)postrush: the run was killed: what is told ends \d+ s behind its start\n$/);
    expect(result).toMatchObject({ endedBy: 'killed', complete: false, books: { balanced: true } });
    expect(result.books.checks.filter(({ ok }) => !ok)).toEqual([]);
    const { attempted, accepted, dropped, offered } = result.messages;
    expect(offered).toBe(1_000_000);
    expect(attempted + dropped).toBe(1_000_000);
    expect(attempted).toBe(countOf(result));
    expect(accepted).toBeGreaterThan(50);
    expect(accepted).toBeLessThanOrEqual(sink.stats().messages);
    const text = await readProgram(['report', out]);
    expect(text.stdout).toContain('the result is incomplete');
  });

  test('in open load accounts for every arrival of its plan', async () => {
    const out = join(folderFor(), 'run');
    const sink = await openSink();
    const words = ['run', sink.url, '-r', '50/s', '-d', '60s', '-w', '2', '-q', '--out', out];
    await killAfterSomeSeconds(words, out);
    const { result } = await rebuilt(out);
    expect(result.books.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(result.arrivals?.offered).toBe(3000);
    expect(result.messages).toMatchObject({ offered: 3000, dropped: 3000 - result.messages.attempted });
  });
});

test.each([
  ['by its seconds', Infinity, 127],
  ['by its minutes, and the seconds behind them', 0, 307],
])(
  'a journal that is torn at any octet is told up to there, or refused in a sentence (%s)',
  async (_, longRunSec, step) => {
    const folder = folderFor();
    const whole = join(folder, 'whole');
    const sink = await openSink();
    await runPostrush([sink.url, '-m', '60', '-s', '2', '-w', '2', '--out', whole]);
    const torn = join(folder, 'torn');
    cpSync(whole, torn, { recursive: true });
    const journal = join(torn, 'journal.jsonl');
    const original = readFileSync(journal);
    const ends: number[] = [];
    for (let at = original.indexOf(10); at >= 0; at = original.indexOf(10, at + 1)) ends.push(at);
    // Every octet around the ends of lines, and many between.
    const places = Array.from({ length: original.length }, (_, at) => at).filter(
      (at) => at % step === 0 || ends.some((end) => Math.abs(at - end) <= 3),
    );
    let told = 0;
    for (const length of places.toReversed()) {
      truncateSync(journal, length);
      if (length < (ends[0] ?? 0)) {
        expect(() => rebuildRun(torn, longRunSec)).toThrow(/torn in its first line|is empty/);
        continue;
      }
      const { result, notes } = rebuildRun(torn, longRunSec);
      told++;
      expect(runResultSchema.safeParse(result).success).toBe(true);
      // What does not end with a line end may still be whole.
      const isWhole = length >= original.length - 1;
      expect([length, result.complete, notes.length > 0]).toEqual([length, isWhole, !isWhole]);
      if (!isWhole) expect(result.endedBy).toBe('killed');
      const broken = result.books.checks.filter(({ ok }) => !ok).map(({ name }) => name);
      expect([length, broken]).toEqual([length, []]);
    }
    expect(told).toBeGreaterThan(100);
    rmSync(join(torn, 'journal.jsonl'));
    expect(() => rebuildRun(torn, longRunSec)).toThrow('holds no journal');
    writeFileSync(join(torn, 'head.json'), original.subarray(0, 20));
    expect(() => rebuildRun(torn, longRunSec)).toThrow('head.json is torn');
  },
  60_000,
);

describe('a run that is told by its minutes', () => {
  /** What is told over time is told by minutes; all else is the same. */
  const withoutTime = ({ intervals: _intervals, confidence: _confidence, ...result }: RunResult): object => result;

  test('is the same as told by its seconds', async () => {
    const out = join(folderFor(), 'run');
    const sink = await openSink({ faults: [{ on: 'rcpt', everyNth: 7, reply: '450 4.2.1 busy' }] });
    await runPostrush([sink.url, '-r', '200/s', '-d', '3s', '--warmup', '2s', '-w', '2', '-s', '50', '--out', out]);
    const [seconds, minutes] = [rebuildRun(out), rebuildRun(out, 0)];
    expect([seconds.notes, minutes.notes]).toEqual([[], []]);
    const busy = ({ generator }: RunResult): number[] => generator.workers.map((worker) => worker.busy);
    for (const [worker, share] of busy(minutes.result).entries()) {
      expect(share).toBeCloseTo(busy(seconds.result)[worker] ?? NaN, 6);
    }
    const even = (result: RunResult): object => {
      const { generator, ...rest } = withoutTime(result) as RunResult;
      const { busy: _busy, workers, gates, ...health } = generator;
      const gateless = gates.map(({ name, ok }) => [name, ok]);
      return { ...rest, health, gateless, workers: workers.map(({ busy: _share, ...worker }) => worker) };
    };
    expect(even(minutes.result)).toEqual(even(seconds.result));
    expect(minutes.result.intervals.map(({ sec }) => Math.round(sec))).toEqual(expect.arrayContaining([2, 3]));
    expect(seconds.result.intervals.length).toBeGreaterThan(minutes.result.intervals.length);
  });

  test('is read by its seconds where an objective asks for parts of the time', async () => {
    const out = join(folderFor(), 'run');
    const sink = await openSink();
    const words = ['-m', '20', '-s', '2', '-d', '2s', '--slo', 'message.p50 < 1s over 1s', '--out', out];
    const { result } = await runPostrush([sink.url, ...words]);
    expect(rebuildRun(out, 0).result).toEqual(result);
  });

  test('is so where the journal had no room for every second, and says it', async () => {
    const folder = folderFor();
    const out = join(folder, 'run');
    const sink = await openSink();
    await runPostrush([sink.url, '-r', '100/s', '-d', '7s', '-w', '1', '-s', '50', '--out', out]);
    const lines = readFileSync(join(out, 'journal.jsonl'), 'utf8').trimEnd().split('\n').slice(1);
    // The same run in a journal that has room for some of its seconds.
    const second = Math.max(...lines.map((line) => line.length));
    const short = new RunDirectory(join(folder, 'short'), second * 5);
    const head = JSON.parse(readFileSync(join(out, 'head.json'), 'utf8')) as object;
    short.begin(head);
    for (const line of lines) {
      const event = JSON.parse(line) as { type: string };
      if (event.type === 'interval') short.appendSpare(event, { type: 'minutesAlone' });
      else short.append(event);
    }
    short.finish('{}');
    const kept = readFileSync(join(folder, 'short/journal.jsonl'), 'utf8');
    const secondsOf = (text: string): number => text.match(/"type":"interval"/g)?.length ?? 0;
    expect(secondsOf(kept)).toBeLessThan(secondsOf(lines.join('\n')));
    expect(kept.match(/"type":"minutesAlone"/g)).toHaveLength(1);
    const { result, notes } = rebuildRun(join(folder, 'short'));
    expect(notes).toEqual(['the journal had no room for every second: what is told over time is told by minutes']);
    const whole = rebuildRun(out).result;
    expect([result.complete, result.messages, result.latency]).toEqual([true, whole.messages, whole.latency]);
    expect(result.books.balanced).toBe(true);
  });

  test('survives a minute that is torn: its seconds say the same', async () => {
    const out = join(folderFor(), 'run');
    const sink = await openSink();
    await runPostrush([sink.url, '-m', '200', '-s', '4', '-w', '2', '--out', out]);
    const journal = join(out, 'journal.jsonl');
    const whole = rebuildRun(out, 0).result;
    const lines = readFileSync(journal, 'utf8').split('\n');
    const torn = lines.map((line) => (line.startsWith('{"type":"minute"') ? line.slice(0, line.length / 2) : line));
    writeFileSync(journal, torn.join('\n'));
    const { result, notes } = rebuildRun(out, 0);
    expect(notes).toEqual(['2 lines of the journal cannot be read']);
    expect([result.messages, result.latency, result.books.balanced]).toEqual([whole.messages, whole.latency, true]);
  });
});

describe('a directory that cannot be written', () => {
  test.each([
    ['a file', (folder: string) => join(folder, 'file'), 'takes the path of a directory, and this is a file'],
    [
      'below a file',
      (folder: string) => join(folder, 'file', 'run'),
      'cannot be written: a part of its path is not a directory',
    ],
    ['one that holds something', (folder: string) => folder, 'takes a directory that is empty, or not there yet'],
    ['of the kernel', () => '/proc/run', 'cannot be written'],
  ])('is found before the load: %s', async (_, pathIn, message) => {
    const folder = folderFor();
    writeFileSync(join(folder, 'file'), '');
    const { code, stderr } = await readProgram(['run', 'smtp://127.0.0.1:1', '--out', pathIn(folder)]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`postrush: --out: ${message}`)]);
  });

  test('by default is no reason not to run', async () => {
    const sink = await openSink();
    const folder = folderFor();
    writeFileSync(join(folder, 'runs'), '');
    const child = spawn(process.execPath, [PROGRAM, 'run', sink.url, '-m', '5', '--no-progress'], {
      cwd: folder,
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number];
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^nothing is kept: runs\/.* cannot be written/)]);
  });

  test('and is there by default otherwise, named by time and target', async () => {
    const sink = await openSink();
    const folder = folderFor();
    const end = await new Promise<number | null>((resolve) => {
      spawn(process.execPath, [PROGRAM, 'run', sink.url, '-m', '5', '-q'], {
        cwd: folder,
        env: { PATH: process.env['PATH'] },
        stdio: 'ignore',
      }).on('close', resolve);
    });
    expect(end).toBe(0);
    const [name = ''] = readdirSync(join(folder, 'runs'));
    expect(name).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-127\.0\.0\.1-\d+$/);
  });
});

describe('a disk that is full', () => {
  test('ends the journal and not the run, and is told with what is left', async (context) => {
    const mount = folderFor();
    const small = spawn('mount', ['-t', 'tmpfs', '-o', 'size=24k', 'tmpfs', mount], { stdio: 'ignore' });
    const [code] = (await once(small, 'close').catch(() => [1])) as [number];
    if (code !== 0) {
      context.skip('no tmpfs can be mounted here');
      return;
    }
    onTestFinished(async () => {
      await once(spawn('umount', [mount], { stdio: 'ignore' }), 'close');
    });
    const out = join(mount, 'run');
    const sink = await openSink();
    const run = await runPostrush([sink.url, '-d', '4s', '-s', '4', '-w', '1', '--out', out]);
    expect(run.exitCode).toBe(5);
    expect(run.stderr).toContain('is incomplete: no space is left on the device');
    // The report and the other file are there all the same.
    expect(run.stdout).toContain('accepted');
    expect(run.result?.messages.accepted).toBeGreaterThan(0);
    expect(statSync(join(out, 'journal.jsonl')).size).toBeGreaterThan(5_000);
    const { result } = await rebuilt(out);
    expect(result).toMatchObject({ complete: false, endedBy: 'killed', books: { balanced: true } });
    expect(result.messages.accepted).toBeGreaterThan(0);
    expect(result.messages.accepted).toBeLessThanOrEqual(run.result?.messages.accepted ?? 0);
  });

  test('is no worse than a journal that has reached its limit', () => {
    const path = join(folderFor(), 'run');
    const directory = new RunDirectory(path, 200);
    directory.begin({ plan: {} });
    for (let index = 0; index < 20; index++) directory.append({ type: 'cut', index });
    expect(statSync(join(path, 'journal.jsonl')).size).toBeLessThanOrEqual(200);
    expect(() => {
      directory.finish('{}');
    }).toThrow('the journal has reached its limit of 200 octets');
  });
});
