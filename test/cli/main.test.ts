/** The built program as a user or a script starts it: what it prints where, and how it ends. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runResultSchema } from '../../src/report/result-schema.js';
import { startSink } from '../../src/sink/sink.js';
import type { RunningSink } from '../../src/sink/sink.js';

const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a failed test leaves behind. */
const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts the program without the variables of whoever runs the tests. */
function start(words: readonly string[], environment: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    env: { PATH: process.env['PATH'], POSTRUSH_OUT: 'none', POSTRUSH_CALIBRATION: 'none', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.on('close', () => running.delete(child));
  return child;
}

function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

const postrush = (words: readonly string[], environment?: Record<string, string>): Promise<Ended> =>
  ended(start(words, environment));

/** Waits until a condition holds; the test's own deadline is the limit. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

let folder = '';
beforeAll(() => {
  expect(existsSync(PROGRAM), 'npm run build comes before this test').toBe(true);
  folder = mkdtempSync(join(tmpdir(), 'postrush-cli-'));
  writeFileSync(join(folder, 'pw.txt'), 'secret\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('without anything to run', () => {
  test.each([
    [[]],
    [['--help']],
    [['run', '--help']],
    [['schema', '--help']],
    [['help']],
    [['help', 'run']],
    [['help', 'nosuch']],
  ])('%j prints help', async (words) => {
    const { code, stdout, stderr } = await postrush(words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: postrush/);
  });

  test('--version prints that of the package', async () => {
    const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await postrush(['--version'])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  test('schema result prints a JSON Schema', async () => {
    const { code, stdout, stderr } = await postrush(['schema', 'result']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ title: 'postrush result', type: 'object' });
  });

  test('schema of something else says what there is', async () => {
    const stderr = "postrush: schema: takes one of: result, sink, check, calibration, scenario, got 'other'\n";
    expect(await postrush(['schema', 'other'])).toEqual({ code: 2, stdout: '', stderr });
  });
});

describe('bad usage ends with 2, says all on stderr and sends nothing:', () => {
  let sink: RunningSink;
  beforeAll(async () => {
    sink = await startSink();
  });
  afterAll(async () => {
    const stats = await sink.close();
    expect(stats.connections).toBe(0);
  });

  test('everything wrong at once', async () => {
    const words = ['run', sink.url, '--sessions', '-5', '-d', '10', '--json', `${folder}/no/x`, '--auth', 'plain'];
    const { code, stdout, stderr } = await postrush(words, { POSTRUSH_SEED: 'dice' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([
      `postrush: --json: cannot be written: there is no directory ${folder}/no, got '${folder}/no/x'`,
      "postrush: --sessions: takes a whole number from 1 to 100000, got '-5'",
      'postrush: --auth: needs --user',
      'postrush: --auth: needs a password: give --password-file or set POSTRUSH_PASSWORD',
      expect.stringMatching(/^postrush: --duration: takes a time .*, got '10'$/),
      "postrush: POSTRUSH_SEED: takes a whole number from 0 to 4294967295, got 'dice'",
    ]);
  });

  test.each<[string[], RegExp]>([
    [['run', '--sesions', '5'], /^postrush: --sesions: is not a flag: did you mean --sessions\?\n$/],
    [['runn'], /^postrush: runn: is not a command: did you mean run\?\n$/],
    [['run', 'http://127.0.0.1'], /^postrush: TARGET: takes smtp:.*other schemes are not supported, got 'http:/],
    [['run', 'smtp://load:secret@127.0.0.1'], /^postrush: TARGET: (?!.*secret).*without credentials.*\n$/],
    [['run', 'smtp://203.0.113.9'], /^postrush: TARGET: 203\.0\.113\.9 is neither .* --allow-target 203\.0\.113\.9\n$/],
    [['run', '--to', 'a\r\nRSET@b.test'], /^postrush: --to: takes .* got 'a\\x0d\\x0aRSET@b\.test'\n$/],
  ])('%j', async (words, message) => {
    const { code, stdout, stderr } = await postrush(words, { POSTRUSH_ALLOW_TARGET: '203.0.113.9' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('a run without a target', () => {
  test('says that it uses the built-in sink, tells progress on stderr, and reports on stdout', async () => {
    const { code, stdout, stderr } = await postrush(['run', '-m', '200']);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^no TARGET given: the load goes to the built-in sink at smtp:\/\/127\.0\.0\.1:\d+, which answers after 2 ms\n/,
    );
    expect(stdout).toContain('PASS');
    expect(stdout).toContain('200 of 200 messages accepted');
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    // Neither colours nor cursor movements in a pipe.
    expect(stdout + stderr).not.toMatch(/[\x1b\r]/);
  });

  test('-q is one line and nothing else', async () => {
    const { code, stdout, stderr } = await postrush([
      'run',
      '-m',
      '20',
      '-q',
      '--gate',
      'utilisation=off',
      '--gate',
      'eventLoopLag.p99=off',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^PASS [^\n]*\n$/);
  });

  test('--json - is the result alone on stdout, and fits its schema', async () => {
    const { code, stdout } = await postrush(['run', '-m', '20', '-w', '1', '--json', '-']);
    expect(code).toBe(0);
    const result = runResultSchema.parse(JSON.parse(stdout));
    expect(result).toMatchObject({
      verdict: 'pass',
      messages: { accepted: 20 },
      target: { builtInSink: { replyDelayMs: 2 } },
    });
  });

  test('--json FILE is written beside the report', async () => {
    const path = join(folder, 'result.json');
    const { code, stdout } = await postrush(['run', '-m', '20', '-w', '1', '--json', path]);
    expect(code).toBe(0);
    expect(stdout).toContain('PASS');
    expect(runResultSchema.parse(JSON.parse(readFileSync(path, 'utf8')))).toMatchObject({ verdict: 'pass' });
  });

  test.runIf(existsSync('/dev/full'))('a result that cannot be written does not cost the report', async () => {
    const { code, stdout, stderr } = await postrush([
      'run',
      '-m',
      '20',
      '-w',
      '1',
      '--json',
      '/dev/full',
      '--no-progress',
    ]);
    expect(code).toBe(5);
    expect(stdout).toContain('PASS');
    expect(stderr).toMatch(
      /postrush: the result could not be written to \/dev\/full: no space is left on the device\n$/,
    );
  });

  test('--progress json is one object per line on stderr', async () => {
    const { stderr } = await postrush(['run', '-d', '1500ms', '-q', '--progress', 'json']);
    const states = stderr.trimEnd().split('\n').map((line) => JSON.parse(line)); // prettier-ignore
    expect(states[0]).toMatchObject({ phase: 'preflight' });
    expect(states.some((state) => state.phase === 'measured' && state.accepted > 0)).toBe(true);
  });

  test('FORCE_COLOR colours a pipe, NO_COLOR wins', async () => {
    const words = ['run', '-m', '20', '-w', '1', '--no-progress'];
    expect((await postrush(words, { FORCE_COLOR: '1' })).stdout).toContain('\x1b[');
    expect((await postrush(words, { FORCE_COLOR: '1', NO_COLOR: '1' })).stdout).not.toContain('\x1b[');
  });

  test('a reader who leaves early is no error', async () => {
    const child = start(['run', '-m', '20', '-w', '1', '--no-progress']);
    child.stdout?.destroy();
    const { code, stderr } = await ended(child);
    expect(code).toBe(0);
    expect(stderr).not.toContain('postrush:');
  });
});

describe('a run that does not pass', () => {
  test('where nothing listens ends with 4 and says so in one sentence', async () => {
    const sink = await startSink();
    await sink.close();
    const { code, stdout, stderr } = await postrush(['run', sink.url, '-m', '1']);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^postrush: ${sink.url} .*\\n$`));
    const traced = await postrush(['run', sink.url, '-m', '1'], { POSTRUSH_DEBUG: '1' });
    expect(traced.stderr).toContain(stderr);
    expect(traced.stderr).toMatch(/\n +at /);
  });

  test('where mail is rejected is a good measurement all the same', async () => {
    const sink = await startSink({ faults: [{ on: 'rcpt', reply: '550 5.1.1 no such user' }] });
    const { code, stdout } = await postrush(['run', sink.url, '-m', '20', '-w', '1', '--no-progress']);
    await sink.close();
    expect(code).toBe(0);
    expect(stdout).toContain('5.1.1');
  });
});

describe('a signal', () => {
  let sink: RunningSink;
  beforeAll(async () => {
    // No message is ever answered, so that there is always one under way.
    sink = await startSink({ faults: [{ on: 'endOfData', then: 'silence' }] });
  });
  afterAll(async () => {
    await sink.close();
  });

  async function startLoad(words: readonly string[]): Promise<{ child: ChildProcess; end: Promise<Ended> }> {
    const seen = sink.stats().connections;
    const child = start(['run', sink.url, '-s', '2', '-w', '1', '-d', '60s', '--no-progress', ...words]);
    const end = ended(child);
    await until(() => sink.stats().connections >= seen + 3);
    return { child, end };
  }

  test('once: stops, drains, reports, and the exit code is the verdict’s', async () => {
    const { child, end } = await startLoad(['--drain', '300ms', '--json', '-']);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await end;
    expect(stderr).toBe('stopping: finishing messages under way, up to 300ms; press Ctrl-C again to cut\n');
    const result = runResultSchema.parse(JSON.parse(stdout));
    expect(result).toMatchObject({ endedBy: 'signal', messages: { cut: 2 }, books: { balanced: true } });
    expect(code).toBe({ pass: 0, fail: 1, invalid: 3 }[result.verdict]);
  });

  test('twice: cuts, reports, and ends with 130', async () => {
    const { child, end } = await startLoad(['--drain', '60s', '--json', '-']);
    let noted = '';
    child.stderr?.on('data', (text: string) => (noted += text));
    child.kill('SIGTERM');
    await until(() => noted.includes('stopping'));
    child.kill('SIGINT');
    const { code, stdout } = await end;
    expect(code).toBe(130);
    expect(runResultSchema.parse(JSON.parse(stdout))).toMatchObject({
      endedBy: 'secondSignal',
      messages: { cut: 2 },
      books: { balanced: true },
    });
  });
});
