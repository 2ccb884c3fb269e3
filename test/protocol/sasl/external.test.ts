import { expect, test } from 'vitest';
import { external } from '../../../src/protocol/sasl/external.js';
import { knowledge, speak } from '../../support/sasl-speaker.js';

test.each(['', 'fred@example.com'])('EXTERNAL says whom to act as, %j, and no more (RFC 4422, appendix A)', (user) => {
  expect(speak(external(knowledge({ user })), [])).toEqual({ responses: [user], mayEnd: true, problem: null });
  expect(speak(external(knowledge({ user })), ['x']).problem).toBe('');
});
