import { existsSync, linkSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startSink } from '../../src/sink/sink.js';
import { LineClient } from '../support/line-client.js';
import { codeOf, codesOf, countOf, openSink, sendMessage } from './open-sink.js';

function unixPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sink-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'socket');
}

async function clientAt(place: number | string): Promise<LineClient> {
  const client = await LineClient.connect(place);
  onTestFinished(() => client.destroy());
  return client;
}

describe('several addresses', () => {
  test('share one set of counters', async () => {
    const path = unixPath();
    const sink = await openSink({ listen: ['smtp://127.0.0.1:0', `smtp+unix:${path}`] });
    expect(sink.urls).toEqual([`smtp://127.0.0.1:${sink.port}`, `smtp+unix:${path}`]);
    for (const place of [sink.port, path]) {
      const client = await clientAt(place);
      await client.hello();
      expect((await sendMessage(client)).at(-1)).toBe('250 2.0.0');
    }
    expect(sink.stats()).toMatchObject({ connections: 2, messages: 2 });
    await sink.close();
    expect(existsSync(path)).toBe(false);
  });

  test('are all or none: when one is busy, the others are given back', async () => {
    const busy = await openSink();
    const path = unixPath();
    const refused = startSink({ listen: [`smtp+unix:${path}`, busy.url] });
    await expect(refused).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: `the sink cannot listen on ${busy.url}: another program listens there; choose another port`,
    });
    expect(existsSync(path)).toBe(false);
  });
});

describe('a client by another way', () => {
  test('comes from another address as far as limits go', async () => {
    const path = unixPath();
    const sink = await openSink({ listen: ['smtp://127.0.0.1:0', `smtp+unix:${path}`], maxConnectionsPerAddress: 1 });
    const codes: string[] = [];
    for (const place of [sink.port, path, sink.port, path]) codes.push(codeOf(await (await clientAt(place)).reply()));
    expect(codes).toEqual(['220', '220', '421', '421']);
  });

  test('is greylisted for itself', async () => {
    const path = unixPath();
    const sink = await openSink({ listen: ['smtp://127.0.0.1:0', `smtp+unix:${path}`], greylistMs: 1 });
    const lines = ['MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>'];
    const [first, other] = [await clientAt(sink.port), await clientAt(path)];
    for (const client of [first, other]) {
      await client.hello();
      expect(await codesOf(client, lines)).toEqual(['250 2.1.0', '450 4.7.1']);
      await expect.poll(async () => codeOf(await client.command('RCPT TO:<c@d.test>'))).toBe('250 2.1.5');
    }
  });
});

describe('a unix socket', () => {
  test('that somebody listens on is refused, and stays theirs', async () => {
    const path = unixPath();
    await openSink({ listen: [`smtp+unix:${path}`] });
    await expect(startSink({ listen: [`lmtp+unix:${path}`] })).rejects.toMatchObject({ code: 'E_CONFIG' });
    const client = await clientAt(path);
    expect(await client.reply()).toMatch(/^220 .* ESMTP/);
  });

  test('that was left behind is taken over', async () => {
    const path = unixPath();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen({ path: `${path}.old` }, resolve));
    // A hard link survives the removal that comes with the close.
    linkSync(`${path}.old`, path);
    await new Promise((resolve) => server.close(resolve));
    expect(existsSync(path)).toBe(true);
    await openSink({ listen: [`smtp+unix:${path}`] });
    const client = await clientAt(path);
    expect(await client.reply()).toMatch(/^220 /);
  });
});

describe('LMTP', () => {
  test('answers the content once for each recipient that was accepted', async () => {
    const sink = await openSink({
      listen: ['lmtp://127.0.0.1:0'],
      faults: [{ on: 'endOfData', nth: 2, reply: '452 4.2.2 mailbox full' }],
    });
    const client = await clientAt(sink.port);
    expect(await client.reply()).toMatch(/^220 .* LMTP /);
    const codes = await codesOf(client, [
      'LHLO c.test',
      'MAIL FROM:<a@b.test>',
      'RCPT TO:<1@d.test>',
      'RCPT TO:<2@d.test>',
      'RCPT TO:<3@d.test>',
      'DATA',
    ]);
    expect(codes).toEqual(['250', '250 2.1.0', '250 2.1.5', '250 2.1.5', '250 2.1.5', '354']);
    expect(await codesOf(client, ['Subject: x\r\n\r\n.'])).toEqual(['250 2.0.0']);
    expect(await client.reply()).toMatch(/^452 4\.2\.2/);
    expect(await client.reply()).toMatch(/^250 2\.0\.0/);
    const stats = sink.stats();
    expect(stats).toMatchObject({ messages: 1, recipients: 2, commands: { ehlo: 1, endOfData: 3 } });
    expect(countOf(stats, 'endOfData', 250) + countOf(stats, 'endOfData', 452)).toBe(3);
  });

  test('knows LHLO and neither HELO nor EHLO, and refuses DATA without recipients with 503', async () => {
    const sink = await openSink({ listen: ['lmtp://127.0.0.1:0'] });
    const client = await clientAt(sink.port);
    await client.reply();
    const codes = await codesOf(client, ['EHLO c.test', 'HELO c.test', 'LHLO', 'LHLO c.test', 'MAIL FROM:<>', 'DATA']);
    expect(codes).toEqual(['500 5.5.1', '500 5.5.1', '501 5.5.4', '250', '250 2.1.0', '503 5.5.1']);
  });

  test('offers enhanced status codes only where its replies carry them', async () => {
    const sink = await openSink({ listen: ['lmtp://127.0.0.1:0'], withhold: ['EHLO'] });
    const client = await clientAt(sink.port);
    await client.reply();
    expect(await client.command('LHLO c.test')).not.toContain('ENHANCEDSTATUSCODES');
    expect(await codesOf(client, ['MAIL FROM:<>'])).toEqual(['250']);
  });

  test('is not spoken where SMTP is', async () => {
    const sink = await openSink();
    const client = await clientAt(sink.port);
    await client.reply();
    expect(await codesOf(client, ['LHLO c.test'])).toEqual(['502 5.5.1']);
  });
});
