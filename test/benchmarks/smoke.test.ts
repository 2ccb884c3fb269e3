/** Every benchmark at its small setting, so that none rots: the work must be done, whatever it costs. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { runBench as benchCorpusMessage } from '../../benchmarks/micro/corpus-message.bench.js';
import { runBench as benchDataTemplate } from '../../benchmarks/micro/data-template.bench.js';
import { runBench as benchDeadlineWheel } from '../../benchmarks/micro/deadline-wheel.bench.js';
import { runBench as benchHealth } from '../../benchmarks/micro/health.bench.js';
import { runBench as benchMessageTemplate } from '../../benchmarks/micro/message-template.bench.js';
import { runBench as benchRecorder } from '../../benchmarks/micro/recorder.bench.js';
import { runBench as benchSessionSteps } from '../../benchmarks/micro/session-steps.bench.js';
import { runBench as benchReplyParser } from '../../benchmarks/micro/reply-parser.bench.js';

const MACRO = 'dist/benchmarks/macro/against-smtp-source.bench.js';
const FEEDER_MICRO = 'dist/benchmarks/micro/feeder-load.bench.js';
const SINK_MACRO = 'dist/benchmarks/macro/sink-against-smtp-sink.bench.js';
const TLS_MACRO = 'dist/benchmarks/macro/tls-handshakes.bench.js';
const AUTH_MACRO = 'dist/benchmarks/macro/auth.bench.js';
const SCENARIO_MACRO = 'dist/benchmarks/macro/scenario-against-flags.bench.js';
const OVERHEAD_MACRO = 'dist/benchmarks/macro/overhead.bench.js';
const LAG_MACRO = 'dist/benchmarks/macro/start-lag.bench.js';
const BDAT_MACRO = 'dist/benchmarks/macro/bdat-against-data.bench.js';
/** Each of the two short runs is a whole start of the program; a busy machine takes its time. */
const MACRO_MS = 60_000;

describe('the small setting of', () => {
  test('the reply parser reads the replies of every shape', async () => {
    const figures = await benchReplyParser(100);
    const again = await benchReplyParser(100);
    expect(again.map(({ checksum }) => checksum)).toEqual(figures.map(({ checksum }) => checksum));
    for (const { nsPerReply, checksum } of figures) {
      expect(nsPerReply).toBeGreaterThan(0);
      expect(checksum).toBeGreaterThan(100 * 220);
    }
  });

  test('the deadline wheel fires exactly the deadlines that nothing took away', async () => {
    const figures = await benchDeadlineWheel(20_000);
    // Unanswered are 0, 1009, 2018 and so on, until the session's next command: what is left is of the last round.
    expect(figures.map(({ sessions, checksum }) => [sessions, checksum])).toEqual([
      [20, 0],
      [5000, 5],
    ]);
  });

  test('the recorder holds every reply and every latency', async () => {
    const figures = await benchRecorder(1000);
    expect(figures.map(({ shape, checksum }) => [shape, checksum])).toEqual([
      // Per message: replies and latencies of its steps, and the latency of the message.
      ['connection kept', 1000 * (4 + 5 + 1)],
      // Lag, service and response time.
      ['kept, two clocks', 1000 * (4 + 5 + 1 + 3)],
      // The latency of the session comes on top.
      ['one per connection', 1000 * (7 + 9 + 1 + 1)],
    ]);
  });

  test('health has a value for every tick', async () => {
    const figures = await benchHealth(2);
    expect(figures.map(({ checksum }) => checksum)).toEqual([200, 200]);
  });

  test('sessions from steps write what the standard ones write', async () => {
    const figures = await benchSessionSteps(200);
    expect(figures.map(({ kind }) => kind)).toEqual(['lock-step, standard', 'lock-step, steps', 'pipelined, standard', 'pipelined, steps']); // prettier-ignore
    expect(figures[0]!.checksum).toBeGreaterThan(200 * 1024);
    expect(figures[1]!.checksum).toBe(figures[0]!.checksum);
    expect(figures[3]!.checksum).toBe(figures[2]!.checksum);
  });

  test('the message template writes the same octets every time', async () => {
    const first = await benchMessageTemplate(1000);
    const second = await benchMessageTemplate(1000);
    expect(first.checksum).toBeGreaterThan(1000 * 300);
    expect(second.checksum).toBe(first.checksum);
  });

  test('the templates write the same octets every time', async () => {
    const first = await benchDataTemplate(100);
    const second = await benchDataTemplate(100);
    expect(first.every(({ checksum }) => checksum > 100)).toBe(true);
    expect(second.map(({ checksum }) => checksum)).toEqual(first.map(({ checksum }) => checksum));
  });

  test('the corpora hold the same messages every time', async () => {
    const first = await benchCorpusMessage(100);
    const second = await benchCorpusMessage(100);
    expect(first.map(({ messages }) => messages)).toEqual([16, 1008, 4]);
    expect(second.map(({ checksum }) => checksum)).toEqual(first.map(({ checksum }) => checksum));
  });

  test('the feeders reach every worker', async () => {
    // Its workers are files of the build.
    const { stdout } = await promisify(execFile)(process.execPath, [FEEDER_MICRO, '2000', '2']);
    const checksums = [...stdout.matchAll(/in 2 workers after .*, checksum (\d+)$/gm)].map(([, sum]) => Number(sum));
    expect(checksums).toHaveLength(2);
    expect(checksums[0]).toBeGreaterThan(2 * 3 * 1000);
    expect(checksums[1]).toBe(checksums[0]);
  });

  test(
    'the comparison with smtp-source sends every message',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'postrush-smoke-'));
      try {
        const json = join(folder, 'figures.json');
        const words = ['--rounds', '1', '--scale', '0.002', '--only', 'kept-auto', '--sink', 'own', '--json', json];
        const { stdout } = await promisify(execFile)(process.execPath, [MACRO, ...words]);
        expect(stdout).toContain('work: postrush 220 of 220 accepted');
        expect(stdout).toContain('kept, pipelined');
        const { cases, checksum } = JSON.parse(readFileSync(json, 'utf8'));
        expect(checksum.postrushAccepted).toBe(220);
        expect(cases[0].rounds[0].postrush.startupSec).toBeGreaterThan(0);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    MACRO_MS,
  );

  test(
    'the measuring of memory has all its sessions open',
    async () => {
      const words = ['--rounds', '1', '--scale', '0.01', '--only', 'memory', '--sink', 'own'];
      const { stdout } = await promisify(execFile)(process.execPath, [MACRO, ...words]);
      expect(stdout).toMatch(/^memory: -?[\d.]+ KB per open session/m);
    },
    MACRO_MS,
  );

  test(
    'the comparison of the sinks has every message accepted',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'postrush-smoke-'));
      try {
        const json = join(folder, 'figures.json');
        const words = ['--rounds', '1', '--scale', '0.002', '--only', 'kept-auto,memory', '--json', json];
        const { stdout } = await promisify(execFile)(process.execPath, [SINK_MACRO, ...words]);
        expect(stdout).toMatch(/^work: (220 of 220|440 of 440) accepted$/m);
        expect(stdout).toContain('kept, pipelined');
        expect(stdout).toMatch(/^memory: -?[\d.]+ KB per open session/m);
        const { cases, checksum } = JSON.parse(readFileSync(json, 'utf8'));
        expect(checksum.accepted).toBe(checksum.expected);
        // Messages per second are a difference of two short runs here, and may be anything on a busy machine.
        expect(cases[0].rounds[0].own.cpuUsPerMessage).toBeGreaterThanOrEqual(0);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    MACRO_MS,
  );

  test(
    'the TLS handshakes are all made, and resumed where they should be',
    async () => {
      const { stdout, figures } = await smallRun(TLS_MACRO, '0.01', 'smtps-1.2-resumed');
      expect(stdout).toContain('TLS 1.2 at once, resumed');
      // 60 in clear and 40 with TLS, each beside a run of 20; the first 20 of a run have no ticket yet.
      expect(figures.checksum).toMatchObject({ connections: 140, expected: 140, handshakes: 60, preflights: 2 });
      expect(figures.checksum['resumed']).toBeGreaterThanOrEqual(20);
      expect(figures.checksum['resumed']).toBeLessThan(60);
    },
    MACRO_MS,
  );

  test(
    'every session of the AUTH benchmark authenticates',
    async () => {
      const { stdout, figures } = await smallRun(AUTH_MACRO, '0.004', 'scram-sha-256');
      expect(stdout).toMatch(/^scram-sha-256 /m);
      // 40 without and 40 with AUTH, each beside a run of 20; the server counts the two before the runs as well.
      expect(figures.checksum).toMatchObject({ sessions: 120, authenticated: 60, seen: 62 });
    },
    MACRO_MS,
  );

  test(
    'sessions from flags and from steps send the same',
    async () => {
      const { stdout, figures } = await smallRun(SCENARIO_MACRO, '0.001', 'pipelined-steps');
      expect(stdout).toMatch(/^pipelined, steps /m);
      // 60 from flags and 60 from steps, each beside a run of 20.
      expect(figures.checksum).toMatchObject({ accepted: 160, expected: 160, seen: 160 });
    },
    MACRO_MS,
  );

  test(
    'runs that are kept and runs that are not send the same',
    async () => {
      const { stdout, figures } = await smallRun(OVERHEAD_MACRO, '0.001', 'pipelined-kept');
      expect(stdout).toMatch(/^pipelined, kept /m);
      expect(figures.checksum).toMatchObject({ accepted: 160, expected: 160, seen: 160 });
    },
    MACRO_MS,
  );

  test(
    'planned arrivals are started or dropped, every one',
    async () => {
      const { stdout, figures } = await smallRun(LAG_MACRO, '0.1', 'kept');
      expect(stdout).toMatch(/^connections kept, even +\d/m);
      const { offered, started, dropped } = figures.checksum;
      expect([offered, (started ?? 0) + (dropped ?? 0)]).toEqual([2000, 2000]);
      expect(started).toBeGreaterThan(0);
    },
    MACRO_MS,
  );

  test(
    'content by BDAT and by DATA is accepted whole',
    async () => {
      const { stdout, figures } = await smallRun(BDAT_MACRO, '0.004', '100KiB-bdat-64KiB');
      expect(stdout).toContain('BDAT in chunks of 64 KiB');
      // 40 by DATA and 40 by BDAT, each beside a run of 20.
      expect(figures.checksum).toMatchObject({ accepted: 120, seen: 120, contentBytes: 120 * 100 * 1024 });
    },
    MACRO_MS,
  );
});

/** One round of some cases of a macro benchmark. */
async function smallRun(
  program: string,
  scale: string,
  only: string,
): Promise<{ stdout: string; figures: { checksum: Record<string, number> } }> {
  const folder = mkdtempSync(join(tmpdir(), 'postrush-smoke-'));
  try {
    const json = join(folder, 'figures.json');
    const words = ['--rounds', '1', '--scale', scale, '--only', only, '--json', json];
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...words]);
    return { stdout, figures: JSON.parse(readFileSync(json, 'utf8')) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
