import { describe, expect, test } from 'vitest';
import { authPlainLine, loginResponses, plainInitialResponse } from '../../src/protocol/sasl.js';

const text = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');
const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

describe('AUTH PLAIN', () => {
  test('sends the example of RFC 4616', () => {
    // §4: no authorisation identity, user tim, password tanstaaftanstaaf.
    expect(plainInitialResponse('tim', 'tanstaaftanstaaf')).toBe('AHRpbQB0YW5zdGFhZnRhbnN0YWFm');
  });

  test('is one line with its CRLF', () => {
    expect(text(authPlainLine('maa', '12345'))).toBe('AUTH PLAIN AG1hYQAxMjM0NQ==\r\n');
  });

  test('encodes names as UTF-8', () => {
    expect(decoded(plainInitialResponse('jürgen', '例え'))).toBe('\0jürgen\0例え');
  });

  test('stays one line however long the password is', () => {
    expect(text(authPlainLine('u', 'p'.repeat(5_000))).indexOf('\n')).toBe('AUTH PLAIN '.length + 6_672 + 1);
  });

  test.each([
    ['a\0b', 'c'],
    ['a', 'b\0c'],
  ])('refuses a NUL in user %j or password %j', (user, password) => {
    expect(() => plainInitialResponse(user, password)).toThrow('holds no NUL');
    expect(() => authPlainLine(user, password)).toThrow('holds no NUL');
  });
});

describe('AUTH LOGIN', () => {
  test('answers with user and password, each in base64 on a line of its own', () => {
    const { user, password } = loginResponses('maa', '12345');
    expect(text(user)).toBe('bWFh\r\n');
    expect(text(password)).toBe('MTIzNDU=\r\n');
  });

  test('encodes names as UTF-8 and empty ones as empty lines', () => {
    const { user, password } = loginResponses('jürgen', '');
    expect(decoded(text(user))).toBe('jürgen');
    expect(text(password)).toBe('\r\n');
  });
});
