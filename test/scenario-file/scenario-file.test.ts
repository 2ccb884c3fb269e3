import { describe, expect, test } from 'vitest';
import { readScenarioFile } from '../../src/scenario-file/scenario-file.js';
import type { ScenarioFile } from '../../src/scenario-file/scenario-file.js';

function read(text: string): ScenarioFile {
  const { file, issues } = readScenarioFile('a.yaml', text);
  expect(issues).toEqual([]);
  if (file === null) throw new Error('nothing was read');
  return file;
}

const problemsOf = (text: string): string[] =>
  readScenarioFile('a.yaml', text).issues.map(({ path, message }) => `${path}: ${message}`);

/** A file of one scenario with these steps, each on a line of its own from line 3. */
const withSteps = (...steps: string[]): string =>
  `scenarios:\n  - steps:\n${steps.map((step) => `      - ${step}\n`).join('')}`;

const ANSWERED = { expect: null, captures: [] };

describe('the steps of a scenario', () => {
  test.each<[string, object]>([
    ['connect', { kind: 'connect', awaitsGreeting: true, ...ANSWERED }],
    ['ehlo: client.test', { kind: 'ehlo', name: 'client.test', ...ANSWERED }],
    ['helo', { kind: 'helo', name: null, ...ANSWERED }],
    ['lhlo', { kind: 'lhlo', name: null, ...ANSWERED }],
    ['noop: ping', { kind: 'noop', argument: 'ping', ...ANSWERED }],
    ['vrfy: postmaster', { kind: 'vrfy', argument: 'postmaster', ...ANSWERED }],
    ['expn: staff', { kind: 'expn', argument: 'staff', ...ANSWERED }],
    ['help', { kind: 'help', argument: '', ...ANSWERED }],
    ['raw: "XTRA {{x}}\\r\\nNOOP"', { kind: 'raw', text: 'XTRA {{x}}\r\nNOOP', ...ANSWERED }],
    ['pause: 1m30s', { kind: 'pause', delay: 90_000 }],
    [
      'pause: { shape: uniform, min: 0s, max: 2s }',
      { kind: 'pause', delay: { shape: 'uniform', minMs: 0, maxMs: 2000 } },
    ],
    ['pause: { shape: exponential, mean: 1s }', { kind: 'pause', delay: { shape: 'exponential', meanMs: 1000 } }],
    [
      'pause: { shape: logNormal, median: 1s, sigma: 0.8, max: 1m }',
      { kind: 'pause', delay: { shape: 'logNormal', medianMs: 1000, sigma: 0.8, maxMs: 60_000 } },
    ],
    ['quit', { kind: 'quit', argument: '', ...ANSWERED }],
    ['drop: rst', { kind: 'drop', how: 'rst' }],
    ['repeat: { count: 3, steps: [noop] }', { kind: 'repeat', min: 3, max: 3, steps: [{ kind: 'noop' }] }],
    ['repeat: { count: { min: 0, max: 2 }, steps: [noop] }', { kind: 'repeat', min: 0, max: 2 }],
    [
      'choose: [{ weight: 2, steps: [noop] }, { weight: 1, steps: [] }]',
      {
        kind: 'choose',
        branches: [
          { weight: 2, steps: [{ kind: 'noop' }] },
          { weight: 1, steps: [] },
        ],
      },
    ],
  ])('%s', (step, tree) => {
    expect(read(withSteps(step)).scenarios[0]?.steps).toMatchObject([tree]);
  });

  test.each<[string, object]>([
    ['mail: <>', { kind: 'mail', from: '', parameters: '' }],
    ['mail: { from: a@b.test, parameters: SIZE=9 }', { kind: 'mail', from: 'a@b.test', parameters: 'SIZE=9' }],
    ['rcpt', { kind: 'rcpt', recipients: { count: null, to: null }, parameters: '' }],
    ['rcpt: <x@b.test>', { kind: 'rcpt', recipients: { addresses: ['x@b.test'] } }],
    ['rcpt: [x@b.test, "{{user}}"]', { kind: 'rcpt', recipients: { addresses: ['x@b.test', '{{user}}'] } }],
    ['rcpt: { count: 5 }', { kind: 'rcpt', recipients: { count: 5, to: null } }],
    ['rcpt: { count: 5, to: u%d@b.test }', { kind: 'rcpt', recipients: { count: 5, to: 'u%d@b.test' } }],
    ['data: { content: false }', { kind: 'data', sendsContent: false }],
    ['bdat', { kind: 'bdat', chunkBytes: null }],
    ['bdat: 16KiB', { kind: 'bdat', chunkBytes: 16_384 }],
    ['starttls', { kind: 'starttls' }],
    ['auth: plain', { kind: 'auth', mechanism: 'plain', user: null, password: null }],
    ["auth: { user: '{{a.user}}', password: x }", { kind: 'auth', mechanism: null, user: '{{a.user}}', password: 'x' }],
  ])('%s, wherever it stands', (step, tree) => {
    const { steps } =
      read(withSteps(`${step.includes(':') ? `{ ${step}` : `{ ${step}:`}, expect: 250 }`)).scenarios[0] ?? {};
    expect(steps).toMatchObject([{ ...tree, expect: { codes: ['250'], otherwise: 'count' } }]);
  });

  test.each<[string, object]>([
    ['2yz', { codes: ['2yz'] }],
    ['[250, 4yz]', { codes: ['250', '4yz'] }],
    ['{ codes: 550, enhanced: 5.1.x, pattern: "no such", otherwise: stop-run }', { codes: ['550'], enhanced: '5.1.x', pattern: 'no such', otherwise: 'stopRun' }], // prettier-ignore
    ['{ pattern: "^ok" }', { codes: [], pattern: '^ok', otherwise: 'count' }],
  ])('may expect %s', (written, expected) => {
    const [step] = read(withSteps(`{ noop:, expect: ${written} }`)).scenarios[0]?.steps ?? [];
    expect(step).toMatchObject({ expect: expected });
  });

  test('may capture values', () => {
    const [step] = read(withSteps("{ noop:, capture: { name: id, pattern: 'id=(\\S+)' } }")).scenarios[0]?.steps ?? [];
    expect(step).toMatchObject({ captures: [{ name: 'id', pattern: String.raw`id=(\S+)` }] });
  });

  test.each<[string, string[], string]>([
    ['a word that is none', ['ehol'], '3:9: scenarios[0].steps[0]: takes a step: connect, ehlo'],
    ['a key that is none', ['rcptt: x'], '3:9: scenarios[0].steps[0]: `rcptt` is not known here: did you mean rcpt?'],
    ['two steps in one', ['{ noop:, rset: }'], '3:9: scenarios[0].steps[0]: is one step and not rset and noop'],
    ['no step', ['{ expect: 250 }'], '3:9: scenarios[0].steps[0]: needs one of connect'],
    ['too few', ['rcpt: { count: 0 }'], '3:24: scenarios[0].steps[0].rcpt.count: must be at least 1 (got 0)'],
    ['a list with a count', ['rcpt: { count: 2, to: [a, b] }'], '3:15: scenarios[0].steps[0].rcpt: takes count with'],
    ['a second line', ['vrfy: "a\\r\\nQUIT"'], '3:15: scenarios[0].steps[0].vrfy: must be on one line'],
    ['half a template', ["vrfy: '{{user'"], '3:15: scenarios[0].steps[0].vrfy: has {{ without }}'],
    ['a time without unit', ['pause: 10'], '3:16: scenarios[0].steps[0].pause: takes a time such as 2s'],
    ['a unit that is none', ['pause: 10x'], '3:16: scenarios[0].steps[0].pause: takes a time from 1ms'],
    ['a range the wrong way round', ['pause: { shape: uniform, min: 2s, max: 1s }'], '3:39: scenarios[0].steps[0].pause.min: must not be above max'], // prettier-ignore
    ['a count the wrong way round', ['repeat: { count: { min: 2, max: 1 }, steps: [noop] }'], '3:33: scenarios[0].steps[0].repeat.count.min: must not be above max'], // prettier-ignore
    ['a code that is none', ['{ noop:, expect: 2xx }'], "3:26: scenarios[0].steps[0].expect: takes a code such as 250 or a class such as 2yz (got '2xx')"], // prettier-ignore
    ['an action that is none', ['{ noop:, expect: { codes: 250, otherwise: retry } }'], "3:51: scenarios[0].steps[0].expect.otherwise: takes count, reset, quit, drop or stop-run (got 'retry')"], // prettier-ignore
    ['a pattern that is none', ['{ noop:, expect: { pattern: "(" } }'], "3:37: scenarios[0].steps[0].expect.pattern: must be a regular expression (got '(')"], // prettier-ignore
    ['weights of nothing', ['choose: [{ weight: 0, steps: [] }]'], '3:17: scenarios[0].steps[0].choose: have weights that sum to nothing'], // prettier-ignore
  ])('may not be %s', (_, steps, problem) => {
    expect(problemsOf(withSteps(...steps))).toEqual([expect.stringContaining(`a.yaml:${problem}`)]);
  });
});

describe('the order of steps', () => {
  test.each<[string[], string]>([
    [['ehlo', 'mail', 'data'], '[2]: needs rcpt before it, unless it says what to `expect`'],
    [['ehlo', 'rcpt'], '[1]: needs mail before it, unless'],
    [['mail'], '[0]: needs ehlo or helo before it, unless'],
    [['ehlo', 'mail', 'rcpt', 'mail'], '[3]: needs data or rset behind the mail before, unless'],
    [['ehlo', 'mail', 'ehlo'], '[2]: comes in the middle of a message, unless'],
    [['helo', 'starttls'], '[1]: needs ehlo before it, unless'],
    [['ehlo', 'starttls', 'starttls'], '[2]: comes when TLS has begun already, unless'],
    [['ehlo', 'auth', 'auth'], '[2]: comes a second time, unless'],
    [['ehlo', 'auth', 'mail', 'rcpt', 'data', 'auth'], '[5]: comes a second time, unless'],
    [['ehlo', 'connect'], '[1]: comes first or not at all'],
    [['ehlo', 'quit', 'noop'], '[2]: is never reached: the session has ended before'],
    [['ehlo', 'drop', 'noop'], '[2]: is never reached'],
    [['connect: { greeting: false }', 'ehlo'], '[1]: needs the greeting: only pause and drop'],
    [['ehlo', 'mail', 'rcpt', 'data: { content: false }', 'quit'], '[4]: comes where the content is due'],
    [['ehlo', '{ mail:, expect: 550 }', 'rcpt'], '[2]: needs mail before it'],
    [['ehlo', 'mail', 'choose: [{ weight: 1, steps: [rcpt] }, { weight: 1, steps: [] }]', 'data'], '[3]: needs rcpt'],
    [['ehlo', 'repeat: { count: 2, steps: [mail, rcpt] }'], '[1].repeat.steps[0]: needs data or rset'],
    [['ehlo', 'repeat: { count: { min: 0, max: 1 }, steps: [mail] }', 'rcpt'], '[2]: needs mail before it'],
    [['choose: [{ weight: 1, steps: [quit] }, { weight: 1, steps: [drop] }]', 'noop'], '[1]: is never reached'],
  ])('%j is impossible', (steps, problem) => {
    expect(problemsOf(withSteps(...steps))).toEqual([expect.stringContaining(`scenarios[0].steps${problem}`)]);
  });

  test.each<[string[]]>([
    [['ehlo', 'mail', 'rcpt', 'data', 'mail', 'rcpt', 'bdat', 'quit']],
    [['ehlo', 'mail', 'rset', 'mail', 'rcpt', 'drop']],
    [['ehlo', 'starttls', 'auth', 'mail', 'rcpt', 'rcpt', 'data', 'quit']],
    [['ehlo', 'mail', '{ data:, expect: [503, 554] }', 'rcpt', 'data']],
    [['ehlo', '{ mail:, expect: 5yz }', 'mail', 'rcpt', 'data']],
    [['ehlo', 'mail', 'rcpt', '{ rcpt:, expect: 550 }', 'data']],
    [['connect: { greeting: false }', 'pause: 1s', 'drop']],
    [['ehlo', 'mail', 'rcpt', 'data: { content: false }', 'pause: 1s', 'drop']],
    [['ehlo', 'repeat: { count: 100, steps: [mail, rcpt, data] }', 'quit']],
    [['ehlo', 'choose: [{ weight: 1, steps: [quit] }, { weight: 9, steps: [mail, rcpt, data] }]', 'quit']],
  ])('%j is possible', (steps) => {
    expect(problemsOf(withSteps(...steps))).toEqual([]);
  });

  test('is found in time, however deep rounds stand in rounds', () => {
    let inner = 'noop';
    for (let depth = 0; depth < 15; depth++)
      inner = `repeat: { count: 9, steps: [{ ${inner.includes(':') ? inner : 'noop:'} }, mail, rset] }`;
    expect(problemsOf(withSteps('ehlo', inner)).join()).toContain('is nested deeper than 5 levels');
  });
});

describe('a scenario file', () => {
  test('may be empty: then it is the standard session', () => {
    const { targets, load, scenarios } = read('');
    expect({ targets, load, scenarios }).toEqual({
      targets: [],
      load: [],
      scenarios: [{ name: 'default', weight: 1, settings: [], steps: null, path: [] }],
    });
  });

  test('says at its top what holds for all scenarios, and a block of theirs takes its place', () => {
    const text = `
target: smtp://127.0.0.1:2525
load: { sessions: 5, duration: 1m }
tls: { mode: required, insecure: true }
auth: { mechanism: plain, user: x }
timeouts: { connect: 5s, all: 20s }
helo: a.test
scenarios:
  - { name: one, weight: 7, auth: off, helo: b.test }
  - { name: two, tls: off, extensions: { bdat: true, xclient: { ADDR: 192.0.2.1 } } }
`;
    const file = read(text);
    expect(file.targets).toEqual([{ url: 'smtp://127.0.0.1:2525', weight: 1, path: ['target'] }]);
    const optionsOf = (index: number): object =>
      Object.fromEntries(file.scenarios[index]?.settings.map(({ key, value }) => [key.option, value]) ?? []);
    const timeouts = ['connect=5s', '20s'];
    expect(file.scenarios.map(({ name, weight }) => [name, weight])).toEqual([['one', 7], ['two', 1]]); // prettier-ignore
    expect(optionsOf(0)).toEqual({ tls: 'required', tlsInsecure: true, timeouts, helo: 'b.test' });
    expect(optionsOf(1)).toEqual({ tls: 'off', auth: 'plain', user: 'x', timeouts, helo: 'a.test', bdat: true, xclient: ['ADDR=192.0.2.1'] }); // prettier-ignore
  });

  test.each<[string, string, string]>([
    [
      'consent',
      'allowTarget: x',
      '1:1: `allowTarget` is consent, which is given on the command line only: --allow-target',
    ],
    ['consent for domains', 'allowDomains: [x]', 'command line only: --allow-domain'],
    ['consent in a block', 'auth: { authClear: true }', '1:9: auth: `authClear` is consent'],
    ['no objectives', 'objectives: []', '1:13: objectives: must hold at least 1 (got a list)'],
    [
      'half a stage',
      'load: { profile: [{ rate: 5/s }] }',
      '1:19: load.profile[0]: takes { rate, for }, { from, to, for }',
    ],
    ['an unknown key', 'load:\n  sesions: 4', '2:3: load: `sesions` is not known here: did you mean sessions?'],
    ['no scenarios', 'scenarios: []', '1:12: scenarios: must hold at least 1 (got a list)'],
    ['two of one name', 'scenarios: [{ name: a }, { name: a }]', "1:34: scenarios[1].name: is the name of another scenario too (got 'a')"], // prettier-ignore
    ['weights of nothing', 'scenarios: [{ weight: 0 }]', '1:12: scenarios: have weights that sum to nothing'],
    ['targets of no weight', 'targets: [{ url: a, weight: 0 }]', '1:10: targets: have weights that sum to nothing'],
    ['a weight below nothing', 'scenarios: [{ weight: -1 }]', '1:23: scenarios[0].weight: must be at least 0 (got -1)'],
    ['target and targets', 'target: a\ntargets: [{ url: b }]', '1:9: target: contradicts targets'],
    ['a feeder from nowhere', 'feeders: { a: {} }', '1:15: feeders.a: needs either file or range'],
    ['a list as range', 'feeders: { a: { range: [1] } }', '1:24: feeders.a.range: takes a text such as'],
    ['a message of two kinds', 'corpus: [{ size: 1KiB, file: a }]', '1:10: corpus[0]: needs one of size, file'],
    ['a word for auth', 'auth: on', '1:7: auth: takes off, or mechanism, user'],
    ['a number for a name', 'helo: 5', '1:7: helo: must be text (got 5)'],
    ['a list', '- a', '1:1: must be a map (got a list)'],
    ['a map within itself', 'scenarios: &a [{ steps: [{ repeat: { count: 1, steps: *a } }] }]', 'is nested too deep'],
    [
      'steps within themselves',
      'scenarios: [{ steps: &s [{ repeat: { count: 1, steps: *s } }] }]',
      '1:1: is nested too deep',
    ],
  ])('may not hold %s', (_, text, problem) => {
    const [first = '', ...others] = problemsOf(text);
    expect(first).toContain(problem);
    expect(others).toEqual([]);
  });

  test('never shows a password', () => {
    expect(problemsOf('auth: { mechanism: plain, password: 4711 }')).toEqual([
      'a.yaml:1:37: auth.password: must be text',
    ]);
  });

  test('tells all its problems at once, in the order of its lines', () => {
    const text = `load: { sesions: 1 }\nscenarios:\n  - weight: 0\n    name: a\n  - name: a\n    weight: 0\n    steps: [data]\nhelo: 5\n`;
    expect(problemsOf(text).map((line) => line.split(':')[1])).toEqual(['1', '8', '5', '3', '7']);
  });
});
