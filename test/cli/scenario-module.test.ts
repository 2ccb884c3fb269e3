/** Scenarios written as modules: the same plan as the file that says the same, and every mistake in a sentence. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCommandLine } from '../../src/cli/command-line.js';
import { prepareRun } from '../../src/cli/run-settings.js';
import type { PostrushError } from '../../src/errors.js';
import { defineScenario } from '../../src/index.js';
import type { ScenarioClass, ScenarioDefinition, ScenarioSettings } from '../../src/index.js';
import type { LoadPlan } from '../../src/plan/load-plan.js';
import { FILE_KEYS } from '../../src/scenario-file/file-keys.js';
import { readScenarioValue } from '../../src/scenario-file/scenario-file.js';

let folder = '';
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postrush-module-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function prepare(text: string, extension = '.mjs', words: readonly string[] = []): Promise<LoadPlan> {
  // What was imported once is not read again.
  const path = join(folder, `a${String(count++)}${extension}`);
  writeFileSync(path, text);
  const invocation = readCommandLine(['run', '-f', path, ...words], '0.0.0');
  if (invocation.kind !== 'run') throw new Error('not a run');
  return (await prepareRun(invocation, {}, 2)).plan;
}

async function problems(text: string, extension = '.mjs'): Promise<string[]> {
  const error: unknown = await prepare(text, extension).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'E_CONFIG' });
  return (error as PostrushError).issues.map(({ path, message }) =>
    `${path}: ${message}`.replace(join(folder, `a${String(count - 1)}`), 'a'),
  );
}

describe('a module', () => {
  test('gives the plan that the file with the same words gives', async () => {
    const yaml = `
target: smtp://127.0.0.1:2525
load: { sessions: 7, messages: 100, seed: 6 }
feeders: { people: { range: 'p{1..50}@example.test', order: random } }
corpus: { messages: [{ size: 3KiB }], headers: { X-A: '{{seq}}' } }
scenarios:
  - { name: one, weight: 3, to: '{{people.value}}', tls: { mode: required, insecure: true } }
  - name: two
    steps: [ehlo, { repeat: { count: { min: 1, max: 3 }, steps: [mail, rcpt, { data: , expect: { pattern: ok } }] } }, quit]
`;
    const module = `
const people = { range: 'p{1..50}@example.test', order: 'random' };
export default {
  target: 'smtp://127.0.0.1:2525',
  load: { sessions: 7, messages: 100, seed: 6 },
  feeders: { people },
  corpus: { messages: [{ size: '3KiB' }], headers: { 'X-A': '{{seq}}' } },
  scenarios: [
    { name: 'one', weight: 3, to: '{{people.value}}', tls: { mode: 'required', insecure: true } },
    {
      name: 'two',
      steps: ['ehlo', { repeat: { count: { min: 1, max: 3 }, steps: ['mail', 'rcpt', { data: null, expect: { pattern: /ok/ } }] } }, 'quit'],
    },
  ],
};`;
    expect(await prepare(module)).toEqual(await prepare(yaml, '.yaml'));
    expect(await prepare(module.replace('export default', 'module.exports ='), '.cjs')).toEqual(
      await prepare(yaml, '.yaml'),
    );
  });

  test('has functions that the plan knows by name, and flags win over it', async () => {
    const plan = await prepare(
      `export default {
        functions: { local: ({ seq }) => 'user' + seq },
        to: '{{function.local}}@example.test',
        helo: ({ session }) => 'h' + session + '.test',
      };`,
      '.mjs',
      ['-s', '3', '--from', 'x@example.test'],
    );
    expect(plan).toMatchObject({ sessions: 3, functions: { names: ['local', 'helo'] } });
    expect(plan.functions?.module).toMatch(/^file:.*\.mjs$/);
    expect(plan.scenarios[0]).toMatchObject({
      from: 'x@example.test',
      to: '{{function.local}}@example.test',
      helo: '{{function.helo}}',
    });
  });

  test.each([
    [
      'export const a = 1;',
      ['a.mjs: has no scenario to export: write export default defineScenario({ … }), or the object alone'],
    ],
    [
      'export default () => ({});',
      ['a.mjs: has no scenario to export: write export default defineScenario({ … }), or the object alone'],
    ],
    ['export default {', [expect.stringMatching(/^a\.mjs: cannot be loaded: /)]],
    ['throw new RangeError("no");', ['a.mjs: cannot be loaded: RangeError: no']],
    [
      'export default { functions: { f: 3, g: () => undefined } };',
      [
        'a.mjs: functions.f: must be a function',
        'a.mjs: functions.g: is a function that gave undefined in place of text or a number',
      ],
    ],
    [
      'export default { helo: "{{function.x}}" };',
      [expect.stringMatching(/^a\.mjs: helo: function\.x is not defined/)],
    ],
    ['export default { hleo: "a.test" };', ['a.mjs: `hleo` is not known here: did you mean helo?']],
    [
      'export default { load: { sessions: () => 4, duration: "x" } };',
      [
        expect.stringMatching(/^a\.mjs: load\.sessions: takes no template/),
        'a.mjs: load.sessions: takes a whole number from 1 to 100000 (got a function)',
        expect.stringMatching(/^a\.mjs: load\.duration: takes a time/),
      ],
    ],
    [
      'export default { scenarios: [{ weight: () => 1 }] };',
      ['a.mjs: scenarios[0].weight: must be a number (got a function)'],
    ],
    // Whatever a function gives, the domain of an address stays what was judged.
    ...[
      'to: ({ seq }) => "a" + seq',
      'to: "{{function.to}}"',
      'to: "a@{{function.to}}"',
      'to: "a@{{function.to}}.example.test"',
    ].map((to): [string, unknown[]] => [
      `export default { functions: { to: () => 'x' }, ${to} };`,
      [expect.stringMatching(/^a\.mjs: to: a function gives the part before the @ alone: name it under functions/)],
    ]),
    [
      'export default { functions: { f: () => "x" }, to: "{{function.f}}@stranger.org" };',
      [expect.stringMatching(/stranger\.org/)],
    ],
    ['export default { allowDomains: ["a.org"] };', [expect.stringMatching(/consent/)]],
  ] as [string, unknown[]][])('%s is refused in words', async (text, expected) => {
    expect(await problems(text)).toEqual(expected);
  });

  test('in TypeScript is read where Node strips types, and refused in a sentence where it does not', async () => {
    const text = 'const sessions: number = 3;\nexport default { load: { sessions } };\n';
    const strips = Boolean((process.features as { typescript?: unknown }).typescript);
    if (strips) expect(await prepare(text, '.ts')).toMatchObject({ sessions: 3 });
    else
      expect(await problems(text, '.ts')).toEqual([
        expect.stringMatching(/^a\.ts: needs a Node that strips types itself .*: write it as \.mjs/),
      ]);
  });
});

/** Every key, with a value; whoever forgets one in the types or here is told by the compiler. */
const SETTINGS: Required<ScenarioSettings> = {
  helo: ({ session }) => `h${session}.test`,
  from: 's%d@example.test',
  to: 'r%d@example.test',
  recipients: 2,
  addresses: 50,
  messagesPerSession: 'all',
  pipelining: 'across',
  retry: { after: '1s', factor: 2, max: '1m', attempts: 3, jitter: '10%' },
  timeouts: { connect: '5s', all: '10s' },
  message: { size: '4KiB', file: 'a.eml', subject: ({ seq }) => seq },
  tls: { mode: 'required', share: '50%', ca: 'a', cert: 'b', key: 'c', serverName: 'd', min: 'TLSv1.2', max: 'TLSv1.3', ciphers: 'e', groups: 'f', resume: 'on', insecure: true }, // prettier-ignore
  auth: {
    mechanism: 'plain',
    user: 'a',
    password: 'b',
    passwordFile: 'c',
    credentials: 'd',
    order: 'random',
    wrong: 1,
  },
  extensions: { bdat: '1KiB', declareSize: true, eightBitMime: true, smtpUtf8: true, requireTls: true, dsn: 'RET=HDRS', xclient: { ADDR: 'a' }, xforward: { ADDR: 'b' } }, // prettier-ignore
  connection: { localAddresses: ['127.0.0.2'], proxy: 'v2', proxySources: '192.0.2.1', close: 'rst' },
  corpus: { messages: [{ size: 4000 }], headers: { 'X-A': ({ seq }) => `a${seq}`, 'X-B': 3 } },
};
const CLASS: Required<ScenarioClass> = {
  ...SETTINGS,
  name: 'a',
  weight: 2,
  steps: [
    'ehlo',
    { mail: () => 'x' },
    { rcpt: { count: 3 } },
    { data: null, expect: { pattern: /a/, otherwise: 'quit' } },
  ],
};
const EVERYTHING: Required<ScenarioDefinition> = {
  ...SETTINGS,
  target: 'smtp://127.0.0.1:25',
  targets: [{ url: 'smtp://127.0.0.1:25', weight: 1 }],
  load: { sessions: 1, duration: '1s', messages: 1, connections: 1, workers: 1, warmup: '1s', drain: '1s', giveUp: '1s', connectLimit: 1, seed: 1, ramp: '1s', think: '1s', rate: '1/s', profile: [{ rate: '1/s', for: '1s' }, { from: '1/s', to: '2/s', for: '1s' }, { pause: '1s' }, { stairs: '1/s..2/s', step: '1/s', every: '1s' }, { spikes: '1/s..2/s', of: '1s', every: '2s', for: '4s' }, { sine: '1/s..2/s', period: '1s', for: '1s' }, '1/s for 1s'], arrivals: 'even', onFull: 'drop', reuse: true }, // prettier-ignore
  objectives: ['endOfData.p99 < 250ms'],
  abortOnFail: true,
  gates: ['lag.p99 < 20ms'],
  feeders: { a: { range: 'a{1..9}' } },
  functions: { f: () => 'x' },
  scenarios: [CLASS],
};

describe('the types of a module', () => {
  test('have every key of a file, and no other', () => {
    const { functions: _functions, ...rest } = EVERYTHING;
    const plain = JSON.parse(
      JSON.stringify(rest, (_, value: unknown) =>
        typeof value === 'function' ? 'x' : value instanceof RegExp ? value.source : value,
      ),
    ) as Record<string, Record<string, unknown>>;
    const valueAt = (path: readonly string[]): unknown =>
      path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], plain);
    expect(FILE_KEYS.filter(({ path }) => valueAt(path) === undefined).map(({ path }) => path.join('.'))).toEqual([]);
    const { issues } = readScenarioValue('a.mjs', plain);
    expect(issues.map(({ message }) => message).filter((message) => message.includes('not known'))).toEqual([]);
  });

  test('refuse what a file would refuse', () => {
    defineScenario(EVERYTHING);
    // @ts-expect-error a key that there is not
    defineScenario({ hleo: 'a.test' });
    // @ts-expect-error a whole address is no function
    defineScenario({ to: () => 'a@example.test' });
    // @ts-expect-error sessions are a number
    defineScenario({ load: { sessions: () => 3 } });
    // @ts-expect-error no such step
    defineScenario({ scenarios: [{ steps: ['hello'] }] });
    // @ts-expect-error a function gives text
    expect(defineScenario({ helo: () => ({}) })).toEqual({ helo: expect.any(Function) as unknown });
  });
});
