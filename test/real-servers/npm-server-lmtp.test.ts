/** postrush against smtp-server from npm as an LMTP server, and with the extensions that it offers. */
import { afterEach, describe, expect, test } from 'vitest';
import type { SMTPServerOptions } from 'smtp-server';
import type { NpmServer } from '../support/real-servers.js';
import { startNpmServer } from '../support/real-servers.js';
import { resultOf, runPostrush } from '../support/real-server-run.js';

/** Without STARTTLS and AUTH, which are tested elsewhere. */
const OPEN: SMTPServerOptions = { disabledCommands: ['STARTTLS', 'AUTH'] };

/** A refusal as smtp-server takes it. */
function refusal(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

describe('postrush against smtp-server from npm', () => {
  let server: NpmServer | null = null;
  const start = async (options: SMTPServerOptions): Promise<number> => {
    server = await startNpmServer({ ...OPEN, ...options });
    return server.port;
  };
  afterEach(async () => {
    await server?.stop();
    server = null;
  });

  /** Takes messages, refuses users by their number, and answers in LMTP for each recipient. */
  function lmtp(): { options: SMTPServerOptions; delivered: Record<string, number> } {
    const delivered: Record<string, number> = {};
    const options: SMTPServerOptions = {
      lmtp: true,
      onRcptTo({ address }, _session, callback) {
        callback(address.startsWith('user4@') ? refusal(550, '5.1.1 no such user') : null);
      },
      onData(stream, session, callback) {
        stream.resume();
        stream.on('end', () => {
          const outcomes = session.envelope.rcptTo.map(({ address }) => {
            if (address.startsWith('user2@')) return refusal(452, '4.2.2 mailbox full');
            if (address.startsWith('user3@')) return refusal(554, '5.7.1 spam');
            delivered[address] = (delivered[address] ?? 0) + 1;
            return 'delivered';
          });
          // The types know of one message for all.
          callback(null, outcomes);
        });
      },
    };
    return { options, delivered };
  }

  test.each([
    ['off', 'all'],
    ['auto', '7'],
    ['across', '7'],
  ])('has an outcome for each recipient in LMTP, --pipelining %s, -n %s', async (mode, kept) => {
    const { options, delivered } = lmtp();
    const target = `lmtp://127.0.0.1:${await start(options)}`;
    const load = ['-s', '6', '-m', '120', '-n', kept, '-R', '5', '--addresses', '5', '--pipelining', mode];
    const result = resultOf(await runPostrush([target, ...load]));

    expect(result.messages).toMatchObject({ attempted: 120, accepted: 120 });
    expect(result.recipients).toMatchObject({ attempted: 600, accepted: 240, deferred: 120, rejected: 240 });
    expect(delivered).toEqual({ 'user1@example.test': 120, 'user5@example.test': 120 });
    expect(result.steps.endOfData).toMatchObject({ sent: 480, replied: 480 });
    const codes = result.replies
      .filter(({ step }) => step === 'endOfData')
      .map(({ code, count }) => `${code} ${count}`);
    expect(new Set(codes)).toEqual(new Set(['250 240', '452 120', '554 120']));
  });

  test.each([
    ['deferred', 'user2@example.test'],
    ['rejected', 'user3@example.test'],
    ['rejected', 'user4@example.test'],
  ])('calls a message %s in LMTP whose only recipient is %s', async (outcome, to) => {
    const { options, delivered } = lmtp();
    const target = `lmtp://127.0.0.1:${await start(options)}`;
    const result = resultOf(await runPostrush([target, '-s', '2', '-m', '10', '-n', 'all', '--to', to]));
    expect(result.messages).toMatchObject({ attempted: 10, accepted: 0, [outcome]: 10 });
    expect(delivered).toEqual({});
  });

  test('is told BODY=8BITMIME, SMTPUTF8 and SIZE, and counts the octets that SIZE said', async () => {
    const mails = new Set<string>();
    const target = `smtp://127.0.0.1:${await start({
      size: 100_000,
      onMailFrom({ address, args }, _session, callback) {
        mails.add(JSON.stringify({ isUtf8: address.startsWith('sänder'), ...(args as object) }));
        callback(null);
      },
    })}`;
    const addresses = ['--from', 'sänder%d@example.test', '--to', 'üser%d@example.test'];
    const flags = ['--8bitmime', '--smtputf8', '--declare-size', '-l', '5000'];
    const result = resultOf(await runPostrush([target, '-s', '5', '-m', '100', '-n', '5', ...addresses, ...flags]));
    expect(result.messages).toMatchObject({ attempted: 100, accepted: 100 });
    expect([...mails].map((text) => JSON.parse(text) as unknown)).toEqual([
      { isUtf8: true, SIZE: '5000', BODY: '8BITMIME', SMTPUTF8: true },
    ]);
    expect(server!.seen).toMatchObject({ messages: 100, recipients: 100, octets: 500_000 });
  });

  test('is told REQUIRETLS and the parameters of DSN inside TLS', async () => {
    const envelopes: unknown[] = [];
    const target = `smtp://127.0.0.1:${await start({
      disabledCommands: ['AUTH'],
      hideREQUIRETLS: false,
      hideDSN: false,
      onData(stream, { envelope }, callback) {
        const { requireTLS, dsn, rcptTo } = envelope;
        envelopes.push({ requireTLS, ret: dsn?.ret, envid: dsn?.envid, rcptTo: rcptTo.map(({ dsn }) => dsn) });
        stream.resume();
        stream.on('end', () => callback(null));
      },
    })}`;
    const dsn = ['--dsn', 'RET=HDRS ENVID=run%d NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;user%d@example.test'];
    const tls = ['--tls', 'required', '--tls-ca', server!.certificateFile, '--requiretls'];
    const load = ['-s', '3', '-m', '30', '-n', '4', '-R', '2', '--addresses', '2'];
    const result = resultOf(await runPostrush([target, ...load, ...tls, ...dsn]));
    expect(result.messages).toMatchObject({ attempted: 30, accepted: 30 });
    const rcptTo = [1, 2].map((number) => ({
      notify: ['SUCCESS', 'FAILURE'],
      orcpt: `rfc822;user${number}@example.test`,
    }));
    expect(envelopes).toHaveLength(30);
    expect(envelopes).toEqual(
      Array(30).fill({ requireTLS: true, ret: 'HDRS', envid: expect.stringMatching(/^run\d+$/), rcptTo }),
    );
  });

  test.each([
    ['at MAIL where SIZE is said', ['--declare-size'], 'mail', 0],
    ['behind the content where it is not', [], 'endOfData', 10 * 5000],
  ] as const)('refuses what is larger than its SIZE %s', async (_, flags, step, octets) => {
    const target = `smtp://127.0.0.1:${await start({
      size: 4000,
      onData(stream, _session, callback) {
        stream.on('data', (chunk: Buffer) => (server!.seen.octets += chunk.length));
        stream.on('end', () => callback(stream.sizeExceeded ? refusal(552, '5.3.4 too large') : null));
      },
    })}`;
    const result = resultOf(await runPostrush([target, '-s', '2', '-m', '10', '-n', '5', '-l', '5000', ...flags]));
    expect(result.messages).toMatchObject({ attempted: 10, accepted: 0, rejected: 10 });
    expect(result.replies).toContainEqual(expect.objectContaining({ step, code: 552, count: 10 }));
    expect(server!.seen.octets).toBe(octets);
  });

  test.each([
    ['--smtputf8', 'SMTPUTF8', { hideSMTPUTF8: true }],
    ['--8bitmime', '8BITMIME', { hide8BITMIME: true }],
    ['--bdat', 'CHUNKING', {}],
  ] as const)('gets no messages with %s where it does not offer %s', async (flag, keyword, hidden) => {
    const target = `smtp://127.0.0.1:${await start(hidden)}`;
    const run = await runPostrush([target, '-m', '10', flag]);
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toContain(`does not offer ${keyword}`);
    expect(server!.seen.messages).toBe(0);
  });
});
