/** swaks against the sink: TLS, AUTH, PIPELINING and LMTP as a tool of postmasters does them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { RunningSink } from '../../src/sink/sink.js';
import type { ClientRun } from '../support/real-client-process.js';
import { missingClient, missingForSwaksTls, runClient, temporaryFolder } from '../support/real-client-process.js';
import {
  commandsOf,
  contentsOf,
  NOTHING,
  openSinkForClient,
  openTlsSink,
  openUnixSink,
  seenBy,
} from '../support/real-client-sink.js';
import { needServer } from '../support/real-servers.js';

const missing = missingClient('swaks');
const missingTls = missingForSwaksTls();

const SENDER = 'a@sender.test';
const THREE = ['u1@example.test', 'u2@example.test', 'u3@example.test'];
const USER = 'load';
const PASSWORD = 'p4ss w\u00f6rd';
const USERS = { [USER]: PASSWORD };
const ONE_MESSAGE = { ...NOTHING, connections: 1, messages: 1, recipients: 1, commands: commandsOf(1, 1, 1) };
const MECHANISMS = ['PLAIN', 'LOGIN', 'CRAM-MD5'];

/** The exit codes that swaks documents. */
const EXIT = { mail: 23, recipients: 24, endOfData: 26, auth: 28, tls: 29 };

const swaks = (sink: RunningSink, ...args: string[]): Promise<ClientRun> => {
  const place = sink.port === 0 ? [] : ['--server', '127.0.0.1', '--port', `${sink.port}`];
  return runClient('swaks', ['--ehlo', 'client.test', '--from', SENDER, '--to', THREE[0]!, ...place, ...args]);
};
const credentials = (password = PASSWORD): string[] => ['--auth-user', USER, '--auth-password', password];

describe('swaks against the sink', () => {
  beforeEach((context) => needServer(context, missing));

  test.each(['SMTP', 'ESMTP'])('places a message in %s', async (protocol) => {
    const sink = await openSinkForClient();
    const run = await swaks(sink, '--protocol', protocol, '--body', 'the body');
    expect(run.exitCode).toBe(0);
    expect(run.output).toContain(protocol === 'SMTP' ? '-> HELO client.test' : '-> EHLO client.test');
    expect(await seenBy(sink)).toEqual(ONE_MESSAGE);
    expect(sink.messages()).toMatchObject([
      { reversePath: SENDER, forwardPaths: [THREE[0]], user: null, isSecure: false },
    ]);
    expect(contentsOf(sink)[0]).toMatch(/\r\n\r\nthe body\r\n/);
  });

  test.each([[[]], [['--pipeline']]])('places a message with several recipients, %j', async (flags) => {
    const sink = await openSinkForClient();
    const run = await swaks(sink, '--to', THREE.join(','), ...flags);
    expect(run.exitCode).toBe(0);
    // With PIPELINING all commands up to DATA leave before the first of their replies is read.
    const group = / -> MAIL FROM[^<]+<[^\n]+\n(?: -> RCPT TO[^\n]+\n){3} -> DATA\n<- {2}250 2\.1\.0 /;
    expect(group.test(run.output)).toBe(flags.length > 0);
    expect(await seenBy(sink)).toEqual({ ...ONE_MESSAGE, recipients: 3, commands: commandsOf(1, 1, 3) });
    expect(sink.messages()[0]?.forwardPaths).toEqual(THREE);
  });

  test('sends an attachment, every octet of which arrives', async () => {
    const sink = await openSinkForClient();
    const attachment = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 31) % 256));
    const file = join(temporaryFolder(), 'attachment.bin');
    writeFileSync(file, attachment);
    const run = await swaks(sink, '--body', '.\\n..\\n.dot', '--attach', `@${file}`);
    expect(run.exitCode).toBe(0);
    expect(await seenBy(sink)).toEqual(ONE_MESSAGE);
    const parts = contentsOf(sink)[0]!.split(/------=_MIME_BOUNDARY_\w+(?:--)?\r\n/);
    expect(parts[1]).toContain('\r\n\r\n.\r\n..\r\n.dot\r\n');
    const [, encoded = ''] = parts[2]!.split('\r\n\r\n');
    expect(Buffer.from(encoded, 'base64').equals(attachment)).toBe(true);
  });

  test('ends as it documents when recipients, content or a missing AUTH are refused', async () => {
    const sink = await openSinkForClient({ maxSize: 1000 });
    const mixed = await swaks(sink, '--to', `${THREE[0]!},reject@example.test,defer@example.test`);
    expect(mixed.exitCode).toBe(0);
    expect((await swaks(sink, '--to', 'reject@example.test')).exitCode).toBe(EXIT.recipients);
    expect((await swaks(sink, '--body', 'x'.repeat(2000))).exitCode).toBe(EXIT.endOfData);
    expect(await seenBy(sink)).toEqual({
      ...ONE_MESSAGE,
      connections: 3,
      commands: { ...commandsOf(3, 3, 5), data: 2, endOfData: 2 },
      refusals: { 'rcpt 550': 2, 'rcpt 450': 1, 'endOfData 552': 1 },
    });

    const locked = await openSinkForClient({ users: USERS, requireAuth: true });
    expect((await swaks(locked)).exitCode).toBe(EXIT.mail);
    expect(await seenBy(locked)).toMatchObject({ messages: 0, refusals: { 'mail 530': 1 } });
  });

  test.each(MECHANISMS)('authenticates with AUTH %s', async (mechanism) => {
    const sink = await openSinkForClient({ users: USERS, requireAuth: true });
    const run = await swaks(sink, '--auth', mechanism, ...credentials());
    expect(run.exitCode).toBe(0);
    expect(run.output).toContain(` -> AUTH ${mechanism}`);
    expect(await seenBy(sink)).toEqual({
      ...ONE_MESSAGE,
      authenticated: 1,
      commands: { ...ONE_MESSAGE.commands, auth: 1 },
    });
    expect(sink.messages()[0]?.user).toBe(USER);
  });

  test.each(MECHANISMS)('is told 535 when the password of AUTH %s is wrong, and gives up', async (mechanism) => {
    const sink = await openSinkForClient({ users: USERS });
    const run = await swaks(sink, '--auth', mechanism, ...credentials('wrong'));
    expect(run.exitCode).toBe(EXIT.auth);
    expect(run.output).toContain('<** 535 5.7.8 credentials are wrong');
    expect(await seenBy(sink)).toEqual({
      ...NOTHING,
      connections: 1,
      commands: { ehlo: 1, auth: 1, quit: 1 },
      refusals: { 'auth 535': 1 },
    });
  });

  test('tries one mechanism after another until none is left', async () => {
    const sink = await openSinkForClient({ users: USERS });
    const run = await swaks(sink, '--auth', ...credentials('wrong'));
    expect(run.exitCode).toBe(EXIT.auth);
    expect(await seenBy(sink)).toMatchObject({ authenticated: 0, commands: { auth: 3 }, refusals: { 'auth 535': 3 } });
  });
});

describe('swaks against the LMTP of the sink', () => {
  beforeEach((context) => needServer(context, missing));

  test.each([
    ['TCP', []],
    ['TCP', ['--pipeline']],
    ['a unix socket', []],
    ['a unix socket', ['--pipeline']],
  ])('gets a reply for every recipient over %s, %j', async (place, flags) => {
    const { sink, path } =
      place === 'TCP'
        ? { sink: await openSinkForClient({ listen: ['lmtp://127.0.0.1:0'] }), path: null }
        : await openUnixSink('lmtp');
    const socket = path === null ? [] : ['--socket', path];
    const run = await swaks(sink, '--protocol', 'LMTP', '--to', THREE.join(','), ...socket, ...flags);
    expect(run.exitCode).toBe(0);
    expect(run.output.match(/<- {2}250 2\.0\.0 message accepted/g)?.length).toBe(3);
    expect(await seenBy(sink)).toEqual({
      ...ONE_MESSAGE,
      recipients: 3,
      commands: { ...commandsOf(1, 1, 3), endOfData: 3 },
    });
  });

  test('gets replies only for the recipients that were accepted', async () => {
    const sink = await openSinkForClient({ listen: ['lmtp://127.0.0.1:0'] });
    const run = await swaks(sink, '--protocol', 'LMTP', '--to', `${THREE.join(',')},reject@example.test`);
    expect(run.exitCode).toBe(0);
    expect(await seenBy(sink)).toEqual({
      ...ONE_MESSAGE,
      recipients: 3,
      commands: { ...commandsOf(1, 1, 4), endOfData: 3 },
      refusals: { 'rcpt 550': 1 },
    });
  });
});

describe('swaks against the TLS of the sink', () => {
  beforeEach((context) => needServer(context, missing ?? missingTls));

  test.each([
    ['STARTTLS', 'smtp://127.0.0.1:0', '--tls'],
    ['TLS from the first octet', 'smtps://127.0.0.1:0', '--tls-on-connect'],
  ])('verifies the certificate and places its message: %s', async (_, listen, flag) => {
    const { sink, certificateFile } = await openTlsSink({ listen: [listen] });
    const run = await swaks(sink, flag, '--tls-verify', '--tls-ca-path', certificateFile);
    expect(run.exitCode).toBe(0);
    // With ~> swaks marks what it sent inside TLS.
    expect(run.output).toContain(' ~> MAIL FROM');
    const commands = flag === '--tls' ? { ...ONE_MESSAGE.commands, ehlo: 2, starttls: 1 } : ONE_MESSAGE.commands;
    expect(await seenBy(sink)).toEqual({ ...ONE_MESSAGE, tlsSessions: 1, commands });
    expect(sink.messages()[0]?.isSecure).toBe(true);
  });

  test.each(MECHANISMS)('authenticates with AUTH %s inside STARTTLS', async (mechanism) => {
    const { sink } = await openTlsSink({ users: USERS, requireAuth: true });
    const run = await swaks(sink, '--tls', '--auth', mechanism, ...credentials(), '--pipeline');
    expect(run.exitCode).toBe(0);
    expect(await seenBy(sink)).toEqual({
      ...ONE_MESSAGE,
      tlsSessions: 1,
      authenticated: 1,
      commands: { ...ONE_MESSAGE.commands, ehlo: 2, starttls: 1, auth: 1 },
    });
    expect(sink.messages()[0]).toMatchObject({ user: USER, isSecure: true });
  });

  test('authenticates inside STARTTLS of LMTP', async () => {
    const { sink } = await openTlsSink({ listen: ['lmtp://127.0.0.1:0'], users: USERS, requireAuth: true });
    const args = ['--protocol', 'LMTP', '--tls', '--auth', 'PLAIN', ...credentials(), '--to', THREE.join(',')];
    expect((await swaks(sink, ...args)).exitCode).toBe(0);
    expect(await seenBy(sink)).toEqual({
      ...ONE_MESSAGE,
      recipients: 3,
      tlsSessions: 1,
      authenticated: 1,
      commands: { ...commandsOf(1, 1, 3), ehlo: 2, starttls: 1, auth: 1, endOfData: 3 },
    });
  });

  test('goes away when it cannot verify the certificate, and the sink counts an error and no TLS', async () => {
    const { sink } = await openTlsSink();
    const run = await swaks(sink, '--tls', '--tls-verify');
    expect(run.exitCode).toBe(EXIT.tls);
    expect(await seenBy(sink)).toEqual({
      ...NOTHING,
      connections: 1,
      socketErrors: 1,
      commands: { ehlo: 1, starttls: 1 },
    });
  });

  test('gives up where STARTTLS is not offered', async () => {
    const sink = await openSinkForClient();
    expect((await swaks(sink, '--tls')).exitCode).toBe(EXIT.tls);
    expect(await seenBy(sink)).toEqual({ ...NOTHING, connections: 1, commands: { ehlo: 1, quit: 1 } });
  });
});
