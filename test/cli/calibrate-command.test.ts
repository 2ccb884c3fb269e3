/** `calibrate` as a user starts it, and what runs make of a ceiling. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workShape } from '../../src/calibration/work-shape.js';
import { readCeilings, storeCeiling } from '../../src/cli/calibration-file.js';
import { calibrationSchema } from '../../src/report/calibration-schema.js';
import { runResultSchema } from '../../src/report/result-schema.js';
import { planOf, type EngineOptions } from '../support/engine-plan.js';
import { readProgram } from '../support/program.js';

const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const SLOW = { timeout: 60_000 };

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postrush-calibrate-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

/** A file with a ceiling for such a plan with one worker on this machine. */
function known(name: string, options: EngineOptions, messagesPerSec: number): string {
  const path = join(folder, name);
  const machine = { node: process.version, cpuModel: cpus()[0]?.model ?? 'unknown', cores: availableParallelism() };
  const key = { ...machine, workers: 1, shape: workShape(planOf(options)) };
  const calibratedAt = '2026-11-27T02:00:00.000Z';
  expect(storeCeiling(path, { ...key, messagesPerSec, sessionsPerSec: messagesPerSec, calibratedAt })).toBeNull();
  return path;
}

describe('calibrate', () => {
  test('measures TLS and AUTH in three trials, tells them as JSON, and stores the ceiling', SLOW, async () => {
    const path = join(folder, 'made.json');
    const password = file('pw.txt', 'secret\n');
    const { code, stdout, stderr } = await readProgram(
      ['calibrate', '-d', '1s', '-w', '1', '-s', '4', '-n', '5', '--json', '-', '--tls', 'required'].concat(
        ...['--auth', 'scram-sha-256', '--user', 'load', '--password-file', password],
        ...['--tls-servername', 'mail.lab.test'],
      ),
      undefined,
      { POSTRUSH_CALIBRATION: path, POSTRUSH_RATE: '1/s' },
    );
    expect(code).toBe(0);
    expect(stderr).toContain('roots to trust and names in certificates do not count here');
    const calibration = calibrationSchema.parse(JSON.parse(stdout));
    expect(calibration).toMatchObject({ sessions: 4, workers: 1 });
    expect(calibration.trials.map(({ attempted, accepted }) => attempted === accepted && accepted > 0)).toEqual([
      ...[true, true, true],
    ]);
    const { ceiling, besideSink } = calibration;
    expect(ceiling.messagesPerSec.lowest).toBeLessThanOrEqual(ceiling.messagesPerSec.median);
    expect(ceiling.messagesPerSec.median).toBeGreaterThan(besideSink.messagesPerSec.median);
    // Sessions that the end of a trial cuts make it differ from the five that each sends.
    expect(ceiling.messagesPerSec.median / ceiling.sessionsPerSec.median).toBeGreaterThan(4);
    expect(ceiling.messagesPerSec.median / ceiling.sessionsPerSec.median).toBeLessThan(7);
    expect(stderr.match(/^trial [123] of 3: [\d,.]+ messages\/s beside the sink/gm)?.length).toBe(3);
    expect(stderr).toContain(`stored in ${path}\n`);
    expect(readCeilings(path)).toEqual([
      expect.objectContaining({ shape: calibration.shape, messagesPerSec: ceiling.messagesPerSec.median }),
    ]);
  });

  test('takes the sessions of a file and not its arrivals, says so, and reports in 80 columns', SLOW, async () => {
    const path = file(
      'open.yaml',
      'target: lmtp://127.0.0.1:2424\nload: { profile: 0/s ->(10s) 50/s, workers: 1, reuse: true }\nmessage: { size: 4KiB }\n',
    );
    const { code, stdout, stderr } = await readProgram(
      ['calibrate', '-f', path, '-d', '1s', '--json', 'c.json'],
      folder,
    );
    expect(code).toBe(0);
    expect(stderr).toContain('the arrivals of the scenario (0/s ->(10s) 50/s) do not count here: 20 sessions send');
    expect(stderr).not.toContain('stored');
    expect(stdout).toMatch(/^Ceiling {5}[\d,.]+ messages\/s, of the generator alone$/m);
    expect(stdout).toMatch(/^Reached beside the sink$/m);
    // They are kept.
    expect(stdout).not.toContain('sessions/s');
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const { shape } = calibrationSchema.parse(JSON.parse(readFileSync(join(folder, 'c.json'), 'utf8')));
    expect(shape).toBe(
      workShape(planOf({ rate: '9/s', duration: '1s', reuse: true, size: '4KiB' }, 'lmtp://127.0.0.1:24')),
    );
  });

  test('keeps its figures when they cannot be stored', SLOW, async () => {
    const path = file('no-ceilings.json', 'mine');
    const { code, stdout, stderr } = await readProgram(['calibrate', '-d', '1s', '-w', '1'], undefined, {
      POSTRUSH_CALIBRATION: path,
    });
    expect({ code, kept: readFileSync(path, 'utf8') }).toEqual({ code: 0, kept: 'mine' });
    expect(stderr).toContain(`nothing is stored: ${path} is no file of calibrations`);
    expect(stdout).toContain('of the generator alone');
  });

  test('that is stopped says so, and stores nothing', SLOW, async () => {
    const path = join(folder, 'stopped.json');
    const child = spawn(process.execPath, [PROGRAM, 'calibrate', '-d', '1s'], {
      env: { PATH: process.env['PATH'], POSTRUSH_CALIBRATION: path },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (!stderr.includes('trial') && text.includes('trial')) child.kill('SIGINT');
      stderr += text;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toContain('postrush: calibration was stopped: nothing is stored\n');
    expect(existsSync(path)).toBe(false);
  });

  test.each([
    [['smtp://127.0.0.1:2525'], 'smtp://127.0.0.1:2525: is not expected, calibrate takes flags only'],
    [['-r', '5/s'], '-r: is not for calibrate'],
    [['--slo', 'x'], '--slo: is not for calibrate'],
    [['--auth-only'], '--auth-only: is not for calibrate'],
    [['--out', 'x'], '--out: is not for calibrate'],
    [['--nonsense'], '--nonsense: is not a flag'],
    [['-d', '10m'], '--duration: takes a time from 1s to 1m'],
    [['-s', '0'], '--sessions: takes'],
    [['--steps', 'ehlo quit'], 'calibrate: takes sessions that send mail'],
    [['--json', '/no/such/dir/x.json'], '--json: cannot be written'],
  ])('%j is refused', async (words, problem) => {
    const { code, stdout, stderr } = await readProgram(['calibrate', ...words]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`postrush: ${problem}`);
  });
});

describe('a run', () => {
  const RUN = ['run', '-d', '1s', '-w', '1', '-s', '5', '--no-progress'];

  test('near its ceiling says so in report and result, and so does its directory', SLOW, async () => {
    const path = known('low.json', {}, 10);
    const [out, json] = [join(folder, 'kept'), join(folder, 'near.json')];
    const { code, stdout, stderr } = await readProgram([...RUN, '--out', out, '--json', json], undefined, {
      POSTRUSH_CALIBRATION: path,
    });
    expect(code).toBe(0);
    // Closed load plans no rate that could be too high.
    expect(stderr).not.toContain('warning');
    expect(stdout).toMatch(
      /^Ceiling {5}[\d,.]+% of the 10\.0 messages\/s that this generator can do \(calibrated$\n^ {12}2026-11-27\): near/m,
    );
    const result = runResultSchema.parse(JSON.parse(readFileSync(json, 'utf8')));
    expect(result.generator.ceiling).toEqual({
      ...{ messagesPerSec: 10, calibratedAt: '2026-11-27T02:00:00.000Z' },
      share: result.throughput.attemptedPerSec / 10,
    });
    // The file is of no consequence for what has been.
    expect((await readProgram(['report', out])).stdout).toBe(stdout);
    const head = join(out, 'head.json');
    const { ceiling, ...older } = JSON.parse(readFileSync(head, 'utf8')) as Record<string, unknown>;
    expect(ceiling).toEqual({ messagesPerSec: 10, calibratedAt: '2026-11-27T02:00:00.000Z', workers: 1 });
    writeFileSync(head, JSON.stringify(older));
    const told = await readProgram(['report', out, '--json', '-']);
    expect(runResultSchema.parse(JSON.parse(told.stdout)).generator.ceiling).toBeNull();
  });

  test('beyond its ceiling is warned of before the load, and goes on', SLOW, async () => {
    const path = known('beyond.json', { messagesPerSession: 2 }, 30);
    const words = ['-r', '20/s', '-n', '2', '--json', '-'];
    const { stdout, stderr } = await readProgram([...RUN, ...words], undefined, { POSTRUSH_CALIBRATION: path });
    expect(stderr).toMatch(
      /^warning: the plan asks for up to 40\.0 messages\/s, and this generator came to 30\.0 when it was calibrated \(2026-11-27\): it will be the limit itself$/m,
    );
    expect(runResultSchema.parse(JSON.parse(stdout)).messages.accepted).toBe(40);
    const below = await readProgram([...RUN, '-r', '10/s', '-n', '2'], undefined, { POSTRUSH_CALIBRATION: path });
    expect(below.stderr).not.toContain('warning');
    expect(below.stdout).not.toMatch(/^Ceiling/m);
  });

  test('of other sessions knows no ceiling', SLOW, async () => {
    const path = known('other.json', {}, 10);
    const { stdout } = await readProgram([...RUN, '-l', '2KiB', '--json', '-'], undefined, {
      POSTRUSH_CALIBRATION: path,
    });
    expect(runResultSchema.parse(JSON.parse(stdout)).generator.ceiling).toBeNull();
  });

  test('with a broken file says so in one line, and is a run as any other', SLOW, async () => {
    const path = file('broken.json', '{');
    const { code, stdout, stderr } = await readProgram([...RUN, '-q'], undefined, { POSTRUSH_CALIBRATION: path });
    expect(code).toBe(0);
    expect(stderr).toBe(
      `no calibration is used: ${path} is no file of calibrations: remove it, or name another one in POSTRUSH_CALIBRATION\n`,
    );
    expect(stdout).toMatch(/^PASS /);
  });
});
