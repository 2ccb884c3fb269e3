import { describe, expect, test } from 'vitest';
import { AuthMechanism } from '../../src/protocol/extensions.js';
import { STEP_NAMES } from '../../src/protocol/steps.js';
import {
  Op,
  compileLoadScript,
  compilePreflightScript,
  type CompiledScript,
} from '../../src/scenario/compile-script.js';
import { planOf } from '../support/engine-plan.js';
import type { EngineOptions } from '../support/engine-plan.js';

const OP_NAMES = Object.keys(Op);
const WITH_JUMP: readonly string[] = ['startTls', 'mail', 'repeat'];

/** The steps by name; those that may go elsewhere say where to: `mail>quit`. */
function stepsOf({ ops, args }: CompiledScript): string {
  const names = [...ops].map((op) => OP_NAMES[op]!);
  return names
    .map((name, index) => {
      if (name === 'rcpt') return `rcpt*${args[index]}`;
      return WITH_JUMP.includes(name) ? `${name}>${names[args[index]!]}` : name;
    })
    .join(' ');
}

const AUTH = { auth: 'plain', user: 'tester', password: 'secret' };
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
    expect(stepsOf(compileLoadScript(planOf(options, target)))).toBe(steps);
  });

  test('names its recipients, and where transactions and the session end', () => {
    const script = compileLoadScript(planOf({ recipients: 7 }));
    expect(stepsOf(script)).toContain(' rcpt*7 ');
    expect(script.ops[script.quitIndex]).toBe(Op.quit);
    expect(script.ops[script.afterContentIndex]).toBe(Op.repeat);
    expect([script.recipients, script.addresses]).toEqual([7, 100_000]);
  });

  test('without a message is that of the pre-flight', () => {
    const script = compilePreflightScript(planOf({ tls: 'required', ...AUTH }));
    expect(stepsOf(script)).toBe('connect greeting ehlo startTls>auth tls ehlo auth quit');
    expect(stepsOf(compilePreflightScript(planOf({ tls: 'opportunistic' })))).toBe(
      'connect greeting ehlo startTls>quit tls ehlo quit',
    );
  });
});

describe('what is ready to send', () => {
  const text = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');

  test('are the greetings and the envelope', () => {
    const script = compileLoadScript(
      planOf({ helo: 'load.example.test', from: 'a%d@example.test', to: 'b%d@example.test' }),
    );
    const target = Buffer.alloc(100);
    expect([text(script.ehlo), text(script.helo)]).toEqual([
      'EHLO load.example.test\r\n',
      'HELO load.example.test\r\n',
    ]);
    expect(text(target.subarray(0, script.mail.write(target, 0, 12)))).toBe('MAIL FROM:<a12@example.test>\r\n');
    expect(text(target.subarray(0, script.rcpt.write(target, 0, 3)))).toBe('RCPT TO:<b3@example.test>\r\n');
  });

  test('is the null reverse-path', () => {
    const { mail } = compileLoadScript(planOf({ from: '<>' }));
    const target = Buffer.alloc(100);
    expect(text(target.subarray(0, mail.write(target, 0, 1)))).toBe('MAIL FROM:<>\r\n');
  });

  test('are the credentials of PLAIN', () => {
    const { auth } = compileLoadScript(planOf(AUTH));
    expect(auth).toMatchObject({ mechanism: AuthMechanism.plain, isLogin: false });
    expect(text(auth!.plainLine)).toBe(`AUTH PLAIN ${btoa('\0tester\0secret')}\r\n`);
  });

  test('are the credentials of LOGIN', () => {
    const { auth } = compileLoadScript(planOf({ ...AUTH, auth: 'login' }));
    expect(auth).toMatchObject({ mechanism: AuthMechanism.login, isLogin: true });
    expect([text(auth!.loginUser), text(auth!.loginPassword)]).toEqual([
      `${btoa('tester')}\r\n`,
      `${btoa('secret')}\r\n`,
    ]);
  });

  test('are none where nobody authenticates', () => {
    expect(compileLoadScript(planOf()).auth).toBeNull();
  });
});

test('deadlines are in µs, by step', () => {
  const { timeoutsUs } = compileLoadScript(planOf({ timeouts: ['2s', 'mail=1500ms', 'endOfData=1m'] }));
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
  expect(compileLoadScript(planOf({ tls })).tlsRequired).toBe(required);
});

test.each(['auto', 'on', 'off', 'across', 'force'] as const)('pipelining %s is passed on', (pipelining) => {
  expect(compileLoadScript(planOf({ pipelining })).pipelining).toBe(pipelining);
});
