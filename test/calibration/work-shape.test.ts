/** Which plans share a ceiling. */
import { describe, expect, test } from 'vitest';
import { workShape } from '../../src/calibration/work-shape.js';
import type { LoadPlan } from '../../src/plan/load-plan.js';
import { planOf, type EngineOptions } from '../support/engine-plan.js';

const shapeOf = (options: EngineOptions = {}, target?: string): string => workShape(planOf(options, target));
const login = { auth: 'login', user: 'a', password: 'b' };
const tls = { tls: 'required', tlsInsecure: true };

describe('the key of what the work per message follows from', () => {
  test.each<[string, EngineOptions, string?]>([
    ['another target', {}, 'smtp://mail.lab.test:2500'],
    ['other addresses', { from: 'me@example.test', to: 'you@example.test', addresses: 5, helo: 'x.test' }],
    ['another seed, time and number of sessions', { seed: 9, duration: '1m', warmup: '3s', sessions: 400, workers: 1 }],
    ['objectives and deadlines', { objectives: 'mail.p99 < 1s', timeouts: '3s' }],
    ['a rate', { rate: '50/s', duration: '1m' }],
  ])('is the same with %s', (_what, options, target) => {
    expect(shapeOf(options, target)).toBe(shapeOf());
  });

  test('is the same whoever logs in, and never holds who', () => {
    expect(shapeOf({ ...login, user: 'someone', password: 'else' })).toBe(shapeOf(login));
    expect(shapeOf(login)).toMatch(/^[0-9a-f]{16}$/);
  });

  test.each<[string, EngineOptions]>([
    ['size', { size: '2KiB' }],
    ['message', { message: 'Subject: x\r\n\r\ny\r\n' }],
    ['number of messages per session', { messagesPerSession: 2 }],
    ['number of recipients', { recipients: 2 }],
    ['pipelining', { pipelining: 'off' }],
    ['TLS', tls],
    ['AUTH', login],
    ['way to send content', { bdat: true }],
    ['script', { steps: 'ehlo mail rcpt data quit' }],
    ['way to close', { close: 'rst' }],
  ])('differs with another %s', (_what, options) => {
    expect(shapeOf(options)).not.toBe(shapeOf());
  });

  test('differs with the mechanism of AUTH and with the versions and resumption of TLS', () => {
    expect(shapeOf({ ...login, auth: 'plain' })).not.toBe(shapeOf(login));
    const keys = [tls, { ...tls, tlsMax: '1.2' }, { ...tls, tlsResume: 'on' }, { ...tls, tlsShare: 50 }].map((each) =>
      shapeOf(each),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('takes implicit TLS as STARTTLS, and LMTP as something else than SMTP', () => {
    expect(shapeOf({ tlsInsecure: true }, 'smtps://127.0.0.1:465')).toBe(shapeOf(tls));
    expect(shapeOf({}, 'lmtp://127.0.0.1:24')).not.toBe(shapeOf());
  });

  test('takes arrivals for kept sessions as sessions that are kept', () => {
    const reusing = shapeOf({ rate: '50/s', duration: '1m', reuse: true });
    expect(reusing).toBe(shapeOf({ messagesPerSession: 'all' }));
    expect(reusing).not.toBe(shapeOf({ rate: '50/s', duration: '1m' }));
  });

  test('follows the proportion of scenarios, and not how their weights are written', () => {
    const [scenario] = planOf().scenarios;
    const [large] = planOf({ size: '1MiB' }).scenarios;
    const withWeights = (one: number, other: number): LoadPlan => ({
      ...planOf(),
      scenarios: [
        { ...scenario, weight: one },
        { ...large, weight: other },
      ],
    });
    expect(workShape(withWeights(2, 6))).toBe(workShape(withWeights(1, 3)));
    expect(workShape(withWeights(2, 6))).not.toBe(workShape(withWeights(3, 1)));
  });

  test('sees templates, which are filled in every message', () => {
    const [scenario] = planOf().scenarios;
    const templated = { ...planOf(), scenarios: [{ ...scenario, from: 'a{{seq}}@example.test' }] as const };
    expect(workShape(templated)).not.toBe(shapeOf());
  });
});
