/** How many local ports a plan needs, and what is said when there are too few. */
import { describe, expect, test } from 'vitest';
import { portNeeds, portWarning } from '../../src/plan/port-needs.js';
import { planOf } from '../support/engine-plan.js';

describe('a plan needs', () => {
  test('a port for each session at once, from as many pairs as there are addresses', () => {
    expect(portNeeds(planOf({ sessions: 70 }))).toEqual({ addressPairs: 1, atOnce: 70, connectsPerSec: null, held: 0 });
    const options = { sessions: 70, localAddresses: '127.0.0.2-127.0.0.5' };
    expect(portNeeds(planOf(options))).toMatchObject({ addressPairs: 4, atOnce: 70 });
  });

  test('no ports for unix sockets', () => {
    expect(portNeeds(planOf({}, 'smtp+unix:///run/smtp.sock'))).toBeNull();
  });

  test('no more for connections that the server closes behind its 221', () => {
    expect(portNeeds(planOf({ rate: '900/s' }))).toMatchObject({ connectsPerSec: 900, held: 0 });
  });

  test('a minute of those that it closes itself, at the highest rate', () => {
    expect(portNeeds(planOf({ profile: '0/s ->(90s) 400/s', dropAfter: 'rcpt' }))).toMatchObject({
      connectsPerSec: 400,
      held: 24_000,
    });
    expect(portNeeds(planOf({ rate: '400/s', duration: '5s', warmup: '2s', dropAfter: 'rcpt' }))?.held).toBe(2_800);
    expect(portNeeds(planOf({ rate: '400/s', dropAfter: 'rcpt', close: 'rst' }))?.held).toBe(0);
    expect(portNeeds(planOf({ dropAfter: 'rcpt' }))?.held).toBeNull();
  });

  test('the same where only one of the ways of a session ends so', () => {
    const plan = planOf({ rate: '400/s', duration: '2m' });
    const drop = { kind: 'drop', how: null } as const;
    const branches = [
      { weight: 1, steps: [] },
      { weight: 1, steps: [{ kind: 'repeat', min: 1, max: 2, steps: [drop] } as const] },
    ];
    const [scenario] = plan.scenarios;
    const steps = [{ kind: 'choose', branches } as const];
    const ending = { ...scenario, session: { ...scenario.session, steps } };
    expect(portNeeds({ ...plan, scenarios: [ending] })?.held).toBe(24_000);
    expect(portNeeds({ ...plan, scenarios: [{ ...ending, close: 'rst' }] })?.held).toBe(0);
  });

  test('as many addresses as the scenario with fewest has', () => {
    const plan = planOf({ localAddresses: '127.0.0.2-127.0.0.5' });
    const [scenario] = plan.scenarios;
    expect(portNeeds({ ...plan, scenarios: [scenario, { ...scenario, localAddresses: [] }] })?.addressPairs).toBe(1);
  });

  test('nobody knows how many connections for messages that arrive for kept sessions', () => {
    expect(portNeeds(planOf({ rate: '900/s', reuse: true }))?.connectsPerSec).toBeNull();
  });
});

describe('before a load', () => {
  test('nothing is said where there are enough ports, or nobody knows', () => {
    expect(portWarning(planOf({ sessions: 100 }), 100)).toBeNull();
    expect(portWarning(planOf({ sessions: 100 }), null)).toBeNull();
    expect(portWarning(planOf({ sessions: 100 }, 'smtp+unix:///run/smtp.sock'), 1)).toBeNull();
    expect(portWarning(planOf({ sessions: 100, localAddresses: '127.0.0.2,127.0.0.3' }), 50)).toBeNull();
  });

  test('too few are named, with what to try', () => {
    expect(portWarning(planOf({ sessions: 101 }), 100)).toBe(
      '101 connections at once may need more local ports than the 100 that there are: spread the load with --local-address, ' +
        'use fewer connections, or widen net.ipv4.ip_local_port_range',
    );
    expect(portWarning(planOf({ rate: '500/s', duration: '2m', sessions: 9, dropAfter: 'rcpt' }), 28_232)).toContain(
      '9 connections at once and 30000 closed ones within 60 s (TIME_WAIT) may need more local ports than the 28232',
    );
  });
});
