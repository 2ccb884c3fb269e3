/** Several targets of one run: what they are, and what makes no sense together. */
import { expect, test } from 'vitest';
import type { PostrushError } from '../../src/errors.js';
import { laneNames, laneWeights, lanesOf } from '../../src/plan/lane-plan.js';
import type { LoadTestOptions } from '../../src/plan/options.js';
import { resolvePlan } from '../../src/plan/resolve-plan.js';

function problemsOf(options: Partial<LoadTestOptions>): string[] {
  try {
    resolvePlan(options, 2);
  } catch (error) {
    return (error as PostrushError).issues.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

const LOCAL = 'smtp://127.0.0.1:2525';

test('they are in the plan as they stand, each with its weight', () => {
  const plan = resolvePlan({ targets: [`${LOCAL},weight=1.5`, '127.0.0.2:2525', 'smtp+unix:/run/a.sock'] }, 2);
  expect(plan.targets.map(({ url, weight }) => [url, weight])).toEqual([
    [LOCAL, 1.5],
    ['smtp://127.0.0.2:2525', 1],
    ['smtp+unix:/run/a.sock', 1],
  ]);
  expect(lanesOf(plan).map(({ target, name }) => [name, target.url])).toEqual([
    ['default', LOCAL],
    ['default', 'smtp://127.0.0.2:2525'],
    ['default', 'smtp+unix:/run/a.sock'],
  ]);
  expect(laneWeights(plan)).toEqual([3, 2, 2]);
});

test('one target may stand in either option', () => {
  expect(resolvePlan({ targets: [LOCAL] }, 2)).toEqual(resolvePlan({ target: LOCAL }, 2));
});

test('lanes are named after what tells them apart', () => {
  const plan = resolvePlan({ targets: [LOCAL, '127.0.0.2:2525'] }, 2);
  const [scenario] = plan.scenarios;
  const [target, other] = plan.targets;
  const names = (scenarios: string[], targets: typeof plan.targets): string[] => {
    const [first, ...others] = scenarios.map((name) => ({ ...scenario, name }));
    return laneNames({ scenarios: [first!, ...others], targets });
  };
  expect(names(['a'], [target, other!])).toEqual([LOCAL, 'smtp://127.0.0.2:2525']);
  expect(names(['a', 'b'], [target])).toEqual(['a', 'b']);
  expect(names(['a', 'b'], [target, other!])).toEqual([
    ...[`a at ${LOCAL}`, 'a at smtp://127.0.0.2:2525', `b at ${LOCAL}`, 'b at smtp://127.0.0.2:2525'],
  ]);
});

test.each<[Partial<LoadTestOptions>, readonly string[]]>([
  [{ targets: [LOCAL, '127.0.0.1:2525'] }, ['is there twice: give it once, with the sum of the weights (,weight=N)']],
  [
    { targets: [LOCAL, 'lmtp://127.0.0.1:24'] },
    ['takes SMTP or LMTP in one run: LMTP answers content once per recipient, so that totals over both mean nothing'],
  ],
  [
    { targets: [LOCAL, 'smtps://127.0.0.1'] },
    ['takes smtps:// or smtp:// in one run: what --tls says holds for all targets'],
  ],
  [
    { targets: [`${LOCAL},weight=1000000`, 'smtp://127.0.0.2,weight=0.001'] },
    ['has weights that 1000000001 clients are needed to divide: take some that 100000 are enough for'],
  ],
  [{ target: LOCAL, targets: ['127.0.0.2:25'] }, ['contradicts target: name all of them in one of the two']],
  [{ targets: Array.from({ length: 65 }, (_, index) => `127.0.0.1:${index + 1}`) }, ['takes at most 64 targets']],
  [
    { targets: [LOCAL, '203.0.113.9:25', '203.0.113.10:25'], allowTargets: ['203.0.113.9'] },
    ['203.0.113.10 is neither loopback nor private: if its owner agrees to the load, give --allow-target 203.0.113.10'],
  ],
])('%j are refused: %j', (options, problems) => {
  expect(problemsOf(options)).toEqual(problems.map((problem) => `TARGET: ${problem}`));
});

test('flags that need a host need it of every target', () => {
  expect(problemsOf({ targets: [LOCAL, 'smtp+unix:/run/a.sock'], localAddresses: '127.0.0.2', close: 'rst' })).toEqual([
    '--local-address: needs a host as TARGET: a unix socket has no addresses',
    '--close: needs TCP: a unix socket has no reset',
  ]);
  expect(problemsOf({ targets: [LOCAL, '[::1]:25'], localAddresses: '127.0.0.2' })).toEqual([
    "--local-address: takes addresses of the target's IP version (IPv6)",
  ]);
});
