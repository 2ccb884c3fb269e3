import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runResultSchema, type RunResult } from '../../src/report/result-schema.js';
import { renderQuietLine, renderTextReport } from '../../src/report/text-report.js';
import { nothingResult, planWith, sampleInterval, sampleResult } from '../support/sample-result.js';
import { arbitraryResult } from './arbitrary-result.js';

const WIDTH = 80;
/** All that a report may consist of; each is one column wide. */
const PRINTABLE_LINE = /^[\x20-\x7eµ…·▁▂▃▄▅▆▇█]*$/;

const plain = (result = sampleResult(), width = WIDTH) => renderTextReport(result, { color: false, width });

test('no line is wider than 80 columns or holds a control character, whatever the result', () => {
  fc.assert(
    fc.property(arbitraryResult, (result) => {
      expect(runResultSchema.safeParse(result).error).toBeUndefined();
      for (const line of plain(result).split('\n')) {
        expect(line.length).toBeLessThanOrEqual(WIDTH);
        expect(line).toMatch(PRINTABLE_LINE);
      }
      expect(renderQuietLine(result)).toMatch(/^[\x20-\x7eµ]*\n$/);
    }),
    { numRuns: 200, interruptAfterTimeLimit: 10_000 },
  );
});

test('no report holds NaN, Infinity, undefined or an exponent', () => {
  fc.assert(
    fc.property(arbitraryResult, (result) => {
      const numbersOnly = { ...result, replies: [], errors: [], unexpected: [], reasons: [], objectives: [] };
      const { target, environment, plan } = sampleResult();
      const report = plain({ ...numbersOnly, target, environment, plan, books: { balanced: true, checks: [] } });
      const body = report.slice(report.indexOf('Totals')).replaceAll(/^(BROKEN|Held).*(\n {12}.*)*/gm, '');
      expect(body).not.toMatch(/NaN|Infinity|undefined|null|\de[+-]?\d/);
    }),
    { numRuns: 100, interruptAfterTimeLimit: 10_000 },
  );
});

test('colours change nothing but colours', () => {
  const colored = renderTextReport(sampleResult(), { color: true, width: WIDTH });
  expect(colored).toContain('\x1b[');
  expect(stripVTControlCharacters(colored)).toBe(plain());
});

test('a generator that comes near its calibrated ceiling says so, and below 70 % nothing', () => {
  const at = (share: number): string => {
    const ceiling = { messagesPerSec: 2500, calibratedAt: '2026-11-27T02:00:00.000Z', share };
    return plain(sampleResult({ generator: { ...sampleResult().generator, ceiling } }));
  };
  expect(at(0.8)).toContain('Ceiling     80.0% of the 2,500 messages/s that this generator can do (calibrated');
  expect(at(0.7)).toMatch(/^Ceiling/m);
  expect(at(0.69)).toBe(plain());
});

test('a wider terminal gives texts more room, a narrower one loses no column', () => {
  expect(plain(sampleResult(), 120)).toContain('"Authentication successful"');
  expect(
    plain(sampleResult(), 120)
      .split('\n')
      .every((line) => line.length <= 120),
  ).toBe(true);
  expect(plain(sampleResult(), 500)).toBe(plain(sampleResult(), 120));
  expect(plain(sampleResult(), 40)).toBe(plain());
});

const ONE_USER = { accounts: null, wrongPercent: 0 };

test('the user name of a login is not printed', () => {
  const report = plain(
    sampleResult({ plan: planWith({ auth: { ...ONE_USER, mechanism: 'login', user: 'secret-user' } }) }),
  );
  expect(report).toMatch(/^AUTH +LOGIN$/m);
  expect(report).not.toContain('secret-user');
});

test.each([
  ['auto', 'SCRAM-SHA-256', 'SCRAM-SHA-256 (auto)'],
  ['plain-late', 'PLAIN', 'PLAIN (plain-late)'],
  ['cram-md5', 'CRAM-MD5', 'CRAM-MD5'],
  ['auto', null, 'AUTO'],
])('a login with %s that used %s is told as %s', (mechanism, used, told) => {
  const { target } = sampleResult();
  const report = plain(
    sampleResult({ plan: planWith({ auth: { ...ONE_USER, mechanism } }), target: { ...target, authMechanism: used } }),
  );
  expect(/^AUTH +(.*)$/m.exec(report)?.[1]).toBe(told);
});

test('who logs in is told where that is not one user with one password', () => {
  const auth = { mechanism: 'login', accounts: { count: 1_000, order: 'sticky' }, wrongPercent: 10 };
  const report = plain(sampleResult({ plan: planWith({ auth }) }), 120);
  expect(/^AUTH +(.*)$/m.exec(report)?.[1]).toBe(
    'LOGIN, 1,000 accounts (sticky), 10% of the sessions with a wrong password',
  );
});

test('where connections came from is told when it was asked for', () => {
  const localAddresses = ['127.0.0.2-127.0.0.50', '127.0.0.60'];
  expect(plain(sampleResult({ plan: planWith({ localAddresses }) }))).toMatch(
    /^From +127\.0\.0\.2-127\.0\.0\.50, 127\.0\.0\.60$/m,
  );
  expect(plain()).not.toMatch(/^From/m);
});

test('the PROXY header is told with whom it names', () => {
  const withProxy = (sources: string[]): string =>
    plain(sampleResult({ plan: planWith({ proxy: { version: 'v2', sources } }) }));
  expect(withProxy([])).toMatch(/^PROXY +header v2 for clients from addresses for documentation$/m);
  expect(withProxy(['198.51.100.0/24'])).toMatch(/^PROXY +header v2 for clients from 198\.51\.100\.0\/24$/m);
});

test('handshakes that were resumed are told with their share, and rows that differ in that alone as one', () => {
  const row = { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', group: 'X25519' };
  const rows = [
    { ...row, resumed: true, count: 900 },
    { ...row, resumed: false, count: 60 },
    { ...row, protocol: 'TLSv1.2', group: null, resumed: false, count: 40 },
  ];
  const report = plain(sampleResult({ tls: { handshakes: 1_000, resumed: 900, rows } }), 120);
  expect(report.replaceAll(/\n +/g, ' ')).toContain(
    'Handshakes  1,000, 900 resumed (90.0%); ' +
      'TLSv1.3 TLS_AES_256_GCM_SHA384 X25519 960, TLSv1.2 TLS_AES_256_GCM_SHA384 40',
  );
});

test('a share of sessions inside TLS is told', () => {
  const { tls } = sampleResult().plan.scenarios[0];
  expect(plain(sampleResult({ plan: planWith({ tls: { ...tls, sharePercent: 30 } }) }))).toContain(
    '(required, 30% of the sessions)',
  );
});

test('what began in the warm-up shows in no total', () => {
  const { warmup } = sampleResult();
  const withoutWarmup = plain(sampleResult({ warmup: null }));
  const withWarmup = plain(sampleResult({ warmup: { ...warmup!, replies: sampleResult().replies } }));
  expect(withWarmup.replace(/^Warm-up .*\n( {12}.*\n)*/m, '')).toBe(withoutWarmup);
});

test.each<[RunResult['window']['warmupEnd'], string]>([
  [
    { by: 'steady', rateChange: 0.0153, latencyChange: -0.027 },
    'it ended by itself, steady: rate +1.5%, median latency -2.7% against the 3 s before',
  ],
  [
    { by: 'limit', rateChange: -0.2, latencyChange: null },
    'it ended at its longest, not steady: rate -20.0% against the 3 s before',
  ],
  [
    { by: 'limit', rateChange: null, latencyChange: null },
    'it ended at its longest, not steady: too few ended to tell',
  ],
  [{ by: 'end', rateChange: null, latencyChange: null }, 'it had not ended by itself when the run did'],
])('a warm-up that ends by itself tells how (%j)', (warmupEnd, text) => {
  const { window } = sampleResult();
  expect(plain(sampleResult({ window: { ...window, warmupEnd } }), 120)).toContain(text);
  expect(plain(sampleResult())).not.toContain(text.slice(0, 20));
});

test('writes that waited for the kernel are told, where there were any', () => {
  const { generator } = sampleResult();
  const stalled = sampleResult({ generator: { ...generator, sendStalls: { count: 12, sec: 1.25 } } });
  expect(plain(stalled, 120).replaceAll(/\n +/g, ' ')).toContain(
    'Stalls      12 writes waited longer than 10 ms for the kernel, 1.25 s in all: the server or the network took less than was sent',
  );
  expect(plain(sampleResult())).not.toContain('Stalls');
});

test('limits of the machine stand out from four fifths on', () => {
  const { generator } = sampleResult();
  const files = { peakOpen: 820, limit: 1_024 };
  expect(plain(sampleResult({ generator: { ...generator, files } }), 120)).toContain(
    'Files       820 open at most of 1,024 allowed: raise the limit (ulimit -n)',
  );
  const ports = { ...generator.ports!, atOnce: 900, plannedConnectsPerSec: 450, addressPairs: 4 };
  expect(plain(sampleResult({ generator: { ...generator, ports } }), 120).replaceAll(/\n +/g, ' ')).toContain(
    'Ports       28,232 local ports (4 pairs of addresses) for 900 connections at once, up to 450.0 new ones/s; ' +
      'in TIME_WAIT on the whole machine 2 before and at most 1,305',
  );
  const unknown = { ...ports, available: null, timeWaitPeak: null };
  const report = plain(
    sampleResult({ generator: { ...generator, files: { peakOpen: null, limit: null }, ports: unknown } }),
  );
  expect(report).toContain('Ports       for 900 connections at once');
  expect(report).not.toContain('Files');
});

test('intervals outside the measured time do not show in the throughput over time', () => {
  const measured = [1_000, 500, 0].map((accepted, index) => sampleInterval(index + 1, { accepted }));
  const intervals = [
    sampleInterval(0, { phase: 'warmup', accepted: 9_000 }),
    ...measured,
    sampleInterval(4, { phase: 'drain', accepted: 9_000 }),
  ];
  const report = plain(sampleResult({ intervals }));
  expect(report).toContain('\n            █▄·\n            min 0.0, max 1,000\n');
});

test('a run whose numbers count and in which nothing was accepted is no green PASS', () => {
  const { messages } = sampleResult();
  const none = sampleResult({ messages: { ...messages, accepted: 0, rejected: messages.accepted } });
  expect(plain(none)).toContain('  - the numbers can be believed, and they say that the server took nothing: see');
  const paintOf = (result: RunResult): string | undefined =>
    renderTextReport(result, { color: true, width: WIDTH }).split(' PASS ')[0];
  expect(paintOf(none)).not.toBe(paintOf(sampleResult()));
  expect(plain(sampleResult())).not.toContain('took nothing');
});

test('a percentile that the count cannot carry is marked, and is not in the verdict', () => {
  const { latency } = sampleResult();
  const few = { ...latency.message!, weak: ['p99', 'p999', 'p9999'] };
  const report = plain(sampleResult({ latency: { ...latency, message: few } }));
  expect(report).toMatch(/^message .* 45\.4ms~ /m);
  expect(report).toContain('half of them within 11.6ms.');
  expect(report).toContain('~ under 100 values beyond it');
});

test('the quiet line tells verdict, rate, latency and what was not accepted', () => {
  expect(renderQuietLine(sampleResult())).toBe(
    'PASS 1,821 accepted/s, p99 45.4ms, 19,488/20,000 accepted, 480 refused, 32 failed\n',
  );
  const { messages } = sampleResult();
  const dropped = sampleResult({ messages: { ...messages, abandoned: 10, cut: 2 } });
  expect(renderQuietLine(dropped)).toMatch(/, 10 abandoned, 2 cut\n$/);
  expect(renderQuietLine(nothingResult())).toBe('PASS 0.0 accepted/s, p99 -, 0/0 accepted, 0 refused, 0 failed\n');
});
