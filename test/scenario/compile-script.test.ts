import { describe, expect, test } from 'vitest';
import { SASL_MECHANISMS } from '../../src/protocol/sasl/mechanisms.js';
import { STEP_NAMES } from '../../src/protocol/steps.js';
import { compileLoadScript, compilePreflightScript } from '../../src/scenario/compile-script.js';
import { Op, type CompiledScript } from '../../src/scenario/compiled-script.js';
import { laneOf } from '../support/engine-plan.js';
import type { EngineOptions } from '../support/engine-plan.js';

const OP_NAMES = Object.keys(Op);
const WITH_JUMP: readonly string[] = ['startTls', 'repeat', 'inMessage', 'hasRecipients', 'jump'];

/** The steps by name; those that may go elsewhere say where to: `mail>quit`. */
function stepsOf({ ops, args, mails, rcpts }: CompiledScript): string {
  const names = [...ops].map((op) => OP_NAMES[op]!);
  return names
    .map((name, index) => {
      if (name === 'rcpt') return `rcpt*${rcpts[args[index]!]!.count}`;
      if (name === 'mail') return `mail>${names[mails[args[index]!]!.exit]}`;
      return WITH_JUMP.includes(name) ? `${name}>${names[args[index]!]}` : name;
    })
    .join(' ');
}

const AUTH = { auth: 'plain', user: 'tester', password: 'secret' };
const WITH_CERTIFICATE = {
  tls: 'required',
  tlsCert: '-----BEGIN CERTIFICATE-----',
  tlsKey: '-----BEGIN PRIVATE KEY-----',
};
const MESSAGES = 'mail>quit rcpt*1 data content repeat>mail quit';

describe('the standard session', () => {
  test.each<[EngineOptions, string, string]>([
    [{}, '127.0.0.1:25', `connect greeting ehlo ${MESSAGES}`],
    [AUTH, '127.0.0.1:25', `connect greeting ehlo auth ${MESSAGES}`],
    [{}, 'smtps://127.0.0.1', `connect tls greeting ehlo ${MESSAGES}`],
    [AUTH, 'smtps://127.0.0.1', `connect tls greeting ehlo auth ${MESSAGES}`],
    [{ tls: 'required' }, '127.0.0.1:25', `connect greeting ehlo startTls>mail tls ehlo ${MESSAGES}`],
    [{ tls: 'opportunistic' }, '127.0.0.1:25', `connect greeting ehlo startTls>mail tls ehlo ${MESSAGES}`],
    [{ tls: 'required', ...AUTH }, '127.0.0.1:25', `connect greeting ehlo startTls>auth tls ehlo auth ${MESSAGES}`],
  ])('for %j at %s is %s', (options, target, steps) => {
    expect(stepsOf(compileLoadScript(laneOf(options, target)))).toBe(steps);
  });

  test('names its recipients, and where transactions and the session end', () => {
    const script = compileLoadScript(laneOf({ recipients: 7 }));
    expect(stepsOf(script)).toContain(' rcpt*7 ');
    expect(script.ops[script.quitIndex]).toBe(Op.quit);
    expect([script.recipients, script.addresses]).toEqual([7, 100_000]);
  });

  test('without a message is that of the pre-flight', () => {
    const script = compilePreflightScript(laneOf({ tls: 'required', ...AUTH }));
    expect(stepsOf(script)).toBe('connect greeting ehlo startTls>auth tls ehlo auth quit');
    expect(stepsOf(compilePreflightScript(laneOf({ tls: 'opportunistic' })))).toBe(
      'connect greeting ehlo startTls>quit tls ehlo quit',
    );
  });
});

describe('what is ready to send', () => {
  const text = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');

  test('are the greetings and the envelope', () => {
    const script = compileLoadScript(
      laneOf({ helo: 'load.example.test', from: 'a%d@example.test', to: 'b%d@example.test' }),
    );
    const target = Buffer.alloc(100);
    expect([text(script.hellos[0]!.octets), text(script.helo.octets)]).toEqual([
      'EHLO load.example.test\r\n',
      'HELO load.example.test\r\n',
    ]);
    expect(text(target.subarray(0, script.mails[0]!.octets.write(target, 0, 12)))).toBe(
      'MAIL FROM:<a12@example.test>\r\n',
    );
    expect(text(target.subarray(0, script.rcpts[0]!.octets.write(target, 0, 3)))).toBe('RCPT TO:<b3@example.test>\r\n');
  });

  test('is the null reverse-path', () => {
    const { mails } = compileLoadScript(laneOf({ from: '<>' }));
    const target = Buffer.alloc(100);
    expect(text(target.subarray(0, mails[0]!.octets.write(target, 0, 1)))).toBe('MAIL FROM:<>\r\n');
  });

  test.each(Object.keys(SASL_MECHANISMS) as (keyof typeof SASL_MECHANISMS)[])('is the mechanism %s alone', (auth) => {
    const options = auth === 'external' ? WITH_CERTIFICATE : { user: 'tester', password: 'secret' };
    const [script] = compileLoadScript(laneOf({ auth, ...options })).auths;
    const mechanism = SASL_MECHANISMS[auth];
    expect(script!.candidates).toEqual([mechanism]);
    const inside = auth === 'external' ? ' (inside TLS)' : '';
    expect(script!.notOffered).toBe(`${mechanism.name}${inside} is not among the AUTH mechanisms of EHLO`);
  });

  test.each<[EngineOptions, string]>([
    [{ user: 'u', password: 'p' }, 'SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN'],
    [{ user: 'u', password: 'p', ...WITH_CERTIFICATE }, 'EXTERNAL SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN'],
    [{ user: 'u', ...WITH_CERTIFICATE }, 'EXTERNAL'],
    [WITH_CERTIFICATE, 'EXTERNAL'],
  ])('are the mechanisms that auto may choose from, with %j', (options, names) => {
    const [auth] = compileLoadScript(laneOf({ auth: 'auto', ...options })).auths;
    expect(auth!.candidates.map(({ name }) => name).join(' ')).toBe(names);
  });

  test('says which mechanisms are missing where none of those that auto knows is offered', () => {
    const [auth] = compileLoadScript(laneOf({ ...AUTH, auth: 'auto' })).auths;
    expect(auth!.notOffered).toBe(
      'none of SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN is among the AUTH mechanisms of EHLO',
    );
  });

  test('is what mechanisms need to know, with another nonce each time', () => {
    const knowledge = compileLoadScript(laneOf(AUTH, 'mail.lab.test:587')).auths[0]!.accounts.first;
    expect(knowledge).toMatchObject({ user: 'tester', secret: 'secret', host: 'mail.lab.test', port: 587 });
    const nonces = Array.from({ length: 1_000 }, () => knowledge.nonce());
    expect(new Set(nonces).size).toBe(1_000);
    for (const nonce of nonces) expect(nonce).toMatch(/^[\x21-\x2b\x2d-\x7e]{24}$/);
  });

  test('are none where nobody authenticates', () => {
    expect(compileLoadScript(laneOf()).auths).toEqual([]);
  });
});

test('deadlines are in µs, by step', () => {
  const { timeoutsUs } = compileLoadScript(laneOf({ timeouts: ['2s', 'mail=1500ms', 'endOfData=1m'] }));
  const named = Object.fromEntries(STEP_NAMES.map((name, step) => [name, timeoutsUs[step]]));
  expect(named).toEqual({
    ...Object.fromEntries(STEP_NAMES.map((name) => [name, 2_000_000])),
    mail: 1_500_000,
    endOfData: 60_000_000,
    session: 0,
  });
});

test.each([
  ['off', false],
  ['opportunistic', false],
  ['required', true],
])('TLS %s is required: %s', (tls, required) => {
  expect(compileLoadScript(laneOf({ tls })).tlsRequired).toBe(required);
});

test.each(['auto', 'on', 'off', 'across', 'force'] as const)('pipelining %s is passed on', (pipelining) => {
  expect(compileLoadScript(laneOf({ pipelining })).pipelining).toBe(pipelining);
});
