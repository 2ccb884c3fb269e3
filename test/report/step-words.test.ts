import { expect, test } from 'vitest';
import type { ScriptStep } from '../../src/plan/script-steps.js';
import { CONNECT_ALONE, parseSteps, pause, stepOf } from '../../src/plan/session-steps.js';
import { hasMail, stepWords } from '../../src/report/step-words.js';

const DATA = { isChunked: false, chunkBytes: null };
const asResult = (steps: readonly ScriptStep[]): { kind: string }[] => steps.map((step) => ({ ...step }));
const words = (text: string): readonly ScriptStep[] => parseSteps(text, DATA, () => 1_500) as readonly ScriptStep[];

test('steps read as they were written, pauses with their time', () => {
  const steps = [CONNECT_ALONE, ...words('ehlo vrfy:x raw:"A b" hold:1500ms noop mail rcpt data quit')];
  expect(stepWords(asResult(steps)).join(' ')).toBe('connect ehlo vrfy:x raw:A b pause:1.50s noop mail rcpt data quit');
});

test('rounds and branches hold the words of their steps', () => {
  const message = words('mail rcpt data');
  const steps: ScriptStep[] = [
    { kind: 'repeat', min: 3, max: 3, steps: message },
    {
      kind: 'choose',
      branches: [
        { weight: 1, steps: [{ kind: 'repeat', min: 0, max: 2, steps: [stepOf('noop', DATA)] }] },
        { weight: 2, steps: [{ kind: 'pause', delay: { shape: 'exponential', meanMs: 5 } }] },
      ],
    },
  ];
  expect(stepWords(asResult(steps)).join(' ')).toBe('3x(mail rcpt data) (0-2x(noop) | pause)');
});

test('messages are found wherever they are', () => {
  expect(hasMail(asResult([pause(1), ...words('ehlo noop')]))).toBe(false);
  const nested: ScriptStep = { kind: 'choose', branches: [{ weight: 1, steps: words('mail') }] };
  expect(hasMail(asResult([{ kind: 'repeat', min: 1, max: 1, steps: [nested] }]))).toBe(true);
});
