import { describe, expect, test } from 'vitest';
import { testCertificate } from '../support/certificate.js';
import { run } from '../support/integration-build.js';
import { errorsOf, loadOptions, openSink, outcomesOf, repliesOf, runLoad } from '../support/integration-run.js';

const { key, cert } = await testCertificate();
const TLS = { key, cert };
const USERS = { load: 'secret', 'jürgen@example.test': 'pässwörd' };
const LOAD = { messages: 12, sessions: 4, messagesPerSession: 3, recipients: 2 } as const;

describe.each(['off', 'auto', 'across'])('with pipelining %s', (pipelining) => {
  test.each(['required', 'opportunistic'])(
    'STARTTLS %s secures every session before its first message',
    async (tls) => {
      const { result, stats, sink } = await runLoad({
        options: { ...LOAD, pipelining, tls, tlsCa: cert },
        sink: { tls: TLS, keepMessages: 12 },
      });
      expect(outcomesOf(result.messages)).toEqual({ accepted: 12 });
      expect(sink.messages().every(({ isSecure }) => isSecure)).toBe(true);
      const { started } = result.sessions;
      expect(result.steps).toMatchObject({
        starttls: { sent: started, replied: started },
        tls: { sent: started, replied: started },
        ehlo: { sent: 2 * started, replied: 2 * started },
      });
      expect(stats.tlsSessions).toBe(started + 1);
      expect(result.target.tls).toMatchObject({ protocol: 'TLSv1.3', subject: 'localhost', issuer: 'localhost' });
      expect(result.target.keywords).toContain('STARTTLS');
      expect(result.target.keywordsAfterTls).toContain('PIPELINING');
      expect(result.target.keywordsAfterTls).not.toContain('STARTTLS');
    },
  );

  test('TLS from the first octet comes before the greeting', async () => {
    const { result, stats, sink } = await runLoad({
      options: { ...LOAD, pipelining, tlsCa: cert },
      sink: { tls: TLS, listen: ['smtps://127.0.0.1:0'], keepMessages: 12 },
    });
    expect(result.target.url).toMatch(/^smtps:/);
    expect(outcomesOf(result.messages)).toEqual({ accepted: 12 });
    expect(sink.messages().every(({ isSecure }) => isSecure)).toBe(true);
    expect(result.steps.starttls).toBeUndefined();
    expect(result.steps.ehlo).toMatchObject({ sent: result.sessions.started });
    expect(stats.tlsSessions).toBe(result.sessions.started + 1);
  });
});

test('a message of 1 MB goes through TLS whole', async () => {
  const { sink } = await runLoad({
    options: { messages: 4, sessions: 2, size: 1_000_000, tls: 'required', tlsCa: cert },
    sink: { tls: TLS, keepMessages: 4 },
  });
  expect(sink.messages().map(({ content }) => content.length)).toEqual(new Array(4).fill(1_000_000));
});

test('opportunistic TLS goes on in clear where STARTTLS is not offered', async () => {
  const { result, stats } = await runLoad({ options: { ...LOAD, tls: 'opportunistic', tlsCa: cert } });
  expect(outcomesOf(result.messages)).toEqual({ accepted: 12 });
  expect(result.steps.tls).toBeUndefined();
  expect(stats.tlsSessions).toBe(0);
});

test('opportunistic TLS goes on in clear where STARTTLS is refused', async () => {
  const { result } = await runLoad({
    options: { ...LOAD, tls: 'opportunistic', tlsCa: cert },
    sink: { tls: TLS, faults: [{ on: 'starttls', after: 1, reply: '454 4.7.0 TLS not available' }] },
  });
  expect(outcomesOf(result.messages)).toEqual({ accepted: 12 });
  expect(repliesOf(result, 'starttls')).toEqual({ '454 4.7.0': result.sessions.started });
});

test('required TLS leaves the message of a session deferred where STARTTLS is refused', async () => {
  const { result, stats } = await runLoad({
    options: { messages: 4, tls: 'required', tlsCa: cert },
    sink: { tls: TLS, faults: [{ on: 'starttls', after: 1, reply: '454 4.7.0 TLS not available' }] },
  });
  expect(outcomesOf(result.messages)).toEqual({ deferred: 4 });
  expect(stats.commands).toMatchObject({ mail: 0 });
});

test('octets in clear behind the 220 of STARTTLS end the session before the handshake', async () => {
  const { result, stats } = await runLoad({
    options: { messages: 4, sessions: 4, tls: 'required', tlsCa: cert },
    sink: {
      tls: TLS,
      faults: [{ on: 'starttls', after: 1, raw: '220 2.0.0 go ahead\r\n250 injected\r\n' }],
    },
  });
  expect(outcomesOf(result.messages)).toEqual({ failed: 4 });
  expect(errorsOf(result)).toEqual({ 'session unaskedReply': 4 });
  expect(result.steps.tls).toBeUndefined();
  expect(stats.commands).toMatchObject({ mail: 0 });
});

test('without verification any certificate will do', async () => {
  const { result } = await runLoad({
    options: { ...LOAD, tls: 'required', tlsInsecure: true },
    sink: { tls: TLS },
  });
  expect(outcomesOf(result.messages)).toEqual({ accepted: 12 });
});

test('the name in the certificate may be given beside the address', async () => {
  const { result } = await runLoad({
    options: { messages: 4, tls: 'required', tlsCa: cert, tlsServername: 'localhost' },
    sink: { tls: TLS },
  });
  expect(outcomesOf(result.messages)).toEqual({ accepted: 4 });
});

test.each([
  ['unknown to us', '--tls-ca.*--tls-insecure', {}],
  ['made out to somebody else', '--tls-servername', { tlsCa: cert, tlsServername: 'mail.example.test' }],
])('a certificate %s ends the run before it begins', async (_what, advice, options) => {
  for (const implicitTls of [false, true]) {
    const sink = await openSink({ tls: TLS, listen: [`${implicitTls ? 'smtps' : 'smtp'}://127.0.0.1:0`] });
    const tls = implicitTls ? {} : { tls: 'required' };
    await expect(run(loadOptions(sink.url, { messages: 4, ...tls, ...options }))).rejects.toMatchObject({
      code: 'E_TARGET',
      message: expect.stringMatching(`^${sink.url} .*${advice}`),
    });
    expect(sink.stats()).toMatchObject({ connections: 1, commands: { mail: 0 } });
  }
});

describe.each(['plain', 'login'])('AUTH %s', (auth) => {
  test.each([
    ['in clear on loopback', {}, {}],
    ['inside STARTTLS', { tls: 'required', tlsCa: cert }, { tls: TLS }],
    ['inside TLS', { tlsCa: cert }, { tls: TLS, listen: ['smtps://127.0.0.1:0'] }],
  ])('%s comes before the first message of every session', async (_where, options, sinkOptions) => {
    const { result, stats, sink } = await runLoad({
      options: { ...LOAD, auth, user: 'jürgen@example.test', password: 'pässwörd', ...options },
      sink: { users: USERS, requireAuth: true, keepMessages: 12, ...sinkOptions },
    });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 12 });
    const { started } = result.sessions;
    expect(result.steps.auth).toMatchObject({ sent: started, replied: started, failed: 0 });
    expect(repliesOf(result, 'auth')).toEqual({
      '235 2.7.0': started,
      ...(auth === 'login' ? { '334': 2 * started } : {}),
    });
    expect(result.replies.filter(({ interim }) => interim).map(({ code }) => code)).toEqual(
      auth === 'login' ? [334] : [],
    );
    expect(stats.authenticated).toBe(started + 1);
    expect(new Set(sink.messages().map(({ user }) => user))).toEqual(new Set(['jürgen@example.test']));
    expect(JSON.stringify(result)).not.toContain('pässwörd');
  });
});
