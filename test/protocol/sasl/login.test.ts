import { describe, expect, test } from 'vitest';
import { login } from '../../../src/protocol/sasl/login.js';
import { knowledge, speak } from '../../support/sasl-speaker.js';

describe('LOGIN', () => {
  test('waits for the server, then says user and password, whatever the prompts are', () => {
    const told = { responses: [null, 'tim', 'tanstaaftanstaaf'], mayEnd: true, problem: null };
    expect(speak(login(knowledge()), ['Username:', 'Password:'])).toEqual(told);
    expect(speak(login(knowledge()), ['', 'Username:'])).toEqual(told);
  });

  test.each([[[]], [['Username:']]])('may not end after the prompts %j', (prompts) => {
    expect(speak(login(knowledge()), prompts).mayEnd).toBe(false);
  });

  test('answers two prompts, not three', () => {
    expect(speak(login(knowledge()), ['a', 'b', 'c'])).toMatchObject({ mayEnd: false, problem: '' });
  });
});
