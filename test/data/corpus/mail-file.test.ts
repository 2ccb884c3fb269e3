import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isMbox, parseMail, splitMbox } from '../../../src/data/corpus/mail-file.js';
import { readMailFiles } from '../../../src/data/corpus/read-mail-files.js';
import { withCrlfLines } from '../../../src/plan/message-content.js';
import { fuzzParameters } from '../../support/property-time.js';

const octets = (text: string): Buffer => Buffer.from(text, 'latin1');

function parsed(text: string): { fields: [string, string][]; body: string } {
  const { fields, body } = parseMail(octets(text));
  return {
    fields: fields.map((field) => [field.name, field.octets.toString('latin1')]),
    body: body.toString('latin1'),
  };
}

const split = (text: string): string[] =>
  splitMbox({ name: 'box', octets: octets(text) }).map((mail) => Buffer.from(mail.octets).toString('latin1'));

describe('a message is taken apart', () => {
  test.each<[string, string, [string, string][], string]>([
    ['fields and body', 'A: 1\r\nb-C : 2\r\n\r\nbody\r\n', [['a', 'A: 1\r\n'], ['b-c', 'b-C : 2\r\n']], 'body\r\n'], // prettier-ignore
    ['folded fields', 'A: 1\r\n 2\r\n\t3\r\nB:\r\n\r\n', [['a', 'A: 1\r\n 2\r\n\t3\r\n'], ['b', 'B:\r\n']], ''], // prettier-ignore
    ['any line ends', 'A: 1\nB: 2\r\rbody\rend', [['a', 'A: 1\r\n'], ['b', 'B: 2\r\n']], 'body\r\nend\r\n'], // prettier-ignore
    ['headers alone', 'A: 1', [['a', 'A: 1\r\n']], ''],
    ['no headers', '\r\nbody', [], 'body\r\n'],
    ['a body alone', 'just text\r\nA: 1', [], 'just text\r\nA: 1\r\n'],
    ['a body that follows at once', 'A: 1\r\njust text\r\n', [['a', 'A: 1\r\n']], 'just text\r\n'],
    ['a fold without a field', ' A: 1\r\n', [], ' A: 1\r\n'],
    ['more empty lines', 'A: 1\r\n\r\n\r\nbody', [['a', 'A: 1\r\n']], '\r\nbody\r\n'],
    ['nothing', '', [], ''],
    ['a field of octets', 'A: \xff\0\r\n\r\n\xfe', [['a', 'A: \xff\0\r\n']], '\xfe\r\n'],
  ])('%s', (_what, text, fields, body) => {
    expect(parsed(text)).toEqual({ fields, body });
  });

  test('without losing an octet', () => {
    const unit = fc.constantFrom('A: ', 'b', '\r\n', '\n', '\r', ' ', ':', '\r\n\r\n');
    fc.assert(
      fc.property(
        fc.array(unit, { maxLength: 30 }).map((units) => units.join('')),
        (text) => {
          const { fields, body } = parseMail(octets(text));
          const head = fields.map((field) => field.octets.toString('latin1')).join('');
          const whole = Buffer.from(withCrlfLines(octets(text))).toString('latin1');
          const joined = [head + body.toString('latin1'), `${head}\r\n${body.toString('latin1')}`];
          expect(joined).toContain(whole);
        },
      ),
      fuzzParameters(300),
    );
  });

  test('at once, however long its lines and however many its fields', () => {
    const startedMs = performance.now();
    expect(parseMail(octets('x'.repeat(20_000_000))).fields).toHaveLength(0);
    expect(parseMail(octets('A: 1\n'.repeat(200_000))).fields).toHaveLength(200_000);
    expect(parseMail(octets(`A: 1\n${' x\n'.repeat(1_000_000)}`)).fields).toHaveLength(1);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });
});

describe('an mbox is taken apart', () => {
  test.each<[string, string, string[]]>([
    ['one message', 'From a Thu\nA: 1\n\nbody\n', ['A: 1\r\n\r\nbody\r\n']],
    [
      'two messages',
      'From a\nA: 1\n\nbody\n\nFrom b\nA: 2\n\nend\n\n',
      ['A: 1\r\n\r\nbody\r\n', 'A: 2\r\n\r\nend\r\n'],
    ],
    ['CRLF', 'From a\r\nA: 1\r\n\r\nx\r\n\r\nFrom b\r\nA: 2\r\n\r\n', ['A: 1\r\n\r\nx\r\n', 'A: 2\r\n']],
    [
      'quoted lines',
      'From a\nA: 1\n\n>From x\n>>From y\n>Fromage\n',
      ['A: 1\r\n\r\nFrom x\r\n>From y\r\n>Fromage\r\n'],
    ],
    ['a From that nobody quoted', 'From a\nA: 1\n\ntext\nFrom here on\n', ['A: 1\r\n\r\ntext\r\nFrom here on\r\n']],
    ['a message of nothing', 'From a\n\nFrom b\nA: 2\n', ['', 'A: 2\r\n']],
    ['a first line alone', 'From a', ['']],
  ])('%s', (_what, text, messages) => {
    expect(isMbox(octets(text))).toBe(true);
    expect(split(text)).toEqual(messages);
  });

  test('into what was put together', () => {
    const line = fc.constantFrom('text', 'From me', '>From me', '>>From', '', ' ');
    const message = fc
      .array(line, { maxLength: 6 })
      .map((lines) => `A: 1\n\n${lines.map((text) => `${text}\n`).join('')}`);
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), (messages) => {
        const mbox = messages.map((text) => `From someone\n${text.replace(/^(>*From )/gm, '>$1')}\n`).join('');
        expect(split(mbox)).toEqual(messages.map((text) => text.replaceAll('\n', '\r\n')));
      }),
      fuzzParameters(300),
    );
  });

  test('and messages are told from it', () => {
    for (const text of ['From: a@example.test\n', '', 'Fro', 'from me', '\nFrom a'])
      expect(isMbox(octets(text))).toBe(false);
  });
});

describe('reading', () => {
  let folder = '';
  const path = (name: string): string => join(folder, name);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'postrush-mail-'));
    mkdirSync(path('dir/sub.eml'), { recursive: true });
    writeFileSync(path('dir/b.eml'), 'B: 1\n\nb');
    writeFileSync(path('dir/a.EML'), 'A: 1\n\na');
    writeFileSync(path('dir/c.eml'), 'From x\nC: 1\n\nc\n\nFrom y\nC: 2\n\nc\n');
    writeFileSync(path('dir/notes.txt'), 'no mail');
    mkdirSync(path('none'));
    mkdirSync(path('broken'));
    writeFileSync(path('broken/a.eml'), '');
    symlinkSync(path('nowhere'), path('broken/b.eml'));
    mkdirSync(path('pipes'));
    execFileSync('mkfifo', [path('pipes/a.eml')]);
    writeFileSync(path('one.eml'), 'A: 1\n\nx');
    writeFileSync(path('many.mbox'), 'From x\n\n\n'.repeat(20_001));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const names = (name: string): unknown => {
    const reading = readMailFiles(path(name));
    return 'problem' in reading ? reading.problem : reading.files.map((file) => file.name.replace(folder, ''));
  };

  test('a file, an mbox, and the .eml files of a directory by their names', () => {
    expect(names('one.eml')).toEqual(['/one.eml']);
    expect(names('dir/c.eml')).toEqual(['/dir/c.eml#1', '/dir/c.eml#2']);
    expect(names('dir')).toEqual(['a.EML', 'b.eml', 'c.eml#1', 'c.eml#2']);
  });

  test.each<[string, string]>([
    ['nowhere', 'cannot be read: there is no such file'],
    ['none', 'holds no .eml file'],
    ['broken', 'a.eml: is empty'],
    ['pipes', 'a.eml: is no file'],
    ['pipes/a.eml', 'is no file'],
    ['many.mbox', 'holds more than 20000 messages'],
  ])('%s: %s', (name, problem) => {
    expect(names(name)).toBe(problem);
  });

  test('what has no end is no file', () => {
    expect(readMailFiles('/dev/zero')).toEqual({ problem: 'is no file' });
  });
});
