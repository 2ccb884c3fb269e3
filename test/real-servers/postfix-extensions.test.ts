/** Extensions of SMTP against Postfix: its log has the commands, sizes and clients that postrush says it sent. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Dialogue } from '../support/real-server-dialogue.js';
import { expectSameCommands, PostfixLogPart } from '../support/real-server-postfix-log.js';
import type { Postfix } from '../support/real-servers.js';
import { missingForPostfix, needServer, startPostfix } from '../support/real-servers.js';
import { resultOf, runPostrush } from '../support/real-server-run.js';
import type { RunResult } from '../../src/report/result-schema.js';

const missing = missingForPostfix();

describe('extensions against Postfix', () => {
  let postfix: Postfix;
  let target: string;

  beforeAll(async () => {
    if (missing !== null) return;
    postfix = await startPostfix();
    target = `smtp://127.0.0.1:${postfix.trustingPort}`;
  });
  afterAll(async () => {
    await (postfix as Postfix | undefined)?.stop();
  });
  beforeEach((context) => needServer(context, missing));

  /** Runs a load whose commands Postfix must have counted as well. */
  async function load(...args: string[]): Promise<{ result: RunResult; log: PostfixLogPart }> {
    const log = new PostfixLogPart(postfix.logFile);
    const result = resultOf(await runPostrush([target, ...args]));
    await expectSameCommands(log, result);
    return { result, log };
  }

  const SIXTY = ['-s', '5', '-m', '60', '-n', '4', '-R', '2', '-l', '3000'];

  test.each([
    ['DATA', []],
    ['one chunk', ['--bdat']],
    ['many chunks one by one', ['--bdat', '500', '--pipelining', 'off']],
    ['many chunks, pipelined', ['--bdat', '500', '--pipelining', 'on']],
    ['many chunks across messages', ['--bdat', '500', '--pipelining', 'across']],
    ['DATA and --declare-size', ['--declare-size']],
    ['chunks and --8bitmime', ['--bdat', '1000', '--8bitmime']],
    ['DATA, --8bitmime and --declare-size', ['--8bitmime', '--declare-size']],
  ])('hands over content of the same size by %s', async (_, args) => {
    const before = postfix.counts();
    const { result, log } = await load(...SIXTY, ...args);
    expect(result.messages).toMatchObject({ attempted: 60, accepted: 60 });
    expect(await postfix.countsSince(before, 60)).toMatchObject({ messages: 60, recipients: 120, discarded: 120 });
    // With the line `Received:`, which is 156 octets long for these clients and more than one recipient.
    expect(log.sizes()).toEqual(Array(60).fill(3156));
    const inChunks = args.includes('--bdat');
    expect(result.replies.filter(({ step }) => step === 'endOfData').map(({ sample }) => sample)).toEqual([
      expect.stringMatching(inChunks ? /^2\.0\.0 Ok: 3000 bytes queued as / : /^2\.0\.0 Ok: queued as /),
    ]);
  });

  test('is refused at MAIL for a size that is too large, before any content', async () => {
    const { result, log } = await load('-s', '2', '-m', '6', '-n', '2', '--declare-size', '-l', '11MB');
    expect(result.messages).toMatchObject({ attempted: 6, accepted: 0, rejected: 6 });
    expect(result.replies).toContainEqual(
      expect.objectContaining({ step: 'mail', code: 552, enhanced: '5.3.4', count: 6 }),
    );
    expect(log.count(/NOQUEUE: reject: MAIL from .*: 552 5\.3\.4 /)).toBe(6);
    expect(result.bytes.sent).toBeLessThan(10_000);
  });

  test('has a notification sent for every message with --dsn NOTIFY=SUCCESS, and none with NOTIFY=NEVER', async () => {
    const { result, log } = await load(...SIXTY, '--dsn', 'RET=HDRS ENVID=x%d NOTIFY=SUCCESS ORCPT=rfc822;y');
    expect(result.messages.accepted).toBe(60);
    const notification = /bounce\[\d+\]: \w+: sender delivery status notification: /;
    await expect.poll(() => log.count(notification), { timeout: 15_000 }).toBe(60);
    const never = await load(...SIXTY, '--dsn', 'NOTIFY=NEVER');
    expect(never.result.messages.accepted).toBe(60);
    expect(never.log.count(notification)).toBe(0);
  });

  test('sends mail from and to addresses that are more than ASCII with --smtputf8', async (context) => {
    const asked = new PostfixLogPart(postfix.logFile);
    const dialogue = await Dialogue.open(postfix.trustingPort);
    const offers = await dialogue.say('EHLO test.test');
    await dialogue.close();
    await expect.poll(() => asked.count(/smtpd\[\d+\]: disconnect from /), { timeout: 15_000 }).toBe(1);
    if (!offers.includes('SMTPUTF8')) context.skip('Postfix was built without SMTPUTF8');

    const addresses = ['--from', 'sänder%d@example.test', '--to', 'üser%d@exämple.test'];
    const { result, log } = await load(
      '-s',
      '3',
      '-m',
      '30',
      '-n',
      '4',
      '--smtputf8',
      '--addresses',
      '2',
      ...addresses,
    );
    expect(result.messages).toMatchObject({ attempted: 30, accepted: 30 });
    await expect
      .poll(() => log.tally(/qmgr\[\d+\]: \w+: from=<([^>]*)>, size=/), { timeout: 15_000 })
      .toEqual({ 'sänder1@example.test': 15, 'sänder2@example.test': 15 });
    await expect
      .poll(() => log.tally(/discard\[\d+\]: \w+: to=<([^>]*)>, .*status=sent/), { timeout: 15_000 })
      .toEqual({ 'üser1@exämple.test': 15, 'üser2@exämple.test': 15 });
  });

  test.each([
    ['in clear', []],
    ['inside TLS', ['--tls', 'required']],
  ])('speaks for the client that --xclient names, %s, and Postfix takes it for that client', async (_, tls) => {
    const named = ['--xclient', 'NAME=client.example.test', '--xclient', 'ADDR=192.0.2.77'];
    const trust = tls.length > 0 ? ['--tls-ca', postfix.certificateFile] : [];
    const { result, log } = await load('-s', '3', '-m', '30', '-n', '4', ...named, ...tls, ...trust);
    expect(result.messages.accepted).toBe(30);
    expect(result.steps.xclient).toMatchObject({ sent: result.sessions.started, failed: 0 });
    expect(result.replies).toContainEqual(
      expect.objectContaining({ step: 'xclient', code: 220, count: result.sessions.started }),
    );
    expect(log.tally(/smtpd\[\d+\]: \w+: client=(.*)$/)).toEqual({ 'client.example.test[192.0.2.77]': 30 });
  });

  test('is refused as the client that --xclient names where Postfix does not want that one', async () => {
    const { result, log } = await load('-s', '2', '-m', '10', '--xclient', 'ADDR=203.0.113.9');
    expect(result.messages).toMatchObject({ attempted: 10, accepted: 0, rejected: 10 });
    expect(result.replies).toContainEqual(expect.objectContaining({ step: 'rcpt', code: 554, count: 10 }));
    expect(log.count(/NOQUEUE: reject: RCPT from \S+\[203\.0\.113\.9\]: 554 /)).toBe(10);
  });

  test('forwards with every message whom --xforward names, and Postfix logs it beside its client', async () => {
    const named = ['--xforward', 'NAME=fwd.example.test', '--xforward', 'ADDR=192.0.2.78'];
    const { result, log } = await load('-s', '3', '-m', '30', '-n', '4', ...named);
    expect(result.messages.accepted).toBe(30);
    expect(result.steps.xforward).toMatchObject({ sent: 30, replied: 30 });
    expect(log.tally(/smtpd\[\d+\]: \w+: client=unknown\[127\.0\.0\.1\], orig_client=(.*)$/)).toEqual({
      'fwd.example.test[192.0.2.78]': 30,
    });
  });

  test.each(['--xclient', '--xforward'])('sends nothing with %s to a Postfix that does not trust it', async (flag) => {
    const before = postfix.counts();
    const run = await runPostrush([`smtp://127.0.0.1:${postfix.openPort}`, '-m', '10', flag, 'ADDR=192.0.2.77']);
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toContain(flag.slice(2).toUpperCase());
    expect(postfix.counts()).toEqual(before);
  });
});
