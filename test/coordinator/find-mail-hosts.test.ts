/** Which hosts take the mail of a domain. No name server is asked but one that a test runs on loopback. */
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { expect, onTestFinished, test } from 'vitest';
import { findMailHosts, type MailResolver } from '../../src/coordinator/find-mail-hosts.js';
import { parseTarget, type ParsedTarget } from '../../src/plan/target.js';

const TARGET = parseTarget('smtp+mx://lab.test') as ParsedTarget;

const resolverOf = (answer: () => Promise<{ exchange: string; priority: number }[]>): MailResolver => ({
  resolveMx: answer,
  lookup: () => Promise.reject(new Error('nobody asked')),
});
const records = (...all: [number, string][]): MailResolver =>
  resolverOf(() => Promise.resolve(all.map(([priority, exchange]) => ({ priority, exchange }))));
const failing = (code: string): MailResolver => resolverOf(() => Promise.reject(Object.assign(new Error(), { code })));

test('the lowest preference comes first, and every host once', async () => {
  const resolver = records([20, 'mx3.lab.test'], [10, 'MX1.lab.test.'], [10, 'mx2.lab.test'], [30, 'mx1.lab.test']);
  expect(await findMailHosts(TARGET, resolver)).toEqual([
    { host: 'mx1.lab.test', preference: 10 },
    { host: 'mx2.lab.test', preference: 10 },
    { host: 'mx3.lab.test', preference: 20 },
  ]);
});

test.each([records(), failing('ENODATA')])('a domain without MX records takes its mail itself', async (resolver) => {
  expect(await findMailHosts(TARGET, resolver)).toEqual([{ host: 'lab.test', preference: 0 }]);
});

test.each<[string, MailResolver, RegExp]>([
  ['has a null MX', records([0, '']), /^smtp\+mx:\/\/lab\.test:25: the domain 'lab\.test' takes no mail, .*RFC 7505/],
  ['does not exist', failing('ENOTFOUND'), /does not exist/],
  ['cannot be asked for', failing('ESERVFAIL'), /cannot be looked up \(ESERVFAIL\)/],
  ['names addresses in place of hosts', records([1, '127.0.0.1'], [2, 'a b']), /name no host/],
])('a domain that %s is no target', async (_, resolver, message) => {
  await expect(findMailHosts(TARGET, resolver)).rejects.toMatchObject({
    code: 'E_TARGET',
    message: expect.stringMatching(message) as string,
  });
});

/** A name server that answers every question for MX with one record: preference 10, `mx.` and the domain. */
async function startNameServer(): Promise<string> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const reply = Buffer.concat([
      // The same id and question, one answer (RFC 1035 §4.1.1).
      query.subarray(0, 2),
      Buffer.from('81800001000100000000', 'hex'),
      query.subarray(12, query.indexOf(0, 12) + 5),
      // Name, MX, IN, TTL, length; preference, 'mx' and a pointer to the name (§3.3.9, §4.1.4).
      Buffer.from('c00c000f000100000e100007000a026d78c00c', 'hex'),
    ]);
    socket.send(reply, port, address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    socket.close();
  });
  return `127.0.0.1:${socket.address().port}`;
}

test('a name server is asked as node:dns asks it', async () => {
  const dns = new Resolver({ timeout: 2_000, tries: 2 });
  dns.setServers([await startNameServer()]);
  const resolver = resolverOf(() => dns.resolveMx('lab.test'));
  expect(await findMailHosts(TARGET, resolver)).toEqual([{ host: 'mx.lab.test', preference: 10 }]);
});
