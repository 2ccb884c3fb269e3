/** Functions of scenarios: found by the same names everywhere, and unable to write anything but a value. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FunctionCosts, FunctionWriter, collectFunctions, functionProblem } from '../../src/data/scenario-functions.js';
import type { FunctionMoment, ScenarioFunction } from '../../src/data/scenario-functions.js';
import { contextOf } from '../support/template-data.js';

const ROOM = 300;

function written(value: ScenarioFunction, { isLocalPart = false, seed = 1, number = 0, index = 0 } = {}): string {
  const writer = new FunctionWriter('name', value, { seed, costs: new FunctionCosts(), isLocalPart });
  const target = Buffer.alloc(ROOM, 0xee);
  const end = writer.write(target, 7, contextOf({ number, index, session: 4, worker: 1 }));
  expect(end - 7).toBeLessThanOrEqual(writer.maxLength);
  // Not an octet beside its own.
  expect(target.subarray(0, 7).every((octet) => octet === 0xee)).toBe(true);
  expect(target.subarray(end).every((octet) => octet === 0xee)).toBe(true);
  return target.toString('utf8', 7, end);
}

describe('what a module exports', () => {
  test('is data with templates where functions stood, by name or by place', () => {
    const named = (): string => 'a';
    const inline = (): number => 1;
    const { value, functions, problems } = collectFunctions({
      functions: { named },
      helo: inline,
      load: { sessions: 3, duration: undefined },
      scenarios: [{ steps: ['ehlo', { noop: inline }, { data: null, expect: { pattern: /^ok\d$/i } }] }],
    });
    expect(problems).toEqual([]);
    expect(value).toEqual({
      helo: '{{function.helo}}',
      load: { sessions: 3 },
      scenarios: [
        {
          steps: [
            'ehlo',
            { noop: '{{function.scenarios.0.steps.1.noop}}' },
            { data: null, expect: { pattern: '^ok\\d$' } },
          ],
        },
      ],
    });
    expect([...functions]).toEqual([
      ['named', named],
      ['helo', inline],
      ['scenarios.0.steps.1.noop', inline],
    ]);
  });

  test('may not hold itself, and names functions with care', () => {
    const circle: Record<string, unknown> = {};
    circle['scenarios'] = [circle];
    expect(collectFunctions(circle).problems).toContainEqual({
      path: [],
      message: 'is nested too deep, or holds itself',
    });
    expect(collectFunctions({ functions: { 'a b': () => '', c: 4 } }).problems.map(({ path }) => path)).toEqual([
      ['functions', 'a b'],
      ['functions', 'c'],
    ]);
  });
});

describe('a function', () => {
  test('is told of message, recipient, session and worker, all from 1', () => {
    const told = ({ seq, index, session, worker }: FunctionMoment): string => [seq, index, session, worker].join();
    expect(written(told, { number: 41, index: 2 })).toBe('42,3,5,2');
  });

  test('has random values that follow from seed, message and recipient alone', () => {
    const drawn = ({ random }: FunctionMoment): string => `${random().toFixed(9)} ${random().toFixed(9)}`;
    const [first, again] = [written(drawn, { number: 5 }), written(drawn, { number: 5 })];
    expect(again).toBe(first);
    expect(new Set(first.split(' ')).size).toBe(2);
    const others = [{ number: 6 }, { number: 5, index: 1 }, { number: 5, seed: 2 }].map((place) =>
      written(drawn, place),
    );
    expect(new Set([first, ...others]).size).toBe(4);
  });

  test('never ends its line, whatever it gives', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        expect(written(() => text)).not.toMatch(/[\r\n\0]/);
      }),
    );
    expect(written(() => 'a\r\nRSET\0')).toBe('a??RSET?');
  });

  test('gives no more than a local part where it stands in an address', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const value = written(() => text, { isLocalPart: true });
        expect(value).not.toMatch(/[\0-\x20<>@",:;()[\]\\%!]/);
        expect(Buffer.byteLength(value)).toBeLessThanOrEqual(64);
      }),
    );
    expect(written(() => 'a@evil.test> X=Y', { isLocalPart: true })).toBe('a?evil.test??X=Y');
    expect(written(() => 12, { isLocalPart: true })).toBe('12');
  });

  test.each<[unknown, string]>([
    [() => null, 'gave null in place of text or a number'],
    [() => ({}), 'gave object in place of text or a number'],
    [() => Promise.resolve('a'), 'gave object in place of text or a number'],
    [
      () => {
        throw new TypeError('no luck');
      },
      'failed: TypeError: no luck',
    ],
  ])('%s is told before the load, and ends its worker in it', (value, problem) => {
    expect(functionProblem(value as ScenarioFunction)).toBe(problem);
    expect(() => written(value as ScenarioFunction)).toThrow(`function.name of the scenario ${problem}`);
    expect(functionProblem(({ random }) => random())).toBeNull();
  });

  test('is counted with the time that it took', () => {
    const costs = new FunctionCosts();
    const writer = new FunctionWriter('slow', () => busyFor(2), { seed: 1, costs, isLocalPart: false });
    for (let turn = 0; turn < 3; turn++) writer.write(Buffer.alloc(ROOM), 0, contextOf());
    expect(costs.calls).toBe(3);
    expect(costs.us).toBeGreaterThanOrEqual(6_000);
  });
});

function busyFor(ms: number): string {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
  return 'x';
}
