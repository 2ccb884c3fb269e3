/** Which texts may stand where templates may, and which addresses can be made of them. */
import { describe, expect, test } from 'vitest';
import type { FeederPlan } from '../../src/data/feeder.js';
import { readRanges } from '../../src/data/generated-range.js';
import { TemplateRules } from '../../src/plan/template-rules.js';
import { csvFeeder } from '../support/template-data.js';

const STRANGE =
  'names mail.lab, a domain that is not reserved for tests: if mail may go there, give --allow-domain mail.lab';
const SAFE = csvFeeder(
  'safe',
  'mail,user,domain,host\na@example.test,a.b,example.test,mx\n<b@x.test>,c+d,sub.x.test,mx-2\n',
);
const MIXED = csvFeeder(
  'mixed',
  'mail,user,domain,host\na@example.test,a,example.test,mx\nb@mail.lab,"a@mail.lab,b",mail.lab,a.b/c\n,,,\n',
);
const UTF8 = csvFeeder('utf8', 'user\nmüller\n');

function range(pattern: string): FeederPlan {
  const reading = readRanges({ value: pattern });
  if (!('range' in reading)) throw new Error('no range');
  return { name: 'range', order: 'in-order', exponent: 1, rows: reading.range };
}

function rules(options: { isUtf8?: boolean; allowDomains?: string[]; captures?: string[] } = {}): TemplateRules {
  const { isUtf8 = false, allowDomains = [], captures = ['queue'] } = options;
  return new TemplateRules(
    { feeders: [SAFE, MIXED, UTF8, range('u{1..9}@example.test')], isUtf8, allowDomains, functions: ['local'] },
    captures,
  );
}

describe('an address', () => {
  test.each([
    'user%d@example.test',
    '{{safe.mail}}',
    '{{range.value}}',
    '{{safe.user}}@example.test',
    '{{safe.user}}.{{seq}}@example.test',
    '{{safe.user}}@{{safe.domain}}',
    'x@{{safe.host}}.example.test',
    'x@{{safe.domain}}',
    '{{random.name}}{{random.hex 4}}%d@example.test',
    '{{random.int -5 5}}@x.test',
    '{{random.pick a b}}@x.test',
    '{{random.pick a@x.test b@x.test}}',
    '{{now unix}}@x.test',
    '{{"a.b"}}@x.test',
    'root{{seq}}',
  ])('may be %s', (text) => {
    expect(rules().addressProblem(text)).toBeNull();
  });

  test.each([
    ['{{mixed.mail}}', `mixed.mail in row 2 ${STRANGE}`],
    [
      '{{mixed.user}}@example.test',
      'mixed.user in row 2 holds what a local part cannot: take letters, digits and dots',
    ],
    ['x@{{mixed.domain}}', `mixed.domain in row 2 ${STRANGE}`],
    ['x@{{mixed.host}}.example.test', 'mixed.host in row 2 holds what a domain cannot'],
    ['x@mx.{{safe.domain}}', 'takes a domain that is a value as a whole, or one that ends in text'],
    ['x@{{safe.host}}.mail.lab', `names x.mail.lab`],
    ['{{seq}}@mail.lab', STRANGE],
    ['{{seq}}%mail.lab@example.test', STRANGE],
    ['{{random.pick a b@mail.lab}}@example.test', "'b@mail.lab' holds what a local part cannot"],
    ['{{random.pick a@x.test b@mail.lab}}', `'b@mail.lab' ${STRANGE}`],
    ['{{"x@mail.lab"}}', STRANGE],
    ['{{queue}}@example.test', 'queue cannot stand in an address: mail could go anywhere'],
    ['{{capture queue}}@example.test', 'capture cannot stand in an address'],
    ['{{now}}@example.test', 'now cannot stand in an address'],
    ['{{sqe}}@example.test', 'sqe is not defined: did you mean seq?'],
    ['{{utf8.user}}@example.test', 'utf8.user in row 1 holds what a local part cannot'],
    ['{{seq}} {{seq}}@example.test', 'takes one address'],
  ])('may not be %s', (text, problem) => {
    expect(rules().addressProblem(text)).toContain(problem);
  });

  test('may be more than ASCII, and of domains with consent, where that was given', () => {
    expect(rules({ isUtf8: true }).addressProblem('{{utf8.user}}@example.test')).toBeNull();
    expect(rules({ allowDomains: ['mail.lab'] }).addressProblem('x{{seq}}@mail.lab')).toBeNull();
    expect(rules({ allowDomains: ['mail.lab'] }).addressProblem('{{mixed.mail}}')).toBe(
      'mixed.mail in row 3 is empty, and no address',
    );
  });
});

describe('a text', () => {
  test.each([
    ['{{queue}} {{safe.user}} {{now iso}}', null],
    ['plain { } }}', null],
    ['{{nothing}}', 'nothing is not defined'],
    ['{{queue}}'.repeat(17), 'may get longer than 8192 octets'],
    ['{{seq 99}}', 'seq takes how many digits'],
  ])('%s: %s', (text, problem) => {
    const found = rules().textProblem(text);
    if (problem === null) expect(found).toBeNull();
    else expect(found).toContain(problem);
  });

  test('may hold line ends where it is raw, and nowhere else', () => {
    expect(rules().textProblem('{{"a\r\nb"}}', true)).toBeNull();
    expect(rules().textProblem('{{"a\r\nb"}}')).toContain('holds a line end or NUL');
  });
});
