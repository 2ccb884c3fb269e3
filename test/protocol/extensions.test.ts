import { describe, expect, test } from 'vitest';
import { AuthMechanism, Extension, ServerExtensions } from '../../src/protocol/extensions.js';

/** Takes in lines that stand in the middle of something else, as they do in a chunk. */
function offered(...lines: string[]): ServerExtensions {
  const extensions = new ServerExtensions();
  for (const line of lines) {
    const buffer = Buffer.from(`250-${line}=LOGIN 9`, 'latin1');
    extensions.addLine(buffer, 4, 4 + Buffer.byteLength(line, 'latin1'));
  }
  return extensions;
}

describe('the extensions of a server', () => {
  test('are none before it has spoken', () => {
    expect(new ServerExtensions()).toMatchObject({ flags: 0, authMechanisms: 0, sizeLimit: -1 });
  });

  test.each([
    ['STARTTLS', Extension.starttls],
    ['AUTH PLAIN', Extension.auth],
    ['PIPELINING', Extension.pipelining],
    ['SIZE 1000', Extension.size],
    ['8BITMIME', Extension.eightBitMime],
    ['ENHANCEDSTATUSCODES', Extension.enhancedStatusCodes],
    ['CHUNKING', Extension.chunking],
    ['SMTPUTF8', Extension.smtpUtf8],
    ['DSN', Extension.dsn],
    ['pipelining', Extension.pipelining],
    ['PipeLining ', Extension.pipelining],
    ['  DSN', Extension.dsn],
    ['DSN\tx', Extension.dsn],
    ['8bitmime', Extension.eightBitMime],
    ['PIPELININGS', 0],
    ['PIPELININ', 0],
    ['X-DSN', 0],
    ['HELP', 0],
    ['', 0],
    [' ', 0],
    ['=', 0],
    ['\xe4\0', 0],
  ])('hold what the line %j says', (line, flags) => {
    expect(offered(line).flags).toBe(flags);
  });

  test('do not take other octets for capitals: a letter and its neighbours 32 away differ', () => {
    expect(offered('DSN').flags).toBe(Extension.dsn);
    // 0x18 with the bit that makes letters small is "8".
    expect(offered('\x18BITMIME').flags).toBe(0);
  });

  test('add up over the lines', () => {
    expect(offered('PIPELINING', 'nonsense', 'DSN').flags).toBe(Extension.pipelining | Extension.dsn);
  });

  test('each have a bit of their own', () => {
    for (const bits of [Object.values(Extension), Object.values(AuthMechanism)]) {
      expect(new Set(bits).size).toBe(bits.length);
      for (const bit of bits) expect(Math.log2(bit) % 1).toBe(0);
    }
  });

  test.each([
    ['AUTH PLAIN LOGIN', AuthMechanism.plain | AuthMechanism.login],
    ['auth plain', AuthMechanism.plain],
    ['AUTH=LOGIN PLAIN', AuthMechanism.plain | AuthMechanism.login],
    ['AUTH =LOGIN', AuthMechanism.login],
    ['AUTH', 0],
    ['AUTH=', 0],
    ['AUTH ', 0],
    ['AUTH   LOGIN   ', AuthMechanism.login],
    ['AUTH LOGINS PLAI X-PLAIN', 0],
    [
      'AUTH CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 OAUTHBEARER XOAUTH2 EXTERNAL GSSAPI NTLM',
      Object.values(AuthMechanism).reduce((sum, bit) => sum | bit, 0) & ~(AuthMechanism.plain | AuthMechanism.login),
    ],
  ])('hold the mechanisms of the line %j', (line, mechanisms) => {
    expect(offered(line).authMechanisms).toBe(mechanisms);
    expect(offered(line).flags).toBe(Extension.auth);
  });

  test('hold the mechanisms of both forms of AUTH together', () => {
    expect(offered('AUTH PLAIN', 'AUTH=LOGIN').authMechanisms).toBe(AuthMechanism.plain | AuthMechanism.login);
  });

  test.each([
    ['SIZE 10240000', 10_240_000],
    ['size 0', 0],
    ['SIZE', -1],
    ['SIZE ', -1],
    ['SIZE many', -1],
    ['SIZE -1', -1],
    ['SIZE 12x', -1],
    ['SIZE 52428800 ', 52_428_800],
    ['SIZE=100', -1],
    ['SIZE 99999999999999999999', Number.MAX_SAFE_INTEGER],
    [`SIZE ${'9'.repeat(400)}`, Number.MAX_SAFE_INTEGER],
  ])('hold the limit of the line %j', (line, limit) => {
    expect(offered(line).sizeLimit).toBe(limit);
    expect(offered(line).flags).toBe(Extension.size);
  });

  test('are forgotten on request', () => {
    const extensions = offered('AUTH PLAIN', 'SIZE 5', 'DSN');
    extensions.clear();
    expect(extensions).toEqual(new ServerExtensions());
  });
});
