/** How many messages per second a plan asks for at its peak. */
import { expect, test } from 'vitest';
import { peakMessagesPerSec } from '../../src/calibration/planned-rate.js';
import type { ScriptStep } from '../../src/plan/script-steps.js';
import { pause, stepOf } from '../../src/plan/session-steps.js';
import { planOf } from '../support/engine-plan.js';

const MAIL: ScriptStep = stepOf('mail', { isChunked: false, chunkBytes: null });
const QUIT: ScriptStep = stepOf('quit', { isChunked: false, chunkBytes: null });

test('closed load plans no rate', () => {
  expect(peakMessagesPerSec(planOf())).toBeNull();
});

test('it is arrivals times the messages of each, at the highest point of a profile', () => {
  expect(peakMessagesPerSec(planOf({ rate: '50/s', duration: '1m', messagesPerSession: 4 }))).toBe(200);
  expect(peakMessagesPerSec(planOf({ profile: '0/s ->(10s) 30/s; 90/s for 5s; 10/s for 1m' }))).toBe(90);
});

test('arrivals for kept sessions are messages', () => {
  expect(peakMessagesPerSec(planOf({ rate: '600/min', duration: '1m', reuse: true, messagesPerSession: 50 }))).toBe(10);
});

test('scenarios count by their weight, and scripts by what their sessions send on average', () => {
  const plan = planOf({ rate: '100/s', duration: '1m' });
  const [scenario] = plan.scenarios;
  const steps: ScriptStep[] = [
    { kind: 'repeat', min: 1, max: 3, steps: [MAIL, pause(1)] },
    {
      kind: 'choose',
      branches: [
        { weight: 1, steps: [MAIL, MAIL] },
        { weight: 3, steps: [] },
      ],
    },
    QUIT,
    MAIL,
  ];
  const scripted = { ...scenario, weight: 3, session: { ...scenario.session, steps } };
  // Two of the rounds and half a one of the choice, nothing behind QUIT.
  expect(peakMessagesPerSec({ ...plan, scenarios: [scripted] })).toBe(250);
  // One part sends one, three parts send two and a half.
  expect(peakMessagesPerSec({ ...plan, scenarios: [scenario, scripted] })).toBe(212.5);
});
