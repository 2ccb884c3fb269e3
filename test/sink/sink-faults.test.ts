import { describe, expect, test } from 'vitest';
import type { FaultRow } from '../../src/sink/sink.js';
import { testCertificate } from '../support/certificate.js';
import type { Ended, LineClient } from '../support/line-client.js';
import { codeOf, codesOf, countOf, openClient, openSession, openSink, sendMessage } from './open-sink.js';

const tls = await testCertificate();
const users = { load: 'secret' };
const AUTH = `AUTH PLAIN ${Buffer.from('\0load\0secret').toString('base64')}`;

/** What a client says so that each event occurs once, and what a sink that behaves answers to the last line. */
const SCRIPTS = {
  connect: { lines: [], usual: '220 sink.postrush.test ESMTP postrush' },
  ehlo: { lines: ['EHLO client.test'], usual: /^250-sink/ },
  helo: { lines: ['HELO client.test'], usual: '250 sink.postrush.test' },
  starttls: { lines: ['EHLO client.test', 'STARTTLS'], usual: '220 2.0.0 ready to start TLS' },
  auth: { lines: ['EHLO client.test', AUTH], usual: '235 2.7.0 authenticated' },
  mail: { lines: ['EHLO client.test', 'MAIL FROM:<a@b.test>'], usual: '250 2.1.0 sender ok' },
  rcpt: { lines: ['EHLO client.test', 'MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>'], usual: '250 2.1.5 recipient ok' },
  data: { lines: ['EHLO client.test', 'MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>', 'DATA'], usual: /^354 / },
  endOfData: {
    lines: ['EHLO client.test', 'MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>', 'DATA', 'text\r\n.'],
    usual: '250 2.0.0 message accepted',
  },
  bdat: {
    lines: ['EHLO client.test', 'MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>', 'BDAT 2\r\n'],
    usual: '250 2.0.0 chunk received',
  },
  noop: { lines: ['EHLO client.test', 'NOOP'], usual: '250 2.0.0 nothing done' },
  rset: { lines: ['EHLO client.test', 'RSET'], usual: '250 2.0.0 reset' },
  vrfy: { lines: ['EHLO client.test', 'VRFY a'], usual: '252 2.5.2 send some mail, and see' },
  expn: { lines: ['EHLO client.test', 'EXPN a'], usual: '252 2.5.2 send some mail, and see' },
  help: { lines: ['EHLO client.test', 'HELP'], usual: /^214 2\.0\.0 EHLO/ },
  quit: { lines: ['EHLO client.test', 'QUIT'], usual: '221 2.0.0 bye' },
  unknown: { lines: ['EHLO client.test', 'XYZZY'], usual: '500 5.5.2 command not recognised' },
} as const;
type ScriptedEvent = keyof typeof SCRIPTS;
const EVENTS = Object.keys(SCRIPTS) as ScriptedEvent[];

/** Says all but the last line of an event's script, then the last one without waiting for its reply. */
async function provoke(client: LineClient, on: ScriptedEvent): Promise<void> {
  const { lines } = SCRIPTS[on];
  if (lines.length > 0) await client.reply();
  for (const line of lines.slice(0, -1)) await client.command(line);
  if (lines.length > 0) client.write(`${lines.at(-1)}\r\n`);
}

/** A session in which the row strikes, up to the line that it strikes at. */
async function struck(
  row: FaultRow & { on: ScriptedEvent },
): Promise<{ client: LineClient; said: () => string; faults: () => number }> {
  const sink = await openSink({ tls, users, faults: [row] });
  const client = await openClient(sink);
  await provoke(client, row.on);
  return { client, said: () => client.unread(), faults: () => sink.stats().faults };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(EVENTS)('a fault row at %s', (on) => {
  test('says what it is told to say, in place of the usual reply', async () => {
    const { client, said, faults } = await struck({ on, reply: '450-4.7.1 first\r\n450 4.7.1 second' });
    expect(await client.reply()).toBe('450-4.7.1 first\r\n450 4.7.1 second');
    await pause(20);
    expect(said()).toBe('');
    expect(faults()).toBe(1);
  });

  test('sends raw octets as they are', async () => {
    const raw = '2\x0050 \xff\n250-half';
    const { client, said } = await struck({ on, raw });
    await expect.poll(said, { timeout: 10_000 }).toBe(raw);
    expect(client.error).toBeNull();
  });

  test.each([
    ['close', 'closed'],
    ['reset', 'reset'],
  ] as const)('ends the connection with %s, without a word or after one', async (then, ended: Ended) => {
    const wordless = await struck({ on, then });
    expect(await wordless.client.ended).toBe(ended);
    expect(wordless.said()).toBe('');
    const spoken = await struck({ on, reply: '421 4.3.2 going', then });
    expect(await spoken.client.ended).toBe(ended);
    expect(spoken.said()).toBe('421 4.3.2 going\r\n');
  });

  test('falls silent for ever', async () => {
    const { client, said } = await struck({ on, then: 'silence' });
    client.write('NOOP\r\nQUIT\r\n');
    await pause(50);
    expect(said()).toBe('');
    client.end();
    expect(await client.ended).toBe('closed');
  });

  test('delays the usual reply, and drips it octet by octet', async () => {
    const startMs = performance.now();
    const { client } = await struck({ on, delayMs: 60, dripMs: 1 });
    const reply = await client.reply();
    const { usual } = SCRIPTS[on];
    if (typeof usual === 'string') expect(reply).toBe(usual);
    else expect(reply).toMatch(usual);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(60 + reply.length);
    expect(client.chunks.filter((chunk) => chunk.length === 1).length).toBeGreaterThan(reply.length / 2);
  });

  test('delays a reply of its own, and then the end', async () => {
    const startMs = performance.now();
    const { client, said } = await struck({ on, reply: '421 4.3.2 going', delayMs: 60, then: 'close' });
    expect(await client.ended).toBe('closed');
    expect(said()).toBe('421 4.3.2 going\r\n');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(60);
  });

  test('delays an end without a word', async () => {
    const startMs = performance.now();
    const { client } = await struck({ on, delayMs: 60, then: 'reset' });
    expect(await client.ended).toBe('reset');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(60);
  });
});

test('a row sends its octets as often as it is told to: a line of ten million, for a client that reads', async () => {
  const { client } = await struck({ on: 'mail', raw: '250-endless.', repeat: 1_000_000, then: 'close' });
  expect(await client.ended).toBe('closed');
  expect(client.unread()).toHaveLength(12_000_000);
  expect(client.unread().slice(-24)).toBe('250-endless.250-endless.');
});

test('replies to the commands before it reach a client that is reset', async () => {
  const { client } = await openSession({ faults: [{ on: 'rset', then: 'reset' }] });
  client.write('NOOP\r\nRSET\r\n');
  expect(await client.ended).toBe('reset');
  expect(client.unread()).toBe('250 2.0.0 nothing done\r\n');
});

describe('a command that a fault row answered', () => {
  test('takes no effect with a code that refuses it', async () => {
    const { client, sink } = await openSession({
      faults: [
        { on: 'mail', nth: 1, reply: '450 4.2.1 busy' },
        { on: 'rcpt', matching: 'nobody', reply: '550 5.1.1 no such user' },
        { on: 'data', nth: 1, reply: '451 4.3.0 later' },
        { on: 'endOfData', nth: 1, reply: '554 5.6.0 spam' },
      ],
    });
    expect(
      await codesOf(client, [
        'MAIL FROM:<a@b.test>',
        'RCPT TO:<c@d.test>',
        'MAIL FROM:<a@b.test>',
        'RCPT TO:<nobody@d.test>',
        'DATA',
      ]),
    ).toEqual(['450 4.2.1', '503 5.5.1', '250 2.1.0', '550 5.1.1', '451 4.3.0']);
    expect(await codesOf(client, ['RCPT TO:<c@d.test>', 'DATA', '.'])).toEqual(['250 2.1.5', '354', '554 5.6.0']);
    expect(sink.stats()).toMatchObject({ messages: 0, recipients: 0, faults: 4 });
    expect(await sendMessage(client)).toEqual(['250 2.1.0', '250 2.1.5', '354', '250 2.0.0']);
  });

  test('takes effect with a code that accepts it', async () => {
    const { client, sink } = await openSession({
      users,
      requireAuth: true,
      faults: [
        { on: 'auth', reply: '235 2.7.0 come in' },
        { on: 'mail', reply: '250 2.1.0 own' },
        { on: 'rcpt', raw: '250 2.1.5 bare LF\n' },
        { on: 'data', reply: '354 own' },
        { on: 'endOfData', reply: '250 2.6.0 own' },
        { on: 'quit', reply: '221 2.0.0 own' },
      ],
    });
    expect(await codesOf(client, ['AUTH LOGIN', 'MAIL FROM:<a@b.test>'])).toEqual(['235 2.7.0', '250 2.1.0']);
    client.write('RCPT TO:<c@d.test>\r\nDATA\r\n');
    await expect.poll(() => client.unread(), { timeout: 10_000 }).toBe('250 2.1.5 bare LF\n354 own\r\n');
    client.write('text\r\n.\r\nQUIT\r\n');
    expect(await client.ended).toBe('closed');
    expect(client.unread()).toMatch(/250 2\.6\.0 own\r\n221 2\.0\.0 own\r\n$/);
    expect(sink.stats()).toMatchObject({ messages: 1, recipients: 1, authenticated: 1, faults: 6 });
  });

  test('with 354 for DATA after refused recipients gets a refusal at the lone dot', async () => {
    const { client, sink } = await openSession({
      faults: [
        { on: 'rcpt', reply: '550 5.1.1 no' },
        { on: 'data', reply: '354 go' },
      ],
    });
    expect((await sendMessage(client)).at(-1)).toBe('554 5.5.1');
    expect(sink.stats().messages).toBe(0);
  });

  test('accepts no message without recipients, whatever a row says at its end', async () => {
    const { client, sink } = await openSession({
      faults: [
        { on: 'data', reply: '354 go' },
        { on: 'endOfData', reply: '250 2.0.0 own' },
      ],
    });
    expect(await codesOf(client, ['MAIL FROM:<a@b.test>', 'DATA', '.'])).toEqual(['250 2.1.0', '354', '250 2.0.0']);
    expect(sink.stats()).toMatchObject({ messages: 0, recipients: 0 });
  });

  test('lets QUIT not end a session that it refuses', async () => {
    const { client } = await openSession({ faults: [{ on: 'quit', nth: 1, reply: '500 5.5.2 stay' }] });
    expect(await codesOf(client, ['QUIT', 'NOOP', 'QUIT'])).toEqual(['500 5.5.2', '250 2.0.0', '221 2.0.0']);
  });

  test('leaves a client that was refused at the greeting nothing but QUIT', async () => {
    const client = await openClient(
      await openSink({ faults: [{ on: 'connect', reply: '554 5.3.2 no service here' }] }),
    );
    expect(codeOf(await client.reply())).toBe('554 5.3.2');
    expect(await codesOf(client, ['EHLO client.test', 'NOOP', 'QUIT'])).toEqual([
      '503 5.5.1',
      '503 5.5.1',
      '221 2.0.0',
    ]);
    expect(await client.ended).toBe('closed');
  });

  test('may be followed by a reply that nobody asked for', async () => {
    const { client } = await openSession({ faults: [{ on: 'mail', raw: '250 2.1.0 ok\r\n421 4.3.2 and going\r\n' }] });
    expect(codeOf(await client.command('MAIL FROM:<a@b.test>'))).toBe('250 2.1.0');
    expect(codeOf(await client.reply())).toBe('421 4.3.2');
    expect(codeOf(await client.command('RCPT TO:<c@d.test>'))).toBe('250 2.1.5');
  });

  test('may be answered with nothing at all, and the session goes on', async () => {
    const { client } = await openSession({ faults: [{ on: 'mail', raw: '' }] });
    client.write('MAIL FROM:<a@b.test>\r\n');
    expect(codeOf(await client.command('NOOP'))).toBe('250 2.0.0');
  });

  test('keeps the order of a pipelined group, whatever waits in it', async () => {
    const { client } = await openSession({
      faults: [
        { on: 'rcpt', nth: 1, delayMs: 40 },
        { on: 'rcpt', nth: 2, reply: '451 4.3.0 drip', dripMs: 1 },
      ],
    });
    const startMs = performance.now();
    client.write('MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nRCPT TO:<e@f.test>\r\nDATA\r\n');
    expect(codeOf(await client.reply())).toBe('250 2.1.0');
    expect(performance.now() - startMs).toBeLessThan(40);
    expect((await client.replies(3)).map(codeOf)).toEqual(['250 2.1.5', '451 4.3.0', '354']);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(40);
  });
});

describe('a fault row at content', () => {
  const envelope = ['MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>', 'DATA'];

  test('answers before the end, which is then not answered again', async () => {
    const { client, sink } = await openSession({ faults: [{ on: 'content', nth: 1, reply: '552 5.3.4 too much' }] });
    await codesOf(client, envelope);
    client.write('first line\r\n');
    expect(codeOf(await client.reply())).toBe('552 5.3.4');
    client.write('second line\r\n.\r\n');
    expect(codeOf(await client.command('NOOP'))).toBe('250 2.0.0');
    expect(sink.stats()).toMatchObject({ messages: 0, commands: { endOfData: 1 } });
    expect(countOf(sink.stats(), 'endOfData', 552)).toBe(1);
    expect((await sendMessage(client)).at(-1)).toBe('250 2.0.0');
  });

  test('throws in octets that nobody asked for, and the end has its own reply', async () => {
    const { client, sink } = await openSession({ faults: [{ on: 'content', raw: '250 2.0.0 early\r\n' }] });
    expect(await sendMessage(client)).toEqual(['250 2.1.0', '250 2.1.5', '354', '250 2.0.0']);
    expect(await client.reply()).toBe('250 2.0.0 message accepted');
    expect(countOf(sink.stats(), 'session', 250)).toBe(1);
    expect(countOf(sink.stats(), 'endOfData', 250)).toBe(1);
  });

  test.each([
    ['close', 'closed'],
    ['reset', 'reset'],
  ] as const)('ends the connection amid the content with %s', async (then, ended: Ended) => {
    const { client, sink } = await openSession({ faults: [{ on: 'content', then }] });
    await codesOf(client, envelope);
    client.write('first line\r\n');
    expect(await client.ended).toBe(ended);
    expect(sink.stats()).toMatchObject({ messages: 0, commands: { endOfData: 0 } });
  });

  test('never answers the end when it has fallen silent', async () => {
    const { client, sink } = await openSession({ faults: [{ on: 'content', then: 'silence' }] });
    await codesOf(client, envelope);
    client.write('text\r\n.\r\n');
    await pause(50);
    expect(client.unread()).toBe('');
    expect(sink.stats().messages).toBe(0);
  });

  test('stops reading, so that the writes of the client stall', async () => {
    const { client, sink } = await openSession({ faults: [{ on: 'content', stopReading: true }] });
    await codesOf(client, envelope);
    const line = `${'x'.repeat(998)}\r\n`;
    client.write(line.repeat(20_000));
    await pause(200);
    expect(client.unsentOctets).toBeGreaterThan(0);
    expect(sink.stats().bytes.received).toBeLessThan(1_000_000);
  });

  test('stops reading for a while, and the message is taken after all', async () => {
    const { client, sink } = await openSession({
      faults: [{ on: 'content', stopReading: true, delayMs: 80 }],
      keepMessages: 1,
    });
    await codesOf(client, envelope);
    const content = `${'x'.repeat(998)}\r\n`.repeat(2000);
    const startMs = performance.now();
    client.write(`${content}.\r\n`);
    expect(codeOf(await client.reply())).toBe('250 2.0.0');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(78);
    expect(sink.messages()[0]?.content.toString() === content).toBe(true);
  });
});

describe('a fault row at the TLS handshake', () => {
  async function beginTls(
    row: FaultRow,
  ): Promise<{ client: LineClient; handshake: Promise<void>; secured: () => number }> {
    const { client, sink } = await openSession({ tls, faults: [row] });
    await client.command('STARTTLS');
    const handshake = client.startTls();
    handshake.catch(() => {});
    return { client, handshake, secured: () => sink.stats().tlsSessions };
  }

  test.each(['close', 'reset'] as const)('ends it with %s', async (then) => {
    const { client, handshake, secured } = await beginTls({ on: 'tls', then });
    await expect(handshake).rejects.toThrow();
    await client.ended;
    expect(secured()).toBe(0);
  });

  test('falls silent in place of it', async () => {
    const { client, secured } = await beginTls({ on: 'tls', then: 'silence' });
    await pause(80);
    expect(client.error).toBeNull();
    expect(secured()).toBe(0);
  });

  test('sends garbage in place of it', async () => {
    const { handshake } = await beginTls({ on: 'tls', raw: 'this is not TLS\r\n', then: 'silence' });
    await expect(handshake).rejects.toThrow(/wrong version|ssl|EPROTO/i);
  });

  test('delays it', async () => {
    const startMs = performance.now();
    const { client, handshake } = await beginTls({ on: 'tls', delayMs: 60 });
    await handshake;
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(60);
    expect(await client.command('EHLO client.test')).toContain('250');
  });

  test('strikes implicit TLS before the greeting', async () => {
    const sink = await openSink({ tls, listen: ['smtps://127.0.0.1:0'], faults: [{ on: 'tls', then: 'reset' }] });
    const client = await openClient(sink);
    await expect(client.startTls()).rejects.toThrow();
    await client.ended;
    expect(client.received).toBe('');
    expect(sink.stats()).toMatchObject({ tlsSessions: 0, faults: 1, replies: [] });
  });

  test('inside TLS, rows close, reset and drip as they do without', async () => {
    for (const [row, ended] of [
      [{ on: 'mail', reply: '421 4.3.2 going', then: 'close' }, 'closed'],
      [{ on: 'mail', reply: '421 4.3.2 going', dripMs: 1, then: 'reset' }, 'reset'],
    ] as const) {
      const { client } = await openSession({ tls, faults: [row] });
      await client.command('STARTTLS');
      await client.startTls();
      await client.command('EHLO client.test');
      expect(codeOf(await client.command('MAIL FROM:<a@b.test>'))).toBe('421 4.3.2');
      expect(await client.ended).toBe(ended);
    }
  });
});

describe('a fault row that counts per session', () => {
  const rows: FaultRow[] = [
    { on: 'noop', nth: 2, perSession: true, reply: '451 4.0.0 second of this session' },
    { on: 'noop', nth: 5, reply: '452 4.0.0 fifth of all' },
    { on: 'rcpt', everyNth: 2, after: 1, matching: 'odd', perSession: true, reply: '450 4.0.0 again' },
  ];

  test('begins anew in every session, while those of the whole sink count on', async () => {
    const sink = await openSink({ faults: rows });
    const heard: string[][] = [];
    for (let session = 0; session < 2; session++) {
      const client = await openClient(sink);
      await client.hello();
      heard.push(await codesOf(client, ['NOOP', 'NOOP', 'NOOP']));
    }
    expect(heard).toEqual([
      ['250 2.0.0', '451 4.0.0', '250 2.0.0'],
      ['250 2.0.0', '451 4.0.0', '250 2.0.0'],
    ]);
    const { client } = await openSession({ faults: rows });
    expect((await codesOf(client, ['NOOP', 'NOOP', 'NOOP', 'NOOP', 'NOOP'])).at(-1)).toBe('452 4.0.0');
  });

  test('counts only what fits its text', async () => {
    const { client } = await openSession({ faults: rows });
    const names = ['odd', 'even', 'odd', 'odd', 'even', 'odd', 'odd'];
    const lines = ['MAIL FROM:<>', ...names.map((name) => `RCPT TO:<${name}@b.test>`)];
    const struck = (await codesOf(client, lines)).flatMap((code, index) => (code === '450 4.0.0' ? [index] : []));
    expect(struck).toEqual([4, 7]);
  });
});
