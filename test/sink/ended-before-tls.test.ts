/** A client that ends its side before the handshake that it asked for is not waited for. */
import { expect, test } from 'vitest';
import type { FaultRow } from '../../src/sink/sink.js';
import { testCertificate } from '../support/certificate.js';
import { openSession } from './open-sink.js';

const tls = await testCertificate();

test.each<[string, readonly FaultRow[]]>([
  ['at once', []],
  ['while the reply to STARTTLS is delayed', [{ on: 'starttls', delayMs: 40 }]],
  ['while the handshake is delayed', [{ on: 'tls', delayMs: 40 }]],
])('an end %s ends the connection', async (_when, faults) => {
  const { sink, client } = await openSession({ tls, faults });
  client.write('STARTTLS\r\n');
  client.end();
  await client.ended;
  await expect.poll(() => sink.stats().open, { timeout: 1_000 }).toBe(0);
});

test('an end behind the 220 ends the connection', async () => {
  const { sink, client } = await openSession({ tls, faults: [{ on: 'tls', delayMs: 40 }] });
  expect(await client.command('STARTTLS')).toMatch(/^220/);
  client.end();
  await client.ended;
  await expect.poll(() => sink.stats().open, { timeout: 1_000 }).toBe(0);
});
