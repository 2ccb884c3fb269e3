import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCommandLine } from '../../src/cli/command-line.js';
import { SINK_FLAGS } from '../../src/cli/sink-flags.js';
import { prepareSink } from '../../src/cli/sink-settings.js';
import type { SinkCommandSettings } from '../../src/cli/sink-settings.js';
import { PostrushError } from '../../src/errors.js';
import { testCertificate } from '../support/certificate.js';

let folder = '';
const inFolder = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sink-settings-'));
  const { key, cert } = await testCertificate();
  writeFileSync(inFolder('key.pem'), key);
  writeFileSync(inFolder('cert.pem'), cert);
  writeFileSync(inFolder('users'), '# users\nload:a:b\n\nother:secret\r\n');
  writeFileSync(inFolder('sink.yaml'), 'name: file.test\nusers: { load: x, more: y }\nmaxSize: 9\nseed: 3\n');
  writeFileSync(inFolder('bad.yaml'), 'nam: x\n');
  writeFileSync(inFolder('broken'), 'load:a\nnobody\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

function prepare(...words: string[]): Promise<SinkCommandSettings> {
  const invocation = readCommandLine(['sink', ...words], '0');
  if (invocation.kind !== 'sink') throw new Error(`a sink was asked for, not ${invocation.kind}`);
  return prepareSink(invocation);
}

async function problemsOf(...words: string[]): Promise<string[]> {
  try {
    await prepare(...words);
    return [];
  } catch (error) {
    if (error instanceof PostrushError) return error.issues.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
}

describe('the flags of sink', () => {
  test('are none for a sink on port 2525 that runs until it is stopped', async () => {
    expect(await prepare()).toEqual({
      options: { listen: ['smtp://127.0.0.1:2525'], users: {}, tls: null },
      processes: 1,
      durationMs: null,
      jsonPath: null,
      isQuiet: false,
    });
  });

  test('become options', async () => {
    const words = '--listen 127.0.0.1:1 --listen lmtp://[::1]:2 --name a.test --require-auth --withhold SIZE -d 2s -q';
    const more = ['--users', inFolder('users'), '--user', 'third:x', '--json', inFolder('saw.json')];
    const rest = '--reply-delay 5ms --max-recipients 3 --max-messages-per-session 4 --max-size 1KiB';
    const settings = await prepare(...words.split(' '), ...more, ...rest.split(' '));
    expect(settings).toEqual({
      options: {
        listen: ['127.0.0.1:1', 'lmtp://[::1]:2'],
        name: 'a.test',
        users: { load: 'a:b', other: 'secret', third: 'x' },
        requireAuth: true,
        withhold: ['SIZE'],
        tls: null,
        replyDelayMs: 5,
        maxRecipients: 3,
        maxMessagesPerSession: 4,
        maxSize: 1024,
      },
      processes: 1,
      durationMs: 2000,
      jsonPath: inFolder('saw.json'),
      isQuiet: true,
    });
  });

  test('win over a file, and users add up', async () => {
    const { options } = await prepare('--config', inFolder('sink.yaml'), '--max-size', '7', '--user', 'load:z');
    expect(options).toMatchObject({ name: 'file.test', maxSize: 7, seed: 3, users: { load: 'z', more: 'y' } });
  });

  test('lead to the line of the file that is wrong', async () => {
    expect(await problemsOf('--config', inFolder('bad.yaml'), '--seed', 'x')).toEqual([
      `${inFolder('bad.yaml')}:1:1: \`nam\` is not known here: did you mean name?`,
      expect.stringMatching(/^--seed: /),
    ]);
  });

  test.each([
    ['faults:\n  - on: mail\n    then: close\n    probability: 2\n', /:4:18: faults\[0\]\.probability: .*at most 1$/],
    ['seed: 1\nmaxSize: -1\n', /:2:10: maxSize: must be a whole number/],
    ['listen: [http://x]\n', /:1:9: listen: takes smtp:/],
    ['processes: 0\n', /:1:12: processes: takes a whole number/],
    ['tls: { cert: nowhere.pem, key: key.pem }\n', /:1:14: tls\.cert: cannot be read: there is no such file/],
  ])('lead to the place of %j, which the schema alone would take', async (text, problem) => {
    writeFileSync(inFolder('odd.yaml'), text);
    expect(await problemsOf('--config', inFolder('odd.yaml'))).toEqual([expect.stringMatching(problem)]);
  });

  test('blame the flag and not the file when the flag wins', async () => {
    writeFileSync(inFolder('two.yaml'), 'withhold: [SIZE]\n');
    const problems = await problemsOf('--config', inFolder('two.yaml'), '--withhold', 'TURN');
    expect(problems).toEqual([expect.stringMatching(/^--withhold: knows only/)]);
  });

  test('take TLS, processes and a folder from the file, whose paths count from where it is', async () => {
    const text = 'tls: { cert: cert.pem, key: key.pem }\nprocesses: 3\nsave: { folder: kept }\n';
    writeFileSync(inFolder('tls.yaml'), text);
    const { options, processes } = await prepare('--config', inFolder('tls.yaml'));
    expect(options.tls).toEqual(await testCertificate());
    expect(processes).toBe(3);
    expect(options.save).toEqual({ folder: 'kept', messages: 1000 });
    const flags = ['--processes', '2', '--save', 'other', '--save-limit', '5'];
    const won = await prepare('--config', inFolder('tls.yaml'), ...flags);
    expect([won.processes, won.options.save]).toEqual([2, { folder: 'other', messages: 5 }]);
  });

  test('use the certificate that is given', async () => {
    const settings = await prepare('--tls-cert', inFolder('cert.pem'), '--tls-key', inFolder('key.pem'));
    expect(settings.options.tls).toEqual(await testCertificate());
  });

  test.each([['--tls'], ['--listen=smtps://127.0.0.1:1']])('%s has a certificate made', async (word) => {
    const { options } = await prepare(word);
    expect(options.tls?.cert).toContain('BEGIN CERTIFICATE');
    expect(options.tls?.key).toContain('PRIVATE KEY');
  });

  test.each([
    [['--listen', 'mail.example.test:25'], /^--listen: .*not resolved/],
    [['--max-size', '1q'], /^--max-size: takes a size/],
    [['--max-recipients', '-1'], /^--max-recipients: takes a whole number/],
    [['--reply-delay', '5'], /^--reply-delay: takes a time/],
    [['--duration', '0s'], /^--duration: takes a time/],
    [['--user', 'secret'], /^--user: takes name:password$/],
    [['--require-auth'], /^--require-auth: needs `users`/],
    [['--withhold', 'TURN'], /^--withhold: knows only/],
    [['--tls-cert', 'BOTH'], /^--tls-cert: cannot be read/],
    [['--json', '/nowhere/saw.json'], /^--json: cannot be written/],
    [['127.0.0.1:2525'], /^127.*did you mean --listen 127\.0\.0\.1:2525\?/],
    [['--processes', '0'], /^--processes: takes a whole number/],
    [['--save-limit', '5'], /^--save-limit: needs --save DIR/],
    [['--auth-needs-tls'], /^--auth-needs-tls: needs `tls`/],
    [['--lisen', 'x'], /^--lisen: is not a flag.*--listen/],
  ])('%j is refused by name', async (words, problem) => {
    expect(await problemsOf(...words)).toContainEqual(expect.stringMatching(problem));
  });

  test('a line of the users that is none is named by its number, without repeating it', async () => {
    expect(await problemsOf('--users', inFolder('broken'))).toEqual([
      `--users: takes name:password in line 2 of ${inFolder('broken')}`,
    ]);
  });

  test('versions of TLS and certificates of clients are taken from flags, and from the file where there are none', async () => {
    const { cert } = await testCertificate();
    const flags = ['--tls-min', 'TLSv1', '--tls-client-ca', inFolder('cert.pem'), '--require-client-cert'];
    const { options } = await prepare(...flags);
    expect(options.tls).toMatchObject({ minVersion: 'TLSv1', clientCa: cert, requireClientCert: true });
    expect(options.tls?.cert).not.toBe(cert);
    writeFileSync(inFolder('mutual.yaml'), 'tls: { minVersion: TLSv1.1, maxVersion: TLSv1.2, clientCa: cert.pem }\n');
    const fromFile = (await prepare('--config', inFolder('mutual.yaml'), '--tls-max', 'TLSv1.3')).options.tls;
    expect(fromFile).toMatchObject({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.3', clientCa: cert });
    expect(fromFile?.requireClientCert).toBeUndefined();
  });

  test.each([
    [['--tls-min', 'SSLv3'], /^--tls-min: takes TLSv1, TLSv1\.1, TLSv1\.2, TLSv1\.3/],
    [['--tls-min', 'TLSv1.3', '--tls-max', 'TLSv1.2'], /^--tls-min: is above `maxVersion` \(TLSv1\.2\)/],
    [['--require-client-cert'], /^--require-client-cert: needs `clientCa`/],
    [['--tls-client-ca', '/nowhere.pem'], /^--tls-client-ca: cannot be read/],
  ])('%j is refused by the name of the flag', async (words, problem) => {
    expect(await problemsOf(...words)).toContainEqual(expect.stringMatching(problem));
  });

  test('what is wrong with TLS in the file is told by its place', async () => {
    writeFileSync(inFolder('half.yaml'), 'tls:\n  cert: cert.pem\n  minVersion: TLSv1.3\n  maxVersion: TLSv1.2\n');
    expect(await problemsOf('--config', inFolder('half.yaml'))).toEqual([
      `${inFolder('half.yaml')}:2:9: tls.cert: needs key beside it`,
    ]);
    writeFileSync(inFolder('upside.yaml'), 'tls:\n  minVersion: TLSv1.3\n  maxVersion: TLSv1.2\n');
    expect(await problemsOf('--config', inFolder('upside.yaml'))).toEqual([
      expect.stringContaining(`${inFolder('upside.yaml')}:2:15: tls.minVersion: is above`),
    ]);
  });

  test('a certificate needs its key', async () => {
    expect(await problemsOf('--tls-cert', inFolder('cert.pem'))).toEqual(['--tls-cert: needs --tls-key beside it']);
  });

  test('problems come all at once', async () => {
    expect(await problemsOf('--max-size', 'x', '--lisen', '--user', 'y', '--withhold', 'z')).toHaveLength(4);
  });

  test('have one help line each, and no two the same name', () => {
    const names = SINK_FLAGS.map(({ usage }) => usage.split(' ')[0]);
    expect(new Set(names).size).toBe(SINK_FLAGS.length);
    for (const { help } of SINK_FLAGS) expect(help).not.toBe('');
  });
});

describe('a preset', () => {
  test('is what file and flags build on: their keys win, and rows of the file go before its own', async () => {
    writeFileSync(inFolder('faults.yaml'), 'maxSize: 7\nfaults: [{ on: rcpt, reply: 550 no }]\n');
    const { options } = await prepare(
      '--preset',
      'realistic',
      '--config',
      inFolder('faults.yaml'),
      '--max-recipients',
      '3',
    );
    expect(options).toMatchObject({ maxSize: 7, maxRecipients: 3, maxMessagesPerSession: 100 });
    expect(options.faults?.[0]).toEqual({ on: 'rcpt', reply: '550 no' });
    expect(options.faults?.length).toBeGreaterThan(5);
  });

  test('that does not exist is answered with those that do', async () => {
    expect(await problemsOf('--preset', 'realstic')).toEqual([
      expect.stringMatching(/^--preset: knows fast .*realistic/),
    ]);
  });
});
