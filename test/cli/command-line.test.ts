/** From words to what is wanted. */
import { describe, expect, test } from 'vitest';
import { readCommandLine } from '../../src/cli/command-line.js';
import type { Invocation } from '../../src/cli/command-line.js';
import { ExitCode } from '../../src/cli/exit-codes.js';
import { RUN_FLAGS, longName, variableOf } from '../../src/cli/run-flags.js';
import { DEFAULTS, OPTION_NAMES } from '../../src/plan/options.js';
import { formatDuration, formatSize } from '../../src/plan/units.js';

const VERSION = '1.2.3';
const read = (line: string): Invocation => readCommandLine(line === '' ? [] : line.split(' '), VERSION);

function printed(line: string): string {
  const invocation = read(line);
  return invocation.kind === 'print' ? invocation.text : '';
}

describe('run', () => {
  test('without anything has no target and no flags', () => {
    expect(read('run')).toEqual({ kind: 'run', targets: [], flags: new Map(), problems: [] });
  });

  test('takes flags long and short, before and behind the target', () => {
    const line = 'run -s 5 -qm10 smtp://127.0.0.1:25 --rcpt=3 --tls-insecure -l 1KiB';
    expect(read(line)).toEqual({
      kind: 'run',
      targets: ['smtp://127.0.0.1:25'],
      flags: new Map<string, unknown>([
        ['--sessions', '5'],
        ['--messages', '10'],
        ['--rcpt', '3'],
        ['--size', '1KiB'],
        ['--tls-insecure', true],
        ['--quiet', true],
      ]),
      problems: [],
    });
  });

  test('takes values that begin with a hyphen, and empty ones', () => {
    const invocation = readCommandLine(['run', '-s', '-5', '--json', '-', '--from', ''], VERSION);
    expect(invocation).toMatchObject({ flags: new Map([['--sessions', '-5'], ['--from', ''], ['--json', '-']]) }); // prettier-ignore
  });

  test('keeps every value of a flag that may be repeated, and the last of one that may not', () => {
    const invocation = read('run --timeout 5s --timeout quit=1s --allow-target a.test --seed 1 --seed 2');
    expect(invocation).toMatchObject({
      flags: new Map<string, unknown>([
        ['--timeout', ['5s', 'quit=1s']],
        ['--allow-target', ['a.test']],
        ['--seed', '2'],
      ]),
    });
  });

  test.each([
    ['run --no-progress', 'none'],
    ['run --progress json --no-progress', 'none'],
    ['run --no-progress --progress json', 'json'],
  ])('%s tells progress as %s', (line, mode) => {
    expect(read(line)).toMatchObject({ flags: new Map([['--progress', mode]]) });
  });

  test('takes as many targets as are named', () => {
    expect(read('run a:1,weight=3 -s 5 b:2 c:3')).toMatchObject({
      targets: ['a:1,weight=3', 'b:2', 'c:3'],
      problems: [],
    });
  });
});

describe('a wrong word', () => {
  test('does not hide the others, nor the flags that are right', () => {
    expect(read('run --sesions 5 smtp://127.0.0.1:25 -d 1s --foo=bar -xyz --tls')).toEqual({
      kind: 'run',
      // With an unknown flag nobody knows whether 5 is its value or a target.
      targets: [],
      flags: new Map([['--duration', '1s']]),
      problems: [
        { path: '--tls', message: 'needs a value' },
        { path: '--sesions', message: 'is not a flag: did you mean --sessions?' },
        { path: '--foo=bar', message: 'is not a flag' },
        { path: '-xyz', message: 'is not a flag' },
      ],
    });
  });

  test.each([
    ['runn', 'runn', 'is not a command: did you mean run?'],
    ['frobnicate --x', 'frobnicate', 'is not a command'],
    ['smtp://127.0.0.1:25', 'smtp://127.0.0.1:25', 'is not a command: did you mean postrush run smtp://127.0.0.1:25?'],
    ['--sessions 5', '--sessions', 'is a flag of run: did you mean postrush run?'],
    ['-s 5', '-s', 'is a flag of run: did you mean postrush run?'],
    ['schema', 'schema', 'takes one of: result, sink, check, calibration, scenario'],
    ['schema result more', 'schema', "too many arguments for 'schema'. Expected 1 argument but got 2."],
  ])('in "%s" is named', (line, path, message) => {
    expect(read(line)).toEqual({ kind: 'refuse', problems: [{ path, message }] });
  });

  test('behind a known letter is named as well', () => {
    expect(read('run -qx')).toMatchObject({ problems: [{ path: '-x', message: 'is not a flag' }] });
  });

  test.each(['run -s', 'run --sessions'])('%s: a value is missing', (line) => {
    expect(read(line)).toMatchObject({ problems: [{ path: line.slice(4), message: 'needs a value' }] });
  });
});

describe('the help', () => {
  const help = printed('run --help');
  const oneLine = help.replace(/\s+/g, ' ');

  test.each(['', '--help', 'help', 'run --help', 'run -h', 'help run', 'schema --help'])(
    'of "%s" fits 80 columns',
    (line) => {
      const lines = printed(line).split('\n');
      expect(lines[0]).toMatch(/^Usage: postrush/);
      expect(lines.filter((text) => text.length > 80)).toEqual([]);
    },
  );

  test('names every flag with what it means', () => {
    for (const { usage, help: meaning } of RUN_FLAGS) {
      expect(oneLine).toContain(` ${usage} `);
      expect(oneLine).toContain(meaning);
    }
  });

  const timeouts = `connect ${formatDuration(DEFAULTS.timeoutConnectMs)}, endOfData ${formatDuration(DEFAULTS.timeoutEndOfDataMs)}, others ${formatDuration(DEFAULTS.timeoutOtherMs)}`;
  test.each<[string, string | number]>([
    ['--sessions', DEFAULTS.sessions],
    ['--duration', `${formatDuration(DEFAULTS.durationMs)} without -m`],
    ['--messages-per-session', DEFAULTS.messagesPerSession],
    ['--rcpt', DEFAULTS.recipients],
    ['--size', formatSize(DEFAULTS.messageBytes)],
    ['--from', DEFAULTS.from],
    ['--to', DEFAULTS.to],
    ['--helo', DEFAULTS.helo],
    ['--subject', `"${DEFAULTS.subject}"`],
    ['--tls', `${DEFAULTS.tls} for smtp://`],
    ['--pipelining', DEFAULTS.pipelining],
    ['--timeout', timeouts],
    ['--warmup', formatDuration(DEFAULTS.warmupMs)],
    ['--drain', formatDuration(DEFAULTS.drainMs)],
    ['--give-up', formatDuration(DEFAULTS.giveUpMs)],
    ['--seed', DEFAULTS.seed],
    ['--connect-limit', DEFAULTS.connectLimit],
    ['--addresses', DEFAULTS.addresses],
  ])('says the default of %s', (name, value) => {
    const flag = RUN_FLAGS.find((one) => longName(one) === name);
    expect(flag?.help).toContain(`(default: ${value})`);
  });

  test('lists the exit codes', () => {
    const codes = Object.entries(ExitCode).map(([meaning, code]) => `${code} ${meaning}`);
    expect(help).toContain(`Exit codes: ${codes.join(', ')}.`);
  });

  test('shows four examples that reach nobody', () => {
    const examples = help.slice(help.indexOf('Examples:'));
    expect(examples.match(/\$ postrush/g)).toHaveLength(4);
    for (const host of examples.match(/(?<=\/\/|@)[^\s:'/]+/g) ?? []) expect(host).toMatch(/^127\.0\.0\.1$|\.test$/);
  });
});

describe('the flags of run', () => {
  test('cover every option of a load test but the target', () => {
    const options = RUN_FLAGS.map((flag) => flag.option).filter((option) => option !== null);
    expect(new Set([...options, 'target', 'targets'])).toEqual(new Set(Object.keys(OPTION_NAMES)));
  });

  test('are named as issues name them', () => {
    for (const flag of RUN_FLAGS) {
      if (flag.option !== null) expect(OPTION_NAMES[flag.option]).toBe(longName(flag));
    }
  });

  test('of consent have no variable', () => {
    expect(RUN_FLAGS.filter((flag) => flag.isConsent).map(longName)).toEqual([
      '--allow-target',
      '--allow-domain',
      '--auth-clear',
    ]);
    for (const flag of RUN_FLAGS) if (flag.isConsent) expect(variableOf(flag)).toBeNull();
  });
});

test('the version is printed as it is', () => {
  expect(printed('--version')).toBe('1.2.3\n');
  expect(printed('-V')).toBe('1.2.3\n');
});

test('schema takes the name of one', () => {
  expect(read('schema result')).toEqual({ kind: 'schema', name: 'result' });
});
