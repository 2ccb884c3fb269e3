import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { LineClient } from '../support/line-client.js';
import { codeOf, codesOf, countOf, openClient, openSession, openSink, sendMessage } from './open-sink.js';
import { base64, scramAnswer } from './sasl/converse.js';

const USERS = { load: 'secret', käthe: 'pässwörd' };
const plain = (user: string, password: string, authzid = ''): string => base64(`${authzid}\0${user}\0${password}`);
const bearer = (user: string, token: string): string => base64(`user=${user}\x01auth=Bearer ${token}\x01\x01`);
const oauth = (user: string, token: string): string => base64(`n,a=${user},\x01auth=Bearer ${token}\x01\x01`);
const unbase64 = (reply: string): string => Buffer.from(reply.slice(4), 'base64').toString();

/** The dialogue of CRAM-MD5; returns its verdict. */
async function cram(client: LineClient, user: string, password: string): Promise<string> {
  const challenge = unbase64(await client.command('AUTH CRAM-MD5'));
  const digest = createHmac('md5', password).update(challenge).digest('hex');
  return codeOf(await client.command(base64(`${user} ${digest}`)));
}

/** The dialogue of SCRAM-SHA-256 with an initial response; returns what came behind the proof, and the expected signature. */
async function scram(
  client: LineClient,
  user: string,
  password: string,
): Promise<{ reply: string; signature: string }> {
  const bare = `n=${user},r=abc`;
  const serverFirst = unbase64(await client.command(`AUTH SCRAM-SHA-256 ${base64(`n,,${bare}`)}`));
  const { final, signature } = scramAnswer(password, bare, serverFirst);
  return { reply: await client.command(base64(final)), signature };
}

describe('AUTH', () => {
  test('is offered when there are users, and not when it is withheld', async () => {
    for (const [withhold, offered] of [
      [[], true],
      [['AUTH'], false],
    ] as const) {
      const client = await openClient(await openSink({ users: USERS, withhold }));
      const ehlo = await client.hello();
      expect(ehlo.endsWith('\r\n250 AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER')).toBe(
        offered,
      );
      expect(codeOf(await client.command(`AUTH PLAIN ${plain('load', 'secret')}`))).toBe(
        offered ? '235 2.7.0' : '502 5.5.1',
      );
    }
  });

  test.each([
    ['PLAIN at once', [`AUTH PLAIN ${plain('load', 'secret')}`], ['235 2.7.0']],
    ['PLAIN in two lines', ['AUTH PLAIN', plain('load', 'secret')], ['334', '235 2.7.0']],
    ['PLAIN in the name of oneself', [`auth plain ${plain('load', 'secret', 'load')}`], ['235 2.7.0']],
    ['LOGIN', ['AUTH LOGIN', base64('load'), base64('secret')], ['334', '334', '235 2.7.0']],
    ['LOGIN with the user at once', [`AUTH login ${base64('load')}`, base64('secret')], ['334', '235 2.7.0']],
    ['XOAUTH2 at once', [`AUTH XOAUTH2 ${bearer('load', 'secret')}`], ['235 2.7.0']],
    ['XOAUTH2 in two lines', ['auth xoauth2', bearer('load', 'secret')], ['334', '235 2.7.0']],
    ['OAUTHBEARER at once', [`AUTH OAUTHBEARER ${oauth('load', 'secret')}`], ['235 2.7.0']],
    ['OAUTHBEARER in two lines', ['auth oauthbearer', oauth('load', 'secret')], ['334', '235 2.7.0']],
    ['UTF-8 in PLAIN', [`AUTH PLAIN ${plain('käthe', 'pässwörd')}`], ['235 2.7.0']],
    ['UTF-8 in LOGIN', ['AUTH LOGIN', base64('käthe'), base64('pässwörd')], ['334', '334', '235 2.7.0']],
  ])('accepts %s', async (_name, lines, codes) => {
    const { sink, client } = await openSession({ users: USERS, requireAuth: true, keepMessages: 1 });
    expect(await codesOf(client, lines)).toEqual(codes);
    expect(await sendMessage(client)).toEqual(['250 2.1.0', '250 2.1.5', '354', '250 2.0.0']);
    expect(sink.stats().authenticated).toBe(1);
    expect(Object.keys(USERS)).toContain(sink.messages()[0]?.user);
  });

  test.each([
    ['a wrong password', [`AUTH PLAIN ${plain('load', 'wrong')}`], ['535 5.7.8']],
    ['an unknown user', [`AUTH PLAIN ${plain('other', 'secret')}`], ['535 5.7.8']],
    ['a user named as a property of every object', [`AUTH PLAIN ${plain('constructor', 'secret')}`], ['535 5.7.8']],
    ['acting for another', [`AUTH PLAIN ${plain('load', 'secret', 'other')}`], ['535 5.7.8']],
    ['PLAIN with too few parts', [`AUTH PLAIN ${base64('load\0secret')}`], ['535 5.7.8']],
    ['an empty initial response', ['AUTH PLAIN ='], ['535 5.7.8']],
    ['a wrong password in LOGIN', ['AUTH LOGIN', base64('load'), base64('wrong')], ['334', '334', '535 5.7.8']],
    ['what is no base64', ['AUTH PLAIN load'.concat('!')], ['501 5.5.2']],
    ['base64 cut short', ['AUTH PLAIN', 'bG9hZA'], ['334', '501 5.5.2']],
    ['a dialogue that the client cancels', ['AUTH LOGIN', base64('load'), '*'], ['334', '334', '501 5.7.0']],
    ['a mechanism not on offer', ['AUTH GSSAPI'], ['504 5.5.4']],
    ['a response where a challenge comes first', [`AUTH CRAM-MD5 ${base64('load x')}`], ['501 5.5.4']],
    ['a wrong CRAM-MD5 digest', ['AUTH CRAM-MD5', base64('load x')], ['334', '535 5.7.8']],
    ['SCRAM-SHA-256 that begins with nonsense', ['AUTH SCRAM-SHA-256', base64('n')], ['334', '535 5.7.8']],
    ['SCRAM-SHA-256 without base64', ['AUTH SCRAM-SHA-256', 'n,,n'], ['334', '501 5.5.2']],
    ['a wrong token, after an empty line', [`AUTH XOAUTH2 ${bearer('load', 'x')}`, ''], ['334', '535 5.7.8']],
    ['a wrong token whose reason is cancelled', ['AUTH XOAUTH2', bearer('x', 'x'), '*'], ['334', '334', '501 5.7.0']],
    ['a wrong token, after the octet 1', [`AUTH OAUTHBEARER ${oauth('load', 'x')}`, 'AQ=='], ['334', '535 5.7.8']],
    ['AUTH without mechanism', ['AUTH'], ['501 5.5.4']],
    ['AUTH with too much', ['AUTH PLAIN a b'], ['501 5.5.4']],
  ])('refuses %s, and then takes the right thing', async (_name, lines, codes) => {
    const { sink, client } = await openSession({ users: USERS, requireAuth: true });
    expect(await codesOf(client, lines)).toEqual(codes);
    expect(codeOf(await client.command('MAIL FROM:<a@b.test>'))).toBe('530 5.7.0');
    expect(sink.stats().authenticated).toBe(0);
    expect(codeOf(await client.command(`AUTH PLAIN ${plain('load', 'secret')}`))).toBe('235 2.7.0');
  });

  test.each(['load', 'käthe'] as const)('accepts CRAM-MD5 of %s, each time with another challenge', async (user) => {
    const sink = await openSink({ users: USERS });
    const challenges = new Set<string>();
    for (let count = 0; count < 3; count++) {
      const client = await openClient(sink);
      await client.hello();
      expect(await cram(client, user, USERS[user])).toBe('235 2.7.0');
      challenges.add(/334 .*/.exec(client.received)?.[0] ?? '');
    }
    expect(challenges.size).toBe(3);
    expect(countOf(sink.stats(), 'auth', 334)).toBe(3);
    expect(sink.stats().replies.filter(({ step }) => step === 'auth')).toHaveLength(2);
  });

  test.each(['load', 'käthe'] as const)('accepts SCRAM-SHA-256 of %s once its signature is taken', async (user) => {
    const { sink, client } = await openSession({ users: USERS });
    const { reply, signature } = await scram(client, user, USERS[user]);
    expect(codeOf(reply)).toBe('334');
    expect(unbase64(reply)).toBe(signature);
    expect(sink.stats().authenticated).toBe(0);
    expect(codeOf(await client.command(''))).toBe('235 2.7.0');
    expect(sink.stats().authenticated).toBe(1);
  });

  test('with SCRAM-SHA-256 may be cancelled when the signature has come', async () => {
    const { sink, client } = await openSession({ users: USERS });
    await scram(client, 'load', 'secret');
    expect(codeOf(await client.command('*'))).toBe('501 5.7.0');
    expect(sink.stats().authenticated).toBe(0);
  });

  test('tells unknown users and wrong passwords apart in no mechanism', async () => {
    const { client } = await openSession({ users: USERS });
    const repliesTo = async (user: string): Promise<string[]> => [
      await client.command(`AUTH PLAIN ${plain(user, 'x')}`),
      await cram(client, user, 'x'),
      (await scram(client, user, 'x')).reply,
      await client.command(`AUTH XOAUTH2 ${bearer(user, 'x')}`),
      await client.command(''),
    ];
    expect(await repliesTo('nobody')).toEqual(await repliesTo('load'));
  });

  test('offers what is left when mechanisms are withheld, and nothing when none is left', async () => {
    const some = await openClient(await openSink({ users: USERS, withhold: ['CRAM-MD5', 'LOGIN'] }));
    expect(await some.hello()).toMatch(/\r\n250 AUTH PLAIN SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER$/);
    expect(await codesOf(some, ['AUTH CRAM-MD5', 'AUTH login'])).toEqual(['504 5.5.4', '504 5.5.4']);
    const withhold = ['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'XOAUTH2', 'OAUTHBEARER'];
    const none = await openClient(await openSink({ users: USERS, withhold }));
    expect(await none.hello()).not.toContain('AUTH');
    expect(codeOf(await none.command('AUTH PLAIN'))).toBe('502 5.5.1');
  });

  test('is refused twice, and inside a transaction', async () => {
    const { client } = await openSession({ users: USERS });
    const auth = `AUTH PLAIN ${plain('load', 'secret')}`;
    expect(await codesOf(client, ['MAIL FROM:<a@b.test>', auth, 'RSET', auth, auth])).toEqual([
      '250 2.1.0',
      '503 5.5.1',
      '250 2.0.0',
      '235 2.7.0',
      '503 5.5.1',
    ]);
  });

  test('may have lines of 12288 octets and no longer ones', async () => {
    const { client } = await openSession({ users: USERS });
    expect(await codesOf(client, ['AUTH PLAIN', 'A'.repeat(12_284)])).toEqual(['334', '535 5.7.8']);
    expect(await codesOf(client, ['AUTH PLAIN', 'A'.repeat(12_288)])).toEqual(['334', '500 5.5.2']);
    client.write(`AUTH PLAIN ${'A'.repeat(13_000)}`);
    expect(codeOf(await client.reply())).toBe('500 5.5.2');
    expect(await client.ended).toBe('closed');
  });
});
