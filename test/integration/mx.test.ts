/** Targets behind MX records: which hosts the load goes to, and that none is connected to without being judged. */
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { LoadTestOptions } from '../../src/plan/options.js';
import type { RunHooks } from '../../src/run.js';
import { run } from '../support/integration-build.js';
import { openSink } from '../support/integration-run.js';

type Resolver = NonNullable<RunHooks['resolver']>;

/** A world of names in which `domain` has these MX records, and hosts these addresses. */
function world(mx: [number, string][], hosts: Record<string, readonly string[]>): Resolver & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    resolveMx: (domain) => {
      asked.push(`MX ${domain}`);
      return Promise.resolve(mx.map(([priority, exchange]) => ({ priority, exchange })));
    },
    lookup: (host) => {
      asked.push(host);
      const addresses = hosts[host];
      if (addresses === undefined) return Promise.reject(new Error('no such host'));
      return Promise.resolve(addresses.map((address) => ({ address, family: 4 })));
    },
  };
}

const load = (port: number, options: Partial<LoadTestOptions> = {}): LoadTestOptions => ({
  target: `smtp+mx://lab.test:${port}`,
  ...{ messages: 60, sessions: 3, workers: 1, drain: '2s', ...options },
});

/** Two sinks on one port, each on a loopback address of its own; and no other. */
async function twoSinks() {
  for (let attempt = 0; ; attempt++) {
    const first = await openSink({ listen: ['smtp://127.0.0.1:0'] });
    const port = Number(new URL(first.url).port);
    try {
      return { port, first, second: await openSink({ listen: [`smtp://127.0.0.2:${port}`] }) };
    } catch (error) {
      if (attempt > 5) throw error;
    }
  }
}

describe('the hosts of the lowest preference', () => {
  test('share the load, are asked for once, and the others are not used', async () => {
    const { port, first, second } = await twoSinks();
    const names = world(
      [
        [10, 'mx1.lab.test'],
        [20, 'backup.lab.test'],
        [10, 'mx2.lab.test'],
      ],
      { 'mx1.lab.test': ['127.0.0.1'], 'mx2.lab.test': ['127.0.0.2'], 'backup.lab.test': ['127.0.0.3'] },
    );
    const result = await run(load(port), { resolver: names });
    expect(names.asked).toEqual(['MX lab.test', 'mx1.lab.test', 'mx2.lab.test', 'backup.lab.test']);
    expect(result.scenarios.map(({ target, clients }) => [target, clients.started])).toEqual([
      [`smtp://mx1.lab.test:${port}`, 30],
      [`smtp://mx2.lab.test:${port}`, 30],
    ]);
    expect([first.stats().messages, second.stats().messages]).toEqual([30, 30]);
    expect(result.mailHosts.map(({ host, preference, isUsed }) => [host, preference, isUsed])).toEqual([
      ['mx1.lab.test', 10, true],
      ['mx2.lab.test', 10, true],
      ['backup.lab.test', 20, false],
    ]);
  });

  test('make room for the next ones where none of them can be connected to', async () => {
    const { port, second } = await twoSinks();
    const names = world(
      [
        [10, 'gone.lab.test'],
        [15, 'nowhere.lab.test'],
        [20, 'mx2.lab.test'],
      ],
      { 'gone.lab.test': ['127.0.0.9'], 'mx2.lab.test': ['127.0.0.2'] },
    );
    const result = await run(load(port), { resolver: names });
    expect(result.target).toMatchObject({ host: 'mx2.lab.test', address: '127.0.0.2' });
    expect(result.scenarios).toEqual([]);
    expect(second.stats().messages).toBe(60);
    expect(result.mailHosts).toMatchObject([
      { host: 'gone.lab.test', isUsed: false, problem: expect.stringContaining('refused the connection') as string },
      { host: 'nowhere.lab.test', isUsed: false, problem: 'does not resolve', addresses: [] },
      { host: 'mx2.lab.test', isUsed: true, problem: '' },
    ]);
  });

  test('are none: the run does not begin, and says of each why', async () => {
    const names = world([[10, 'gone.lab.test']], { 'gone.lab.test': ['127.0.0.9'] });
    await expect(run(load(9), { resolver: names })).rejects.toMatchObject({
      code: 'E_TARGET',
      message: expect.stringMatching(/no host takes a connection: smtp:\/\/gone\.lab\.test:9 refused/) as string,
    });
  });
});

describe('a host behind an MX record that is neither loopback nor private', () => {
  const hosts = { 'mx1.lab.test': ['127.0.0.1'], 'far.lab.test': ['203.0.113.9'] };

  test('stops the run before anybody is connected to, whatever its preference', async () => {
    let connections = 0;
    const server = createServer(() => connections++);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
    });
    const { port } = server.address() as { port: number };
    const names = world(
      [
        [10, 'mx1.lab.test'],
        [90, 'far.lab.test'],
      ],
      hosts,
    );
    await expect(run(load(port), { resolver: names })).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringMatching(
        /far\.lab\.test has the address 203\.0\.113\.9, .* --allow-target far\.lab\.test/,
      ) as string,
    });
    expect(connections).toBe(0);
  });

  test('needs consent for that very host: the domain is not enough', async () => {
    const names = world([[10, 'far.lab.test']], hosts);
    await expect(run(load(25, { allowTargets: 'lab.test' }), { resolver: names })).rejects.toMatchObject({
      code: 'E_CONFIG',
    });
  });

  test('with consent is no obstacle', async () => {
    const { port } = await twoSinks();
    const names = world(
      [
        [10, 'mx1.lab.test'],
        [90, 'far.lab.test'],
      ],
      hosts,
    );
    const result = await run(load(port, { allowTargets: 'far.lab.test' }), { resolver: names });
    expect(result.target.host).toBe('mx1.lab.test');
  });
});
