/** Writing to people and pipes. */
import { expect, test } from 'vitest';
import { errorLines } from '../../src/cli/error-lines.js';
import { ExitCode, exitCodeOfError, exitCodeOfResult } from '../../src/cli/exit-codes.js';
import { Output } from '../../src/cli/output.js';
import type { OutputStream } from '../../src/cli/output.js';
import { ProgressPrinter } from '../../src/cli/progress-printer.js';
import type { ProgressStyle } from '../../src/cli/progress-printer.js';
import { canRewriteLine, usesColor } from '../../src/cli/terminal.js';
import { ERROR_MEANINGS, PostrushError } from '../../src/errors.js';
import type { ErrorCode } from '../../src/errors.js';
import type { RunProgress } from '../../src/report/progress.js';

/** A stream that keeps what is written, or fails. */
function stream(columns = 80, failure: NodeJS.ErrnoException | null = null): OutputStream & { text: string } {
  return {
    columns,
    isTTY: true,
    text: '',
    on: () => undefined,
    write(text, done) {
      this.text += text;
      done(failure);
      return true;
    },
  };
}

const failed = (code: string): NodeJS.ErrnoException => Object.assign(new Error(code), { code });

test('a reader who has gone is no error', async () => {
  await expect(new Output(stream(80, failed('EPIPE')), 'stdout').write('x')).resolves.toBeUndefined();
});

test('a full disk is one', async () => {
  await expect(new Output(stream(80, failed('ENOSPC')), 'stdout').write('x')).rejects.toMatchObject({
    code: 'E_REPORT_WRITE',
    message: 'stdout could not be written to: no space is left on the device',
  });
});

const progress = (phase: RunProgress['phase'], elapsedSec: number): RunProgress => ({
  ...{ phase, elapsedSec, plannedSec: 600, intervalSec: 1, attempted: 10, accepted: 9, deferred: 0, rejected: 0 },
  ...{
    failed: 1,
    acceptedPerSec: 9,
    sessions: null,
    openSessions: 2,
    p99Us: 1000,
    generatorBusy: 0.1,
    plannedMessages: null,
  },
});

function printed(style: Partial<ProgressStyle>, states: readonly RunProgress[], columns = 80): string {
  const target = stream(columns);
  const printer = new ProgressPrinter(new Output(target, 'stderr'), {
    ...{ mode: 'line', isRewriting: false, color: false },
    ...style,
  });
  for (const state of states) printer.show(state);
  printer.clear();
  return target.text;
}

test('in a log the progress is told at the beginning of a phase, then every five seconds, later every thirty', () => {
  const seconds = Array.from({ length: 400 }, (_, index) => progress('measured', index + 1));
  const text = printed({}, [progress('preflight', 0), progress('warmup', 1), progress('warmup', 2), ...seconds]);
  const told = text.split('\n').map((line) => /^(\S+) +(\d+)/.exec(line)?.slice(1).join(' '));
  expect(told.slice(0, 4)).toEqual(['warm-up 1', 'measured 1', 'measured 6', 'measured 11']);
  expect(told.slice(-5)).toEqual(['measured 296', 'measured 326', 'measured 356', 'measured 386', undefined]);
});

test('on a terminal one line is written over, narrower than the terminal, and cleared in the end', () => {
  const text = printed({ isRewriting: true }, [progress('measured', 1), progress('measured', 2)], 40);
  const lines = text.split('\r\x1b[2K');
  expect(lines).toHaveLength(4);
  expect(lines[1]).toMatch(/^measured +1/);
  for (const line of lines) expect(line.length).toBeLessThan(40);
  expect(text).not.toContain('\n');
});

test('as JSON every state is one line', () => {
  const states = [progress('preflight', 0), progress('measured', 1)];
  const lines = printed({ mode: 'json' }, states).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual(states);
});

test('without progress nothing is told', () => {
  expect(printed({ mode: 'none' }, [progress('measured', 1)])).toBe('');
});

test('a note stands on a line of its own, whatever stood there', () => {
  const target = stream();
  const printer = new ProgressPrinter(new Output(target, 'stderr'), { mode: 'line', isRewriting: true, color: false });
  printer.show(progress('measured', 1));
  printer.note('stopping');
  expect(target.text).toMatch(/\r\x1b\[2Kstopping\n$/);
});

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [true, { TERM: 'dumb' }, false],
  [false, { FORCE_COLOR: '1' }, true],
  [false, { FORCE_COLOR: '' }, true],
  [true, { FORCE_COLOR: '0' }, false],
  [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
])('on a terminal: %s, with %j, colours are used: %s', (isTerminal, environment, expected) => {
  expect(usesColor(isTerminal, environment)).toBe(expected);
});

test.each([
  [true, {}, true],
  [true, { CI: 'true' }, false],
  [true, { TERM: 'dumb' }, false],
  [false, {}, false],
])('on a terminal: %s, with %j, a line is written over: %s', (isTerminal, environment, expected) => {
  expect(canRewriteLine(isTerminal, environment)).toBe(expected);
});

test('an error with issues has a line for each, without repeating one', () => {
  const issue = { path: '--sessions', message: 'takes a whole number from 1 to 100000', received: '-5' };
  const error = new PostrushError('E_CONFIG', 'unusable', { issues: [issue, issue, { path: '--to', message: 'x' }] });
  expect(errorLines(error, false)).toEqual([
    "postrush: --sessions: takes a whole number from 1 to 100000, got '-5'",
    'postrush: --to: x',
  ]);
});

test('an error that a server or a file name has a part in moves no cursor', () => {
  expect(errorLines(new PostrushError('E_TARGET', 'said \x1b[2J\u202e\nhello'), false)).toEqual([
    'postrush: said \ufffd[2J\ufffd\ufffdhello',
  ]);
});

test('an internal error asks to be reported, and shows where it came from only when asked', () => {
  const error = new Error('boom', { cause: new Error('deeper') });
  expect(errorLines(error, false)).toEqual([
    'postrush: internal error: boom; please report this (POSTRUSH_DEBUG=1 shows where)',
  ]);
  const text = errorLines(error, true).join('\n');
  expect(text).toMatch(/^postrush: internal error: boom; please report this\n {2}Error: boom\n {6}at /);
  expect(text).toContain('Error: deeper');
  expect(errorLines('a string', false)[0]).toContain('internal error: a string;');
});

test.each<[ErrorCode, number]>([
  ['E_CONFIG', 2],
  ['E_TARGET', 4],
  ['E_LIMIT', 4],
  ['E_WORKER_CRASH', 5],
  ['E_REPORT_WRITE', 5],
])('%s ends with exit code %d', (code, exitCode) => {
  expect(exitCodeOfError(new PostrushError(code, 'x'))).toBe(exitCode);
});

test('every error code has an exit code, and anything else is internal', () => {
  for (const code of Object.keys(ERROR_MEANINGS) as ErrorCode[]) {
    expect(Object.values(ExitCode)).toContain(exitCodeOfError(new PostrushError(code, 'x')));
  }
  expect(exitCodeOfError(new TypeError('x'))).toBe(5);
});

test.each([
  ['pass', 'plan', 0],
  ['fail', 'targetLost', 1],
  ['invalid', 'abort', 3],
  ['pass', 'signal', 0],
  ['fail', 'signal', 1],
  ['pass', 'secondSignal', 130],
  ['invalid', 'secondSignal', 130],
] as const)('a run that is %s and ended by %s ends with exit code %d', (verdict, endedBy, exitCode) => {
  expect(exitCodeOfResult({ verdict, endedBy })).toBe(exitCode);
});
