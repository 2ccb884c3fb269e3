import { describe, expect, test } from 'vitest';
import { AddedDelays } from '../../src/sink/added-delays.js';
import { testCertificate } from '../support/certificate.js';
import { openClient, openSession, openSink, sendMessage } from './open-sink.js';

describe('the delay that a sink adds', () => {
  test('is told by step, with its distribution, and for nothing that was not held back', async () => {
    const { sink, client } = await openSession({
      faults: [
        { on: 'rcpt', delayMs: 30 },
        { on: 'endOfData', reply: '250 slow', dripMs: 5 },
      ],
    });
    await sendMessage(client);
    await sendMessage(client);
    const { rcpt, endOfData, ...others } = sink.stats().addedDelay;
    expect(others).toEqual({});
    expect(rcpt).toMatchObject({ count: 2 });
    expect(rcpt?.minUs).toBeGreaterThanOrEqual(29_000);
    expect(rcpt?.histogram).toMatch(/^HIST/);
    // `250 slow` has ten octets with its CRLF, and nine gaps between them.
    expect(endOfData).toMatchObject({ count: 2 });
    expect(endOfData?.minUs).toBeGreaterThanOrEqual(9 * 4_000);
  });

  test('of every reply is what --reply-delay asks for', async () => {
    const { sink, client } = await openSession({ replyDelayMs: 20 });
    await client.command('NOOP');
    const { addedDelay } = sink.stats();
    expect(Object.keys(addedDelay).sort()).toEqual(['ehlo', 'greeting', 'noop']);
    for (const { minUs } of Object.values(addedDelay)) expect(minUs).toBeGreaterThanOrEqual(19_000);
  });

  test('includes that of a reply behind a slow one', async () => {
    const { sink, client } = await openSession({ faults: [{ on: 'rset', delayMs: 40 }] });
    client.write('RSET\r\nNOOP\r\n');
    await client.replies(2);
    expect(sink.stats().addedDelay['noop']?.minUs).toBeGreaterThanOrEqual(39_000);
  });

  test('is told of handshakes and of content that was not read', async () => {
    const sink = await openSink({
      tls: await testCertificate(),
      faults: [
        { on: 'tls', delayMs: 30 },
        { on: 'content', stopReading: true, delayMs: 30 },
      ],
    });
    const client = await openClient(sink);
    await client.hello();
    await client.command('STARTTLS');
    await client.startTls();
    await client.command('EHLO c.test');
    await sendMessage(client);
    const { tls, transfer } = sink.stats().addedDelay;
    expect([tls?.count, transfer?.count]).toEqual([1, 1]);
    expect(Math.min(tls?.minUs ?? 0, transfer?.minUs ?? 0)).toBeGreaterThanOrEqual(29_000);
  });

  test('of two processes is that of both', () => {
    const [one, two] = [new AddedDelays(), new AddedDelays()];
    one.record('mail', 5);
    two.record('mail', 7);
    two.record('rcpt', 1);
    one.add(two.summaries());
    expect(one.summaries()).toMatchObject({
      mail: { count: 2, minUs: 5000, maxUs: 7000, meanUs: 6000 },
      rcpt: { count: 1, minUs: 1000 },
    });
  });
});
