/** What a run says of the machine that it ran on, and of servers that do not read. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import type { LoadTestOptions } from '../../src/plan/options.js';
import { testCertificate } from '../support/certificate.js';
import { openSink, runLoad } from '../support/integration-run.js';
import { openSlowRelay } from '../support/slow-relay.js';

// Whole programs, on machines that have other things to do.
vi.setConfig({ testTimeout: 60_000 });

const server = await testCertificate();
/** More than the buffers of both ends of a connection hold. */
const LARGE: Partial<LoadTestOptions> = { sessions: 1, messages: 1, size: '32MiB' };
const SINK = { tls: { key: server.key, cert: server.cert }, maxSize: 64 * 1024 * 1024 };

describe('a server that does not read for 400 ms', () => {
  test.each<[string, Partial<LoadTestOptions>]>([
    ['in clear', {}],
    ['inside TLS', { tls: 'required', tlsInsecure: true }],
  ])('makes a write stall for so long, %s', async (_, options) => {
    const { result } = await runLoad({
      sink: SINK,
      via: (sink) => openSlowRelay(sink, 400),
      options: { ...LARGE, ...options },
      hidden: ['commands', 'replies'],
    });
    expect(result.messages.accepted).toBe(1);
    const { count, sec } = result.generator.sendStalls;
    expect(count).toBeGreaterThanOrEqual(1);
    expect(sec).toBeGreaterThan(0.3);
  });
});

test.each<[string, Partial<LoadTestOptions>]>([
  ['in clear', {}],
  ['inside TLS', { tls: 'required', tlsInsecure: true }],
])('small messages to a server that reads never stall, %s', async (_, options) => {
  const { result } = await runLoad({ sink: SINK, options: { messages: 50, ...options } });
  expect(result.generator.sendStalls).toEqual({ count: 0, sec: 0 });
});

test('a run tells of open files, ports and connections in TIME_WAIT, against their limits', async () => {
  const { result } = await runLoad({ options: { sessions: 30, duration: '1s', rate: '100/s' } });
  const { files, ports } = result.generator;
  const { environment } = result;
  expect(files.limit).toBe(environment.openFilesLimit);
  expect(ports).toMatchObject({
    addressPairs: 1,
    atOnce: 30,
    plannedConnectsPerSec: 100,
    available: environment.localPorts,
  });
  expect(environment.node).toBe(process.version);
  expect(environment.openssl).toBe(process.versions.openssl);
  if (process.platform !== 'linux') return;
  expect(files.peakOpen).toBeGreaterThan(20);
  expect(files.peakOpen).toBeLessThan(files.limit ?? 0);
  expect(ports?.timeWaitPeak).toBeGreaterThanOrEqual(ports?.timeWaitBefore ?? Infinity);
});

test('a plan for which the ports may not do is told before it runs', async () => {
  const sink = await openSink();
  const program = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
  const words = [sink.url, '-r', '400000/s', '-s', '5', '-d', '200ms', '--drop-after', 'rcpt', '--on-full', 'drop'];
  const stderr = await new Promise<string>((resolve) => {
    const env = { ...process.env, POSTRUSH_OUT: 'none', POSTRUSH_CALIBRATION: 'none' };
    execFile(process.execPath, [program, 'run', ...words], { env, timeout: 30_000 }, (_error, _stdout, text) =>
      resolve(text),
    );
  });
  expect(stderr).toMatch(
    /^warning: 5 connections at once and 80000 closed ones within 60 s \(TIME_WAIT\) may need more local ports than the \d+ that there are: spread the load with --local-address/m,
  );
});
