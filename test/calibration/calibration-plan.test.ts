/** What a plan becomes for a calibration, and the sink that takes it. */
import { describe, expect, test } from 'vitest';
import { calibrationProblems, closedPlan, sinkFor } from '../../src/calibration/calibration-plan.js';
import { planOf } from '../support/engine-plan.js';

const PAIR = { cert: 'CERT', key: 'KEY' };
const TASK = { sessions: 7, durationMs: 3000, trustedPem: 'CERT' };

describe('the plan of a calibration', () => {
  test('is closed load without anything that waits, ends it early or judges it', () => {
    const written = {
      rate: '5/s',
      duration: '1m',
      objectives: 'mail.p99 < 1ms',
      abortOnFail: true,
      gates: 'lag.p99 < 1ms',
      warmup: 'auto',
    };
    const plan = closedPlan(planOf({ ...written, workers: 9, messagesPerSession: 3, size: '2KiB' }), TASK);
    expect(plan).toMatchObject({
      ...{
        arrivals: null,
        sessions: 7,
        workers: 7,
        durationMs: 3000,
        warmupMs: 1000,
        isWarmupAuto: false,
        messages: null,
      },
      ...{ objectives: [], gates: [], abortOnFail: false },
    });
    expect(plan.scenarios[0]).toMatchObject({ messagesPerSession: 3, message: { sizeBytes: 2048 } });
    const paused = closedPlan(planOf({ think: '3s', ramp: '5s', messages: 10, localAddresses: '10.1.1.1' }), TASK);
    expect(paused).toMatchObject({ thinkMs: 0, rampMs: 0, messages: null, scenarios: [{ localAddresses: [] }] });
  });

  test('trusts the certificate of the sink where certificates are verified', () => {
    const trusted = closedPlan(planOf({ tls: 'required', tlsServername: 'mail.lab.test' }), TASK);
    expect(trusted.scenarios[0].tls).toMatchObject({ verify: true, serverName: null, caPem: 'CERT' });
    const blind = closedPlan(planOf({ tls: 'required', tlsInsecure: true }), TASK);
    expect(blind.scenarios[0].tls).toMatchObject({ verify: false, caPem: null });
  });
});

describe('the sink of a calibration', () => {
  test('answers at once, takes every recipient and knows every account of the plan', () => {
    const auth = { auth: 'plain', credentials: 'user,password\nanna,one\nbert,two\n' };
    expect(sinkFor(planOf(auth), PAIR)).toMatchObject({
      ...{ listen: ['smtp://127.0.0.1:0'], replyDelayMs: 0, forcedOutcomes: false, tls: PAIR },
      users: { anna: 'one', bert: 'two' },
    });
    const single = planOf({ auth: 'scram-sha-256', user: 'anna', password: 'x' });
    expect(sinkFor(single, PAIR).users).toEqual({ anna: 'x' });
  });

  test.each([
    ['lmtp://127.0.0.1:24', 'lmtp://127.0.0.1:0'],
    ['smtps://127.0.0.1:465', 'smtps://127.0.0.1:0'],
    ['smtp+unix:/run/mail.sock', 'smtp://127.0.0.1:0'],
  ])('is for %s one at %s', (target, listen) => {
    expect(sinkFor(planOf({}, target), PAIR).listen).toEqual([listen]);
  });

  test.each([
    [{ authOnly: true, auth: 'plain', user: 'a', password: 'b' }, 'takes sessions that send mail'],
    [{ auth: 'oauthbearer', password: 'token', tls: 'required' }, 'needs --user'],
    [{ xclient: 'NAME=x.test' }, 'cannot do XCLIENT'],
    [{ requireTls: true, tls: 'required' }, 'cannot do XCLIENT, XFORWARD and REQUIRETLS'],
  ])('cannot be one for %j', (options, problem) => {
    expect(calibrationProblems(planOf(options)).join()).toContain(problem);
    expect(calibrationProblems(planOf())).toEqual([]);
  });

  test('cannot know accounts that are templates', () => {
    const plan = planOf({ auth: 'plain', user: 'a', password: 'b' });
    const [{ auth, ...scenario }] = plan.scenarios;
    if (auth === null) throw new Error('there is an account');
    const templated = { ...scenario, auth: { ...auth, user: '{{people.mail}}' } };
    expect(calibrationProblems({ scenarios: [templated] })).toEqual([
      expect.stringContaining('cannot look into templates'),
    ]);
  });
});
