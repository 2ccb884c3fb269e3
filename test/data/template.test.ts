import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkTemplate, compileTemplate } from '../../src/data/template.js';
import { nameProblem } from '../../src/data/template-variables.js';
import type { TemplateNames } from '../../src/data/template-variables.js';
import { fuzzParameters } from '../support/property-time.js';
import { compiled, contextOf, csvFeeder, dataOf, written } from '../support/template-data.js';

const NAMES: TemplateNames = {
  feeders: new Map([['accounts', ['user', 'password']]]),
  captures: ['queueId', 'token'],
  values: ['from'],
};

const problemsOf = (text: string, isRaw = false): string[] =>
  checkTemplate(text, NAMES, isRaw).map(({ offset, message }) => `${offset}: ${message}`);

const render = (text: string, values: Parameters<typeof contextOf>[0] = {}): string =>
  written(compiled(text), contextOf(values));

describe('a template writes', () => {
  test.each<[string, string]>([
    ['plain text, with } and { and }} in it', 'plain text, with } and { and }} in it'],
    ['', ''],
    ['ünïcode 日本', 'ünïcode 日本'],
    ['{{seq}}', '42'],
    ['a{{ seq }}b{{seq}}', 'a42b42'],
    ['{{seq 6}}', '000042'],
    ['{{seq 1}}', '42'],
    ['{{session}}-{{worker}}-{{index}}', '8-3-2'],
    ['{{trace}}', '000000000041.1'],
    ['{{"{{"}}seq{{"}}"}}', '{{seq}}'],
    ['{{now}}', 'Thu, 26 Nov 2026 04:02:34 +0000'],
    ['{{now rfc5322}}', 'Thu, 26 Nov 2026 04:02:34 +0000'],
    ['{{now iso}}', '2026-11-26T04:02:34Z'],
    ['{{now unix}}', '1795665754'],
    ['{{now ms}}', '1795665754321'],
    ['{{random.int 7 7}}', '7'],
    ['{{random.int -3 -3}}', '-3'],
    ['{{random.pick one}}', 'one'],
    ['{{random.pick "one two"}}', 'one two'],
  ])('%j as %j', (text, octets) => {
    const context = { number: 41, session: 7, worker: 2, index: 1, nowMs: 1_795_665_754_321 };
    expect(render(text, context)).toBe(octets);
  });

  test('numbers of any size', () => {
    const numbers = [0, 8, 9, 98, 99, 999_999, 2 ** 32, 2 ** 53 - 2];
    expect(numbers.map((number) => render('{{seq}}', { number }))).toEqual(numbers.map((number) => String(number + 1)));
  });

  test('every moment anew', () => {
    const template = compiled('{{now}}');
    const moments = [0, 999, 1_000, 86_400_000 * 365, 1_795_665_754_321, 4_102_444_799_000];
    expect(moments.map((nowMs) => written(template, contextOf({ nowMs: nowMs + 1e12 })))).toEqual(
      moments.map((nowMs) => new Date(nowMs + 1e12).toUTCString().replace('GMT', '+0000')),
    );
  });

  test('names that are addresses as well', () => {
    const names = new Set(Array.from({ length: 2_000 }, (_, number) => render('{{random.name}}', { number })));
    expect([...names].every((name) => /^[a-z]+\.[a-z-]+$/.test(name))).toBe(true);
    expect(names.size).toBeGreaterThan(1_700);
  });

  test('hexadecimal digits, as many as asked for', () => {
    expect(render('{{random.hex 33}}')).toMatch(/^[0-9a-f]{33}$/);
    const digits = Array.from({ length: 500 }, (_, number) => render('{{random.hex 16}}', { number })).join('');
    for (const digit of '0123456789abcdef') expect(digits.split(digit).length).toBeGreaterThan(400);
  });

  test('other variables, and templates, that it is given', () => {
    const from = compiled('{{random.int 1 1000000}}@example.test', dataOf({}), 'envelope');
    const data = { ...dataOf({}), values: new Map([['from', from]]) };
    const header = compiled('From: <{{from}}>', data, 'header');
    for (let number = 0; number < 20; number++) {
      const context = contextOf({ number });
      expect(written(header, context)).toBe(`From: <${written(from, context)}>`);
    }
  });

  test('octets between texts as they are', () => {
    const template = compileTemplate(
      [{ text: 'A: {{seq}}', place: 'a' }, Buffer.from('\r\n'), { text: 'B: {{seq}}', place: 'b' }],
      dataOf({}),
    );
    expect(template.octets(contextOf()).toString()).toBe('A: 1\r\nB: 1');
  });
});

describe('random values', () => {
  test('follow from seed, place and message alone, in whatever order they are asked for', () => {
    const text = '{{random.int 1 1000000}} {{random.hex 12}} {{random.pick a b c d e}} {{random.name}}';
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.nat(1e9), { maxLength: 30 }), fc.nat(9), (seed, numbers, index) => {
        const one = compiled(text, dataOf({ seed }));
        const other = compiled(text, dataOf({ seed }));
        const first = numbers.map((number) => written(one, contextOf({ number, index, session: 1, worker: 0 })));
        const second = numbers
          .toReversed()
          .map((number) => written(other, contextOf({ number, index, session: 7, worker: 3 })))
          .toReversed();
        expect(second).toEqual(first);
      }),
      fuzzParameters(400),
    );
  });

  test('are others in every place, message, repetition and seed', () => {
    const data = dataOf({});
    const hex = '{{random.hex 16}}';
    const values = [
      ...written(compiled(`${hex} ${hex}`, data), contextOf()).split(' '),
      written(compiled(hex, data, 'elsewhere'), contextOf()),
      written(compiled(hex, data), contextOf({ number: 1 })),
      written(compiled(hex, data), contextOf({ number: 2 ** 32 })),
      written(compiled(hex, data), contextOf({ index: 1 })),
      written(compiled(hex, dataOf({ seed: 2 })), contextOf()),
    ];
    expect(new Set(values).size).toBe(values.length);
  });

  test('are spread evenly over their range', () => {
    const template = compiled('{{random.int 10 29}}');
    const counts = new Map<string, number>();
    for (let number = 0; number < 40_000; number++) {
      const value = written(template, contextOf({ number }));
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    expect(counts.size).toBe(20);
    // Chi-square with 19 degrees of freedom: above 43.8 in one of 1,000 cases; the seed is fixed.
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 2_000) ** 2 / 2_000, 0);
    expect(chiSquare).toBeLessThan(43.8);
  });

  test('of one message say nothing about the next one', () => {
    const template = compiled('{{random.int 0 9}}');
    const pairs = new Array<number>(100).fill(0);
    for (let number = 0; number < 40_000; number++) {
      const pair = Number(
        written(template, contextOf({ number })) + written(template, contextOf({ number: number + 1 })),
      );
      pairs[pair] = pairs[pair]! + 1;
    }
    // 99 degrees of freedom: above 148.2 in one of 1,000 cases.
    expect(pairs.reduce((sum, count) => sum + (count - 400) ** 2 / 400, 0)).toBeLessThan(148.2);
  });
});

describe('a problem of a template has its position and one sentence', () => {
  test.each<[string, string[]]>([
    ['{{sesion}}', ['2: sesion is not defined: did you mean session?']],
    ['a {{ Seq }}', ['5: Seq is not defined: did you mean seq?']],
    ['{{random.nam}}', ['2: random.nam is not defined: did you mean random.name?']],
    ['{{queueID}}', ['2: queueID is not defined: did you mean queueId?']],
    ['{{acounts.user}}', ['2: acounts.user is not defined: did you mean accounts.user?']],
    ['{{accounts.usr}}', ['2: accounts has no column usr: did you mean user?']],
    ['{{accounts.telephone}}', ['2: accounts has no column telephone: it has user, password']],
    ['{{accounts}}', ['2: accounts is a feeder: name one of its columns (user, password)']],
    ['{{accounts.user 3}}', ['16: accounts.user takes nothing behind its name']],
    ['{{capture tokn}}', ['10: nothing is captured as tokn: did you mean token?']],
    ['{{capture}}', ['2: capture takes the name of one captured value']],
    ['{{capture token queueId}}', ['16: capture takes the name of one captured value']],
    ['{{token now}}', ['8: token takes nothing behind its name']],
    ['{{seq 17}}', ['2: seq takes how many digits it has at least, from 1 to 16']],
    ['{{seq x}}', ['2: seq takes how many digits it has at least, from 1 to 16']],
    ['{{trace 1}}', ['2: trace takes nothing behind its name']],
    ['{{now local}}', ['2: now takes one of rfc5322, iso, unix, ms']],
    ['{{now iso iso}}', ['2: now takes one of rfc5322, iso, unix, ms']],
    ['{{random.int 1}}', ['2: random.int takes two whole numbers, as in random.int 1 1000']],
    ['{{random.int 1 2 3}}', ['2: random.int takes two whole numbers, as in random.int 1 1000']],
    ['{{random.int 1 1.5}}', ['2: random.int takes two whole numbers, as in random.int 1 1000']],
    ['{{random.int 9 1}}', ['2: random.int takes the smaller number first (got 9 1)']],
    ['{{random.int 0 4294967296}}', ['2: random.int takes a range of at most 4294967296 numbers']],
    ['{{random.hex 0}}', ['2: random.hex takes how many digits, from 1 to 256']],
    ['{{random.hex 257}}', ['2: random.hex takes how many digits, from 1 to 256']],
    ['{{random.pick}}', ['2: random.pick takes the words to pick from, as in random.pick red green "light blue"']],
    ['{{random.name x}}', ['2: random.name takes nothing behind its name']],
    ['{{}} and {{ }}', ['0: {{}} has to name a variable', '9: {{}} has to name a variable']],
    ['text {{seq', ['5: {{ is not closed by }}']],
    ['{{random.pick "a b}}', ['0: {{ is not closed by }}: a quote is not closed either']],
    ['{{"a" "b"}}', ['6: a text in quotes stands alone between {{ and }}']],
    ['{{constructor}} {{__proto__}}', ['2: constructor is not defined', '18: __proto__ is not defined']],
    ['{{sq}} {{seq}} {{acounts.user}} {{', [
      '2: sq is not defined: did you mean seq?',
      '17: acounts.user is not defined: did you mean accounts.user?',
      '32: {{ is not closed by }}',
    ]], // prettier-ignore
  ])('%j', (text, problems) => {
    const found = problemsOf(text);
    expect(found.map((problem) => problem.replace(/: there are .*/, ''))).toEqual(problems);
  });

  test('and what is not similar to anything is told what there is', () => {
    expect(problemsOf('{{elephant}}')).toEqual([
      '2: elephant is not defined: there are seq, session, worker, index, trace, now, random.int, random.hex, ' +
        'random.pick, random.name, from, queueId, token, accounts.user, accounts.password',
    ]);
  });

  test('no template fails in another way, and problems lie within it', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      '"',
      ' ',
      'seq',
      'now',
      'x',
      'random.int',
      '1',
      '\r\n',
      '{',
      '}',
      'accounts.user',
    );
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        fc.boolean(),
        (text, isRaw) => {
          const problems = checkTemplate(text, NAMES, isRaw);
          for (const { offset, length } of problems) {
            expect(offset).toBeGreaterThanOrEqual(0);
            expect(offset + length).toBeLessThanOrEqual(text.length);
          }
        },
      ),
      fuzzParameters(400),
    );
  });

  test.each([
    ['an endless row of openings', '{{'.repeat(500_000)],
    ['an endless placeholder', `{{${' x'.repeat(500_000)}`],
    ['endless space', `{{${' '.repeat(1_000_000)}`],
    ['an endless quote', `{{"${'a'.repeat(1_000_000)}`],
    ['an endless word', `{{${'a'.repeat(1_000_000)}}}`],
  ])('%s is refused at once', (_what, text) => {
    const startedMs = performance.now();
    expect(problemsOf(text)).toHaveLength(1);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});

describe('no value ends its line', () => {
  const breaking = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\0', ' ', 'é'), minLength: 1, maxLength: 40 });

  test.each([
    ['a\rb', 1],
    ['seq\n', 3],
    ['{{seq}}\0', 7],
    ['{{random.pick "a\r\nQUIT" b}}', 14],
    ['{{"\n"}}', 2],
  ])('in text (%j)', (text, offset) => {
    expect(checkTemplate(text, NAMES)).toEqual([
      {
        offset,
        length: expect.any(Number),
        message:
          'holds a line end or NUL, and what follows would be a command or header of its own: only raw may hold that',
      },
    ]);
    expect(checkTemplate(text, NAMES, true)).toEqual([]);
  });

  test('whatever was captured: CR, LF and NUL become ?, everything else stays', () => {
    const template = compiled('VRFY {{token}} {{capture token}}', dataOf({ captures: ['other', 'token'] }));
    fc.assert(
      fc.property(breaking, (text) => {
        const octets = written(template, contextOf({ captures: [null, Buffer.from(text)] }));
        const clean = text.replaceAll(/[\r\n\0]/g, '?');
        expect(octets).toBe(`VRFY ${clean} ${clean}`);
      }),
      fuzzParameters(300),
    );
  });

  test('unless the template is raw: then it is written as it was captured', () => {
    const template = compiled('{{token}}\r\n', dataOf({ captures: ['token'] }), 'here', true);
    fc.assert(
      fc.property(breaking, (text) => {
        expect(written(template, contextOf({ captures: [Buffer.from(text)] }))).toBe(`${text}\r\n`);
      }),
      fuzzParameters(200),
    );
  });

  test('whatever template passes its check, and whatever it is written from', () => {
    const piece = fc.constantFrom(
      '{{seq}}',
      '{{random.pick a b}}',
      '{{token}}',
      '{{now}}',
      '{{accounts.user}}',
      '\r',
      '\n',
      'x',
    );
    const accounts = csvFeeder('accounts', 'user\nann\nbob\n');
    const data = dataOf({ feeders: [accounts], captures: ['token'] });
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        breaking,
        fc.nat(1e6),
        (text, captured, number) => {
          const names = { feeders: new Map([['accounts', ['user']]]), captures: ['token'], values: [] };
          fc.pre(checkTemplate(text, names).length === 0);
          const octets = written(compiled(text, data), contextOf({ number, captures: [Buffer.from(captured)] }));
          expect(octets).not.toMatch(/[\r\n\0]/);
        },
      ),
      fuzzParameters(400),
    );
  });

  test('and a captured text is no longer than a reply', () => {
    const template = compiled('{{token}}', dataOf({ captures: ['token'] }));
    expect(written(template, contextOf({ captures: [Buffer.alloc(5_000, 'x')] }))).toBe('x'.repeat(512));
    expect(written(template, contextOf({ captures: [null] }))).toBe('');
    expect(written(template, contextOf())).toBe('');
  });
});

test.each<['feeder' | 'column' | 'capture', string, boolean]>([
  ['feeder', 'accounts', true],
  ['feeder', 'seq', false],
  ['feeder', 'random', false],
  ['capture', 'capture', false],
  ['capture', 'queue-id', true],
  ['capture', '1st', false],
  ['feeder', 'a.b', false],
  ['column', 'seq', true],
  ['column', 'user name', false],
  ['column', '', false],
])('a %s may be called %j: %s', (kind, name, isFine) => {
  expect(nameProblem(name, kind) === null).toBe(isFine);
});
