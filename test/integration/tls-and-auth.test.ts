import { describe, expect, test } from 'vitest';
import { selfSignedPair } from '../../src/sink/self-signed.js';
import { testCertificate } from '../support/certificate.js';
import { run } from '../support/integration-build.js';
import { errorsOf, loadOptions, openSink, outcomesOf, repliesOf, runLoad } from '../support/integration-run.js';

const { key, cert } = await testCertificate();
const TLS = { key, cert };
const TOKEN = 'ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg==';
const USERS = { load: 'secret', 'jürgen@example.test': 'pässwörd', 'token@example.test': TOKEN };
const client = await selfSignedPair('client.test');
/** A sink that knows its clients by their certificates. */
const MUTUAL = { listen: ['smtps://127.0.0.1:0'], tls: { ...TLS, clientCa: client.cert } };
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

/** Mechanisms with the name they have on the wire, and how many challenges a dialogue with the sink has. */
const MECHANISMS = [
  ['plain', 'PLAIN', 0],
  ['plain-late', 'PLAIN', 1],
  ['login', 'LOGIN', 2],
  ['cram-md5', 'CRAM-MD5', 1],
  ['scram-sha-1', 'SCRAM-SHA-1', 2],
  ['scram-sha-256', 'SCRAM-SHA-256', 2],
  ['xoauth2', 'XOAUTH2', 0],
  ['oauthbearer', 'OAUTHBEARER', 0],
  ['auto', 'SCRAM-SHA-256', 2],
] as const;
const TOKEN_MECHANISMS = ['xoauth2', 'oauthbearer'];

describe.each(MECHANISMS)('AUTH %s', (auth, name, challenges) => {
  const isToken = TOKEN_MECHANISMS.includes(auth);
  const [user, password] = isToken ? ['token@example.test', TOKEN] : ['jürgen@example.test', 'pässwörd'];

  test.each([
    ['in clear on loopback', {}, {}],
    ['inside STARTTLS', { tls: 'required', tlsCa: cert }, { tls: TLS }],
    ['inside TLS', { tlsCa: cert }, { tls: TLS, listen: ['smtps://127.0.0.1:0'] }],
  ])('%s comes before the first message of every session', async (_where, options, sinkOptions) => {
    const { result, stats, sink } = await runLoad({
      options: { ...LOAD, auth, user, password, ...options },
      sink: { users: USERS, requireAuth: true, keepMessages: 12, ...sinkOptions },
    });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 12 });
    const { started } = result.sessions;
    expect(result.steps.auth).toMatchObject({ sent: started, replied: started, failed: 0 });
    expect(repliesOf(result, 'auth')).toEqual({
      '235 2.7.0': started,
      ...(challenges > 0 ? { '334': challenges * started } : {}),
    });
    expect(result.replies.filter(({ interim }) => interim).map(({ code }) => code)).toEqual(
      challenges > 0 ? [334] : [],
    );
    expect(stats.authenticated).toBe(started + 1);
    expect(new Set(sink.messages().map((message) => message.user))).toEqual(new Set([user]));
    expect(result.target.authMechanism).toBe(name);
    expect(result.plan.scenarios[0].auth).toEqual({ mechanism: auth, user, accounts: null, wrongPercent: 0 });
    expect(JSON.stringify(result)).not.toContain(password);
  });

  test('is refused by a server that knows another secret, in every session', async () => {
    const sink = await openSink({ users: { [user]: 'another' } });
    await expect(run(loadOptions(sink.url, { messages: 4, auth, user, password }))).rejects.toMatchObject({
      code: 'E_TARGET',
      message: expect.stringMatching(/refused the credentials: '535 5\.7\.8 /),
    });
    expect(sink.stats()).toMatchObject({ authenticated: 0, commands: { auth: 1, mail: 0 } });
  });

  test('that is withheld is missed by its name', async () => {
    const withhold = auth === 'auto' ? ['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256'] : [name];
    const sink = await openSink({ users: USERS, withhold });
    await expect(run(loadOptions(sink.url, { messages: 4, auth, user, password }))).rejects.toMatchObject({
      code: 'E_TARGET',
      message: expect.stringMatching(
        new RegExp(`${name}.* (is|is not) among the AUTH mechanisms of EHLO; try --auth auto`),
      ),
    });
    expect(sink.stats()).toMatchObject({ commands: { auth: 0 } });
  });
});

test.each([
  [['SCRAM-SHA-256'], 'SCRAM-SHA-1'],
  [['SCRAM-SHA-256', 'SCRAM-SHA-1'], 'CRAM-MD5'],
  [['SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5'], 'PLAIN'],
  [['SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5', 'PLAIN'], 'LOGIN'],
])('AUTH auto without %j takes %s', async (withhold, name) => {
  const { result } = await runLoad({
    options: { ...LOAD, auth: 'auto', user: 'load', password: 'secret' },
    sink: { users: USERS, requireAuth: true, withhold },
  });
  expect(outcomesOf(result.messages)).toEqual({ accepted: 12 });
  expect(result.target.authMechanism).toBe(name);
});

test('a challenge that makes no sense fails AUTH, the session ends politely, and others go on', async () => {
  const { result, stats } = await runLoad({
    options: { messages: 8, sessions: 8, auth: 'cram-md5', user: 'load', password: 'secret' },
    sink: { users: USERS, faults: [{ on: 'auth', after: 1, everyNth: 2, reply: '334 not-base64' }] },
  });
  expect(outcomesOf(result.messages)).toEqual({ accepted: 4, failed: 4 });
  expect(errorsOf(result)).toEqual({ 'auth malformed': 4 });
  expect(result.errors[0]?.sample).toBe("a challenge is not base64: '334 not-base64'");
  expect(result.steps.auth).toMatchObject({ sent: 8, replied: 4, failed: 4 });
  expect(result.steps.quit).toMatchObject({ sent: 8, replied: 8 });
  expect(stats.messages).toBe(4);
});

describe('a certificate of the client', () => {
  test.each([
    ['external', {}, 'client.test'],
    ['external', { user: 'fred' }, 'fred'],
    ['auto', {}, 'client.test'],
    ['auto', { user: 'load', password: 'secret' }, 'load'],
  ])('is who it is with --auth %s and %j', async (auth, credentials, identity) => {
    const { result, sink } = await runLoad({
      options: { ...LOAD, auth, ...credentials, tlsCa: cert, tlsCert: client.cert, tlsKey: client.key },
      sink: { ...MUTUAL, users: { fred: 'x', load: 'secret' }, requireAuth: true, keepMessages: 12 },
    });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 12 });
    expect(new Set(sink.messages().map(({ user }) => user))).toEqual(new Set([identity]));
    expect(result.target.authMechanism).toBe('EXTERNAL');
    expect(result.plan.scenarios[0].tls).toMatchObject({ clientCertificate: true });
    for (const line of client.key.split('\n')) if (line !== '') expect(JSON.stringify(result)).not.toContain(line);
  });

  test('is shown without AUTH as well, and nobody minds where it is not asked for', async () => {
    const { result } = await runLoad({
      options: { ...LOAD, tls: 'required', tlsCa: cert, tlsCert: client.cert, tlsKey: client.key },
      sink: { tls: TLS },
    });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 12 });
  });

  test.each(['TLSv1.2', 'TLSv1.3'])('is remembered where %s is resumed', async (version) => {
    const { result, sink } = await runLoad({
      options: { ...LOAD, auth: 'external', tlsCa: cert, tlsCert: client.cert, tlsKey: client.key, tlsResume: 'on', tlsMin: version, tlsMax: version }, // prettier-ignore
      sink: { ...MUTUAL, requireAuth: true, keepMessages: 12 },
    });
    expect(outcomesOf(result.messages)).toEqual({ accepted: 12 });
    expect(new Set(sink.messages().map(({ user }) => user))).toEqual(new Set(['client.test']));
  });

  test('that the server does not know is refused by the server', async () => {
    const sink = await openSink({ ...MUTUAL, tls: { ...TLS, clientCa: cert } });
    const options = { auth: 'external', tlsCa: cert, tlsCert: client.cert, tlsKey: client.key };
    await expect(run(loadOptions(sink.url, { ...LOAD, ...options }))).rejects.toMatchObject({
      code: 'E_TARGET',
      message: expect.stringMatching(/refused the credentials: '535 5\.7\.8 credentials are wrong'/),
    });
  });

  test('that names nobody whom it may act as is refused', async () => {
    const sink = await openSink(MUTUAL);
    const options = { auth: 'external', user: 'fred', tlsCa: cert, tlsCert: client.cert, tlsKey: client.key };
    await expect(run(loadOptions(sink.url, { ...LOAD, ...options }))).rejects.toMatchObject({ code: 'E_TARGET' });
    expect(sink.stats().authenticated).toBe(0);
  });

  test.each([
    ['that is missing', {}, /whether it wants a certificate of ours \(--tls-cert/s],
    ['that the server does not know', { tlsCert: cert, tlsKey: key }, /closed the connection/],
  ])('%s where the server demands one is told', async (_what, shown, sentence) => {
    const sink = await openSink({ ...MUTUAL, tls: { ...MUTUAL.tls, requireClientCert: true } });
    await expect(run(loadOptions(sink.url, { ...LOAD, tlsCa: cert, ...shown }))).rejects.toMatchObject({
      code: 'E_TARGET',
      message: expect.stringMatching(sentence),
    });
    expect(sink.stats()).toMatchObject({ tlsSessions: 0, messages: 0 });
  });

  test.each([
    ['a key to another certificate', { tlsKey: key }],
    ['a key that is none', { tlsKey: '-----BEGIN PRIVATE KEY-----\njunk\n-----END PRIVATE KEY-----' }],
    ['a certificate that is none', { tlsCert: '-----BEGIN CERTIFICATE-----\njunk\n-----END CERTIFICATE-----' }],
  ])('with %s is an unusable option', async (_what, options) => {
    const pair = { tlsCert: client.cert, tlsKey: client.key, ...options };
    await expect(run(loadOptions('smtps://127.0.0.1:9', { ...LOAD, ...pair }))).rejects.toMatchObject({
      code: 'E_CONFIG',
      issues: [{ path: '--tls-key', message: expect.stringContaining('does not hold the key') }],
    });
  });
});

test('a server that speaks old versions of TLS alone is told from one that speaks none', async () => {
  const sink = await openSink({ tls: { ...TLS, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } });
  await expect(run(loadOptions(sink.url, { ...LOAD, tls: 'required', tlsCa: cert }))).rejects.toMatchObject({
    code: 'E_TARGET',
    message: expect.stringMatching(/protocol version; postrush speaks TLSv1\.2 and TLSv1\.3, and/),
  });
});
