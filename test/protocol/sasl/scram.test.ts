import { describe, expect, test } from 'vitest';
import { scram } from '../../../src/protocol/sasl/scram.js';
import { MAX_SCRAM_ITERATIONS } from '../../../src/protocol/sasl/scram-keys.js';
import { knowledge, speak, type Spoken } from '../../support/sasl-speaker.js';

/** The conversations of RFC 5802 §5 and RFC 7677 §3, from the server's first message on. */
const EXAMPLES = {
  sha1: {
    nonce: 'fyko+d2lbbFgONRv9qkxdawL',
    serverFirst: 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
    final: 'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    signature: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  },
  sha256: {
    nonce: 'rOprNGfwEbeRWgbNEkqO',
    serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    final: 'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    signature: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
} as const;
const { serverFirst, signature } = EXAMPLES.sha256;

/** SCRAM-SHA-256 with the client of the example, who hears these challenges. */
const heard = (...challenges: string[]): Spoken =>
  speak(scram('sha256', knowledge({ user: 'user', secret: 'pencil', nonce: () => EXAMPLES.sha256.nonce })), challenges);

describe('SCRAM', () => {
  test.each(['sha1', 'sha256'] as const)(
    'with %s speaks as the example of its RFC, and ends with an empty response',
    (hash) => {
      const example = EXAMPLES[hash];
      const client = knowledge({ user: 'user', secret: 'pencil', nonce: () => example.nonce });
      expect(speak(scram(hash, client), [example.serverFirst, example.signature])).toEqual({
        responses: [`n,,n=user,r=${example.nonce}`, example.final, ''],
        mayEnd: true,
        problem: null,
      });
    },
  );

  test('may not end before the server has proved itself', () => {
    expect(heard().mayEnd).toBe(false);
    expect(heard(serverFirst)).toMatchObject({ mayEnd: false, problem: null });
  });

  test('has nothing left when the signature was right', () => {
    expect(heard(serverFirst, signature, '')).toMatchObject({ mayEnd: false, problem: '' });
  });

  test('passes over extensions that need not be understood', () => {
    expect(heard(`${serverFirst},x=1`)).toMatchObject({ problem: null });
    expect(heard(serverFirst, `${signature},x=1`)).toMatchObject({ mayEnd: true });
  });

  test('writes names and passwords as SASLprep has them, and commas and equals signs so that they are no syntax', () => {
    const hard = { ...knowledge({ nonce: () => 'abc' }), user: 'I\u00adX=\u2168,\u00a0', secret: '\u00aa\u2168' };
    const soft = { ...hard, user: 'IX=IX, ', secret: 'aIX' };
    const challenge = 'r=abcd,s=QSXCR+Q6sek8bf92,i=1';
    expect(speak(scram('sha1', hard), []).responses).toEqual(['n,,n=IX=3DIX=2C ,r=abc']);
    expect(speak(scram('sha1', hard), [challenge])).toEqual(speak(scram('sha1', soft), [challenge]));
  });

  test.each([
    ['nothing', '', 'makes no sense'],
    ['text', 'Password:', "makes no sense: 'Password:'"],
    ['no nonce', 's=QSXCR+Q6sek8bf92,i=4096', 'makes no sense'],
    ['an empty nonce', 'r=,s=QSXCR+Q6sek8bf92,i=4096', 'makes no sense'],
    ['a nonce with a NUL', serverFirst.replace('%', '\0'), 'makes no sense'],
    ['a nonce with 8-bit octets', serverFirst.replace('%', 'é'), 'makes no sense'],
    ['no salt', serverFirst.replace(/,s=[^,]*/, ''), 'makes no sense'],
    ['an empty salt', serverFirst.replace(/s=[^,]*/, 's='), 'makes no sense'],
    ['a salt that is no base64', serverFirst.replace(/s=[^,]*/, 's=W22Z!'), 'makes no sense'],
    ['no iterations', serverFirst.replace(/,i=.*/, ''), 'makes no sense'],
    ['no iteration', serverFirst.replace(/i=.*/, 'i=0'), 'makes no sense'],
    ['negative iterations', serverFirst.replace(/i=.*/, 'i=-4096'), 'makes no sense'],
    ['iterations in hex', serverFirst.replace(/i=.*/, 'i=0x1000'), 'makes no sense'],
    ['an extension that must be understood', `m=1,${serverFirst}`, 'makes no sense'],
    ['a nonce of somebody else', serverFirst.replace('r=r', 'r=R'), 'does not begin with ours'],
    ['a nonce that ends with ours', serverFirst.replace('r=', 'r=x'), 'does not begin with ours'],
    ['our nonce alone', serverFirst.replace(/(r=.*)%[^,]*/, '$1'), 'adds nothing to our nonce'],
    [
      'too many iterations',
      serverFirst.replace('4096', String(MAX_SCRAM_ITERATIONS + 1)),
      'asks for 100001 iterations, and 100000 is the limit',
    ],
    ['absurdly many iterations', serverFirst.replace('4096', '9'.repeat(400)), 'asks for Infinity iterations'],
  ])(
    'gives up on a server whose first message holds %s, before it has said anything secret',
    (_name, message, problem) => {
      expect(heard(message)).toEqual({
        responses: [`n,,n=user,r=${EXAMPLES.sha256.nonce}`],
        mayEnd: false,
        problem: expect.stringContaining(problem),
      });
    },
  );

  test('quotes a nonsensical message in part', () => {
    expect(heard('x'.repeat(5_000)).problem?.length).toBeLessThan(200);
  });

  test('does as many iterations as the limit allows', () => {
    expect(heard(serverFirst.replace('4096', String(MAX_SCRAM_ITERATIONS))).problem).toBeNull();
  });

  test.each([
    ['of another server', signature.replace('v=6', 'v=7'), /signature is wrong/],
    ['cut short', signature.slice(0, -1), /signature is wrong/],
    ['with more behind it', `${signature}x`, /signature is wrong/],
    ['that is empty', 'v=', /signature is wrong/],
    ['for SCRAM-SHA-1', EXAMPLES.sha1.signature, /signature is wrong/],
    ['that is missing', '', /holds no signature/],
    ['that is missing, and the first message again', serverFirst, /holds no signature/],
    ['that is an empty error', 'e=', /holds no signature/],
  ])('gives up on a signature %s', (_name, message, problem) => {
    expect(heard(serverFirst, message)).toMatchObject({ mayEnd: false, problem: expect.stringMatching(problem) });
  });

  test('hears an error of the server out, so that the refusal is its reply, and takes no acceptance after it', () => {
    expect(heard(serverFirst, 'e=invalid-proof')).toMatchObject({ mayEnd: false, problem: null });
    expect(heard(serverFirst, 'e=invalid-proof').responses.at(-1)).toBe('');
    expect(heard(serverFirst, 'e=invalid-proof', signature).problem).toBe('');
  });
});
