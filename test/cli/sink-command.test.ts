/** `postrush sink` as a user or a script starts it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openSink, sendMessage } from '../sink/open-sink.js';
import { LineClient } from '../support/line-client.js';

const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

interface Started {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  readonly ended: Promise<number | null>;
  /** Waits for a text on stderr. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
}

function start(...words: string[]): Started {
  const child = spawn(process.execPath, [PROGRAM, 'sink', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return {
    child,
    output,
    ended,
    until: async (pattern) => {
      for (;;) {
        const match = pattern.exec(output.stderr);
        if (match !== null) return match;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}

async function deliver(port: number): Promise<void> {
  const client = await LineClient.connect(port);
  await client.hello();
  await sendMessage(client);
  await client.command('QUIT');
  client.destroy();
}

function jsonPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sink-command-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'saw.json');
}

describe('postrush sink', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('tells what it saw when %s ends it', async (signal) => {
    const path = jsonPath();
    const sink = start('--listen', '127.0.0.1:0', '--json', path);
    const [, port] = await sink.until(/^listening on smtp:\/\/127\.0\.0\.1:(\d+)$/m);
    await deliver(Number(port));
    sink.child.kill(signal);
    expect(await sink.ended).toBe(0);
    expect(sink.output.stdout).toMatch(/^Messages {4}1 for 1 recipient$/m);
    expect(sink.output.stdout).toMatch(/^endOfData {3}250 {3}2\.0\.0 +1$/m);
    for (const line of sink.output.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const saw = JSON.parse(readFileSync(path, 'utf8')) as unknown;
    expect(saw).toMatchObject({ schema: 'postrush.sink/1', connections: 1, messages: 1, recipients: 1 });
  });

  test('tells it in between at SIGUSR2, and goes on', async () => {
    const sink = start('--listen', '127.0.0.1:0');
    const [, port] = await sink.until(/:(\d+)$/m);
    await deliver(Number(port));
    await sink.until(/Ctrl-C/);
    sink.child.kill('SIGUSR2');
    await sink.until(/^Messages {4}1 for/m);
    await deliver(Number(port));
    sink.child.kill('SIGINT');
    expect(await sink.ended).toBe(0);
    expect(sink.output.stdout).toMatch(/^Messages {4}2 for/m);
  });

  test('ends by itself after --duration, with JSON alone on stdout when asked for', async () => {
    const sink = start('--listen', '127.0.0.1:0', '--duration', '100ms', '--json', '-');
    expect(await sink.ended).toBe(0);
    expect(JSON.parse(sink.output.stdout)).toMatchObject({ schema: 'postrush.sink/1', connections: 0 });
  });

  test('says nothing but where it listens with --quiet', async () => {
    const sink = start('--listen', '127.0.0.1:0', '--duration', '50ms', '-q');
    expect(await sink.ended).toBe(0);
    expect(sink.output.stdout).toBe('');
    expect(sink.output.stderr).toMatch(/^listening on smtp:\/\/127\.0\.0\.1:\d+\n$/);
  });

  test('misbehaves as its file says, which --example prints', async () => {
    const example = start('--example');
    expect(await example.ended).toBe(0);
    const path = `${jsonPath()}.yaml`;
    writeFileSync(path, example.output.stdout);
    const sink = start('--config', path, '--listen', '127.0.0.1:0');
    const [, port] = await sink.until(/:(\d+)$/m);
    const client = await LineClient.connect(Number(port));
    expect(await client.reply()).toMatch(/^220 sink\.example\.test /);
    await client.command('EHLO c.test');
    await client.command('MAIL FROM:<a@b.test>');
    expect(await client.command('RCPT TO:<nobody@d.test>')).toMatch(/^550 5\.1\.1 no such user/);
    client.destroy();
    sink.child.kill('SIGINT');
    expect(await sink.ended).toBe(0);
    expect(sink.output.stdout).toMatch(/^Faults {6}1 played$/m);
  });

  test('does not wait for the end of --duration when a signal comes first', async () => {
    const sink = start('--listen', '127.0.0.1:0', '--duration', '1h');
    await sink.until(/Ctrl-C/);
    sink.child.kill('SIGINT');
    expect(await sink.ended).toBe(0);
  });

  test('refuses a busy port with one sentence and exit code 2', async () => {
    const busy = await openSink();
    const sink = start('--listen', busy.url, '--duration', '1h');
    expect(await sink.ended).toBe(2);
    expect(sink.output.stderr).toBe(
      `postrush: the sink cannot listen on ${busy.url}: another program listens there; choose another port\n`,
    );
  });
});
