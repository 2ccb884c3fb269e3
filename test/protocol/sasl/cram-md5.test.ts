import { describe, expect, test } from 'vitest';
import { cramMd5 } from '../../../src/protocol/sasl/cram-md5.js';
import { knowledge, speak } from '../../support/sasl-speaker.js';

const CHALLENGE = '<1896.697170952@postoffice.reston.mci.net>';

describe('CRAM-MD5', () => {
  test('answers the example of RFC 2195 §2 as it says', () => {
    expect(speak(cramMd5(knowledge()), [CHALLENGE])).toEqual({
      responses: [null, 'tim b913a602c7eda7a495b4e6e7334d3890'],
      mayEnd: true,
      problem: null,
    });
  });

  test('may not end before it has answered', () => {
    expect(speak(cramMd5(knowledge()), []).mayEnd).toBe(false);
  });

  test('takes the octets of a challenge as they are', () => {
    const conversation = cramMd5(knowledge({ user: 'u', secret: 'p' }));
    conversation.next();
    const { value } = conversation.next(Buffer.from([0, 255, 254]));
    // `printf '\0\xff\xfe' | openssl md5 -hmac p`
    expect(value).toEqual({ text: 'u f9b3a3cec7813fa243c6d060d7a7aee3', mayEnd: true });
  });

  test('signs no empty challenge', () => {
    expect(speak(cramMd5(knowledge()), ['']).problem).toBe('the challenge of CRAM-MD5 is empty');
  });

  test('has nothing to answer a second challenge with', () => {
    expect(speak(cramMd5(knowledge()), [CHALLENGE, CHALLENGE])).toMatchObject({ mayEnd: false, problem: '' });
  });
});
