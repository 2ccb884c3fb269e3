/** PROXY headers as a server sees them. */
import { expect, test } from 'vitest';
import type { LoadTestOptions } from '../../src/plan/options.js';
import type { SinkOptions } from '../../src/sink/sink.js';
import { testCertificate } from '../support/certificate.js';
import { outcomesOf, runLoad } from '../support/integration-run.js';
import { openRelay, type HeaderLength, type Relay } from '../support/relay.js';

const { key, cert } = await testCertificate();

const lengthOf: Record<'v1' | 'v2', HeaderLength> = {
  v1: (octets) => (octets.includes('\n') ? octets.indexOf('\n') + 1 : null),
  v2: (octets) => (octets.length < 16 ? null : 16 + octets.readUInt16BE(14)),
};

interface Server {
  readonly host?: string;
  readonly scheme?: string;
  readonly sink?: SinkOptions;
}

interface Seen {
  readonly relay: Relay;
  /** Headers of the load, without that of the pre-flight. */
  readonly headers: readonly Buffer[];
  readonly bytesSent: number;
}

async function headersOf(
  options: Partial<LoadTestOptions> & { readonly proxy: 'v1' | 'v2' },
  { host = '127.0.0.1', scheme = 'smtp', sink = {} }: Server = {},
): Promise<Seen> {
  let relay: Relay | undefined;
  const { result } = await runLoad({
    options,
    sink,
    via: async (running) => {
      relay = await openRelay(running, host, lengthOf[options.proxy]);
      return relay.url.replace('smtp', scheme);
    },
  });
  expect(outcomesOf(result.messages)).toEqual({ accepted: Number(options.messages) });
  const seen = relay as Relay;
  return { relay: seen, headers: seen.connections.slice(1).map(({ header }) => header), bytesSent: result.bytes.sent };
}

test.each([1, 2])(
  'version 1 names the addresses of the pool in turn, the port changing, with %d workers',
  async (workers) => {
    const { relay, headers } = await headersOf({
      messages: 8,
      sessions: 4,
      workers,
      messagesPerSession: 'all',
      proxy: 'v1',
      proxySources: ['198.51.100.7-198.51.100.8', '203.0.113.1'],
    });
    expect(headers.map((header) => header.toString('latin1')).sort()).toEqual([
      `PROXY TCP4 198.51.100.7 127.0.0.1 1024 ${relay.port}\r\n`,
      `PROXY TCP4 198.51.100.7 127.0.0.1 1025 ${relay.port}\r\n`,
      `PROXY TCP4 198.51.100.8 127.0.0.1 1024 ${relay.port}\r\n`,
      `PROXY TCP4 203.0.113.1 127.0.0.1 1024 ${relay.port}\r\n`,
    ]);
  },
);

test('version 2 names addresses for documentation unless told otherwise', async () => {
  const { headers } = await headersOf({ messages: 3, sessions: 1, proxy: 'v2' });
  const named = headers.map((header) => [
    header[13],
    header.subarray(16, 20).join('.'),
    header.subarray(20, 24).join('.'),
  ]);
  expect(named).toEqual([1, 2, 3].map((octet) => [0x11, `192.0.2.${octet}`, '127.0.0.1']));
});

test('over IPv6 both addresses are IPv6', async () => {
  const { relay, headers } = await headersOf({ messages: 1, sessions: 1, proxy: 'v1' }, { host: '::1' });
  expect(headers.map(String)).toEqual([`PROXY TCP6 2001:db8:0:0:0:0:0:1 0:0:0:0:0:0:0:1 1024 ${relay.port}\r\n`]);
});

test('the header is in clear before TLS from the first octet, and before STARTTLS', async () => {
  for (const [scheme, listen, tls] of [
    ['smtps', 'smtps://127.0.0.1:0', {}],
    ['smtp', 'smtp://127.0.0.1:0', { tls: 'required' }],
  ] as const) {
    const options = { messages: 2, sessions: 1, proxy: 'v1', tlsCa: cert, ...tls } as const;
    const { headers } = await headersOf(options, { scheme, sink: { listen: [listen], tls: { key, cert } } });
    expect(headers.map((header) => header.toString('latin1').slice(0, 27))).toEqual([
      'PROXY TCP4 192.0.2.1 127.0.',
      'PROXY TCP4 192.0.2.2 127.0.',
    ]);
  }
});

test('its octets count as sent', async () => {
  const load = { messages: 5, sessions: 1 } as const;
  const plain = await runLoad({ options: load });
  const { bytesSent } = await headersOf({ ...load, proxy: 'v2' });
  expect(bytesSent - plain.result.bytes.sent).toBe(5 * 28);
});
