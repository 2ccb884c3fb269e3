import { describe, expect, test } from 'vitest';
import { codeOf, codesOf, openClient, openSession, openSink, sendMessage } from './open-sink.js';

describe('a session', () => {
  test('is greeted, told what is on offer, and said goodbye to by a server that closes first', async () => {
    const sink = await openSink({ name: 'mx.example.test', maxSize: 1000 });
    const client = await openClient(sink);
    expect(await client.reply()).toBe('220 mx.example.test ESMTP postrush');
    expect(await client.command('EHLO client.test')).toBe(
      [
        '250-mx.example.test',
        '250-PIPELINING',
        '250-SIZE 1000',
        '250-8BITMIME',
        '250-SMTPUTF8',
        '250-CHUNKING',
        '250-DSN',
        '250-VRFY',
        '250-EXPN',
        '250-HELP',
        '250 ENHANCEDSTATUSCODES',
      ].join('\r\n'),
    );
    expect(await client.command('QUIT')).toBe('221 2.0.0 bye');
    expect(await client.ended).toBe('closed');
    expect(client.unread()).toBe('');
  });

  test('sends message after message', async () => {
    const { sink, client } = await openSession();
    for (let message = 1; message <= 3; message++) {
      expect(await sendMessage(client)).toEqual(['250 2.1.0', '250 2.1.5', '354', '250 2.0.0']);
    }
    expect(sink.stats()).toMatchObject({ connections: 1, open: 1, messages: 3, recipients: 3 });
  });

  test('may use any case, null reverse-paths, quoted local parts and spaces before a line end', async () => {
    const { client, sink } = await openSession({ keepMessages: 1 });
    expect(
      await codesOf(client, ['mail from:<>  ', 'rcpt TO:<"a b"@c.test>', 'Rcpt to:<postmaster>', 'dAtA', '.', 'quit ']),
    ).toEqual(['250 2.1.0', '250 2.1.5', '250 2.1.5', '354', '250 2.0.0', '221 2.0.0']);
    expect(sink.messages()).toEqual([
      {
        reversePath: '',
        forwardPaths: ['"a b"@c.test', 'postmaster'],
        content: Buffer.from(''),
        user: null,
        isSecure: false,
      },
    ]);
  });

  test('may ask for things that change nothing', async () => {
    const { client } = await openSession();
    expect(await codesOf(client, ['NOOP', 'NOOP with words', 'VRFY postmaster', 'HELP', 'HELP MAIL', 'RSET'])).toEqual([
      '250 2.0.0',
      '250 2.0.0',
      '252 2.5.2',
      '214 2.0.0',
      '214 2.0.0',
      '250 2.0.0',
    ]);
  });

  test('forgets its envelope at RSET and EHLO', async () => {
    const { client } = await openSession();
    for (const forget of ['RSET', 'EHLO again.test', 'HELO again.test']) {
      await codesOf(client, ['MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>', forget]);
      expect(await codesOf(client, ['RCPT TO:<c@d.test>', 'DATA'])).toEqual(['503 5.5.1', '503 5.5.1']);
    }
  });

  test('is told when a command comes too early, and goes on', async () => {
    const client = await openClient(await openSink());
    await client.reply();
    expect(
      await codesOf(client, ['MAIL FROM:<a@b.test>', 'RCPT TO:<a@b.test>', 'DATA', 'STARTTLS', 'AUTH PLAIN']),
    ).toEqual(['503 5.5.1', '503 5.5.1', '503 5.5.1', '502 5.5.1', '502 5.5.1']);
    await client.command('EHLO client.test');
    expect(await codesOf(client, ['MAIL FROM:<a@b.test>', 'MAIL FROM:<a@b.test>', 'DATA'])).toEqual([
      '250 2.1.0',
      '503 5.5.1',
      '554 5.5.1',
    ]);
    expect(await codesOf(client, ['RCPT TO:<a@b.test>', 'DATA', '.'])).toEqual(['250 2.1.5', '354', '250 2.0.0']);
  });

  test.each([
    ['EHLO', '501 5.5.4'],
    ['HELO', '501 5.5.4'],
    ['MAIL FROM a@b.test', '501 5.5.4'],
    ['MAIL FROM:a@b.test', '501 5.1.7'],
    ['MAIL FROM:<a@b.test> SIZE=x', '501 5.5.4'],
    ['MAIL FROM:<a@b.test> XYZ=1', '555 5.5.4'],
    ['QUIT now', '501 5.5.4'],
    ['RSET all', '501 5.5.4'],
    ['VRFY', '501 5.5.4'],
    ['EXPN', '501 5.5.4'],
    ['LHLO client.test', '502 5.5.1'],
    ['MAILFROM:<a@b.test>', '500 5.5.2'],
    ['STARLIGHT', '500 5.5.2'],
    ['', '500 5.5.2'],
    ['GET / HTTP/1.1', '500 5.5.2'],
    ['\xff\xfe\x00', '500 5.5.2'],
  ])('is told what is wrong with %j: %s', async (line, code) => {
    const { client } = await openSession();
    expect(codeOf(await client.command(line))).toBe(code);
    expect(codeOf(await client.command('NOOP'))).toBe('250 2.0.0');
  });

  test('has recipients refused one by one', async () => {
    const { client, sink } = await openSession({ maxRecipients: 2, keepMessages: 1 });
    expect(
      await codesOf(client, [
        'MAIL FROM:<a@b.test>',
        'RCPT TO:<>',
        'RCPT TO:<one@d.test>',
        'RCPT TO:<two@d.test>',
        'RCPT TO:<three@d.test>',
        'DATA',
        '.',
      ]),
    ).toEqual(['250 2.1.0', '501 5.1.3', '250 2.1.5', '250 2.1.5', '452 4.5.3', '354', '250 2.0.0']);
    expect(sink.messages()[0]?.forwardPaths).toEqual(['one@d.test', 'two@d.test']);
    expect(sink.stats().recipients).toBe(2);
  });

  test('may write HELO and still has its messages taken', async () => {
    const client = await openClient(await openSink());
    await client.reply();
    expect(await client.command('HELO client.test')).toBe('250 sink.postrush.test');
    expect(await sendMessage(client)).toEqual(['250 2.1.0', '250 2.1.5', '354', '250 2.0.0']);
  });

  test('gets its replies though it has closed its side', async () => {
    const { client } = await openSession({ replyDelayMs: 20 });
    client.write('NOOP\r\nNOOP\r\n');
    client.end();
    expect(await client.replies(2)).toHaveLength(2);
    expect(await client.ended).toBe('closed');
  });
});

describe('what is withheld', () => {
  test.each([
    'PIPELINING',
    'SIZE',
    '8BITMIME',
    'SMTPUTF8',
    'CHUNKING',
    'DSN',
    'VRFY',
    'EXPN',
    'HELP',
    'ENHANCEDSTATUSCODES',
  ])('%s is not offered', async (keyword) => {
    const client = await openClient(await openSink({ withhold: [keyword] }));
    await client.reply();
    const reply = await client.command('EHLO client.test');
    expect(reply).not.toContain(keyword);
    expect(reply.split('\r\n')).toHaveLength(10);
  });

  test('ENHANCEDSTATUSCODES leaves replies without them', async () => {
    const { client } = await openSession({ withhold: ['ENHANCEDSTATUSCODES'] });
    expect(await sendMessage(client)).toEqual(['250', '250', '354', '250']);
    expect(await client.command('NONSENSE')).toBe('500 command not recognised');
  });

  test('VRFY, EXPN, HELP and CHUNKING are commands that are not implemented then', async () => {
    const { client } = await openSession({ withhold: ['VRFY', 'EXPN', 'HELP', 'CHUNKING'] });
    expect(await codesOf(client, ['VRFY x', 'EXPN x', 'HELP', 'BDAT 0 LAST', 'NOOP'])).toEqual([
      '502 5.5.1',
      '502 5.5.1',
      '502 5.5.1',
      '502 5.5.1',
      '250 2.0.0',
    ]);
  });

  test('SIZE and 8BITMIME are not understood in MAIL either', async () => {
    const { client } = await openSession({ withhold: ['SIZE', '8BITMIME'] });
    expect(await codesOf(client, ['MAIL FROM:<> SIZE=1', 'MAIL FROM:<> BODY=8BITMIME'])).toEqual([
      '555 5.5.4',
      '555 5.5.4',
    ]);
  });

  test('EHLO makes a client fall back to HELO', async () => {
    const client = await openClient(await openSink({ withhold: ['EHLO'] }));
    expect(await client.reply()).toBe('220 sink.postrush.test SMTP postrush');
    expect(await codesOf(client, ['EHLO client.test', 'HELO client.test'])).toEqual(['502', '250']);
    expect(await sendMessage(client)).toEqual(['250', '250', '354', '250']);
  });
});

describe('pipelined commands', () => {
  test('are answered in order and in one write', async () => {
    const { client } = await openSession();
    client.chunks = [];
    client.write('MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nRCPT TO:bad\r\nRCPT TO:<e@f.test>\r\nDATA\r\n');
    expect((await client.replies(5)).map(codeOf)).toEqual(['250 2.1.0', '250 2.1.5', '501 5.1.3', '250 2.1.5', '354']);
    expect(client.chunks).toHaveLength(1);
  });

  test('may follow the content in the same write, message after message', async () => {
    const { sink, client } = await openSession({ keepMessages: 10 });
    const envelope = 'MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n';
    client.write(`${envelope}one\r\n.\r\n${envelope}two\r\n.\r\n${envelope}..three\r\n.\r\nQUIT\r\n`);
    expect((await client.replies(13)).map(codeOf).filter((code) => code === '250 2.0.0')).toHaveLength(3);
    expect(await client.ended).toBe('closed');
    expect(sink.messages().map(({ content }) => content.toString())).toEqual(['one\r\n', 'two\r\n', '.three\r\n']);
  });

  test('are understood at every split', async () => {
    const { sink, client } = await openSession({ keepMessages: 1 });
    const octets = 'MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\none\r\n..two\r\n.\r\nNOOP\r\n';
    for (let at = 1; at < octets.length; at++) {
      client.write(octets.slice(0, at));
      await new Promise(setImmediate);
      client.write(octets.slice(at));
      expect((await client.replies(5)).map(codeOf)).toEqual([
        '250 2.1.0',
        '250 2.1.5',
        '354',
        '250 2.0.0',
        '250 2.0.0',
      ]);
      expect(sink.messages()[0]?.content.toString()).toBe('one\r\n.two\r\n');
    }
    expect(sink.stats().messages).toBe(octets.length - 1);
  });
});

describe('limits', () => {
  test('a command line of 512 octets is taken, a longer one is not', async () => {
    const { client } = await openSession();
    expect(codeOf(await client.command(`NOOP ${'x'.repeat(505)}`))).toBe('250 2.0.0');
    expect(codeOf(await client.command(`NOOP ${'x'.repeat(506)}`))).toBe('500 5.5.2');
    expect(codeOf(await client.command('NOOP'))).toBe('250 2.0.0');
  });

  test('MAIL may be longer by what its parameters need', async () => {
    const { client } = await openSession({ users: { u: 'p' } });
    expect(codeOf(await client.command(`MAIL FROM:<a@b.test> AUTH=${'x'.repeat(900)}`))).toBe('250 2.1.0');
    await client.command('RSET');
    expect(codeOf(await client.command(`MAIL FROM:<a@b.test> AUTH=${'x'.repeat(1200)}`))).toBe('500 5.5.2');
  });

  test('a line without end is answered with 500 and the end of the connection', async () => {
    const { client, sink } = await openSession();
    client.write('x'.repeat(5000));
    expect(codeOf(await client.reply())).toBe('500 5.5.2');
    expect(await client.ended).not.toBe('failed');
    expect(sink.stats().commands['unknown']).toBe(1);
  });

  test('a bare LF ends no command, and the client is told so', async () => {
    const { client } = await openSession();
    client.write('NOOP\nNOOP\r\n');
    expect((await client.replies(2)).map(codeOf)).toEqual(['500 5.5.2', '250 2.0.0']);
  });

  test('a message that declares too much is refused at MAIL, one that is too big at its end', async () => {
    const { client, sink } = await openSession({ maxSize: 100 });
    expect(await codesOf(client, ['MAIL FROM:<a@b.test> SIZE=101', 'MAIL FROM:<a@b.test> SIZE=100'])).toEqual([
      '552 5.3.4',
      '250 2.1.0',
    ]);
    await client.command('RSET');
    expect((await sendMessage(client, `${'x'.repeat(98)}\r\n`))[3]).toBe('250 2.0.0');
    expect((await sendMessage(client, `${'x'.repeat(99)}\r\n`))[3]).toBe('552 5.3.4');
    // The doubled dot does not count.
    expect((await sendMessage(client, `..${'x'.repeat(97)}\r\n`))[3]).toBe('250 2.0.0');
    expect(sink.stats().messages).toBe(2);
  });

  test.each([
    ['421', 'MAIL is answered with 421 and the connection closed'],
    ['close', 'the connection is closed without a word'],
    ['mail452', 'MAIL is answered with 452 time and again'],
  ] as const)('beyond the messages of a session, with %s, %s', async (messageLimitReply, _what) => {
    const { client, sink } = await openSession({ maxMessagesPerSession: 2, messageLimitReply });
    await sendMessage(client);
    await sendMessage(client);
    client.write('MAIL FROM:<a@b.test>\r\n');
    if (messageLimitReply === 'mail452') {
      expect(codeOf(await client.reply())).toBe('452 4.5.3');
      expect(await codesOf(client, ['MAIL FROM:<a@b.test>', 'QUIT'])).toEqual(['452 4.5.3', '221 2.0.0']);
    } else if (messageLimitReply === '421') {
      expect(codeOf(await client.reply())).toBe('421 4.7.0');
    }
    expect(await client.ended).toBe('closed');
    expect(client.unread()).toBe('');
    expect(sink.stats().messages).toBe(2);
  });

  test('a client that reads no replies is not read from either', async () => {
    const { client, sink } = await openSession();
    client.pause();
    // More than the kernel holds in both directions.
    const octets = `HELP ${'x'.repeat(43)}\r\n`.repeat(300_000);
    client.write(octets);
    // Until nothing more is read.
    let before = -1;
    while (sink.stats().bytes.received !== before) {
      before = sink.stats().bytes.received;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(client.unsentOctets).toBeGreaterThan(0);
    expect(sink.stats().bytes.received).toBeLessThan(octets.length);
    client.resume();
    await expect.poll(() => sink.stats().commands['help'], { timeout: 10_000 }).toBe(300_000);
  });
});
