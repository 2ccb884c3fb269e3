/** nodemailer against the sink: the client of most programs for Node, which pipelines the envelope and never says QUIT. */
import { connect } from 'node:net';
import { createTransport } from 'nodemailer';
import type { SendMailOptions, SMTPPoolOptions, SMTPSentMessageInfo, SMTPTransportOptions } from 'nodemailer';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RunningSink } from '../../src/sink/sink.js';
import type { Seen } from '../support/real-client-sink.js';
import {
  commandsOf,
  contentsOf,
  NOTHING,
  openSinkForClient,
  openTlsSink,
  openUnixSink,
  seenBy,
} from '../support/real-client-sink.js';

const SENDER = 'a@sender.test';
const RECIPIENT = 'u1@example.test';
const USER = 'load';
const PASSWORD = 'p4ss w\u00f6rd';
const USERS = { [USER]: PASSWORD };
/** Of SMTP, on top of the content: the final dot. */
const FINAL_DOT = '.\r\n';
const LMTP = ['lmtp://127.0.0.1:0'];

/** Commands of sessions that end without QUIT. */
function commandsWithoutQuit(sessions: number, messages: number, recipients: number): Seen['commands'] {
  const { quit: _quit, ...commands } = commandsOf(sessions, messages, recipients);
  return commands;
}
const ONE_MESSAGE = { ...NOTHING, connections: 1, messages: 1, recipients: 1, commands: commandsWithoutQuit(1, 1, 1) };

/** A client with one connection for each message. `commands`: what it sent, AUTH with its secrets blackened. */
function client(sink: RunningSink, options: SMTPTransportOptions = {}) {
  const commands: string[] = [];
  const note = (entry: unknown, ...words: unknown[]): void => {
    if ((entry as { tnx?: string }).tnx === 'client') commands.push(String(words[0]));
  };
  const logger = { level: note, trace: note, debug: note, info: note, warn: note, error: note, fatal: note };
  const place = { host: '127.0.0.1', port: sink.port, name: 'client.test' };
  const transport = createTransport({ ...place, logger, transactionLog: true, ...options });
  onTestFinished(() => transport.close());
  const send = (mail: SendMailOptions = {}): Promise<SMTPSentMessageInfo> =>
    transport.sendMail({ from: SENDER, to: RECIPIENT, subject: 'nodemailer', text: '.\n..\n.dot\nlast', ...mail });
  return { send, commands };
}

describe('nodemailer against the sink', () => {
  test('places a message, whose leading dots arrive as they were', async () => {
    const sink = await openSinkForClient();
    const info = await client(sink).send();
    expect(info).toMatchObject({ accepted: [RECIPIENT], rejected: [], response: '250 2.0.0 message accepted' });
    expect(await seenBy(sink)).toEqual(ONE_MESSAGE);
    expect(sink.messages()).toMatchObject([{ reversePath: SENDER, forwardPaths: [RECIPIENT], isSecure: false }]);
    const [content = ''] = contentsOf(sink);
    expect(content).toContain('\r\n\r\n.\r\n..\r\n.dot\r\nlast\r\n');
    // It counts what it wrote: three dots are doubled.
    expect(info.messageSize).toBe(content.length + 3 + FINAL_DOT.length);
  });

  test('sends an attachment of 2 MB, every octet of which arrives', async () => {
    const sink = await openSinkForClient();
    const attachment = Buffer.alloc(2_000_000, 'octets of a file\n');
    const info = await client(sink).send({ text: 'text', attachments: [{ filename: 'a.bin', content: attachment }] });
    expect(await seenBy(sink)).toEqual(ONE_MESSAGE);
    const [content = ''] = contentsOf(sink);
    expect(info.messageSize).toBe(content.length + FINAL_DOT.length);
    const [, encoded = ''] = /filename=a\.bin\r\n(?:\S.*\r\n)*\r\n([^-]*)/.exec(content) ?? [];
    expect(Buffer.from(encoded, 'base64').equals(attachment)).toBe(true);
  });

  test('sends to several recipients in one group of commands, and names those that were refused', async () => {
    const sink = await openSinkForClient();
    const { send, commands } = client(sink);
    const info = await send({ to: [RECIPIENT, 'reject@example.test', 'u2@example.test'] });
    expect(info).toMatchObject({ accepted: [RECIPIENT, 'u2@example.test'], rejected: ['reject@example.test'] });
    expect(info.rejectedErrors?.map(({ responseCode }) => responseCode)).toEqual([550]);
    expect(commands.map((line) => line.split(' ')[0])).toEqual(['EHLO', 'MAIL', 'RCPT', 'RCPT', 'RCPT', 'DATA']);
    expect(await seenBy(sink)).toEqual({
      ...ONE_MESSAGE,
      recipients: 2,
      commands: commandsWithoutQuit(1, 1, 3),
      refusals: { 'rcpt 550': 1 },
    });
  });

  test('places the same one by one where PIPELINING is withheld', async () => {
    const sink = await openSinkForClient({ withhold: ['PIPELINING'] });
    await client(sink).send({ to: [RECIPIENT, 'u2@example.test'] });
    expect(await seenBy(sink)).toEqual({ ...ONE_MESSAGE, recipients: 2, commands: commandsWithoutQuit(1, 1, 2) });
  });

  test('learns that no recipient was accepted, though DATA stood in the same group', async () => {
    const sink = await openSinkForClient();
    await expect(client(sink).send({ to: 'reject@example.test' })).rejects.toMatchObject({
      code: 'EENVELOPE',
      responseCode: 550,
    });
    expect(await seenBy(sink)).toEqual({
      ...NOTHING,
      connections: 1,
      commands: { ehlo: 1, mail: 1, rcpt: 1, data: 1 },
      refusals: { 'rcpt 550': 1, 'data 554': 1 },
    });
  });

  test.each([
    [1, 10, 35, 4],
    [3, 1000, 200, 3],
  ])(
    'keeps %i connections, each for %i messages, in a pool: %i messages',
    async (most, each, messages, connections) => {
      const sink = await openSinkForClient({ users: USERS, requireAuth: true });
      const options: SMTPPoolOptions = {
        maxConnections: most,
        maxMessages: each,
        auth: { user: USER, pass: PASSWORD },
      };
      const place = { host: '127.0.0.1', port: sink.port, name: 'client.test' };
      const pool = createTransport({ ...place, ...options, pool: true });
      const mail = { from: SENDER, to: [RECIPIENT, 'u2@example.test'], text: 'pooled' };
      const infos = await Promise.all(Array.from({ length: messages }, () => pool.sendMail(mail)));
      pool.close();
      expect(new Set(infos.map(({ response }) => response))).toEqual(new Set(['250 2.0.0 message accepted']));
      const recipients = 2 * messages;
      const commands = { ...commandsWithoutQuit(connections, messages, recipients), auth: connections };
      expect(await seenBy(sink)).toEqual({
        ...NOTHING,
        connections,
        messages,
        recipients,
        commands,
        authenticated: connections,
      });
      expect(sink.stats().peakOpen).toBeLessThanOrEqual(most + 1);
    },
  );

  test('asks for a delivery status notification, and the sink takes all of its parameters', async () => {
    const sink = await openSinkForClient();
    const { send, commands } = client(sink);
    const dsn = { id: 'an id', return: 'headers', notify: ['success', 'delay'], recipient: 'original@example.test' };
    await send({ dsn });
    expect(commands).toContain(`MAIL FROM:<${SENDER}> RET=HDRS ENVID=an+20id`);
    expect(commands).toContain(`RCPT TO:<${RECIPIENT}> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;original@example.test`);
    expect(await seenBy(sink)).toEqual(ONE_MESSAGE);
  });

  test('sends to a mailbox with a name that is not ASCII, by SMTPUTF8', async () => {
    const sink = await openSinkForClient();
    const { send, commands } = client(sink);
    await send({ to: 'm\u00fcller@example.test' });
    expect(commands).toContain(`MAIL FROM:<${SENDER}> SMTPUTF8`);
    expect(await seenBy(sink)).toEqual(ONE_MESSAGE);
    expect(sink.messages()[0]?.forwardPaths).toEqual(['m\u00fcller@example.test']);
  });

  test('is refused such a mailbox where SMTPUTF8 is withheld', async () => {
    const sink = await openSinkForClient({ withhold: ['SMTPUTF8'] });
    await expect(client(sink).send({ to: 'm\u00fcller@example.test' })).rejects.toMatchObject({ code: 'EENVELOPE' });
    expect(await seenBy(sink)).toEqual({
      ...NOTHING,
      connections: 1,
      commands: { ehlo: 1, mail: 1, rcpt: 1, data: 1 },
      refusals: { 'rcpt 501': 1, 'data 554': 1 },
    });
  });

  test('sends octets above 127 by 8BITMIME, and they arrive as they were', async () => {
    const sink = await openSinkForClient();
    const { send, commands } = client(sink);
    const raw = Buffer.from('Subject: eight\r\n\r\ncaf\u00e9 \u2615\r\n');
    await send({ raw, envelope: { from: SENDER, to: [RECIPIENT], use8BitMime: true, size: raw.length } });
    expect(commands).toContain(`MAIL FROM:<${SENDER}> BODY=8BITMIME SIZE=${raw.length}`);
    expect(await seenBy(sink)).toEqual(ONE_MESSAGE);
    expect(sink.messages()[0]?.content.equals(raw)).toBe(true);
  });

  test.each(['TCP', 'a unix socket'])('speaks LMTP over %s and gets a reply for every recipient', async (place) => {
    const { sink, path } =
      place === 'TCP' ? { sink: await openSinkForClient({ listen: LMTP }), path: '' } : await openUnixSink('lmtp');
    const getSocket: SMTPTransportOptions['getSocket'] = (_options, callback) => {
      const connection = connect({ path });
      connection.once('connect', () => callback(null, { connection }));
    };
    const { send, commands } = client(sink, { lmtp: true, ...(path === '' ? {} : { getSocket }) });
    const to = [RECIPIENT, 'reject@example.test', 'u2@example.test', 'u3@example.test'];
    expect((await send({ to })).accepted).toEqual([RECIPIENT, 'u2@example.test', 'u3@example.test']);
    expect(commands[0]).toBe('LHLO client.test');
    expect(await seenBy(sink)).toEqual({
      ...ONE_MESSAGE,
      recipients: 3,
      commands: { ...commandsWithoutQuit(1, 1, 4), endOfData: 3 },
      refusals: { 'rcpt 550': 1 },
    });
  });
});

describe('nodemailer against TLS and AUTH of the sink', () => {
  const WAYS = [
    ['STARTTLS that it insists on', 'smtp://127.0.0.1:0', { requireTLS: true }, { ehlo: 2, starttls: 1 }],
    ['STARTTLS that it takes where offered', 'smtp://127.0.0.1:0', {}, { ehlo: 2, starttls: 1 }],
    ['TLS from the first octet', 'smtps://127.0.0.1:0', { secure: true }, {}],
    ['LMTP and STARTTLS', 'lmtp://127.0.0.1:0', { lmtp: true, requireTLS: true }, { ehlo: 2, starttls: 1 }],
  ] as const;
  const login = (mechanism: string, secret: string): SMTPTransportOptions =>
    mechanism === 'XOAUTH2'
      ? { auth: { type: 'OAuth2', user: USER, accessToken: secret } }
      : { authMethod: mechanism, auth: { user: USER, pass: secret } };

  test.each(WAYS)('verifies the certificate, authenticates and sends: %s', async (_, listen, options, seen) => {
    const { sink, ca } = await openTlsSink({ listen: [listen], users: USERS, requireAuth: true });
    await client(sink, { ...options, tls: { ca }, ...login('PLAIN', PASSWORD) }).send();
    const commands = { ...ONE_MESSAGE.commands, auth: 1, ...seen };
    expect(await seenBy(sink)).toEqual({ ...ONE_MESSAGE, tlsSessions: 1, authenticated: 1, commands });
    expect(sink.messages()[0]).toMatchObject({ user: USER, isSecure: true });
  });

  test.each(WAYS)('sends nothing when it cannot verify the certificate: %s', async (_, listen, options) => {
    const { sink } = await openTlsSink({ listen: [listen] });
    await expect(client(sink, options).send()).rejects.toThrow(/self-signed certificate/);
    expect(await seenBy(sink)).toMatchObject({ connections: 1, messages: 0, tlsSessions: 0 });
  });

  test('sends nothing where it insists on STARTTLS and that is not offered', async () => {
    const sink = await openSinkForClient();
    await expect(client(sink, { requireTLS: true }).send()).rejects.toMatchObject({ code: 'ETLS' });
    expect(await seenBy(sink)).toEqual({
      ...NOTHING,
      connections: 1,
      commands: { ehlo: 1, starttls: 1 },
      refusals: { 'starttls 502': 1 },
    });
  });

  test.each(['PLAIN', 'LOGIN', 'CRAM-MD5', 'XOAUTH2'])('authenticates with AUTH %s', async (mechanism) => {
    const sink = await openSinkForClient({ users: USERS, requireAuth: true });
    const { send, commands } = client(sink, login(mechanism, PASSWORD));
    await send();
    expect(commands.filter((line) => line.startsWith(`AUTH ${mechanism}`)).length).toBe(1);
    expect(await seenBy(sink)).toEqual({
      ...ONE_MESSAGE,
      authenticated: 1,
      commands: { ...ONE_MESSAGE.commands, auth: 1 },
    });
    expect(sink.messages()[0]?.user).toBe(USER);
  });

  test.each([
    ['PLAIN', 1],
    ['LOGIN', 1],
    ['CRAM-MD5', 1],
    // It tries a token once more.
    ['XOAUTH2', 2],
  ])('is told 535 when the secret of AUTH %s is wrong', async (mechanism, tries) => {
    const sink = await openSinkForClient({ users: USERS });
    const wrong = client(sink, login(mechanism, 'wrong'));
    await expect(wrong.send()).rejects.toMatchObject({ code: 'EAUTH', responseCode: 535 });
    expect(await seenBy(sink)).toEqual({
      ...NOTHING,
      connections: 1,
      commands: { ehlo: 1, auth: tries },
      refusals: { 'auth 535': tries },
    });
  });
});
