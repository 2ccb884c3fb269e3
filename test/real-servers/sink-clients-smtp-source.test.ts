/** smtp-source of Postfix against the sink, in all its modes: the usual load generator, by others. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ClientRun } from '../support/real-client-process.js';
import { missingClient, runClient, temporaryFolder } from '../support/real-client-process.js';
import {
  bodyOf,
  commandsOf,
  contentsOf,
  NOTHING,
  openSinkForClient,
  openUnixSink,
  seenBy,
} from '../support/real-client-sink.js';
import { needServer } from '../support/real-servers.js';
import type { RunningSink, SinkOptions } from '../../src/sink/sink.js';

const missing = missingClient('smtp-source', 'postfix');

/** What smtp-source sends unless told otherwise, behind its header. */
const USUAL_BODY = [1, 2, 3, 4].map((line) => `La de da de da ${line}.\r\n`).join('');
/** With -l and -F it sends what it was asked for and then this. */
const LAST_CRLF = '\r\n';
const LMTP: SinkOptions = { listen: ['lmtp://127.0.0.1:0'] };

/** A name of its own keeps smtp-source from asking for that of the machine. */
const smtpSource = (target: string, ...args: string[]): Promise<ClientRun> =>
  runClient('smtp-source', ['-M', 'client.test', ...args, target]);
const at = ({ port }: RunningSink): string => `inet:127.0.0.1:${port}`;
const recipientsOf = (sink: RunningSink): string[] => sink.messages().flatMap(({ forwardPaths }) => forwardPaths);

describe('smtp-source against the sink', () => {
  beforeEach((context) => needServer(context, missing));

  test.each([
    ['a connection for every message', ['-m', '30'], 30, 30, 30],
    ['one connection for all of them with -d', ['-m', '100', '-d'], 1, 100, 100],
    ['several recipients each with -r', ['-m', '20', '-r', '7'], 20, 20, 140],
    ['several recipients each on one connection with -r -d', ['-m', '20', '-r', '7', '-d'], 1, 20, 140],
    ['parallel sessions with -s', ['-m', '200', '-s', '10'], 200, 200, 200],
    ['parallel sessions that last with -s -d', ['-m', '200', '-s', '10', '-d'], 10, 200, 200],
    ['numbered recipients with -N', ['-m', '20', '-r', '3', '-N', '-d'], 1, 20, 60],
    [
      'IPv4 alone, more tries and a small TCP window with -4 -C -T',
      ['-m', '5', '-4', '-C', '3', '-T', '4096'],
      5,
      5,
      5,
    ],
    ['a pause after each message with -w', ['-m', '2', '-w', '1', '-d'], 1, 2, 2],
    ['random pauses with -R', ['-m', '3', '-R', '1', '-d'], 1, 3, 3],
    ['replies that it need not like with -A', ['-m', '10', '-A'], 10, 10, 10],
  ])('places its messages: %s', async (_, args, connections, messages, recipients) => {
    const sink = await openSinkForClient();
    const run = await smtpSource(at(sink), ...args);
    expect(run).toEqual({ exitCode: 0, output: '' });
    const commands = commandsOf(connections, messages, recipients);
    expect(await seenBy(sink)).toEqual({ ...NOTHING, connections, messages, recipients, commands });
    expect(new Set(contentsOf(sink).map(bodyOf))).toEqual(new Set([USUAL_BODY]));
  });

  test('keeps as many sessions open at once as -s says with -d', async () => {
    const sink = await openSinkForClient();
    await smtpSource(at(sink), '-m', '100', '-s', '8', '-d');
    expect(await seenBy(sink)).toMatchObject({ connections: 8, messages: 100 });
    expect(sink.stats().peakOpen).toBe(8);
  });

  test('counts the same messages on its screen with -c', async () => {
    const sink = await openSinkForClient();
    const run = await smtpSource(at(sink), '-m', '12', '-c');
    expect(run.exitCode).toBe(0);
    expect(run.output.match(/\d+/g)?.at(-1)).toBe('12');
    expect(await seenBy(sink)).toMatchObject({ messages: 12, recipients: 12 });
  });

  test('sends the envelope of -f, -t and -M, which the sink kept', async () => {
    const sink = await openSinkForClient();
    const run = await smtpSource(at(sink), '-m', '2', '-f', 'a@sender.test', '-t', 'u@example.test', '-r', '3');
    expect(run.exitCode).toBe(0);
    expect(await seenBy(sink)).toMatchObject({ connections: 2, messages: 2, recipients: 6 });
    for (const message of sink.messages()) {
      expect(message).toMatchObject({ reversePath: 'a@sender.test', user: null, isSecure: false });
      expect(message.forwardPaths).toEqual(['3u@example.test', '2u@example.test', 'u@example.test']);
      expect(message.content.toString()).toMatch(/^Message-Id: <[^@]+@client\.test>\r$/m);
    }
  });

  test('sends no recipient twice with -N, and every one arrives', async () => {
    const sink = await openSinkForClient();
    await smtpSource(at(sink), '-m', '25', '-r', '4', '-N', '-s', '5', '-t', 'u@example.test');
    expect(await seenBy(sink)).toMatchObject({ messages: 25, recipients: 100 });
    const expected = Array.from({ length: 100 }, (_, index) => `${index + 1}u@example.test`);
    expect(recipientsOf(sink).sort()).toEqual(expected.sort());
  });

  test.each([1, 80, 5000, 1_000_000])('sends a body of exactly %i octets with -l', async (octets) => {
    const sink = await openSinkForClient();
    const run = await smtpSource(at(sink), '-m', '3', '-d', '-l', `${octets}`, '-S', 'a subject');
    expect(run.exitCode).toBe(0);
    expect(await seenBy(sink)).toEqual({
      ...NOTHING,
      connections: 1,
      messages: 3,
      recipients: 3,
      commands: commandsOf(1, 3, 3),
    });
    for (const content of contentsOf(sink)) {
      expect(content).toContain('\r\nSubject: a subject\r\n\r\n');
      expect(bodyOf(content).length).toBe(octets + LAST_CRLF.length);
    }
  });

  test('sends a file with -F, whose leading dots arrive as they were', async () => {
    const sink = await openSinkForClient();
    const file = join(temporaryFolder(), 'message.txt');
    const lines = ['Subject: dots', '', '.', '..', '.dot', 'x'];
    writeFileSync(file, lines.join('\n'));
    const run = await smtpSource(at(sink), '-m', '4', '-F', file);
    expect(run.exitCode).toBe(0);
    expect(await seenBy(sink)).toMatchObject({ connections: 4, messages: 4, recipients: 4 });
    expect(new Set(contentsOf(sink))).toEqual(new Set([[...lines, LAST_CRLF].join('\r\n')]));
  });

  test('hears the replies of the sink, as its -v shows', async () => {
    const sink = await openSinkForClient({ name: 'mx.sink.test' });
    const run = await smtpSource(at(sink), '-v');
    expect(run.exitCode).toBe(0);
    const heard = run.output.match(/(?<=<<< )\d{3} .*/g);
    expect(heard).toEqual([
      '220 mx.sink.test ESMTP postrush',
      '250 mx.sink.test',
      '250 2.1.0 sender ok',
      '250 2.1.5 recipient ok',
      '354 end data with <CRLF>.<CRLF>',
      '250 2.0.0 message accepted',
      '221 2.0.0 bye',
    ]);
    expect(await seenBy(sink)).toMatchObject({ connections: 1, messages: 1, commands: { quit: 1 } });
  });

  test('is refused with -o, which leaves HELO out', async () => {
    const sink = await openSinkForClient();
    const run = await smtpSource(at(sink), '-o');
    expect(run.exitCode).toBe(1);
    expect(run.output).toContain('503 5.5.1');
    // smtp-source gives up with RST and without QUIT.
    expect(await seenBy(sink)).toEqual({
      ...NOTHING,
      connections: 1,
      socketErrors: 1,
      commands: { mail: 1 },
      refusals: { 'mail 503': 1 },
    });
  });

  test('goes on with -A where the sink refuses recipients, and the rest arrives', async () => {
    const sink = await openSinkForClient({ faults: [{ on: 'rcpt', everyNth: 5, reply: '550 5.1.1 no such user' }] });
    const run = await smtpSource(at(sink), '-m', '10', '-r', '4', '-d', '-A');
    expect(run.exitCode).toBe(0);
    expect(run.output.match(/recipient rejected: 550/g)?.length).toBe(8);
    expect(await seenBy(sink)).toEqual({
      ...NOTHING,
      connections: 1,
      messages: 10,
      recipients: 32,
      commands: commandsOf(1, 10, 40),
      refusals: { 'rcpt 550': 8 },
    });
  });

  test.each([
    ['a connection for every message', ['-m', '20', '-r', '4'], 20, 20, 80],
    ['one connection with -d', ['-m', '20', '-r', '4', '-d'], 1, 20, 80],
    ['parallel sessions with -s -d', ['-m', '100', '-s', '5', '-d'], 5, 100, 100],
  ])(
    'speaks LMTP with -L over TCP: %s, a reply for every recipient',
    async (_, args, connections, messages, recipients) => {
      const sink = await openSinkForClient(LMTP);
      const run = await smtpSource(at(sink), '-L', ...args);
      expect(run).toEqual({ exitCode: 0, output: '' });
      const commands = { ...commandsOf(connections, messages, recipients), endOfData: recipients };
      expect(await seenBy(sink)).toEqual({ ...NOTHING, connections, messages, recipients, commands });
    },
  );

  test.each([
    ['smtp', []],
    ['lmtp', ['-L']],
  ] as const)('speaks %s over a unix socket', async (scheme, args) => {
    const { sink, path } = await openUnixSink(scheme);
    const run = await smtpSource(`unix:${path}`, ...args, '-m', '50', '-s', '5', '-r', '3', '-d', '-l', '2000');
    expect(run).toEqual({ exitCode: 0, output: '' });
    const endOfData = scheme === 'lmtp' ? 150 : 50;
    expect(await seenBy(sink)).toEqual({
      ...NOTHING,
      connections: 5,
      messages: 50,
      recipients: 150,
      commands: { ...commandsOf(5, 50, 150), endOfData },
    });
    expect(new Set(contentsOf(sink).map((content) => bodyOf(content).length))).toEqual(
      new Set([2000 + LAST_CRLF.length]),
    );
  });

  test.each([
    ['LMTP', 'smtp://127.0.0.1:0', ['-L'], '502 5.5.1', 'ehlo 502'],
    ['SMTP', 'lmtp://127.0.0.1:0', [], '500 5.5.1', 'ehlo 500'],
  ])('is refused when it speaks %s at %s', async (_, listen, args, reply, refusal) => {
    const sink = await openSinkForClient({ listen: [listen] });
    const run = await smtpSource(at(sink), ...args);
    expect(run.exitCode).toBe(1);
    expect(run.output).toContain(`rejected: ${reply}`);
    expect(await seenBy(sink)).toEqual({
      ...NOTHING,
      connections: 1,
      socketErrors: 1,
      commands: { ehlo: 1 },
      refusals: { [refusal]: 1 },
    });
  });
});
