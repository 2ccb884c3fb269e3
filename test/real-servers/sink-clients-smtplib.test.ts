/** smtplib of Python against the sink: what scripts of test suites and cron jobs speak. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { RunningSink, SinkOptions } from '../../src/sink/sink.js';
import type { ClientRun } from '../support/real-client-process.js';
import { missingClient, runClient } from '../support/real-client-process.js';
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

const missing = missingClient('python3');

const USER = 'load';
/** smtplib takes no other characters than ASCII. */
const PASSWORD = 'correct horse';
const USERS = { [USER]: PASSWORD };
const MECHANISMS = ['CRAM-MD5', 'PLAIN', 'LOGIN'];
const CONTENT = 'Subject: smtplib\r\n\r\n.\r\n..\r\n.dot\r\nlast\r\n';
const ONE_MESSAGE = { ...NOTHING, connections: 1, messages: 1, recipients: 1, commands: commandsOf(1, 1, 1) };

/** What every script below begins with. */
const PRELUDE = `
import smtplib, socket, ssl, sys
from email.message import EmailMessage
A, U1, U2, U3 = 'a@sender.test', 'u1@example.test', 'u2@example.test', 'u3@example.test'
USER, PASSWORD = '${USER}', '${PASSWORD}'
CONTENT = ${JSON.stringify(CONTENT)}
NAME = 'client.test'
PORT = int(sys.argv[1])
PATH = sys.argv[2]
`;

/** Runs a script of smtplib. @param path - its `PATH`: a certificate or a unix socket */
const python = (sink: RunningSink, script: string, path = ''): Promise<ClientRun> =>
  runClient('python3', ['-I', '-c', PRELUDE + script, `${sink.port}`, path]);

describe('smtplib against the sink', () => {
  beforeEach((context) => needServer(context, missing));

  test('sends messages over one connection, whose leading dots arrive as they were', async () => {
    const sink = await openSinkForClient();
    const run = await python(
      sink,
      `
with smtplib.SMTP('127.0.0.1', PORT, NAME) as smtp:
    for _ in range(50):
        assert smtp.sendmail(A, [U1, U2, U3], CONTENT) == {}
`,
    );
    expect(run).toEqual({ exitCode: 0, output: '' });
    expect(await seenBy(sink)).toEqual({
      ...NOTHING,
      connections: 1,
      messages: 50,
      recipients: 150,
      commands: commandsOf(1, 50, 150),
    });
    expect(new Set(contentsOf(sink))).toEqual(new Set([CONTENT]));
    expect(sink.messages()[0]).toMatchObject({
      reversePath: 'a@sender.test',
      forwardPaths: ['u1@example.test', 'u2@example.test', 'u3@example.test'],
    });
  });

  test('names the recipients that were refused, and the others have the message', async () => {
    const sink = await openSinkForClient();
    const run = await python(
      sink,
      `
with smtplib.SMTP('127.0.0.1', PORT, NAME) as smtp:
    refused = smtp.sendmail(A, [U1, 'reject@example.test', U2, 'defer@example.test'], CONTENT)
    print({address: reply[0] for address, reply in refused.items()})
`,
    );
    expect(run).toEqual({ exitCode: 0, output: "{'reject@example.test': 550, 'defer@example.test': 450}\n" });
    expect(await seenBy(sink)).toEqual({
      ...ONE_MESSAGE,
      recipients: 2,
      commands: commandsOf(1, 1, 4),
      refusals: { 'rcpt 550': 1, 'rcpt 450': 1 },
    });
  });

  test('gets its answers to HELP, NOOP, VRFY, EXPN and RSET, and finds every extension', async () => {
    const sink = await openSinkForClient({ maxSize: 12_345 });
    const run = await python(
      sink,
      `
with smtplib.SMTP('127.0.0.1', PORT, NAME) as smtp:
    smtp.ehlo()
    print(*sorted(smtp.esmtp_features), smtp.esmtp_features['size'])
    assert smtp.help().startswith(b'2.0.0 ')
    print(smtp.noop()[0], smtp.verify(U1)[0], smtp.expn('list')[0], smtp.mail(A)[0], smtp.rset()[0])
`,
    );
    expect(run).toEqual({
      exitCode: 0,
      output:
        '8bitmime chunking dsn enhancedstatuscodes expn help pipelining size smtputf8 vrfy 12345\n250 252 252 250 250\n',
    });
    expect(await seenBy(sink)).toEqual({
      ...NOTHING,
      connections: 1,
      commands: { ehlo: 1, help: 1, noop: 1, vrfy: 1, expn: 1, mail: 1, rset: 1, quit: 1 },
    });
  });

  test('falls back to HELO where the sink refuses EHLO', async () => {
    const sink = await openSinkForClient({ withhold: ['EHLO'] });
    const run = await python(
      sink,
      `
with smtplib.SMTP('127.0.0.1', PORT, NAME) as smtp:
    smtp.sendmail(A, [U1], CONTENT)
`,
    );
    expect(run.exitCode).toBe(0);
    expect(await seenBy(sink)).toEqual({
      ...ONE_MESSAGE,
      commands: { ...ONE_MESSAGE.commands, ehlo: 2 },
      refusals: { 'ehlo 502': 1 },
    });
  });

  const INTERNATIONAL = `
message = EmailMessage()
message['From'], message['To'], message['Subject'] = A, 'm\u00fcller@example.test', 'Gr\u00fc\u00dfe'
message.set_content('caf\u00e9', cte='8bit')
with smtplib.SMTP('127.0.0.1', PORT, NAME) as smtp:
    smtp.send_message(message)
`;

  test('sends to a mailbox with a name that is not ASCII, in UTF-8 throughout', async () => {
    const sink = await openSinkForClient();
    expect(await python(sink, INTERNATIONAL)).toEqual({ exitCode: 0, output: '' });
    expect(await seenBy(sink)).toEqual(ONE_MESSAGE);
    expect(sink.messages()[0]?.forwardPaths).toEqual(['m\u00fcller@example.test']);
    const text = sink.messages()[0]?.content.toString('utf8');
    expect(text).toContain('Subject: Gr\u00fc\u00dfe\r\n');
    expect(text).toContain('\r\n\r\ncaf\u00e9\r\n');
  });

  test('does not even try that where SMTPUTF8 is withheld', async () => {
    const sink = await openSinkForClient({ withhold: ['SMTPUTF8'] });
    const run = await python(sink, INTERNATIONAL);
    expect(run.exitCode).toBe(1);
    expect(run.output).toContain('smtplib.SMTPNotSupportedError');
    expect(await seenBy(sink)).toEqual({ ...NOTHING, connections: 1, commands: { ehlo: 1, quit: 1 } });
  });
});

describe('smtplib against the LMTP of the sink', () => {
  beforeEach((context) => needServer(context, missing));

  test.each(['TCP', 'a unix socket'])('sends over %s', async (place) => {
    const lmtp: SinkOptions = { listen: ['lmtp://127.0.0.1:0'] };
    const { sink, path } =
      place === 'TCP' ? { sink: await openSinkForClient(lmtp), path: '' } : await openUnixSink('lmtp');
    // Its LMTP reads one reply behind the content, so it can have one recipient.
    const run = await python(
      sink,
      `
with smtplib.LMTP(PATH or '127.0.0.1', PORT, NAME) as lmtp:
    for _ in range(20):
        lmtp.sendmail(A, [U1], CONTENT)
    assert lmtp.quit()[0] == 221
`,
      path,
    );
    expect(run).toEqual({ exitCode: 0, output: '' });
    expect(await seenBy(sink)).toEqual({
      ...NOTHING,
      connections: 1,
      messages: 20,
      recipients: 20,
      commands: commandsOf(1, 20, 20),
    });
    expect(new Set(contentsOf(sink))).toEqual(new Set([CONTENT]));
  });
});

describe('smtplib against the AUTH of the sink', () => {
  beforeEach((context) => needServer(context, missing));

  const LOGIN = `
with smtplib.SMTP('127.0.0.1', PORT, NAME) as smtp:
    smtp.set_debuglevel(1)
    smtp.login(USER, PATH)
    smtp.sendmail(A, [U1], CONTENT)
`;
  const only = (mechanism: string): SinkOptions => ({
    users: USERS,
    requireAuth: true,
    withhold: MECHANISMS.filter((each) => each !== mechanism),
  });

  test.each(MECHANISMS)('authenticates with AUTH %s where nothing else is offered', async (mechanism) => {
    const sink = await openSinkForClient(only(mechanism));
    const run = await python(sink, LOGIN, PASSWORD);
    expect(run.exitCode).toBe(0);
    expect(run.output).toContain(`send: 'AUTH ${mechanism}`);
    const commands = { ...ONE_MESSAGE.commands, auth: 1 };
    expect(await seenBy(sink)).toEqual({ ...ONE_MESSAGE, authenticated: 1, commands });
    expect(sink.messages()[0]?.user).toBe(USER);
  });

  test.each(MECHANISMS)('is told 535 when the password of AUTH %s is wrong', async (mechanism) => {
    const sink = await openSinkForClient(only(mechanism));
    const run = await python(sink, LOGIN, 'wrong');
    expect(run.exitCode).toBe(1);
    expect(run.output).toContain("SMTPAuthenticationError: (535, b'5.7.8 credentials are wrong')");
    expect(await seenBy(sink)).toEqual({
      ...NOTHING,
      connections: 1,
      commands: { ehlo: 1, auth: 1, quit: 1 },
      refusals: { 'auth 535': 1 },
    });
  });

  test('tries every mechanism that it knows before it gives up', async () => {
    const sink = await openSinkForClient({ users: USERS });
    expect((await python(sink, LOGIN, 'wrong')).exitCode).toBe(1);
    expect(await seenBy(sink)).toMatchObject({ authenticated: 0, commands: { auth: 3 }, refusals: { 'auth 535': 3 } });
  });
});

describe('smtplib against the TLS of the sink', () => {
  beforeEach((context) => needServer(context, missing));

  const STARTTLS = `
with smtplib.SMTP('127.0.0.1', PORT, NAME) as smtp:
    smtp.starttls(context=ssl.create_default_context(cafile=PATH))
    smtp.login(USER, PASSWORD)
    smtp.sendmail(A, [U1, U2], CONTENT)
`;
  const IMPLICIT = `
with smtplib.SMTP_SSL('127.0.0.1', PORT, NAME, context=ssl.create_default_context(cafile=PATH)) as smtp:
    smtp.login(USER, PASSWORD)
    smtp.sendmail(A, [U1, U2], CONTENT)
`;
  const WAYS: readonly (readonly [name: string, listen: string, script: string, seen: object])[] = [
    ['starttls()', 'smtp://127.0.0.1:0', STARTTLS, { ehlo: 2, starttls: 1 }],
    ['SMTP_SSL', 'smtps://127.0.0.1:0', IMPLICIT, {}],
  ];

  test.each(WAYS)('verifies the certificate, authenticates and sends: %s', async (_, listen, script, seen) => {
    const { sink, certificateFile } = await openTlsSink({ listen: [listen], users: USERS, requireAuth: true });
    expect(await python(sink, script, certificateFile)).toEqual({ exitCode: 0, output: '' });
    expect(await seenBy(sink)).toEqual({
      ...ONE_MESSAGE,
      recipients: 2,
      tlsSessions: 1,
      authenticated: 1,
      commands: { ...commandsOf(1, 1, 2), auth: 1, ...seen },
    });
    expect(sink.messages()).toMatchObject([{ isSecure: true, user: USER, content: Buffer.from(CONTENT) }]);
  });

  test.each(WAYS)('sends nothing when it cannot verify the certificate: %s', async (_, listen, script) => {
    const { sink } = await openTlsSink({ listen: [listen], users: USERS });
    const run = await python(sink, script.replace('cafile=PATH', ''));
    expect(run.exitCode).toBe(1);
    expect(run.output).toContain('certificate verify failed');
    expect(await seenBy(sink)).toMatchObject({ connections: 1, messages: 0, tlsSessions: 0, socketErrors: 1 });
  });
});
