/** Everything that is known before a run starts, and everything that is wrong with it. */
import { createPrivateKey } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCommandLine } from '../../src/cli/command-line.js';
import { prepareRun } from '../../src/cli/run-settings.js';
import type { RunSettings } from '../../src/cli/run-settings.js';
import type { PostrushError } from '../../src/errors.js';
import { testCertificate } from '../support/certificate.js';

const TARGET = 'smtp://127.0.0.1:2525';
let folder = '';
const file = (name: string): string => join(folder, name);
const isRoot = process.getuid?.() === 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postrush-settings-'));
  writeFileSync(file('pw.txt'), 'secret\n');
  writeFileSync(file('crlf.txt'), 'secret\r\n');
  writeFileSync(file('users.csv'), '\ufeffuser,password\r\njürgen,pässwörd\r\n');
  writeFileSync(file('latin1.csv'), Buffer.from('user,password\njürgen,x\n', 'latin1'));
  writeFileSync(file('two-lines.txt'), 'secret\n\n');
  writeFileSync(file('empty'), '');
  writeFileSync(file('newline.txt'), '\n');
  writeFileSync(file('mail.eml'), 'Subject: hello\n\nworld\n');
  writeFileSync(file('large.eml'), Buffer.alloc(64 * 1_048_576 + 1));
  const { cert, key } = await testCertificate();
  writeFileSync(file('ca.pem'), cert);
  writeFileSync(file('key.pem'), key);
  const locked = { type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' } as const;
  writeFileSync(file('locked.key'), createPrivateKey(key).export(locked));
  writeFileSync(file('old.key'), '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n');
  writeFileSync(file('broken.key'), '-----BEGIN PRIVATE KEY-----\njunk\n-----END PRIVATE KEY-----\n');
  writeFileSync(file('broken.pem'), '-----BEGIN CERTIFICATE-----\njunk\n-----END CERTIFICATE-----\n');
  mkdirSync(file('closed'));
  chmodSync(file('closed'), 0o500);
});

afterAll(() => rmSync(folder, { recursive: true }));

function prepare(words: readonly string[], environment: Record<string, string> = {}): Promise<RunSettings> {
  const invocation = readCommandLine(['run', ...words], '0.0.0');
  if (invocation.kind !== 'run') throw new Error('not a run');
  return prepareRun(invocation, environment, 2);
}

/** `--flag: message`, with the folder of the test as DIR. */
async function problems(words: readonly string[], environment: Record<string, string> = {}): Promise<string[]> {
  try {
    await prepare(words, environment);
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_CONFIG' });
    return (error as PostrushError).issues.map(({ path, message }) => `${path}: ${message}`.replaceAll(folder, 'DIR'));
  }
  return [];
}

describe('a run', () => {
  test('without a target gets its plan once the built-in sink has an address', async () => {
    const settings = await prepare(['-s', '3', '-m', '5']);
    expect(settings).toMatchObject({ targets: [], jsonPath: null, isQuiet: false, progress: 'line' });
    expect(settings.planFor('smtp://127.0.0.1:4711')).toMatchObject({
      targets: [{ url: 'smtp://127.0.0.1:4711' }],
      sessions: 3,
      messages: 5,
      workers: 2,
    });
  });

  test('reads its files', async () => {
    const { plan } = await prepare([
      ...[TARGET, '--auth', 'login', '--user', 'load', '--password-file', file('pw.txt')],
      ...['--tls', 'required', '--tls-ca', file('ca.pem'), '--message', file('mail.eml')],
      ...['--tls-cert', file('ca.pem'), '--tls-key', file('key.pem')],
    ]);
    expect(plan.scenarios[0].tls.clientCertificate?.certPem).toContain('BEGIN CERTIFICATE');
    expect(plan.scenarios[0].tls.clientCertificate?.keyPem).toContain('PRIVATE KEY');
    expect(plan.scenarios[0].auth).toMatchObject({ mechanism: 'login', user: 'load', password: 'secret' });
    expect(plan.scenarios[0].tls.caPem).toContain('BEGIN CERTIFICATE');
    expect(plan.scenarios[0].message.content).toBe('Subject: hello\r\n\r\nworld\r\n');
  });

  test('puts flags before the environment, and the environment before defaults', async () => {
    const { plan } = await prepare([TARGET, '-s', '5'], { POSTRUSH_SESSIONS: '6', POSTRUSH_SEED: '7' });
    expect(plan).toMatchObject({ sessions: 5, seed: 7, scenarios: [{ recipients: 1 }] });
  });

  test.each([
    [['-q'], {}, 'none'],
    [['-q', '--progress', 'json'], {}, 'json'],
    [['-q'], { POSTRUSH_PROGRESS: 'json' }, 'none'],
    [[], { POSTRUSH_PROGRESS: 'json' }, 'json'],
    [['--no-progress'], { POSTRUSH_PROGRESS: 'json' }, 'none'],
    [[], {}, 'line'],
  ])('with %j and %j tells progress as %s', async (words, environment, mode) => {
    expect((await prepare([TARGET, ...words], environment)).progress).toBe(mode);
  });
});

describe('accounts', () => {
  test('come from a file, with or without a byte order mark', async () => {
    const { plan } = await prepare([TARGET, '--auth', 'plain', '--credentials', file('users.csv')]);
    expect(plan.scenarios[0].auth?.accounts).toEqual({ count: 1, order: 'in-order', text: 'jürgen\npässwörd\n' });
  });

  test('leave the password in the environment where it is', async () => {
    const words = [TARGET, '--auth', 'plain', '--credentials', file('users.csv')];
    expect((await prepare(words, { POSTRUSH_PASSWORD: 'other' })).plan.scenarios[0].auth?.password).toBe('pässwörd');
  });
});

describe('the password', () => {
  const auth = [TARGET, '--auth', 'plain', '--user', 'load'];
  const passwordOf = async (
    words: readonly string[],
    environment: Record<string, string> = {},
  ): Promise<string | undefined> => (await prepare([...auth, ...words], environment)).plan.scenarios[0].auth?.password;

  test.each(['pw.txt', 'crlf.txt'])('of %s has no newline at its end', async (name) => {
    expect(await passwordOf(['--password-file', file(name)])).toBe('secret');
  });

  test('may be in the environment', async () => {
    expect(await passwordOf([], { POSTRUSH_PASSWORD: 'other' })).toBe('other');
  });

  test('of the file wins when the flag is given', async () => {
    expect(await passwordOf(['--password-file', file('pw.txt')], { POSTRUSH_PASSWORD: 'other' })).toBe('secret');
  });

  test('in the environment wins against a file in the environment, which is not even read', async () => {
    expect(await passwordOf([], { POSTRUSH_PASSWORD: 'other', POSTRUSH_PASSWORD_FILE: file('nowhere') })).toBe('other');
  });

  test('in the environment disturbs nobody who does not authenticate', async () => {
    expect((await prepare([TARGET], { POSTRUSH_PASSWORD: 'other' })).plan.scenarios[0].auth).toBeNull();
  });

  test('in the environment disturbs nobody who authenticates without one', async () => {
    const words = ['--tls', 'required', '--tls-cert', file('ca.pem'), '--tls-key', file('key.pem')];
    for (const mechanism of ['external', 'EXTERNAL']) {
      const { plan } = await prepare([TARGET, '--auth', mechanism, ...words], { POSTRUSH_PASSWORD: 'other' });
      expect(plan.scenarios[0].auth).toMatchObject({ mechanism: 'external', user: '', password: '' });
    }
  });

  test('may be a token', async () => {
    const { plan } = await prepare([TARGET, '--auth', 'oauthbearer', '--password-file', file('pw.txt')]);
    expect(plan.scenarios[0].auth).toMatchObject({ mechanism: 'oauthbearer', user: '', password: 'secret' });
  });

  test('is named after the place where it came from', async () => {
    expect(await problems([...auth, '--password-file', file('two-lines.txt')])).toEqual([
      '--password-file: takes a password on one line, without control characters',
    ]);
    expect(await problems(auth, { POSTRUSH_PASSWORD: 'a\nb' })).toEqual([
      'POSTRUSH_PASSWORD: takes a password on one line, without control characters',
    ]);
  });
});

describe('what is wrong is said of', () => {
  const auth = ['--auth', 'plain', '--user', 'load', '--password-file'];
  const certificate = ['--tls', 'required', '--tls-cert', 'ca.pem', '--tls-key'];
  test.each<[string[], string]>([
    [[...auth, 'nowhere'], '--password-file: DIR/nowhere cannot be read: there is no such file'],
    [[...auth, 'empty'], '--password-file: DIR/empty is empty'],
    [[...auth, 'closed'], '--password-file: DIR/closed cannot be read: it is a directory'],
    [[...auth, 'pw.txt/x'], '--password-file: DIR/pw.txt/x cannot be read: a part of its path is not a directory'],
    [[...auth, 'newline.txt'], '--password-file: takes a password on one line, without control characters'],
    [[...auth, 'large.eml'], '--password-file: DIR/large.eml has 67108865 octets, and 1MiB is the limit'],
    [['--tls', 'required', '--tls-ca', 'nowhere'], '--tls-ca: DIR/nowhere cannot be read: there is no such file'],
    [['--tls', 'required', '--tls-ca', 'empty'], '--tls-ca: DIR/empty is empty'],
    [['--tls', 'required', '--tls-ca', 'pw.txt'], '--tls-ca: DIR/pw.txt holds no certificate in PEM'],
    [
      ['--tls', 'required', '--tls-ca', 'broken.pem'],
      '--tls-ca: DIR/broken.pem holds a certificate that cannot be read',
    ],
    [[...certificate, 'nowhere'], '--tls-key: DIR/nowhere cannot be read: there is no such file'],
    [[...certificate, 'ca.pem'], '--tls-key: DIR/ca.pem holds no private key in PEM'],
    [[...certificate, 'broken.key'], '--tls-key: DIR/broken.key holds a private key that cannot be read'],
    [[...certificate, 'locked.key'], '--tls-key: DIR/locked.key holds an encrypted key: give one without passphrase'],
    [[...certificate, 'old.key'], '--tls-key: DIR/old.key holds an encrypted key: give one without passphrase'],
    [
      ['--tls', 'required', '--tls-key', 'key.pem', '--tls-cert', 'key.pem'],
      '--tls-cert: DIR/key.pem holds no certificate in PEM',
    ],
    [
      ['--auth', 'plain', '--credentials', 'nowhere'],
      '--credentials: DIR/nowhere cannot be read: there is no such file',
    ],
    [['--auth', 'plain', '--credentials', 'empty'], '--credentials: DIR/empty is empty'],
    [['--auth', 'plain', '--credentials', 'latin1.csv'], '--credentials: DIR/latin1.csv is not UTF-8'],
    [
      ['--auth', 'plain', '--credentials', 'large.eml'],
      '--credentials: DIR/large.eml has 67108865 octets, and 64MiB is the limit',
    ],
    [['--message', 'nowhere'], '--message: DIR/nowhere cannot be read: there is no such file'],
    [['--message', 'empty'], '--message: DIR/empty is empty'],
    [['--message', 'large.eml'], '--message: DIR/large.eml has 67108865 octets, and 64MiB is the limit'],
    [['--json', 'nowhere/x.json'], '--json: cannot be written: there is no directory DIR/nowhere'],
    [['--json', 'pw.txt/x.json'], '--json: cannot be written: a part of its path is not a directory'],
    [['--json', 'closed'], '--json: takes the path of a file, and this is a directory'],
  ])('%j', async (words, problem) => {
    const paths = words.map((word, at) => (/^--(password-file|credentials|tls-ca|tls-cert|tls-key|message|json)$/.test(words[at - 1] ?? '') ? file(word) : word)); // prettier-ignore
    expect(await problems([TARGET, ...paths])).toEqual([problem]);
  });

  test('a directory that may not be written to', async (context) => {
    context.skip(isRoot, 'root may write everywhere');
    expect(await problems([TARGET, '--json', file('closed/x.json')])).toEqual([
      '--json: cannot be written: permission denied',
    ]);
  });

  test.each<[string[], string]>([
    [['--json', ''], '--json: takes the path of a file, or - for stdout'],
    [['--progress', 'tui'], '--progress: takes line, json or none'],
    [['--user', 'x'], '--user: needs --auth'],
  ])('%j', async (words, problem) => {
    expect(await problems([TARGET, ...words])).toEqual([problem]);
  });

  test('a variable under its own name', async () => {
    expect(
      await problems([TARGET], { POSTRUSH_SESSIONS: 'x', POSTRUSH_MESSAGE: file('empty'), POSTRUSH_QUIET: 'x' }),
    ).toEqual([
      'POSTRUSH_QUIET: takes 1 or 0, true or false, yes or no',
      'POSTRUSH_MESSAGE: DIR/empty is empty',
      'POSTRUSH_SESSIONS: takes a whole number from 1 to 100000',
    ]);
  });

  test('words, variables, files, options and output all at once', async () => {
    const words = [
      ...['--sesions', '5', '-d', '10', '--auth', 'plain', '--password-file', file('nowhere')],
      ...['--message', file('empty'), '--size', '1KiB', '--json', file('nowhere/x'), '--progress', 'tui'],
    ];
    expect((await problems(words, { POSTRUSH_SEED: 'dice' })).map((line) => line.slice(0, line.indexOf(':')))).toEqual([
      ...['--sesions', '--message', '--password-file', '--json', '--progress'],
      ...['--auth', '--size', '--duration', 'POSTRUSH_SEED'],
    ]);
  });

  test('an unreadable file only once', async () => {
    const words = [TARGET, '--tls', 'required', '--tls-ca', file('nowhere'), '--message', file('empty')];
    expect(await problems(words)).toHaveLength(2);
  });
});
