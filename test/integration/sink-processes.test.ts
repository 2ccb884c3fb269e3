/** `postrush sink --processes`: several processes that are one server. */
import { readFileSync } from 'node:fs';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { SinkStats } from '../../src/sink/sink.js';
import { codeOf, openSink, sendMessage } from '../sink/open-sink.js';
import { LineClient } from '../support/line-client.js';

const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

interface Started {
  readonly pid: number;
  readonly ports: readonly number[];
  readonly output: { stderr: string };
  /** Ends it and tells what it saw, and its exit code. */
  end(signal?: NodeJS.Signals): Promise<{ code: number | null; stats: SinkStats }>;
  readonly ended: Promise<number | null>;
}

/** Starts it with the YAML of its file. */
async function start(yaml: string, ...words: string[]): Promise<Started> {
  const folder = mkdtempSync(join(tmpdir(), 'sink-processes-'));
  writeFileSync(join(folder, 'sink.yaml'), yaml);
  const json = join(folder, 'saw.json');
  const all = ['--config', join(folder, 'sink.yaml'), '--processes', '2', '--json', json, '-d', '60s', ...words];
  const child = spawn(process.execPath, [PROGRAM, 'sink', ...all], { stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });
  const output = { stderr: '' };
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  while (!output.stderr.includes('Ctrl-C') && child.exitCode === null) await new Promise((go) => setTimeout(go, 5));
  const ports = Array.from(output.stderr.matchAll(/^listening on .*:(\d+)$/gm), ([, port]) => Number(port));
  return {
    pid: child.pid ?? 0,
    ports,
    output,
    ended,
    end: async (signal = 'SIGINT') => {
      child.kill(signal);
      const code = await ended;
      return { code, stats: JSON.parse(readFileSync(json, 'utf8')) as SinkStats };
    },
  };
}

async function openClient(port: number | undefined): Promise<LineClient> {
  const client = await LineClient.connect(port ?? 0);
  onTestFinished(() => client.destroy());
  return client;
}

const ANY_PORT = 'listen: [smtp://127.0.0.1:0]\n';

/** The processes that `pid` has started. */
function childrenOf(pid: number): number[] {
  const list = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').trim();
  return list === '' ? [] : list.split(' ').map(Number);
}

describe('a sink of several processes', () => {
  test('counts the connections and messages of all', async () => {
    const sink = await start(`${ANY_PORT}replyDelayMs: 1\n`);
    const clients = await Promise.all(Array.from({ length: 8 }, () => openClient(sink.ports[0])));
    for (const client of clients) {
      await client.hello();
      expect(await sendMessage(client)).toEqual(['250 2.1.0', '250 2.1.5', '354', '250 2.0.0']);
    }
    // Peaks are looked for every 20 ms.
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const client of clients) await client.command('QUIT');
    const { code, stats } = await sink.end();
    expect(code).toBe(0);
    expect(stats).toMatchObject({ connections: 8, peakOpen: 8, open: 0, messages: 8, recipients: 8 });
    expect(stats.commands).toMatchObject({ ehlo: 8, mail: 8, rcpt: 8, data: 8, endOfData: 8, quit: 8 });
    expect(stats.replies).toContainEqual({ step: 'endOfData', code: 250, enhanced: '2.0.0', count: 8 });
    expect(stats.addedDelay['mail']?.count).toBe(8);
    expect(stats.seconds.reduce((sum, { messages }) => sum + messages, 0)).toBe(8);
  });

  test('holds its limits over all', async () => {
    const sink = await start(
      `${ANY_PORT}maxConnections: 5\ngreylistMs: 3600000\nauthLockOut: { afterFailures: 4, forMs: 60000 }\nusers: { u: p }\n`,
    );
    const clients: LineClient[] = [];
    const greetings: string[] = [];
    for (let index = 0; index < 8; index++) {
      const client = await openClient(sink.ports[0]);
      greetings.push(codeOf(await client.reply()));
      clients.push(client);
    }
    expect(greetings).toEqual(['220', '220', '220', '220', '220', '421', '421', '421']);
    const verdicts: string[] = [];
    for (const client of clients.slice(0, 5)) {
      await client.command('EHLO c.test');
      verdicts.push(codeOf(await client.command('AUTH PLAIN AHUAeA==')));
    }
    expect(verdicts).toEqual(['535 5.7.8', '535 5.7.8', '535 5.7.8', '535 5.7.8', '454 4.7.0']);
    expect((await sink.end()).stats).toMatchObject({ connections: 8, refused: 3 });
  });

  test('counts the occurrences of fault rows over all', async () => {
    const sink = await start(
      `${ANY_PORT}faults: [{ on: noop, everyNth: 3, reply: 450 third }, { on: noop, nth: 5, reply: 451 fifth }]\n`,
    );
    const codes: string[] = [];
    for (let index = 0; index < 6; index++) {
      const client = await openClient(sink.ports[0]);
      await client.hello();
      codes.push((await client.command('NOOP')).slice(0, 3));
    }
    expect(codes).toEqual(['250', '250', '450', '250', '451', '450']);
    expect((await sink.end()).stats.faults).toBe(3);
  });

  test('saves up to one limit over all', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sink-saved-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const sink = await start(ANY_PORT, '--save', folder, '--save-limit', '5');
    for (let index = 0; index < 8; index++) {
      const client = await openClient(sink.ports[0]);
      await client.hello();
      await sendMessage(client);
    }
    expect((await sink.end()).stats.saved).toEqual({ messages: 5, skipped: 3, problem: null });
    expect(readdirSync(folder)).toHaveLength(10);
  });

  test('ends with all its processes, whichever signal and whoever else heard it', async () => {
    const sink = await start(ANY_PORT);
    const children = childrenOf(sink.pid);
    expect(children).toHaveLength(2);
    for (const pid of children) process.kill(pid, 'SIGINT');
    const client = await openClient(sink.ports[0]);
    expect(codeOf(await client.reply())).toBe('220');
    expect((await sink.end('SIGTERM')).code).toBe(0);
    for (const pid of children) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  test('says so when one of them dies, ends the others, and tells what was seen', async () => {
    const sink = await start(ANY_PORT);
    const [first = 0, second = 0] = childrenOf(sink.pid);
    process.kill(first, 'SIGKILL');
    expect(await sink.ended).toBe(5);
    expect(sink.output.stderr).toMatch(/a process of the sink has died/);
    expect(() => process.kill(second, 0)).toThrow('ESRCH');
  });

  test('refuses a busy port as one of a single process does', async () => {
    const busy = await openSink();
    const sink = await start(`listen: [${busy.url}]\n`);
    expect(await sink.ended).toBe(2);
    expect(sink.output.stderr).toBe(
      `postrush: the sink cannot listen on ${busy.url}: another program listens there; choose another port\n`,
    );
  });
});
