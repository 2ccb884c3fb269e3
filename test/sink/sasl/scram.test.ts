import { describe, expect, test } from 'vitest';
import { Credentials } from '../../../src/sink/credentials.js';
import { ScramKeys } from '../../../src/sink/sasl/scram-keys.js';
import { scram, scramNonce } from '../../../src/sink/sasl/scram.js';
import { base64, converse, scramAnswer } from './converse.js';

const credentials = new Credentials({ user: 'pencil', 'a=b,c': 'x', hard: 'I\u00adX\u00a0\u2168' });
const RFC_SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
const RFC_NONCES = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
const RFC_FINAL = `c=biws,r=${RFC_NONCES},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`;
const REFUSED = { isProved: false, lastChallenge: '' };

const keys = new ScramKeys(credentials, () => RFC_SALT);
const begin = () => scram('sha256', keys, '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0');
const finalOf = (password: string, bare: string, header = 'n,,'): string => {
  const { challenges } = converse(begin(), [`${header}${bare}`]);
  return scramAnswer(password, bare, challenges[1] ?? '', { header }).final;
};

describe('SCRAM-SHA-256', () => {
  test('accepts the example of RFC 7677 §3, and proves itself with the signature given there', () => {
    expect(converse(begin(), ['n,,n=user,r=rOprNGfwEbeRWgbNEkqO', RFC_FINAL])).toEqual({
      challenges: ['', `r=${RFC_NONCES},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
      verdict: { user: 'user', isProved: true, lastChallenge: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=' },
    });
  });

  test.each([
    ['a client that could bind channels', 'y,,', 'n=user,r=abc', 'pencil', 'user'],
    ['a user who names himself twice', 'n,a=user,', 'n=user,r=abc', 'pencil', 'user'],
    ['a name with comma and equals sign', 'n,,', 'n=a=3Db=2Cc,r=abc', 'x', 'a=b,c'],
    ['extensions that it does not know', 'n,,', 'n=user,r=abc,x=1', 'pencil', 'user'],
    ['a password as SASLprep makes it', 'n,,', 'n=hard,r=abc', 'IX IX', 'hard'],
  ])('accepts %s', (_name, header, bare, password, user) => {
    const { verdict } = converse(begin(), [`${header}${bare}`, finalOf(password, bare, header)]);
    expect(verdict).toMatchObject({ user, isProved: true });
  });

  test.each([
    ['nothing', ''],
    ['channel binding', 'p=tls-unique,,n=user,r=abc'],
    ['an unknown flag', 'x,,n=user,r=abc'],
    ['acting for another', 'n,a=other,n=user,r=abc'],
    ['no header', 'n=user,r=abc'],
    ['no user', 'n,,r=abc'],
    ['an empty user', 'n,,n=,r=abc'],
    ['a name with a bare equals sign', 'n,,n=us=er,r=abc'],
    ['no nonce', 'n,,n=user'],
    ['an empty nonce', 'n,,n=user,r='],
    ['a nonce with a NUL', 'n,,n=user,r=a\0b'],
    ['an extension that must be understood', 'n,,m=1,n=user,r=abc'],
  ])('refuses a first message with %s', (_name, message) => {
    expect(converse(begin(), [message]).verdict).toEqual({ user: null, ...REFUSED });
  });

  const own = finalOf('pencil', 'n=user,r=abc');
  test.each([
    ['of another conversation', RFC_FINAL],
    ['that is empty', ''],
    ['without proof', own.replace(/,p=.*/, '')],
    ['without channel binding', own.replace('c=biws,', '')],
    ['with the channel binding of another header', own.replace('c=biws', `c=${base64('y,,')}`)],
    ['with the nonce of the client alone', own.replace(/r=[^,]+/, 'r=abc')],
    ['with a longer nonce', own.replace(',p=', 'x,p=')],
    ['with a proof that is too short', own.replace(/p=.*/, 'p=AAAA')],
    ['with a proof that is no base64', own.replace('p=', 'p=!!!!')],
  ])('refuses a final message %s', (_name, final) => {
    expect(converse(begin(), ['n,,n=user,r=abc', final]).verdict).toEqual({ user: null, ...REFUSED });
  });

  test.each([
    ['a wrong password', 'user', 'pen'],
    ['an unknown user', 'other', 'pencil'],
    ['an unknown user without password', 'other', ''],
    ['a user named as a property of every object', 'constructor', ''],
    ['a user with a NUL', 'user\0', 'pencil'],
  ])('refuses %s when the proof has come', (_name, user, password) => {
    const bare = `n=${user},r=abc`;
    expect(converse(begin(), [`n,,${bare}`, finalOf(password, bare)]).verdict).toEqual({ user, ...REFUSED });
  });

  test('gives a user the same salt each time, known or not, and each sink another one', () => {
    const [first, second] = [new ScramKeys(credentials), new ScramKeys(credentials)];
    for (const user of ['user', 'nobody']) {
      expect(first.saltOf(user)).toEqual(first.saltOf(user));
      expect(first.saltOf(user)).toHaveLength(16);
      expect(first.saltOf(user)).not.toEqual(second.saltOf(user));
    }
    expect(first.saltOf('user')).not.toEqual(first.saltOf('nobody'));
  });

  test('derives the keys of a user once', () => {
    expect(keys.pairOf('sha256', 'user')).toBe(keys.pairOf('sha256', 'user'));
    expect(keys.pairOf('sha1', 'user')).toBe(keys.pairOf('sha1', 'user'));
    expect(keys.pairOf('sha1', 'user').storedKey).toHaveLength(20);
  });

  test('has a nonce of its own for each dialogue, printable and without comma', () => {
    const nonces = Array.from({ length: 1000 }, scramNonce);
    expect(new Set(nonces).size).toBe(1000);
    for (const nonce of nonces) expect(nonce).toMatch(/^[\x21-\x2b\x2d-\x7e]{24}$/);
  });
});

describe('SCRAM-SHA-1', () => {
  const sha1Keys = new ScramKeys(credentials, () => Buffer.from('QSXCR+Q6sek8bf92', 'base64'));
  const beginSha1 = () => scram('sha1', sha1Keys, '3rfcNHYJY1ZVvWVs7j');
  const nonces = 'fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j';
  const bare = 'n=user,r=fyko+d2lbbFgONRv9qkxdawL';

  test('accepts the example of RFC 5802 §5, and proves itself with the signature given there', () => {
    expect(converse(beginSha1(), [`n,,${bare}`, `c=biws,r=${nonces},p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=`])).toEqual({
      challenges: ['', `r=${nonces},s=QSXCR+Q6sek8bf92,i=4096`],
      verdict: { user: 'user', isProved: true, lastChallenge: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=' },
    });
  });

  test('makes nothing of a proof of SCRAM-SHA-256', () => {
    const serverFirst = `r=${nonces},s=QSXCR+Q6sek8bf92,i=4096`;
    const { final } = scramAnswer('pencil', bare, serverFirst);
    expect(converse(beginSha1(), [`n,,${bare}`, final]).verdict).toEqual({ user: null, ...REFUSED });
  });

  test('refuses a wrong password', () => {
    const serverFirst = `r=${nonces},s=QSXCR+Q6sek8bf92,i=4096`;
    const { final } = scramAnswer('pen', bare, serverFirst, { hash: 'sha1' });
    expect(converse(beginSha1(), [`n,,${bare}`, final]).verdict).toEqual({ user: 'user', ...REFUSED });
  });
});
