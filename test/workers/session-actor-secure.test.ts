/** TLS and AUTH: what a session does before its first message, and what it refuses to do. */
import { describe, expect, test } from 'vitest';
import { EngineSession } from '../support/engine-session.js';
import type { EngineOptions } from '../support/engine-plan.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const EHLO = 'EHLO postrush.test\r\n';
const MAIL = 'MAIL FROM:<sender1@example.test>\r\n';

function atStartTls(tls: 'required' | 'opportunistic', options: EngineOptions = {}): EngineSession {
  return new EngineSession({ tls, ...options }).opened('STARTTLS', 'PIPELINING', 'AUTH PLAIN');
}

function atAuth(auth: 'plain' | 'login', ...keywords: string[]): EngineSession {
  return new EngineSession({ auth, user: 'tester', password: 'pä ss' }).opened(...keywords);
}

describe('STARTTLS', () => {
  test('is followed by a handshake, a second EHLO and what is offered inside', () => {
    const session = atStartTls('required');
    expect(session.take()).toEqual(['STARTTLS\r\n']);
    session.says('220 go ahead');
    expect(session.take()).toEqual([]);
    expect(session.connection.tlsCount).toBe(1);
    expect(session.inFlight).toEqual({ tls: 1 });
    session.tlsReady();
    expect(session.take()).toEqual([EHLO]);
    session.says('250 mx.test');
    // PIPELINING was offered in clear only, so it is forgotten.
    expect(session.take()).toEqual([MAIL]);
    expect(session.sent).toMatchObject({ starttls: 1, tls: 1, ehlo: 2, mail: 1 });
    expect(session.replies).toEqual(['ehlo 250 x2', 'greeting 220 x1', 'starttls 220 x1']);
  });

  test('groups by what is offered inside TLS', () => {
    const session = new EngineSession({ tls: 'required' }).opened('STARTTLS').says('220 go').tlsReady();
    session.take();
    session.says('250-mx', '250 PIPELINING');
    expect(session.take()[0]).toMatch(/^MAIL [^]*RCPT [^]*DATA\r\n$/);
  });

  test('is left out by a session that is not of the share, though the others need it', () => {
    const session = new EngineSession({ tls: 'required' });
    session.connection.wantsTls = false;
    session.opened('STARTTLS');
    expect(session.take()).toEqual([MAIL]);
    expect(session.sent).not.toHaveProperty('starttls');
  });

  test('offered again inside TLS is not used again', () => {
    const session = atStartTls('required').says('220 go').tlsReady();
    session.take();
    session.says('250-mx', '250 STARTTLS');
    expect(session.take()).toEqual([MAIL]);
  });

  test('that is required and not offered fails before its first octet, and QUIT follows', () => {
    const session = new EngineSession({ tls: 'required', recipients: 2 }).opened('PIPELINING');
    expect(session.take()).toEqual(['QUIT\r\n']);
    session.says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({
      messages: { failed: 1 },
      recipients: { failed: 2 },
      errors: ['starttls tlsNotOffered x1'],
      endings: ['failed'],
    });
  });

  test('that is opportunistic and not offered is left out', () => {
    const session = new EngineSession({ tls: 'opportunistic' }).opened('PIPELINING');
    expect(session.take()[0]).toMatch(/^MAIL [^]*DATA\r\n$/);
    expect(session.sent).not.toHaveProperty('starttls');
    expect(session.errors).toEqual([]);
  });

  test.each([
    ['454 no TLS now', 'deferred'],
    ['502 no', 'rejected'],
  ])('that is required and refused with %s: the message is %s', (reply, outcome) => {
    const session = atStartTls('required').says(reply);
    expect(session.take().at(-1)).toBe('QUIT\r\n');
    session.says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({ messages: { [outcome]: 1 }, errors: [], endings: ['failed'] });
  });

  test.each(['454 no TLS now', '502 no'])('that is opportunistic and refused with %s goes on in clear', (reply) => {
    const session = atStartTls('opportunistic');
    session.take();
    session.says(reply);
    expect(session.take()[0]).toMatch(/^MAIL [^]*DATA\r\n$/);
    expect(session.connection.tlsCount).toBe(0);
  });

  test.each(['required', 'opportunistic'] as const)(
    'with data in clear behind its 220 is an attack and ends the session (%s)',
    (tls) => {
      const session = atStartTls(tls).says('220 go ahead', '250 injected');
      expect(session.connection.isDropped).toBe(true);
      expect(session.connection.tlsCount).toBe(0);
      expect(session.closed().summary).toEqual({
        messages: { failed: 1 },
        recipients: { failed: 1 },
        replies: ['ehlo 250 x1', 'greeting 220 x1', 'starttls 220 x1'],
        errors: ['session unaskedReply x1'],
        endings: ['failed'],
      });
    },
  );

  test('a single octet behind the 220 is enough for that', () => {
    expect(atStartTls('required').saysOctets('220 go\r\n\0').errors).toEqual(['session unaskedReply x1']);
  });

  test('421 to it defers the message', () => {
    const session = atStartTls('opportunistic').says('421 leaving').lost().closed();
    expect(session.summary).toMatchObject({ messages: { deferred: 1 }, errors: [], endings: ['failed'] });
  });

  test('is not answered with 354', () => {
    const session = atStartTls('opportunistic').says('354 go').closed();
    expect(session.summary).toMatchObject({ messages: { failed: 1 }, errors: ['starttls unexpectedCode x1'] });
  });
});

describe('a handshake', () => {
  test.each(['tls', 'reset', 'closed'] as const)('that fails (%s) is one failed step of its own', (kind) => {
    const session = atStartTls('required').says('220 go').lost(kind).closed();
    expect(session.summary).toMatchObject({
      messages: { failed: 1 },
      errors: [`tls ${kind} x1`],
      endings: ['failed'],
    });
  });

  test('has a deadline of its own', () => {
    const session = atStartTls('required', { timeouts: ['tls=3s', 'starttls=9s'] }).says('220 go');
    expect(session.deadlineInUs).toBe(3_000_000);
    session.passesDeadline('behind').closed();
    expect(session.errors).toEqual(['tls timeout x1']);
  });

  test('is timed from the 220 to its end', () => {
    const session = atStartTls('required').says('220 go').passes(40_000).tlsReady();
    expect(session.latencyOf('tls')).toBe(41_000);
  });

  test('comes first where TLS is implicit, and the greeting after it', () => {
    // The target's scheme says so.
    const session = new EngineSession({}, { target: 'smtps://127.0.0.1:465' }).begin().connected();
    expect(session.connection.tlsCount).toBe(1);
    expect(session.inFlight).toEqual({ tls: 1 });
    session.tlsReady();
    expect(session.inFlight).toEqual({ greeting: 1 });
    session.says('220 mx');
    expect(session.take()).toEqual([EHLO]);
    session.says('250-mx', '250 STARTTLS');
    expect(session.take()).toEqual([MAIL]);
    expect(session.sent).not.toHaveProperty('starttls');
  });

  test('that comes too late changes nothing', () => {
    const session = atStartTls('required').says('220 go').lost().tlsReady();
    expect(session.closed().sent).not.toHaveProperty('ehlo', 2);
    expect(session.errors).toEqual(['tls closed x1']);
  });
});

describe('AUTH PLAIN', () => {
  test('is one line with its initial response', () => {
    const session = atAuth('plain', 'AUTH LOGIN PLAIN');
    expect(session.take()).toEqual([`AUTH PLAIN ${base64('\0tester\0pä ss')}\r\n`]);
    session.says('235 2.7.0 welcome');
    expect(session.take()).toEqual([MAIL]);
    expect(session.replies).toContain('auth 235 x1');
  });

  test.each([
    ['454 try later', 'deferred'],
    ['535 5.7.8 wrong', 'rejected'],
  ])('refused with %s: the message is %s, and QUIT follows', (reply, outcome) => {
    const session = atAuth('plain', 'AUTH PLAIN').says(reply);
    expect(session.take().at(-1)).toBe('QUIT\r\n');
    session.says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({ messages: { [outcome]: 1 }, errors: [], endings: ['failed'] });
    expect(session.replies).toContain(`auth ${reply.slice(0, 3)} x1`);
  });

  test('has nothing left to answer a prompt with', () => {
    const session = atAuth('plain', 'AUTH PLAIN').says('334 ').closed();
    expect(session.summary).toMatchObject({
      messages: { failed: 1 },
      errors: ['auth unexpectedCode x1'],
      endings: ['failed'],
    });
    expect(session.replies).toContain('auth 334 x1 interim');
  });
});

describe('AUTH LOGIN', () => {
  test('is one dialogue: the command, the user, the password', () => {
    const session = atAuth('login', 'AUTH=LOGIN');
    expect(session.take()).toEqual(['AUTH LOGIN\r\n']);
    session.latencies();
    session.says(`334 ${base64('Username:')}`);
    expect(session.take()).toEqual([`${base64('tester')}\r\n`]);
    session.says('334');
    expect(session.take()).toEqual([`${base64('pä ss')}\r\n`]);
    expect(session.inFlight).toEqual({ auth: 1 });
    session.says('235 welcome');
    expect(session.take()).toEqual([MAIL]);
    expect(session.replies).toEqual(expect.arrayContaining(['auth 235 x1', 'auth 334 x2 interim']));
    expect(session.sent).toMatchObject({ auth: 1 });
    expect(session.latencyOf('auth')).toBe(3_000);
  });

  test('answers two prompts, not three', () => {
    const session = atAuth('login', 'AUTH LOGIN').says('334 YQ==').says('334 Yg==');
    session.take();
    session.says('334 Yw==');
    expect(session.take()).toEqual([]);
    expect(session.closed().summary).toMatchObject({
      messages: { failed: 1 },
      errors: ['auth unexpectedCode x1'],
      endings: ['failed'],
    });
    expect(session.replies).toContain('auth 334 x3 interim');
  });

  test('answers two prompts in the next session too', () => {
    const settings = { auth: 'login', user: 'tester', password: 'x' };
    const session = new EngineSession(settings, { messages: 2 }).opened('AUTH LOGIN').says('334 YQ==').lost().closed();
    session.opened('AUTH LOGIN').says('334 YQ==').says('334 Yg==').says('235 ok');
    expect(session.take().at(-1)).toMatch(/^MAIL /);
  });

  test.each([
    ['after its command', 0],
    ['after the user', 1],
    ['after the password', 2],
  ])('may be refused %s', (_, prompts) => {
    const session = atAuth('login', 'AUTH LOGIN');
    for (let prompt = 0; prompt < prompts; prompt++) session.says('334 bW9yZQ==');
    session.says('535 wrong').says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({ messages: { rejected: 1 }, errors: [], endings: ['failed'] });
  });

  test('has a deadline that begins anew with each answer', () => {
    const session = atAuth('login', 'AUTH LOGIN');
    expect(session.deadlineInUs).toBe(30_000_000);
    session.passes(29_000_000).says('334 dXNlcg==');
    expect(session.deadlineInUs).toBe(30_000_000);
    session.passesDeadline('behind').closed();
    expect(session.errors).toEqual(['auth timeout x1']);
  });

  test('is given up on a code that is no prompt', () => {
    const session = atAuth('login', 'AUTH LOGIN').says('354 go').closed();
    expect(session.errors).toEqual(['auth unexpectedCode x1']);
  });
});

describe('AUTH that is not offered', () => {
  test.each([
    ['plain', 'AUTH LOGIN CRAM-MD5'],
    ['login', 'AUTH PLAIN'],
    ['plain', 'PIPELINING'],
  ] as const)('(%s, where the server says %s) fails before its first octet, and QUIT follows', (mechanism, keyword) => {
    const session = atAuth(mechanism, keyword);
    expect(session.take()).toEqual(['QUIT\r\n']);
    session.says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({
      messages: { failed: 1 },
      errors: ['auth authNotOffered x1'],
      endings: ['failed'],
    });
  });

  test('inside TLS is not offered, whatever was offered in clear', () => {
    const options = { auth: 'plain', user: 'tester', password: 'x' };
    const session = atStartTls('required', options).says('220 go').tlsReady().says('250 mx');
    expect(session.take().at(-1)).toBe('QUIT\r\n');
    expect(session.errors).toEqual(['auth authNotOffered x1']);
  });

  test('to a server that knows only HELO is not offered either', () => {
    const session = new EngineSession({ auth: 'plain', user: 'tester', password: 'x' });
    session.begin().connected().says('220 mx').says('502-x', '502 AUTH PLAIN').says('250 mx');
    expect(session.errors).toEqual(['auth authNotOffered x1']);
  });
});

describe('the session of the pre-flight', () => {
  test('greets, secures, authenticates and quits, and never sends MAIL', () => {
    const seen: string[] = [];
    const observer = {
      onGreeting: (code: number, text: string) => seen.push(`${code} ${text}`),
      onKeyword: (text: string) => seen.push(text),
      onTls: ({ protocol }: { protocol: string }) => seen.push(protocol),
      onAuth: (mechanism: string) => seen.push(mechanism),
      onRefused: (step: number, code: number) => seen.push(`refused ${step} ${code}`),
    };
    const options = { tls: 'required', auth: 'plain', user: 'tester', password: 'x' };
    const session = new EngineSession(options, { polite: true, observer, messages: 0 });
    session.opened('STARTTLS').says('220 go');
    session.tlsReady({ protocol: 'TLSv1.3', cipher: 'c', subject: null, issuer: null, validTo: null });
    session.says('250-mx', '250 AUTH PLAIN').says('235 ok').says('221 bye').lost().closed();
    expect(seen).toEqual(['220 mx.test ready', 'STARTTLS', 'TLSv1.3', 'AUTH PLAIN', 'PLAIN']);
    expect(session.sent).toEqual({ connect: 1, tls: 1, greeting: 1, ehlo: 2, starttls: 1, auth: 1, quit: 1 });
    expect(session.endings).toEqual([{ ending: 'completed', accepted: 0 }]);
  });

  test('says what refused it first, and goes on to QUIT', () => {
    const refusals: unknown[] = [];
    const observer = {
      onGreeting: () => undefined,
      onKeyword: () => undefined,
      onTls: () => undefined,
      onAuth: () => undefined,
      onRefused: (...refusal: unknown[]) => refusals.push(refusal),
    };
    const session = new EngineSession({}, { polite: true, observer, messages: 0 }).begin().connected();
    session.says('554 5.7.1 go away').says('221 bye').lost().closed();
    expect(refusals).toEqual([[2, 554, -1, '5.7.1 go away']]);
    expect(session.sent).toEqual({ connect: 1, greeting: 1, quit: 1 });
  });
});
