/** AUTH beyond PLAIN and LOGIN: whole dialogues, and servers that cannot be believed. */
import { describe, expect, test } from 'vitest';
import { EngineSession } from '../support/engine-session.js';
import type { EngineOptions } from '../support/engine-plan.js';
import { AUTH_KEYWORD, SaslPeer } from '../support/sasl-peer.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const MAIL = 'MAIL FROM:<sender1@example.test>\r\n';
const CREDENTIALS = { user: 'tester', password: 'secret' };
const CERTIFICATE = { tlsCert: '-----BEGIN CERTIFICATE-----', tlsKey: '-----BEGIN PRIVATE KEY-----' };
const SALT = 'QSXCR+Q6sek8bf92';

/** A session that has just sent its AUTH command to a server with these keywords. */
function atAuth(auth: string, keyword = AUTH_KEYWORD, options: EngineOptions = CREDENTIALS): EngineSession {
  return new EngineSession({ auth, ...options }).opened('PIPELINING', keyword);
}

/** Lets a server that knows its trade answer until it has given its verdict. @returns what the client said */
function converse(session: EngineSession, peer: SaslPeer): string[] {
  const heard = session.take();
  let reply = peer.begin(heard[0]!.trimEnd());
  for (;;) {
    session.says(reply);
    if (!reply.startsWith('334')) return heard;
    const [line] = session.take();
    heard.push(line!);
    reply = peer.respond(line!.trimEnd());
  }
}

/** The client's nonce in its first message of SCRAM. */
function nonceIn(command: string): string {
  return /,r=(.*)$/.exec(Buffer.from(command.split(' ')[2] ?? '', 'base64').toString())?.[1] ?? '';
}

describe.each([
  ['plain', 1, 0],
  ['plain-late', 2, 1],
  ['login', 3, 2],
  ['cram-md5', 2, 1],
  ['scram-sha-1', 3, 2],
  ['scram-sha-256', 3, 2],
  ['xoauth2', 1, 0],
  ['oauthbearer', 1, 0],
  ['auto', 3, 2],
])('AUTH with %s', (auth, lines, challenges) => {
  test('is one dialogue, and the first message follows it', () => {
    const session = atAuth(auth);
    session.latencies();
    const heard = converse(session, new SaslPeer({ tester: 'secret' }));
    expect(heard).toHaveLength(lines);
    expect(session.take()[0]).toContain(MAIL);
    expect(session.sent).toMatchObject({ auth: 1 });
    expect(session.replies).toContain('auth 235 x1');
    expect(session.replies.filter((row) => row.includes('interim'))).toEqual(
      challenges === 0 ? [] : [`auth 334 x${challenges} interim`],
    );
    // From the command to the last reply.
    expect(session.latencyOf('auth')).toBe(lines * 1_000);
    expect(session.errors).toEqual([]);
  });

  test('with a wrong secret is refused: the message is rejected, and QUIT follows', () => {
    const session = atAuth(auth);
    converse(session, new SaslPeer({ tester: 'other' }));
    expect(session.take()).toEqual(['QUIT\r\n']);
    session.says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({ messages: { rejected: 1 }, errors: [], endings: ['failed'] });
    expect(session.replies).toContain('auth 535 x1');
  });

  test('with a secret that is wrong on purpose is refused, and the session has done what it should', () => {
    const session = new EngineSession({ auth, ...CREDENTIALS, authWrong: 50 }, { messages: 2 });
    session.connection.turn = 1;
    session.opened('PIPELINING', AUTH_KEYWORD);
    const peer = new SaslPeer({ tester: 'secret' });
    converse(session, peer);
    expect(session.take()).toEqual(['QUIT\r\n']);
    session.says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({ messages: { rejected: 1 }, errors: [], endings: ['completed'] });
    expect(session.replies).toContain('auth 535 x1');
    // Its neighbour has the right one.
    session.connection.turn = 2;
    session.opened('PIPELINING', AUTH_KEYWORD);
    converse(session, peer);
    expect(session.replies).toContain('auth 235 x1');
  });

  test('with a secret that is wrong on purpose fails its session when the server has another trouble', () => {
    const session = atAuth(auth, AUTH_KEYWORD, { ...CREDENTIALS, authWrong: 100 });
    session.says('454 4.7.0 no database');
    expect(session.take().at(-1)).toBe('QUIT\r\n');
    session.says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({ messages: { deferred: 1 }, endings: ['failed'] });
  });

  test('begins anew in the next session', () => {
    const session = new EngineSession({ auth, ...CREDENTIALS }, { messages: 2 });
    session.opened(AUTH_KEYWORD);
    session.take();
    session.says('334 ').lost().closed().opened(AUTH_KEYWORD);
    converse(session, new SaslPeer({ tester: 'secret' }));
    expect(session.take()).toEqual(['MAIL FROM:<sender2@example.test>\r\n']);
  });
});

test.each(['plain-late', 'login', 'cram-md5', 'scram-sha-1', 'scram-sha-256', 'auto'])(
  'AUTH with %s that a server accepts before all is said is no success',
  (auth) => {
    const session = atAuth(auth).says('235 welcome').closed();
    expect(session.summary).toMatchObject({
      messages: { failed: 1 },
      errors: ['auth unexpectedCode x1'],
      endings: ['failed'],
    });
    expect(session.replies).toContain('auth 235 x1 interim');
  },
);

describe('a challenge that makes no sense', () => {
  const nonsense = (): EngineSession => {
    const session = atAuth('cram-md5');
    session.take();
    return session.says('334 what?');
  };

  test('is answered with *, and what the server says to that ends AUTH: the message fails, and QUIT follows', () => {
    const session = nonsense();
    expect(session.take()).toEqual(['*\r\n']);
    expect(session.inFlight).toEqual({ auth: 1 });
    session.says('501 5.7.0 cancelled');
    expect(session.take()).toEqual(['QUIT\r\n']);
    expect(session.inFlight).toEqual({ quit: 1 });
    session.says('221 bye').lost().closed();
    expect(session.summary).toEqual({
      messages: { failed: 1 },
      recipients: { failed: 1 },
      replies: ['auth 334 x1 interim', 'auth 501 x1 interim', 'ehlo 250 x1', 'greeting 220 x1', 'quit 221 x1'],
      errors: ['auth malformed x1'],
      endings: ['failed'],
    });
    expect(session.counts().errors[0]?.sample).toBe("a challenge is not base64: '334 what?'");
  });

  test.each([
    ['235 welcome', 'auth 235 x1 interim'],
    ['250 ok', 'auth 250 x1 interim'],
    ['334 ', 'auth 334 x2 interim'],
    ['354 go', 'auth 354 x1 interim'],
  ])('and then %s: the session is given up', (reply, row) => {
    const session = nonsense();
    session.take();
    session.says(reply);
    expect(session.take()).toEqual([]);
    expect(session.connection.isDropped).toBe(true);
    expect(session.closed().summary).toMatchObject({
      messages: { failed: 1 },
      errors: ['auth malformed x1'],
      endings: ['failed'],
    });
    expect(session.replies).toContain(row);
  });

  test('and then a 421: nothing more is sent', () => {
    const session = nonsense();
    session.take();
    session.says('421 4.3.2 leaving');
    expect(session.take()).toEqual([]);
    session.lost().closed();
    expect(session.summary).toMatchObject({
      messages: { failed: 1 },
      errors: ['auth malformed x1'],
      endings: ['failed'],
    });
  });

  test.each<[string, (session: EngineSession) => EngineSession]>([
    ['silence', (session) => session.passesDeadline('behind')],
    ['the end of the connection', (session) => session.lost()],
    ['no reply at all', (session) => session.says('what?')],
  ])('and then %s: what failed is still the challenge', (_what, happens) => {
    expect(happens(nonsense()).closed().errors).toEqual(['auth malformed x1']);
  });

  test('and then the end of the run: AUTH stays in flight', () => {
    const session = nonsense().cut().closed();
    expect(session.summary).toMatchObject({ messages: { cut: 1 }, errors: [], endings: ['cut'] });
    expect(session.inFlight).toEqual({ auth: 1 });
  });

  test('has a deadline for the answer to its *', () => {
    const session = nonsense();
    expect(session.deadlineInUs).toBe(30_000_000);
  });

  test('is not remembered: what fails later fails by itself', () => {
    const session = nonsense().says('501 no');
    expect(session.lost().closed().errors).toEqual(['auth malformed x1', 'quit closed x1']);
  });

  test('is told to whoever reads along, once', () => {
    const told: unknown[] = [];
    const observer = {
      onGreeting: () => undefined,
      onKeyword: () => undefined,
      onTls: () => undefined,
      onAuth: (mechanism: string) => told.push(mechanism),
      onRefused: (_step: number, code: number, _kind: number, text: string) => told.push([code, text]),
    };
    const session = new EngineSession({ auth: 'login', ...CREDENTIALS }, { polite: true, observer, messages: 0 });
    session.opened(AUTH_KEYWORD).says('334 ?').says('501 no').says('221 bye').lost().closed();
    expect(told).toEqual([[0, "a challenge is not base64: '334 ?'"]]);
  });
});

describe('a challenge with something behind it', () => {
  test.each([
    ['login', '334 VXNlcm5hbWU6', 'auth unaskedReply x1'],
    ['plain-late', '334 ', 'auth unaskedReply x1'],
    ['login', '334 what?', 'auth malformed x1'],
  ])('(%s, %s) is not answered: 235 cannot be the reply to what was not said', (auth, challenge, error) => {
    const session = atAuth(auth);
    session.take();
    session.says(challenge, '235 welcome');
    expect(session.take()).toEqual([]);
    expect(session.closed().summary).toMatchObject({
      messages: { failed: 1 },
      errors: [error],
      endings: ['failed'],
    });
  });
});

describe('SCRAM with a server', () => {
  test.each([
    ['whose nonce is not ours', 'r=abc', /nonce does not begin with ours/],
    ['that asks for a million iterations', '', /asks for 1000000 iterations, and 100000 is the limit/],
  ])('%s is cancelled before anything secret is said', (_what, nonce, problem) => {
    const session = atAuth('scram-sha-256');
    const [command] = session.take();
    session.says(`334 ${base64(`${nonce || `r=${nonceIn(command!)}xyz`},s=${SALT},i=1000000`)}`);
    expect(session.take()).toEqual(['*\r\n']);
    session.says('501 no').says('221 bye').lost().closed();
    expect(session.errors).toEqual(['auth malformed x1']);
    expect(session.counts().errors[0]?.sample).toMatch(problem);
  });

  test.each([
    ['signs with another password', '334 dj1BQUFB', /signature is wrong/],
    ['does not sign', '334 ', /no signature/],
  ])('that %s is cancelled though it takes the proof', (_what, challenge, problem) => {
    const session = atAuth('scram-sha-1');
    const [command] = session.take();
    session.says(`334 ${base64(`r=${nonceIn(command!)}xyz,s=${SALT},i=1`)}`);
    expect(Buffer.from(session.take()[0]!, 'base64').toString()).toMatch(/^c=biws,r=.*xyz,p=/);
    session.says(challenge);
    expect(session.take()).toEqual(['*\r\n']);
    session.says('501 no').says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({
      messages: { failed: 1 },
      errors: ['auth malformed x1'],
      endings: ['failed'],
    });
    expect(session.counts().errors[0]?.sample).toMatch(problem);
  });

  test('that accepts the proof without signing is no success', () => {
    const session = atAuth('scram-sha-1');
    const [command] = session.take();
    session
      .says(`334 ${base64(`r=${nonceIn(command!)}xyz,s=${SALT},i=1`)}`)
      .says('235 welcome')
      .closed();
    expect(session.errors).toEqual(['auth unexpectedCode x1']);
    expect(session.connection.isDropped).toBe(true);
  });

  test('that sends a long challenge in pieces is understood', () => {
    const session = atAuth('scram-sha-1');
    const [command] = session.take();
    const challenge = `334 ${base64(`r=${nonceIn(command!)}${'x'.repeat(900)},s=${SALT},i=1`)}\r\n`;
    for (let at = 0; at < challenge.length; at += 100) session.saysOctets(challenge.slice(at, at + 100));
    expect(Buffer.from(session.take()[0]!, 'base64').toString()).toMatch(/^c=biws,r=.*x{900},p=/);
  });

  test('makes its keys once for all sessions of a worker', () => {
    const peer = new SaslPeer({ tester: 'secret' });
    const session = new EngineSession({ auth: 'scram-sha-256', ...CREDENTIALS }, { messages: 30 });
    for (let count = 0; count < 30; count++) {
      session.opened(AUTH_KEYWORD);
      converse(session, peer);
      session.take();
      session.lost().closed();
    }
    expect(session.replies).toContain('auth 235 x30');
    expect(session.scramKeysKept).toBe(1);
  });
});

describe('the choice of auto', () => {
  test.each([
    ['AUTH LOGIN PLAIN CRAM-MD5', 'AUTH CRAM-MD5'],
    ['AUTH LOGIN PLAIN', 'AUTH PLAIN '],
    ['AUTH=LOGIN', 'AUTH LOGIN'],
    ['AUTH XOAUTH2 OAUTHBEARER EXTERNAL GSSAPI LOGIN', 'AUTH LOGIN'],
    ['AUTH SCRAM-SHA-1 PLAIN', 'AUTH SCRAM-SHA-1 '],
  ])('from %s is %s', (keyword, command) => {
    expect(atAuth('auto', keyword).take()[0]).toMatch(new RegExp(`^${command}`));
  });

  test('is none where nothing is offered that a password can do', () => {
    const session = atAuth('auto', 'AUTH XOAUTH2 OAUTHBEARER EXTERNAL GSSAPI');
    expect(session.take()).toEqual(['QUIT\r\n']);
    expect(session.errors).toEqual(['auth authNotOffered x1']);
    expect(session.counts().errors[0]?.sample).toMatch(/^none of SCRAM-SHA-256, .* is among the AUTH mechanisms/);
  });

  test('is EXTERNAL inside TLS, with a certificate of ours', () => {
    const options = { auth: 'auto', tls: 'opportunistic', ...CREDENTIALS, ...CERTIFICATE };
    const inside = new EngineSession(options).opened('STARTTLS', 'AUTH EXTERNAL PLAIN').says('220 go').tlsReady();
    inside.says('250-mx', '250 AUTH PLAIN EXTERNAL');
    expect(inside.take().at(-1)).toBe(`AUTH EXTERNAL ${base64('tester')}\r\n`);
    const outside = new EngineSession(options).opened('AUTH EXTERNAL PLAIN');
    expect(outside.take().at(-1)).toMatch(/^AUTH PLAIN /);
  });
});

test.each([
  ['', 'AUTH EXTERNAL =\r\n'],
  ['fred', `AUTH EXTERNAL ${base64('fred')}\r\n`],
])('AUTH EXTERNAL inside TLS, for the user %j, is one line', (user, line) => {
  const options = { auth: 'external', ...CERTIFICATE, ...(user === '' ? {} : { user }) };
  const session = new EngineSession(options, { target: 'smtps://127.0.0.1:465' }).begin().connected().tlsReady();
  session.says('220 mx').says('250-mx', '250 AUTH EXTERNAL');
  expect(session.take().at(-1)).toBe(line);
  session.says('235 welcome');
  expect(session.take()).toEqual([MAIL]);
});

test.each(['xoauth2', 'cram-md5', 'scram-sha-1', 'oauthbearer', 'plain-late'])(
  'AUTH with %s that is not offered says which mechanism is missing',
  (auth) => {
    const session = atAuth(auth, 'AUTH LOGIN SCRAM-SHA-256');
    expect(session.take()).toEqual(['QUIT\r\n']);
    expect(session.errors).toEqual(['auth authNotOffered x1']);
    const name = auth.replace('-late', '').toUpperCase();
    expect(session.counts().errors[0]?.sample).toBe(`${name} is not among the AUTH mechanisms of EHLO`);
  },
);

test('a token too long for its command waits for an empty challenge', () => {
  const session = atAuth('oauthbearer', AUTH_KEYWORD, { user: 'tester', password: 't'.repeat(8_000) });
  const heard = converse(session, new SaslPeer({ tester: 't'.repeat(8_000) }));
  expect(heard[0]).toBe('AUTH OAUTHBEARER\r\n');
  expect(heard[1]!.length).toBeGreaterThan(10_000);
  expect(session.replies).toEqual(expect.arrayContaining(['auth 235 x1', 'auth 334 x1 interim']));
});
