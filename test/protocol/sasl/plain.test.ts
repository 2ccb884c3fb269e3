import { describe, expect, test } from 'vitest';
import { plain } from '../../../src/protocol/sasl/plain.js';
import { knowledge, speak } from '../../support/sasl-speaker.js';

describe('PLAIN', () => {
  test('says at once what the example of RFC 4616 §4 says', () => {
    expect(speak(plain(knowledge()), [])).toEqual({
      responses: ['\0tim\0tanstaaftanstaaf'],
      mayEnd: true,
      problem: null,
    });
  });

  test('has nothing to answer a challenge with', () => {
    expect(speak(plain(knowledge()), ['more?'])).toMatchObject({ mayEnd: false, problem: '' });
  });

  test.each([
    ['a\0b', 'c'],
    ['a', 'b\0c'],
  ])('refuses a NUL in user %j or password %j', (user, secret) => {
    expect(() => speak(plain(knowledge({ user, secret })), [])).toThrow('holds no NUL');
  });
});
