/** Where connections come from. */
import { describe, expect, test } from 'vitest';
import type { LoadTestOptions } from '../../src/plan/options.js';
import { run } from '../support/integration-build.js';
import { loadOptions, openSink, outcomesOf, runLoad } from '../support/integration-run.js';
import { openRelay, type RelayedConnection } from '../support/relay.js';

/** Runs a load through a relay. @returns the connections of the load, without that of the pre-flight */
async function connectionsOf(options: Partial<LoadTestOptions>, host = '127.0.0.1'): Promise<RelayedConnection[]> {
  let connections: readonly RelayedConnection[] = [];
  const { result } = await runLoad({
    options,
    via: async (sink) => {
      const relay = await openRelay(sink, host);
      ({ connections } = relay);
      return relay.url;
    },
  });
  expect(outcomesOf(result.messages)).toEqual({ accepted: Number(options.messages) });
  expect(result.plan.scenarios[0].localAddresses).toEqual(options.localAddresses);
  return connections.slice(1);
}

describe.each([1, 2])('with %d workers', (workers) => {
  test('every place of the plan has the address of its turn when there is one for each', async () => {
    const localAddresses = ['127.0.0.2-127.0.0.4', '127.0.0.9'];
    const load = { messages: 40, sessions: 4, messagesPerSession: 'all', workers, localAddresses };
    const connections = await connectionsOf(load);
    expect(connections.map(({ address }) => address).sort()).toEqual([
      '127.0.0.2',
      '127.0.0.3',
      '127.0.0.4',
      '127.0.0.9',
    ]);
  });
});

test('few sessions go through many addresses, one after the other', async () => {
  const localAddresses = ['127.0.0.32/29'];
  const connections = await connectionsOf({ messages: 12, sessions: 1, localAddresses });
  const turn = [33, 34, 35, 36, 37, 38].map((octet) => `127.0.0.${octet}`);
  expect(connections.map(({ address }) => address)).toEqual([...turn, ...turn]);
});

test('an IPv6 target is connected to from IPv6 addresses', async () => {
  const connections = await connectionsOf({ messages: 4, localAddresses: ['::1'] }, '::1');
  expect(new Set(connections.map(({ address }) => address))).toEqual(new Set(['::1']));
});

test('an address that this machine does not have ends the run before it connects', async () => {
  const sink = await openSink();
  const localAddresses = ['127.0.0.2', '192.0.2.1'];
  await expect(run(loadOptions(sink.url, { messages: 4, localAddresses }))).rejects.toMatchObject({
    code: 'E_TARGET',
    message:
      `${sink.url} cannot be connected to from 192.0.2.1: this machine does not have that address; ` +
      'give it to an interface, or leave it out of --local-address',
  });
  expect(sink.stats().connections).toBe(0);
});

test('a name is pinned to an address of the IP version that connections come from', async () => {
  const sink = await openSink();
  const target = `smtp://localhost:${sink.port}`;
  const result = await run(loadOptions(target, { messages: 4, localAddresses: '127.0.0.2' }));
  expect(result.target).toMatchObject({ address: '127.0.0.1', family: 4 });
  await expect(run(loadOptions(target, { messages: 4, localAddresses: '2001:db8::1' }))).rejects.toMatchObject({
    // Where localhost has no IPv6 address at all the list cannot fit.
    code: expect.stringMatching(/^E_(TARGET|CONFIG)$/) as string,
    message: expect.stringMatching(/2001:db8::1|--local-address: .* has none of IPv6/) as string,
  });
});
