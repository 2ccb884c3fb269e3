import { describe, expect, test } from 'vitest';
import { judge } from '../../src/verdict/verdict.js';
import type { VerdictInput } from '../../src/verdict/verdict.js';
import type { HealthGate } from '../../src/verdict/health-gates.js';

const gate = (name: string, value: number, bound: number): HealthGate => ({
  name,
  value,
  bound,
  unit: 'count',
  ok: false,
});

const FINE: VerdictInput = {
  gates: [{ ...gate('utilisation', 0.5, 0.95), ok: true }],
  checks: [{ name: 'a = b', left: 1, right: 1, ok: true }],
  lost: [],
  isTargetLost: false,
  saturation: [],
  objectives: [],
  isEmpty: false,
  giveUpSec: 30,
};
const UNBALANCED = { checks: [{ name: 'a = b', left: 1, right: 2, ok: false }] };

describe('the verdict', () => {
  test('is pass, without a reason, when nothing speaks against it', () => {
    expect(judge(FINE)).toEqual({ verdict: 'pass', reasons: [] });
  });

  test.each<[string, Partial<VerdictInput>, string, string]>([
    ['a gate is broken', { gates: [gate('utilisation', 0.97, 0.95)] }, 'invalid', 'utilisation'],
    ['the books do not balance', UNBALANCED, 'invalid', 'books'],
    ['a worker was lost', { lost: [{ workerId: 1, reason: 'out of memory' }] }, 'invalid', 'workerLost'],
    ['it was stopped before anything was measured', { isEmpty: true }, 'invalid', 'nothingMeasured'],
    ['the target was lost', { isTargetLost: true }, 'fail', 'targetLost'],
  ])('when %s', (_, change, verdict, kind) => {
    const judged = judge({ ...FINE, ...change });
    expect(judged.verdict).toBe(verdict);
    expect(judged.reasons.map((reason) => reason.kind)).toEqual([kind]);
  });

  test('invalid beats fail, and every reason is told, those of invalid first', () => {
    const judged = judge({
      ...FINE,
      ...UNBALANCED,
      isTargetLost: true,
      lost: [{ workerId: 0, reason: 'crash' }],
      gates: [gate('workersLost', 1, 0), gate('eventLoopLag.p99', 200_000, 100_000)],
    });
    expect(judged.verdict).toBe('invalid');
    expect(judged.reasons.map(({ kind }) => kind)).toEqual(['workerLost', 'eventLoopLag.p99', 'books', 'targetLost']);
  });

  test('tells of a lost worker once, by its own reason', () => {
    const judged = judge({ ...FINE, gates: [gate('workersLost', 1, 0)], lost: [{ workerId: 3, reason: 'crash' }] });
    expect(judged.reasons).toHaveLength(1);
    expect(judged.reasons[0]?.text).toMatch(/worker 3 was lost \(crash\)/);
  });
});

describe('a reason', () => {
  test.each<[HealthGate, RegExp, RegExp]>([
    [gate('utilisation', 0.97, 0.95), /97 %.*95 %/, /-w|-s/],
    [gate('eventLoopLag.p99', 250_000, 100_000), /250 ms.*100 ms/, /-s/],
    [gate('fileLimit', 12, 0), /12 connects.*file descriptors/, /ulimit -n/],
    [gate('portLimit', 7, 0), /7 connects.*local ports/, /-n|ip_local_port_range/],
  ])('of %o says the figure and what to change', (broken, figures, advice) => {
    const [reason] = judge({ ...FINE, gates: [broken] }).reasons;
    expect(reason).toMatchObject({ kind: broken.name, value: broken.value, bound: broken.bound });
    expect(reason?.text).toMatch(figures);
    expect(reason?.text).toMatch(advice);
  });

  test('of the books shows both sides', () => {
    const [reason] = judge({ ...FINE, ...UNBALANCED }).reasons;
    expect(reason).toMatchObject({ value: 1, bound: 2 });
    expect(reason?.text).toContain('a = b (1 and 2)');
  });

  test('of the target names how long was waited', () => {
    const [reason] = judge({ ...FINE, isTargetLost: true, giveUpSec: 12 }).reasons;
    expect(reason).toMatchObject({ value: null, bound: 12 });
    expect(reason?.text).toContain('12 s (--give-up)');
  });
});
