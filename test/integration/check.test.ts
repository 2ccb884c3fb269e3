/** What a check tells of a server, and that it never sends more than it says. */
import { describe, expect, test } from 'vitest';
import { resolveCheckPlan, type CheckOptions } from '../../src/plan/check-plan.js';
import type { CheckResult } from '../../src/report/check-schema.js';
import type { FaultRow, SinkOptions } from '../../src/sink/sink.js';
import { testCertificate } from '../support/certificate.js';
import { check, checkSink } from '../support/check-run.js';
import { checkTarget } from '../support/integration-build.js';
import { openSink } from '../support/integration-run.js';

const { key, cert } = await testCertificate();
const tls = { key, cert };
const users = { load: 'secret' };

/** Checks a sink with these rows. */
async function checked(
  faults: readonly FaultRow[],
  options: Partial<CheckOptions> = {},
  sinkOptions: SinkOptions = {},
): Promise<CheckResult> {
  const sink = await openSink({ ...sinkOptions, faults });
  return check(sink.url, options);
}

describe('a check of a server', () => {
  test('tells greeting, extensions, SIZE, replies and times, in one session and without mail', async () => {
    const { result, stats } = await checkSink({ maxSize: 10 * 1024 * 1024 });
    expect(result).toMatchObject({
      schema: 'postrush.check/1',
      complete: true,
      target: { protocol: 'smtp', addresses: ['127.0.0.1'], address: '127.0.0.1' },
      greeting: { code: 220, text: 'sink.postrush.test ESMTP postrush' },
      hello: { verb: 'EHLO', ehloRefusal: null },
      size: { declared: true, maxBytes: 10 * 1024 * 1024 },
      auth: { before: [], afterTls: null, offeredInClear: false },
      tls: { begin: 'none', problem: null, protocol: null, versions: [], certificate: null },
      pipelining: { offered: true, works: true, codes: [250, 503, 250] },
      enhancedCodes: { offered: true, without: [], consistent: true },
      limits: null,
      notes: [],
      traffic: { sessions: 1, messages: 0 },
    });
    expect(result.extensions.before).toContain('SIZE 10485760');
    expect(result.commands.map(({ command, reply }) => `${command} ${reply.code}`)).toEqual([
      'NOOP 250',
      'MAIL 250',
      'RSET 250',
      'HELP 214',
      'VRFY 252',
      'EXPN 252',
      'QUIT 221',
    ]);
    const { noop, tlsUs, starttlsUs, ...others } = result.times;
    expect({ tlsUs, starttlsUs, count: noop?.count }).toEqual({ tlsUs: null, starttlsUs: null, count: 10 });
    for (const us of Object.values(others)) expect(us).toBeGreaterThan(0);
    expect(noop!.minUs).toBeLessThanOrEqual(noop!.medianUs);
    expect(noop!.medianUs).toBeLessThanOrEqual(noop!.maxUs);
    expect(stats.messages).toBe(0);
  });

  test('tells what STARTTLS changes, the versions of TLS and the certificate, and sends no password', async () => {
    const sinkOptions = { tls, users, authNeedsTls: true };
    const { result, stats } = await checkSink(sinkOptions, { tlsCa: cert });
    expect(result.tls).toMatchObject({ begin: 'starttls', problem: null, protocol: 'TLSv1.3', group: 'X25519' });
    expect(result.tls.cipher).toMatch(/^TLS_AES/);
    expect(result.tls.versions.map(({ version, outcome }) => [version, outcome])).toEqual([
      ['TLSv1.3', 'accepted'],
      ['TLSv1.2', 'accepted'],
      ['TLSv1.1', 'refused'],
      ['TLSv1', 'refused'],
    ]);
    expect(result.tls.certificate).toMatchObject({
      subject: 'CN=localhost',
      trusted: true,
      chainError: null,
      checkedName: '127.0.0.1',
      nameMatches: true,
      problems: [],
    });
    expect(result.tls.certificate!.daysLeft).toBeGreaterThan(0);
    expect(result.extensions.removed).toContain('STARTTLS');
    expect(result.extensions.added).toEqual([
      'AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER',
    ]);
    expect(result.auth).toMatchObject({ before: [], offeredInClear: false });
    expect(result.auth.afterTls).toContain('SCRAM-SHA-256');
    expect(stats).toMatchObject({ connections: 4, tlsSessions: 2, authenticated: 0 });
  });

  test.each([
    ['its authority', {}, ['it is self-signed, and not among the certificates that are trusted']],
    ['its name', { tlsCa: cert, tlsServername: 'mail.test' }, ['it is not made out to mail.test']],
  ])('says in words why a certificate does not verify: %s', async (_what, options, problems) => {
    const { result } = await checkSink({ tls }, options);
    expect(result.tls.certificate).toMatchObject({ trusted: false, problems });
    expect(result.auth.offeredInClear).toBe(false);
  });

  test('says that AUTH is offered in clear', async () => {
    const { result } = await checkSink({ users });
    expect(result.auth).toMatchObject({ offeredInClear: true, afterTls: null });
    expect(result.auth.before).toContain('PLAIN');
  });

  test('speaks TLS from the start to smtps://', async () => {
    const { result } = await checkSink({ listen: ['smtps://127.0.0.1:0'], tls, users }, { tlsCa: cert });
    expect(result.tls).toMatchObject({ begin: 'implicit', protocol: 'TLSv1.3', certificate: { trusted: true } });
    expect(result.auth).toMatchObject({ offeredInClear: false, afterTls: null });
    expect(result.times.tlsUs).toBeGreaterThan(0);
    expect(result.times.starttlsUs).toBeNull();
  });

  test('finds the old versions of TLS, and says so where a server takes nothing else', async () => {
    const listen = ['smtps://127.0.0.1:0'];
    const old = await openSink({ listen, tls: { ...tls, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } });
    await expect(check(old.url)).rejects.toMatchObject({
      code: 'E_TARGET',
      message: expect.stringMatching(/agreed on no TLS session: .*speaks TLS from the start$/s),
    });
    const both = await checkSink({ listen, tls: { ...tls, minVersion: 'TLSv1' } });
    const outcomes = both.result.tls.versions.map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['accepted', 'accepted', 'accepted', 'accepted']);
    expect(both.stats.tls.map(({ version }) => version).sort()).toEqual(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']);
  });

  test('falls back to HELO when EHLO is refused', async () => {
    const { result } = await checkSink({ withhold: ['EHLO'] });
    expect(result.hello).toMatchObject({ verb: 'HELO', ehloRefusal: { code: 502 } });
    expect(result.extensions.before).toEqual([]);
    expect(result.size).toEqual({ declared: false, maxBytes: null });
    expect(result.pipelining).toEqual({ offered: false, works: null, sent: [], codes: [] });
  });

  test('sends no group where PIPELINING is not offered', async () => {
    const { result } = await checkSink({ withhold: ['PIPELINING'] });
    expect(result.pipelining).toMatchObject({ offered: false, works: null });
  });

  test('notices a server that offers PIPELINING and forgets what comes behind the first command', async () => {
    // The group is NOOP, RCPT, RSET.
    const { pipelining, notes, complete } = await checked([{ on: 'rcpt', then: 'silence' }], { timeouts: '300ms' });
    expect({ pipelining, complete }).toMatchObject({
      pipelining: { offered: true, works: false, codes: [250] },
      complete: true,
    });
    expect(notes).toEqual(['gave no answer to a group of commands in one write within 300ms']);
  });

  test('lists the replies that lack an enhanced code though they are promised', async () => {
    const { result } = await checkSink({ faults: [{ on: 'rset', reply: '250 ok' }, { on: 'noop', nth: 2, reply: '250 fine' }] }); // prettier-ignore
    expect(result.enhancedCodes).toMatchObject({ offered: true, without: ['NOOP 250', 'RSET 250'], consistent: false });
  });

  test('goes on in clear when STARTTLS leads nowhere, and says so', async () => {
    const refused = await checkSink({ tls, faults: [{ on: 'starttls', reply: '454 4.7.0 not now' }] });
    expect(refused.result.tls).toMatchObject({ begin: 'starttls', problem: "answered STARTTLS with '454 4.7.0 not now'", versions: [] }); // prettier-ignore
    expect(refused.result.times.noop).not.toBeNull();
    const injected = await checkSink({ tls, faults: [{ on: 'starttls', raw: '220 go\r\n250 injected\r\n' }] });
    expect(injected.result.tls.problem).toMatch(/data in clear behind the 220 of STARTTLS/);
    expect(injected.result.times.noop).not.toBeNull();
  });

  test('tells what it had when it is stopped, and says that this is not all', async () => {
    const stop = new AbortController();
    const sink = await openSink({ faults: [{ on: 'mail', then: 'silence' }] });
    const outcome = check(sink.url, {}, 'none', stop.signal);
    await expect.poll(() => sink.stats().commands['mail'], { timeout: 10_000 }).toBe(1);
    stop.abort();
    const result = await outcome;
    expect(result).toMatchObject({ complete: false, greeting: { code: 220 }, notes: ['was left at MAIL'] });
    expect(result.times).toMatchObject({ mailUs: null, noop: { count: 10 } });
  });

  test('stopped before there was anything to tell it is no result', async () => {
    const stop = new AbortController();
    const sink = await openSink({ faults: [{ on: 'connect', then: 'silence' }] });
    const outcome = check(sink.url, {}, 'none', stop.signal).catch((error: unknown) => error);
    await expect.poll(() => sink.stats().open, { timeout: 10_000 }).toBe(1);
    stop.abort();
    expect(await outcome).toMatchObject({ code: 'E_STOPPED' });
  });
});

describe('a server that is none is told in one sentence:', () => {
  const ends = { then: 'close' } as const;
  test.each<[string, FaultRow[], RegExp]>([
    [
      'garbage',
      [{ on: 'connect', raw: 'SSH-2.0-OpenSSH\r\n' }],
      /sent what is no SMTP reply at the greeting: 'SSH-2\.0-OpenSSH.*'; see whether/,
    ],
    [
      'silence',
      [{ on: 'connect', then: 'silence' }],
      /gave no answer to the greeting within 300ms; check the server, or .*--timeout$/,
    ],
    [
      'an endless reply',
      [{ on: 'connect', raw: '220-on and on\r\n', repeat: 10_000 }],
      /sent a reply without end at the greeting; see/,
    ],
    [
      'an endless line',
      [{ on: 'connect', raw: `220 ${'x'.repeat(100)}`, repeat: 1000 }],
      /sent a reply line without end at the greeting; see/,
    ],
    ['an end before the greeting', [{ on: 'connect', ...ends }], /closed the connection at the greeting; see/],
    [
      '554',
      [{ on: 'connect', reply: '554 5.7.1 go away' }],
      /refuses sessions: it greeted with '554 5\.7\.1 go away'; see whether this/,
    ],
    ['421', [{ on: 'connect', reply: '421 4.3.2 busy', ...ends }], /greeted with '421 4\.3\.2 busy'; try again/],
    ['an end at EHLO', [{ on: 'ehlo', ...ends }], /closed the connection at EHLO; see/],
    [
      '500 to EHLO and HELO',
      [
        { on: 'ehlo', reply: '500 what' },
        { on: 'helo', reply: '500 what' },
      ],
      /EHLO with '500 what' and HELO with '500 what'/,
    ],
    ['control characters', [{ on: 'connect', raw: '\x1b[2J\x07\r\n' }], /sent what is no SMTP reply at the greeting/],
  ])('%s', async (_what, faults, sentence) => {
    const sink = await openSink({ faults });
    const error = await check(sink.url, { timeouts: '300ms' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'E_TARGET', message: expect.stringMatching(sentence) });
    expect((error as Error).message.startsWith(`${sink.url} `)).toBe(true);
  });

  test('replies to nothing', async () => {
    const { notes } = await checked([{ on: 'ehlo', raw: '250 ok\r\n', repeat: 100 }], { timeouts: '300ms' });
    expect(notes).toEqual([expect.stringMatching(/^keeps sending replies that nothing asked for, at NOOP: 'ok'$/)]);
  });

  test('nothing listens', async () => {
    const { sink } = await checkSink();
    await sink.close();
    await expect(check(sink.url)).rejects.toMatchObject({ code: 'E_TARGET', message: `${sink.url} refused the connection: nothing listens there; start the server, or check the port` }); // prettier-ignore
  });

  test('an end in the middle leaves what was known before', async () => {
    expect(await checked([{ on: 'noop', then: 'close' }], {}, { maxSize: 1000 })).toMatchObject({
      complete: true,
      size: { maxBytes: 1000 },
      times: { noop: null },
      commands: [],
      notes: ['closed the connection at NOOP'],
    });
  });

  test('a 421 each time is told with its text, and asked for no more than twice', async () => {
    const sink = await openSink({ faults: [{ on: 'rset', reply: '421 4.4.2 shutting down', then: 'close' }], withhold: ['PIPELINING'] }); // prettier-ignore
    const { commands, notes, times } = await check(sink.url);
    expect(commands.find(({ command }) => command === 'RSET')?.reply.code).toBe(421);
    expect({ asked: sink.stats().commands['rset'], rsetUs: times.rsetUs, mailUs: times.mailUs }).toEqual({
      asked: 2,
      rsetUs: null,
      mailUs: expect.any(Number),
    });
    expect(notes).toEqual([
      "ended the session at RSET with '421 4.4.2 shutting down': another one took over",
      "ended the session at RSET with '421 4.4.2 shutting down'",
    ]);
  });

  test('a server that allows few commands in a session is asked in several', async () => {
    const last = { reply: '421 4.7.0 too many commands', then: 'close' } as const;
    const { result } = await checkSink({ faults: [{ on: 'noop', nth: 4, perSession: true, ...last }] });
    const { pipelining, times, notes, commands: heard } = result;
    expect({ works: pipelining.works, noops: times.noop?.count }).toEqual({ works: true, noops: 10 });
    expect(heard.map(({ command }) => command)).toEqual(['NOOP', 'MAIL', 'RSET', 'HELP', 'VRFY', 'EXPN', 'QUIT']);
    expect(notes).toHaveLength(3);
    expect(notes.every((note) => note.endsWith(': another one took over'))).toBe(true);
  });
});

test('LMTP is greeted with LHLO, and its limits are found as those of SMTP', async () => {
  const sink = await openSink({ listen: ['lmtp://127.0.0.1:0'], maxRecipients: 5, maxMessagesPerSession: 3 });
  const result = await checkTarget(resolveCheckPlan({ target: sink.url }, 'messages'));
  expect(result).toMatchObject({ target: { protocol: 'lmtp' }, hello: { verb: 'LHLO' }, pipelining: { works: true } });
  const limits = Object.fromEntries(result.limits?.map(({ name, text }) => [name, text]) ?? []);
  expect(limits).toMatchObject({ recipients: '452 at recipient 6', messages: '421 at message 4' });
});
