/** Every mechanism of the client against the sink's own reading of the same RFCs: two halves that share no code but SASLprep. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AuthDialogue, AuthTurn } from '../../src/protocol/sasl/auth-dialogue.js';
import { SASL_MECHANISMS } from '../../src/protocol/sasl/mechanisms.js';
import { Credentials } from '../../src/sink/credentials.js';
import { mechanismOf } from '../../src/sink/sasl/mechanisms.js';
import type { MechanismName } from '../../src/sink/sasl/mechanisms.js';
import type { SaslConversation, SaslVerdict } from '../../src/sink/sasl/sasl-mechanism.js';
import { ScramKeys } from '../../src/sink/sasl/scram-keys.js';
import { knowledge } from '../support/sasl-speaker.js';

const SEED = Number(process.env['POSTRUSH_PROPERTY_SEED'] ?? Date.now() % 2 ** 31);
/** The sink makes keys for each new user, which takes a millisecond or two. */
const RUNS = Number(process.env['POSTRUSH_PROPERTY_MS'] ?? 2_000) / 20;

type Word = Exclude<keyof typeof SASL_MECHANISMS, 'external'>;
const PASSWORD_WORDS: readonly Word[] = ['plain', 'plain-late', 'login', 'cram-md5', 'scram-sha-1', 'scram-sha-256'];
const TOKEN_WORDS: readonly Word[] = ['xoauth2', 'oauthbearer'];

/** What the plan lets through: no control characters, not empty. */
const name = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
    fc.string({
      unit: fc.constantFrom(',', '=', ' ', 'a', 'é', '\u00a0', '\u00ad', '\u2168'),
      minLength: 1,
      maxLength: 9,
    }),
    fc.string({ unit: 'grapheme-ascii', minLength: 300, maxLength: 600 }),
  )
  .filter((text) => !/\p{Cc}/u.test(text));
/** SCRAM sends names as SASLprep has them, and the sink knows its users as they are written: names that do not change. */
const scramName = fc.string({ unit: fc.constantFrom(',', '=', 'a', 'é', '.', '@', '-'), minLength: 1, maxLength: 30 });
const token = fc.stringMatching(/^[A-Za-z0-9._~+/-]{1,400}={0,2}$/);

/** Lets the two talk over 334s in base64, as they would on the wire. */
function talk(word: Word, user: string, secret: string, known: string): SaslVerdict {
  const credentials = new Credentials({ [user]: known });
  const mechanism = SASL_MECHANISMS[word];
  const { begin } = mechanismOf(mechanism.name as MechanismName);
  const server: SaslConversation = begin(
    { credentials, scramKeys: new ScramKeys(credentials), hostName: 'sink.test' },
    null,
  );
  const client = new AuthDialogue(mechanism, knowledge({ user, secret, nonce: () => 'rOprNGfwEbeRWgbNEkqO' }));
  const [, , initial] = lineOf(client).split(' ');

  let step = server.next();
  if (initial !== undefined) step = answer(step, initial);
  for (;;) {
    if (step.done === true) {
      conclude(client, step.value);
      return step.value;
    }
    expect(hear(client, 334, Buffer.from(step.value).toString('base64'))).toBe(AuthTurn.goesOn);
    expect(client.problem).toBe('');
    step = answer(step, lineOf(client));
  }

  function answer(now: IteratorResult<string, SaslVerdict>, line: string): IteratorResult<string, SaslVerdict> {
    return now.done === true ? now : server.next(Buffer.from(line, 'base64').toString('utf8'));
  }
}

/** The server's last words: what it still has to tell, then 235 or 535. The client takes either as the end. */
function conclude(client: AuthDialogue, { isProved, lastChallenge }: SaslVerdict): void {
  if (lastChallenge !== '') {
    expect(hear(client, 334, Buffer.from(lastChallenge).toString('base64'))).toBe(AuthTurn.goesOn);
  }
  expect(client.problem).toBe('');
  expect(hear(client, isProved ? 235 : 535, '')).toBe(AuthTurn.ends);
}

const hear = (client: AuthDialogue, code: number, text: string): AuthTurn =>
  client.hear({ code, lineCount: 1, text: () => text });
const lineOf = (client: AuthDialogue): string => Buffer.from(client.line).toString('latin1').replace(/\r\n$/, '');

describe.each([...PASSWORD_WORDS, ...TOKEN_WORDS])('%s', (word) => {
  const isScram = word.startsWith('scram');
  const user = isScram ? scramName : name;
  const secret = TOKEN_WORDS.includes(word) ? token : name;

  test('proves the right secret', () => {
    fc.assert(
      fc.property(user, secret, (who, known) => {
        expect(talk(word, who, known, known)).toMatchObject({ user: who, isProved: true });
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  test('proves nothing with a wrong one', () => {
    fc.assert(
      fc.property(user, secret, secret, (who, known, tried) => {
        fc.pre(known.normalize('NFKC') !== tried.normalize('NFKC') && !/[\u00ad\u00a0]/.test(known + tried));
        expect(talk(word, who, tried, known)).toMatchObject({ user: who, isProved: false });
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });
});

test.each(Object.keys(SASL_MECHANISMS) as (keyof typeof SASL_MECHANISMS)[])(
  '%s survives whatever a server says: it answers in one line or gives up, and never takes an early acceptance',
  (word) => {
    const reply = fc.record({
      code: fc.oneof(
        { arbitrary: fc.constant(334), weight: 9 },
        { arbitrary: fc.integer({ min: 100, max: 599 }), weight: 1 },
      ),
      lineCount: fc.oneof({ arbitrary: fc.constant(1), weight: 9 }, { arbitrary: fc.constant(2), weight: 1 }),
      text: fc.oneof(
        fc.string({ maxLength: 60 }),
        fc.uint8Array({ maxLength: 60 }).map((octets) => Buffer.from(octets).toString('base64')),
        fc
          .string({
            unit: fc.constantFrom('r=abc', 'r=', ',s=', ',i=', 'QSXC', 'v=', 'e=', '9', '1', 'x'),
            maxLength: 8,
          })
          .map((text) => Buffer.from(text).toString('base64')),
      ),
    });
    fc.assert(
      fc.property(fc.array(reply, { minLength: 1, maxLength: 5 }), (replies) => {
        const client = new AuthDialogue(SASL_MECHANISMS[word], knowledge());
        for (const { code, lineCount, text } of replies) {
          const turn = client.hear({ code, lineCount, text: () => text });
          expect(lineOf(client)).toMatch(/^[\x20-\x7e]*$/);
          if (client.problem !== '') expect([AuthTurn.goesOn, AuthTurn.cancelled]).toContain(turn);
          if (turn !== AuthTurn.goesOn) return;
          // What no server of ours can have signed is no success.
          if (word.startsWith('scram')) {
            expect(client.hear({ code: 235, lineCount: 1, text: () => '' })).not.toBe(AuthTurn.ends);
          }
        }
      }),
      { seed: SEED, numRuns: 10 * RUNS },
    );
  },
);
