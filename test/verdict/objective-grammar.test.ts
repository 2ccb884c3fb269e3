/** What may be written as an objective or a gate, and where the mistake is in what may not. */
import { describe, expect, test } from 'vitest';
import { LatencyKey } from '../../src/metrics/interval-record.js';
import { ErrorKind, Outcome } from '../../src/metrics/outcome.js';
import { Step } from '../../src/protocol/steps.js';
import { parseGate } from '../../src/verdict/gate-grammar.js';
import { contradiction, meets, parseObjective } from '../../src/verdict/objective-grammar.js';
import type { Objective } from '../../src/verdict/objective-grammar.js';

const SCENARIOS = ['newsletter', 'in out'];

function objective(text: string): Objective {
  const parsed = parseObjective(text, SCENARIOS);
  if ('message' in parsed) throw new Error(parsed.message);
  return parsed;
}

describe('an objective', () => {
  test.each<[string, Partial<Objective>]>([
    [
      'endOfData.p99 < 250ms',
      { metric: { kind: 'latency', key: Step.endOfData, figure: 99 }, bound: 250_000, unit: 'us' },
    ],
    [
      'message.p95 < 1s over 30s after 1m',
      { metric: { kind: 'latency', key: LatencyKey.message, figure: 95 }, bound: 1e6, overMs: 30_000, afterMs: 60_000 },
    ],
    ['response.p99.95<=2s', { metric: { kind: 'latency', key: LatencyKey.response, figure: 99.95 }, operator: '<=' }],
    ['rcpt.p999 < 20us', { metric: { kind: 'latency', key: Step.rcpt, figure: 99.9 }, bound: 20 }],
    ['mail.p9999 < 1m', { metric: { kind: 'latency', key: Step.mail, figure: 99.99 }, bound: 6e7 }],
    [
      'session.max > 1ms if any',
      { metric: { kind: 'latency', key: LatencyKey.session, figure: 'max' }, allowsNone: true },
    ],
    ['deferred.rate < 0.1%', { metric: { kind: 'messages', outcome: Outcome.deferred }, bound: 0.1, unit: '%' }],
    ['replies.421 == 0', { metric: { kind: 'replies', low: 421, high: 421 }, bound: 0, unit: 'count' }],
    ['replies.4yz.rate < 5/s', { metric: { kind: 'replies', low: 400, high: 499 }, unit: '/s' }],
    ['accepted.rate >= 500/s', { metric: { kind: 'messages', outcome: Outcome.accepted }, bound: 500, unit: '/s' }],
    ['errors.timeout.rate < 0.01%', { metric: { kind: 'errors', error: ErrorKind.timeout }, unit: '%' }],
    ['errors == 0', { metric: { kind: 'errors', error: null }, unit: 'count' }],
    ['dropped.count != 3', { metric: { kind: 'messages', outcome: 'dropped' }, operator: '!=', bound: 3 }],
    ['sessions.failed.rate < 1%', { metric: { kind: 'sessions', what: 'failed' }, unit: '%' }],
    [' newsletter/rcpt.p99 < 20ms ', { scenario: 'newsletter', expression: 'newsletter/rcpt.p99 < 20ms' }],
    ['in out/accepted.rate > 5/s', { scenario: 'in out' }],
  ])('%s', (text, expected) => {
    expect(objective(text)).toMatchObject(expected);
  });

  test.each<[string, number, string]>([
    ['', 0, 'knows no metric there: it takes a latency (connect, tls,'],
    ['endOfDta.p99 < 1s', 0, 'knows no metric endOfDta: did you mean endOfData?'],
    ['latency < 1s', 0, 'knows no metric latency: it takes a latency'],
    ['mail < 1s', 5, 'takes a percentile such as mail.p99'],
    ['mail.p100 < 1s', 5, 'takes a percentile'],
    ['mail.p0 < 1s', 5, 'takes a percentile'],
    ['mail.p99 ~ 1s', 9, 'expects <=, >='],
    ['mail.p99 < 250', 11, 'expects a time such as 250ms'],
    ['mail.p99 < 1%', 11, 'expects a time'],
    ['deferred.rate < 3', 16, 'expects a share such as 0.1% or a rate'],
    ['deferred < 0.1%', 11, 'expects a whole number; with .rate'],
    ['deferred.rate < 101%', 16, 'expects a share of at most 100%'],
    ['deferred.rte < 1%', 9, 'takes rate, count or nothing there'],
    ['replies < 3', 8, 'takes a code or its class'],
    ['replies.42 == 0', 8, 'takes a code or its class'],
    ['errors.timout == 0', 7, 'knows no error timout: did you mean timeout?'],
    ['sessions == 0', 9, 'takes sessions.started'],
    ['other/mail.p50 < 1s', 0, 'there is no scenario other: it takes newsletter, in out'],
    ['newsleter/mail.p50 < 1s', 0, 'did you mean newsletter?'],
    ['mail.p50 < 1s over', 18, 'expects a time in whole seconds'],
    ['mail.p50 < 1s over 1500ms', 19, 'expects a time in whole seconds'],
    ['mail.p50 < 1s for 30s', 14, "expects 'over TIME'"],
  ])('%j is wrong at %d', (text, at, message) => {
    const problem = parseObjective(text, SCENARIOS);
    expect(problem).toMatchObject({ at });
    expect((problem as { message: string }).message).toContain(message);
  });

  test.each<[string, string, boolean]>([
    ['mail.p50 < 1s', 'mail.p50 > 1s', true],
    ['mail.p50 <= 1s', 'mail.p50 >= 1s', false],
    ['mail.p50 < 1s', 'mail.p50 >= 1s', true],
    ['mail.p50 < 1s', 'mail.p50 > 500ms', false],
    ['mail.p50 < 1s', 'mail.p90 > 1s', false],
    ['mail.p50 < 1s', 'mail.p50 > 1s after 10s', false],
    ['mail.p50 < 1s', 'newsletter/mail.p50 > 1s', false],
    ['replies.421 == 0', 'replies.421 == 1', true],
    ['replies.421 == 0', 'replies.421 != 0', true],
    ['errors == 2', 'errors > 1', false],
  ])('%s and %s contradict each other: %s', (one, two, isContradiction) => {
    expect(contradiction([objective(one), objective(two)])).toEqual(isContradiction ? [0, 1] : null);
  });

  test('compares as its operator says', () => {
    const cases = ['<', '<=', '>', '>=', '==', '!='] as const;
    expect(cases.map((operator) => [1, 2, 3].map((value) => meets(operator, value, 2)))).toEqual([
      [true, false, false],
      [true, true, false],
      [false, false, true],
      [false, true, true],
      [false, true, false],
      [true, false, true],
    ]);
  });
});

describe('a gate', () => {
  test.each([
    ['lag.p99 < 20ms', 'lag.p99', 20_000],
    [' utilisation<85%', 'utilisation', 0.85],
    ['utilisation=off', 'utilisation', null],
    ['portLimit < 5', 'portLimit', 5],
  ])('%s', (text, name, bound) => {
    expect(parseGate(text)).toEqual({ name, bound });
  });

  test.each<[string, number, string]>([
    ['', 0, 'knows no gate there: it takes lag.p99, eventLoopLag.p99, utilisation'],
    ['lag.p95 < 1s', 0, 'did you mean lag.p99?'],
    ['books=off', 0, 'knows no gate books'],
    ['lag.p99 > 1s', 8, 'expects <, or =off'],
    ['lag.p99 < 20', 10, 'expects a time above 0'],
    ['lag.p99 = no', 10, 'expects lag.p99=off'],
    ['utilisation < 101%', 14, 'expects a share'],
    ['lag.p99 < 20ms 3', 15, 'expects nothing more'],
  ])('%j is wrong at %d', (text, at, message) => {
    const problem = parseGate(text);
    expect(problem).toMatchObject({ at });
    expect((problem as { message: string }).message).toContain(message);
  });
});
