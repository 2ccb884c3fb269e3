/** How TLS is spoken, and what the result says of it. */
import { describe, expect, test } from 'vitest';
import type { LoadTestOptions } from '../../src/plan/options.js';
import type { RunResult } from '../../src/report/result-schema.js';
import { testCertificate } from '../support/certificate.js';
import { run } from '../support/integration-build.js';
import { loadOptions, openSink, outcomesOf, runLoad } from '../support/integration-run.js';

const { key, cert } = await testCertificate();
const TLS = { key, cert };

/** Runs a load inside TLS; every message is accepted, and every handshake stands in the table. */
async function secured(options: Partial<LoadTestOptions>): Promise<RunResult> {
  const { result } = await runLoad({ options: { tls: 'required', tlsCa: cert, ...options }, sink: { tls: TLS } });
  expect(outcomesOf(result.messages)).toEqual({ accepted: Number(options.messages) });
  expect(result.tls?.handshakes).toBe(result.steps.tls?.replied);
  expect(result.tls?.rows.reduce((sum, { count }) => sum + count, 0)).toBe(result.tls?.handshakes);
  return result;
}

/** What all handshakes of a run agreed on. */
function agreementOf(result: RunResult): object {
  const { protocol, cipher, group } = result.tls?.rows[0] ?? {};
  expect(result.tls?.rows).toHaveLength(1);
  return { protocol, cipher, group };
}

test('every handshake is a full one unless told otherwise', async () => {
  const result = await secured({ messages: 12, sessions: 2, workers: 2 });
  expect(result.tls).toMatchObject({ handshakes: 12, resumed: 0 });
  expect(agreementOf(result)).toMatchObject({ protocol: 'TLSv1.3' });
});

test('a load in clear has no table of handshakes', async () => {
  const { result } = await runLoad({ options: { messages: 4 } });
  expect(result.tls).toBeNull();
});

test('handshakes of the warm-up are counted apart', async () => {
  const { result } = await runLoad({
    options: { messages: 10, sessions: 1, warmup: '150ms', tls: 'required', tlsCa: cert },
    sink: { tls: TLS },
  });
  expect(result.warmup?.tls?.handshakes).toBeGreaterThan(0);
  expect((result.warmup?.tls?.handshakes ?? 0) + (result.tls?.handshakes ?? 0)).toBe(
    (result.warmup?.steps.tls?.replied ?? 0) + (result.steps.tls?.replied ?? 0),
  );
});

describe.each(['TLSv1.2', 'TLSv1.3'])('with %s', (version) => {
  test('as the only version, nothing else is spoken', async () => {
    const result = await secured({ messages: 4, tlsMin: version, tlsMax: version });
    expect(agreementOf(result)).toMatchObject({ protocol: version });
    expect(result.target.tls?.protocol).toBe(version);
  });

  test('a worker resumes its newest session once it has one', async () => {
    const result = await secured({ messages: 10, sessions: 1, tlsMax: version, tlsResume: 'on' });
    expect(result.tls).toMatchObject({ handshakes: 10, resumed: 9 });
  });

  test('half of the sessions resume when half are to', async () => {
    const result = await secured({ messages: 20, sessions: 1, tlsMax: version, tlsResume: '50%' });
    expect(result.tls).toMatchObject({ handshakes: 20, resumed: 10 });
  });
});

describe.each(['required', 'opportunistic'])('with --tls-share and STARTTLS %s', (tls) => {
  const load = async (options: Partial<LoadTestOptions>): Promise<RunResult> => {
    const { result } = await runLoad({ options: { tls, tlsCa: cert, ...options }, sink: { tls: TLS } });
    expect(outcomesOf(result.messages)).toEqual({ accepted: Number(options.messages) });
    return result;
  };

  test('one place after the other has its turn', async () => {
    const result = await load({ messages: 20, sessions: 1, tlsShare: 30 });
    expect(result.tls?.handshakes).toBe(6);
    expect(result.steps.ehlo?.sent).toBe(20 + 6);
    expect(result.steps.starttls?.sent).toBe(6);
  });

  test('among connections that are kept the share is as exact, over all workers', async () => {
    const result = await load({ messages: 40, sessions: 10, workers: 2, messagesPerSession: 'all', tlsShare: '30%' });
    expect(result.sessions.started).toBe(10);
    expect(result.tls?.handshakes).toBe(3);
    // The pre-flight looks at TLS whatever its turn.
    expect(result.target.tls?.protocol).toBe('TLSv1.3');
  });
});

test('every worker has tickets of its own', async () => {
  const result = await secured({ messages: 20, sessions: 2, workers: 2, tlsResume: 'on' });
  expect(result.tls?.resumed).toBe((result.tls?.handshakes ?? 0) - 2);
});

test('ciphers and groups are those that were asked for', async () => {
  const result = await secured({ messages: 4, tlsCiphers: 'TLS_CHACHA20_POLY1305_SHA256', tlsGroups: 'P-384' });
  expect(agreementOf(result)).toEqual({
    protocol: 'TLSv1.3',
    cipher: 'TLS_CHACHA20_POLY1305_SHA256',
    group: 'secp384r1',
  });
});

test.each([
  ['--tls-ciphers', { tlsCiphers: 'NO-SUCH-CIPHER' }],
  ['--tls-groups', { tlsGroups: 'P-9999' }],
])('names in %s that OpenSSL does not know end the run before it connects', async (flag, options) => {
  const sink = await openSink({ tls: TLS });
  await expect(run(loadOptions(sink.url, { messages: 4, tls: 'required', ...options }))).rejects.toMatchObject({
    code: 'E_CONFIG',
    message: expect.stringMatching(`${flag} holds no name that OpenSSL [\\d.]+ can use`) as string,
  });
  expect(sink.stats().connections).toBe(0);
});

test('nothing left to agree on is told from a server that speaks no TLS', async () => {
  const sink = await openSink({ tls: TLS });
  const options = { messages: 4, tls: 'required', tlsCa: cert, tlsMax: 'TLSv1.2', tlsCiphers: 'PSK-AES128-CBC-SHA' };
  await expect(run(loadOptions(sink.url, options))).rejects.toMatchObject({
    code: 'E_TARGET',
    message: expect.stringMatching(
      /agreed on no TLS session: no ciphers available; ask for less with --tls-min, --tls-max/,
    ) as string,
  });
});
