import { describe, expect, test } from 'vitest';
import { codeOf, codesOf, openClient, openSession, openSink, sendMessage } from './open-sink.js';

const USERS = { load: 'secret', käthe: 'pässwörd' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const plain = (user: string, password: string, authzid = ''): string => base64(`${authzid}\0${user}\0${password}`);

describe('AUTH', () => {
  test('is offered when there are users, and not when it is withheld', async () => {
    for (const [withhold, offered] of [
      [[], true],
      [['AUTH'], false],
    ] as const) {
      const client = await openClient(await openSink({ users: USERS, withhold }));
      const ehlo = await client.hello();
      expect(ehlo.includes('AUTH PLAIN LOGIN')).toBe(offered);
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
    ['a mechanism not on offer', ['AUTH CRAM-MD5'], ['504 5.5.4']],
    ['AUTH without mechanism', ['AUTH'], ['501 5.5.4']],
    ['AUTH with too much', ['AUTH PLAIN a b'], ['501 5.5.4']],
  ])('refuses %s, and then takes the right thing', async (_name, lines, codes) => {
    const { sink, client } = await openSession({ users: USERS, requireAuth: true });
    expect(await codesOf(client, lines)).toEqual(codes);
    expect(codeOf(await client.command('MAIL FROM:<a@b.test>'))).toBe('530 5.7.0');
    expect(sink.stats().authenticated).toBe(0);
    expect(codeOf(await client.command(`AUTH PLAIN ${plain('load', 'secret')}`))).toBe('235 2.7.0');
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
