/** `postrush check` as a user or a script starts it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkResultSchema } from '../../src/report/check-schema.js';
import { openSink } from '../sink/open-sink.js';

const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(...words: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [PROGRAM, 'check', ...words], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, ...output }))) };
}

const check = (...words: string[]): Promise<Ended> => start(...words).ended;

describe('postrush check', () => {
  test('tells in words what the server is, on stdout alone and in 80 plain columns', async () => {
    const sink = await openSink();
    const { code, stdout, stderr } = await check(sink.url);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Target +${sink.url}\nAddress +127\\.0\\.0\\.1`));
    expect(stdout).toMatch(/^Traffic +1 session, 20 commands, no mail/m);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).not.toMatch(/[\x1b\r]/);
  });

  test('--json writes the same for programs, alone on stdout or beside the report', async () => {
    const sink = await openSink();
    const folder = mkdtempSync(join(tmpdir(), 'postrush-check-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'check.json');
    const beside = await check(sink.url, '--json', file);
    expect(beside.stdout).toMatch(/^Target/);
    expect(checkResultSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).target.url).toBe(sink.url);
    const alone = await check(sink.url, '--json', '-');
    expect(checkResultSchema.parse(JSON.parse(alone.stdout)).traffic.sessions).toBe(1);
  });

  test('--limits looks for limits, also when it stands before the target', async () => {
    const sink = await openSink({ maxRecipients: 3, maxConnections: 4 });
    const { code, stdout } = await check('--limits', sink.url);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^recipients of a message +452 at recipient 4: '4\.5\.3 /m);
    expect(stdout).toMatch(/^connections at once +421 at connection 5: /m);
    expect(stdout).not.toMatch(/limits were not looked for/);
  });

  test('where nothing can be told ends with 4 and one sentence, without what could move a cursor', async () => {
    const { url: target } = await openSink({ faults: [{ on: 'connect', raw: '\x1b[2Jhello\r\n' }] });
    const { code, stdout, stderr } = await check(target);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(
      new RegExp(`^postrush: ${target} sent what is no SMTP reply at the greeting: [^\x1b\n]*\n$`),
    );
  });

  test.each<[string[], RegExp]>([
    [[], /^postrush: TARGET: is missing: whom to check\n$/],
    [
      ['smtp://127.0.0.1', 'smtp://127.0.0.2'],
      /^postrush: smtp:\/\/127\.0\.0\.2: is one target too many: check takes one\n$/,
    ],
    [['smtp://203.0.113.9'], /^postrush: TARGET: 203\.0\.113\.9 is neither .* --allow-target 203\.0\.113\.9\n$/],
    [
      ['smtp://127.0.0.1', '--to', 'user%d@stranger.com'],
      /^postrush: --to: names stranger\.com.*--allow-domain stranger\.com/,
    ],
    [
      ['smtp://127.0.0.1', '--helo', 'a b', '--timeout', '5'],
      /^postrush: --helo: takes .*\npostrush: --timeout: takes .*\n$/,
    ],
    [
      ['smtp://127.0.0.1', '--tls-ca', '/nowhere.pem'],
      /^postrush: --tls-ca: \/nowhere\.pem cannot be read: there is no such file\n$/,
    ],
    [['smtp://127.0.0.1', '--json', '/no/where.json'], /^postrush: --json: cannot be written/],
    [['smtp://127.0.0.1', '--limits', 'all'], /^postrush: --limits: takes nothing, or messages, got 'all'\n$/],
    [['--limits'], /^postrush: TARGET: is missing/],
    [['--limits', 'smtp://203.0.113.9'], /^postrush: TARGET: 203\.0\.113\.9 is neither/],
    [['smtp://127.0.0.1', '--limits', '--to', 'one@example.test'], /^postrush: --to: needs %d beside --limits/],
    [['smtp://127.0.0.1', '--sessions', '5'], /^postrush: --sessions: is a flag of run/],
  ])('%j is bad usage and sends nothing', async (words, message) => {
    const { code, stdout, stderr } = await check(...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('Ctrl-C ends it, and it tells what it had', async () => {
    const sink = await openSink({ faults: [{ on: 'mail', then: 'silence' }] });
    const { child, ended } = start(sink.url);
    while (sink.stats().commands['mail'] === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'stopping: what is known so far follows; press Ctrl-C again to leave without it\n',
    });
    expect(stdout).toMatch(/^Stopped +before its end/m);
    expect(stdout).toMatch(/^noop /m);
  });

  test('Ctrl-C before there was anything to tell ends it with 130', async () => {
    const sink = await openSink({ faults: [{ on: 'connect', then: 'silence' }] });
    const { child, ended } = start(sink.url);
    while (sink.stats().open === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 130, stdout: '' });
  });
});
