/** Who closes a connection, and how. */
import { describe, expect, test } from 'vitest';
import type { LoadTestOptions } from '../../src/plan/options.js';
import type { SinkOptions } from '../../src/sink/sink.js';
import { testCertificate } from '../support/certificate.js';
import { errorsOf, outcomesOf, pause, runLoad } from '../support/integration-run.js';
import { openRelay, type RelayedConnection } from '../support/relay.js';

const { key, cert } = await testCertificate();
const SILENT: SinkOptions = { faults: [{ on: 'rcpt', then: 'silence' }] };

/** Runs a load through a relay. @returns how each of its connections ended, without that of the pre-flight */
async function endsOf(options: Partial<LoadTestOptions>, sink: SinkOptions): Promise<('fin' | 'rst')[]> {
  let connections: readonly RelayedConnection[] = [];
  const { result } = await runLoad({
    options: { messages: 3, sessions: 3, pipelining: 'off', ...options },
    sink,
    via: async (running) => {
      const relay = await openRelay(running);
      ({ connections } = relay);
      return relay.url;
    },
  });
  const isSilent = sink.faults !== undefined;
  expect(outcomesOf(result.messages)).toEqual(isSilent ? { failed: 3 } : { accepted: 3 });
  expect(errorsOf(result)).toEqual(isSilent ? { 'rcpt timeout': 3 } : {});
  // The last reset may still be on its way to the relay.
  await pause(50);
  return connections.slice(1).map(({ wasReset }) => (wasReset ? 'rst' : 'fin'));
}

describe.each([
  ['in clear', {}, {}],
  ['inside TLS', { tls: 'required', tlsCa: cert }, { tls: { key, cert } }],
])('%s', (_where, options, sink) => {
  test('a connection that we give up is closed in order', async () => {
    const ends = await endsOf({ ...options, timeouts: 'rcpt=150ms' }, { ...sink, ...SILENT });
    expect(ends).toEqual(['fin', 'fin', 'fin']);
  });

  test('a connection that we give up is reset when that is asked for', async () => {
    const ends = await endsOf({ ...options, timeouts: 'rcpt=150ms', close: 'rst' }, { ...sink, ...SILENT });
    expect(ends).toEqual(['rst', 'rst', 'rst']);
  });

  test('a connection that the server closes after QUIT is not reset', async () => {
    expect(await endsOf({ ...options, close: 'rst' }, sink)).toEqual(['fin', 'fin', 'fin']);
  });
});
