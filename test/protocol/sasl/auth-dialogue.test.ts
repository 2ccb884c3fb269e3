import { describe, expect, test } from 'vitest';
import { AuthDialogue, AuthTurn } from '../../../src/protocol/sasl/auth-dialogue.js';
import { SASL_MECHANISMS } from '../../../src/protocol/sasl/mechanisms.js';
import type { SaslKnowledge } from '../../../src/protocol/sasl/sasl-conversation.js';
import { knowledge } from '../../support/sasl-speaker.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A dialogue with its lines as text, and turns by name. */
class Dialogue {
  readonly #dialogue: AuthDialogue;

  constructor(word: keyof typeof SASL_MECHANISMS, changes: Partial<SaslKnowledge> = {}) {
    this.#dialogue = new AuthDialogue(SASL_MECHANISMS[word], knowledge({ user: 'u', secret: 'p', ...changes }));
  }

  get line(): string {
    return Buffer.from(this.#dialogue.line).toString('latin1');
  }

  get problem(): string {
    return this.#dialogue.problem;
  }

  /** `334 text` is one line; `334-text` the last of two. */
  hear(reply: string): string {
    const code = Number(reply.slice(0, 3));
    const text = reply.slice(4);
    const lineCount = reply[3] === '-' ? 2 : 1;
    const turn = this.#dialogue.hear({ code, lineCount, text: (most = 160) => text.slice(0, most) });
    return Object.keys(AuthTurn)[turn] ?? '';
  }
}

describe('the command', () => {
  test.each([
    ['plain', `AUTH PLAIN ${base64('\0u\0p')}`],
    ['plain-late', 'AUTH PLAIN'],
    ['login', 'AUTH LOGIN'],
    ['cram-md5', 'AUTH CRAM-MD5'],
    ['scram-sha-1', `AUTH SCRAM-SHA-1 ${base64('n,,n=u,r=abc')}`],
    ['scram-sha-256', `AUTH SCRAM-SHA-256 ${base64('n,,n=u,r=abc')}`],
    ['xoauth2', `AUTH XOAUTH2 ${base64('user=u\x01auth=Bearer p\x01\x01')}`],
    [
      'oauthbearer',
      `AUTH OAUTHBEARER ${base64('n,a=u,\x01host=server.example.com\x01port=587\x01auth=Bearer p\x01\x01')}`,
    ],
    ['external', `AUTH EXTERNAL ${base64('u')}`],
  ] as const)('of %s is %s', (word, line) => {
    expect(new Dialogue(word).line).toBe(`${line}\r\n`);
  });

  test('says = for an initial response that is there and empty', () => {
    expect(new Dialogue('external', { user: '' }).line).toBe('AUTH EXTERNAL =\r\n');
  });

  test('writes names and passwords as UTF-8', () => {
    const { line } = new Dialogue('plain', { user: 'jürgen', secret: '例え' });
    expect(Buffer.from(line.split(' ')[2] ?? '', 'base64').toString('utf8')).toBe('\0jürgen\0例え');
  });

  test('has at most 512 octets, and an initial response that does not fit waits for an empty challenge', () => {
    // 499 octets of base64 cannot be; 496 are those of 372 octets.
    const fits = new Dialogue('plain', { secret: 'p'.repeat(369) });
    expect(fits.line).toHaveLength('AUTH PLAIN '.length + 496 + 2);
    const secret = 'p'.repeat(370);
    const waits = new Dialogue('plain', { secret });
    expect(waits.line).toBe('AUTH PLAIN\r\n');
    expect(waits.hear('235 ok')).toBe('unexpected');
    expect(waits.hear('334 ')).toBe('goesOn');
    expect(waits.line).toBe(`${base64(`\0u\0${secret}`)}\r\n`);
    expect(waits.hear('235 ok')).toBe('ends');
  });
});

describe('a dialogue', () => {
  test.each([
    ['plain', [], /^AUTH PLAIN /],
    ['plain-late', ['334'], /^AHUAcA==\r\n$/],
    ['login', ['334 VXNlcm5hbWU6', '334 UGFzc3dvcmQ6'], /^cA==\r\n$/],
    ['cram-md5', ['334 PDE+'], /^[A-Za-z0-9+/]{46}==\r\n$/],
    ['external', [], /^AUTH EXTERNAL /],
  ] as const)('of %s answers what it is asked, and ends with 235', (word, challenges, lastLine) => {
    const dialogue = new Dialogue(word);
    for (const challenge of challenges) {
      expect(dialogue.hear('235 too early')).toBe('unexpected');
      expect(dialogue.hear(challenge)).toBe('goesOn');
    }
    expect(dialogue.line).toMatch(lastLine);
    expect(dialogue.problem).toBe('');
    expect(dialogue.hear('235 welcome')).toBe('ends');
  });

  test.each(['plain', 'login', 'scram-sha-256'] as const)('of %s ends with a refusal at any time', (word) => {
    for (const refusal of ['454 later', '535 no', '421 leaving']) expect(new Dialogue(word).hear(refusal)).toBe('ends');
  });

  test.each(['100 wait', '300 what', '354 go', '399 x', '200 ok'])('knows no place for %s', (reply) => {
    expect(new Dialogue('login').hear(reply)).toBe('unexpected');
  });

  test.each(['xoauth2', 'oauthbearer'] as const)('of %s answers the reason of a refusal before it hears it', (word) => {
    const dialogue = new Dialogue(word);
    expect(dialogue.hear(`334 ${base64('{"status":"401"}')}`)).toBe('goesOn');
    expect(dialogue.line).toBe(word === 'xoauth2' ? '\r\n' : 'AQ==\r\n');
    expect(dialogue.hear('235 all the same')).toBe('unexpected');
    expect(dialogue.hear('535 no')).toBe('ends');
  });

  test('takes a challenge whole, however long its line is', () => {
    const nonce = `abc${'x'.repeat(3_000)}`;
    const dialogue = new Dialogue('scram-sha-1');
    expect(dialogue.hear(`334 ${base64(`r=${nonce},s=QSXCR+Q6sek8bf92,i=1`)}`)).toBe('goesOn');
    expect(Buffer.from(dialogue.line, 'base64').toString()).toContain(`,r=${nonce},p=`);
  });

  test('has nothing to say to a challenge behind its last response', () => {
    for (const challenge of ['334 ', '334 bW9yZQ==']) expect(new Dialogue('plain').hear(challenge)).toBe('unexpected');
  });
});

describe('a challenge that makes no sense is answered with *', () => {
  test.each<[string, keyof typeof SASL_MECHANISMS, string, RegExp]>([
    ['no base64', 'login', '334 Username:', /is not base64: '334 Username:'$/],
    ['no base64, where all was said', 'plain', '334 what?', /is not base64/],
    ['base64 with padding inside', 'cram-md5', '334 PDE=PDE=', /is not base64/],
    ['two lines', 'cram-md5', '334-PDE+', /^a challenge has one line, not 2$/],
    ['a prompt before the first message', 'plain-late', `334 ${base64('go on')}`, /PLAIN begins with the client/],
    ['nothing to sign', 'cram-md5', '334 ', /the challenge of CRAM-MD5 is empty/],
    ['no first message of SCRAM', 'scram-sha-256', `334 ${base64('Password:')}`, /first message of SCRAM/],
    ['a nonce of somebody else', 'scram-sha-1', `334 ${base64('r=xyz,s=QSXCR+Q6sek8bf92,i=1')}`, /nonce/],
  ])('when it is %s', (_name, word, challenge, problem) => {
    const dialogue = new Dialogue(word);
    expect(dialogue.hear(challenge)).toBe('goesOn');
    expect(dialogue.line).toBe('*\r\n');
    expect(dialogue.problem).toMatch(problem);
    for (const reply of ['501 cancelled', '235 welcome', '334 more', '421 leaving']) {
      expect(dialogue.hear(reply)).toBe('cancelled');
    }
  });

  test('and quoted in part', () => {
    const dialogue = new Dialogue('login');
    dialogue.hear(`334 ${'!'.repeat(5_000)}`);
    expect(dialogue.problem.length).toBeLessThan(200);
  });
});
