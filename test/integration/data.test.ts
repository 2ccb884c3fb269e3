/** Whole runs with data from files: what the server was sent depends on the seed alone, and is what the files say. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { resultOf, runPostrush } from '../support/real-server-run.js';
import { openSink } from '../support/integration-run.js';

const FILES: Readonly<Record<string, string>> = {
  'people.csv': 'name,mail\n"Lovelace, Ada",ada@example.test\nBob,bob@example.test\nEve,eve@example.test\n',
  'accounts.jsonl': ['one', 'two', 'three', 'four']
    .map((user) => `{"user":"${user}","key":"key of ${user}"}\n`)
    .join(''),
  'note.eml': 'From: x@example.test\nSubject: kept\nMessage-ID: <old@example.test>\n\n.dots\nand text\n',
  'mix.yaml': `
load: { sessions: 4, messages: 120, seed: 42 }
feeders:
  people: { file: people.csv, order: random }
  users: { range: "user{001..900}@example.test" }
from: "{{random.name}}.{{seq}}@example.test"
corpus:
  messages:
    - { weight: 2, size: { shape: logNormal, median: 2KiB, sigma: 1, min: 1KiB, max: 64KiB } }
    - { weight: 1, file: note.eml }
    - { weight: 1, parts: { text: hello, html: { size: 3KiB }, attachments: [{ name: a.bin, size: 2KiB }] } }
    - { weight: 1, filterTest: eicar }
  headers: { X-Person: "{{people.name}} {{random.int 1 1000000}}" }
scenarios:
  - name: flags
    weight: 2
    to: "{{people.mail}}"
    extensions: { declareSize: true }
  - name: steps
    weight: 1
    steps:
      - ehlo
      - mail
      - rcpt: { count: 3, to: "{{users.value}}" }
      - rcpt: ["copy.{{seq}}@example.test"]
      - bdat: 700
      - quit
`,
};

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'postrush-data-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** Runs a file against a sink that keeps every message. */
async function savedOf(
  folder: string,
  flags: readonly string[],
): Promise<{ mail: string[]; result: ReturnType<typeof resultOf> }> {
  const save = mkdtempSync(join(tmpdir(), 'postrush-saved-'));
  onTestFinished(() => rmSync(save, { recursive: true }));
  const sink = await openSink({ save: { folder: save, messages: 1000 } });
  const result = resultOf(await runPostrush([sink.url, '-f', join(folder, 'mix.yaml'), ...flags]));
  expect(result).toMatchObject({
    verdict: 'pass',
    books: { balanced: true },
    messages: { accepted: sink.stats().messages },
  });
  const mail = readdirSync(save)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const { reversePath, forwardPaths } = JSON.parse(readFileSync(join(save, name), 'utf8')) as Record<
        string,
        unknown
      >;
      return `${JSON.stringify([reversePath, forwardPaths])}\n${readFileSync(join(save, name.replace('.json', '.eml')), 'latin1')}`;
    });
  return { mail, result };
}

test('the same seed sends the same messages to the same recipients, by one worker or by three', async () => {
  const folder = folderOf(FILES);
  const only = FILES['mix.yaml']!.replace(/ {2}- name: steps[^]*/, '');
  writeFileSync(join(folder, 'mix.yaml'), only);
  const one = await savedOf(folder, ['-w', '1']);
  const three = await savedOf(folder, ['-w', '3']);
  expect(one.mail).toHaveLength(120);
  expect(three.mail.toSorted()).toEqual(one.mail.toSorted());
  const other = await savedOf(folder, ['-w', '3', '--seed', '43']);
  expect(other.mail.toSorted()).not.toEqual(one.mail.toSorted());
});

test('with several scenarios a number is one message of one of them, whoever comes first', async () => {
  const folder = folderOf(FILES);
  const one = byNumber((await savedOf(folder, ['-w', '1'])).mail);
  const three = byNumber((await savedOf(folder, ['-w', '3'])).mail);
  // How many each scenario sends, until the run has its 120, is a matter of speed; which ones is not.
  const inBoth = [...one.keys()].filter((number) => three.has(number));
  expect(inBoth.length).toBeGreaterThan(60);
  for (const number of inBoth) expect(three.get(number)).toBe(one.get(number));
  for (const [number, mail] of [...one, ...three]) {
    expect([number, mail.includes('"copy.')]).toEqual([number, (number - 1) % 3 === 2]);
  }
});

/** Messages by the number in their sender. */
function byNumber(mail: readonly string[]): Map<number, string> {
  const numbered = new Map(mail.map((each) => [Number(/\.(\d+)@/.exec(each)?.[1]), each]));
  expect(numbered.size).toBe(mail.length);
  return numbered;
}

test('messages are what the file says, with a trace each, whichever way they travel', async () => {
  const { mail, result } = await savedOf(folderOf(FILES), ['-w', '2']);
  expect(mail).toHaveLength(120);
  const traces = mail.map((each) => /^X-Postrush-Trace: (\S+)/m.exec(each)?.[1] ?? '');
  expect(new Set(traces).size).toBe(120);
  for (const each of mail) expect(each).toMatch(/^X-Person: (?:Lovelace, Ada|Bob|Eve) \d+\r$/m);
  const notes = mail.filter((each) => each.includes('Subject: kept'));
  expect(notes.length).toBeGreaterThan(5);
  for (const note of notes) {
    expect(note).toContain('\r\n.dots\r\nand text\r\n');
    expect(note).not.toContain('old@example.test');
  }
  expect(mail.some((each) => each.includes('filename=eicar.com'))).toBe(true);
  expect(mail.some((each) => each.includes('filename=a.bin'))).toBe(true);
  const lists = mail.filter((each) => each.split('\n')[0]?.includes('copy.'));
  expect(lists).toHaveLength(result.scenarios[1]!.messages.accepted);
  for (const list of lists)
    expect(list.split('\n')[0]).toMatch(/\["user\d{3}@.*","user\d{3}@.*","user\d{3}@.*","copy\.\d+@example\.test"\]/);
});

test('AUTH steps take accounts from a feeder, and no two sessions at once the same one', async () => {
  const users = { one: 'key of one', two: 'key of two', three: 'key of three', four: 'key of four' };
  const sink = await openSink({ users });
  const folder = folderOf({
    ...FILES,
    'mix.yaml': `
load: { sessions: 4, connections: 40 }
feeders: { accounts: { file: accounts.jsonl, order: unique } }
scenarios:
  - name: storm
    steps:
      - ehlo
      - { auth: { mechanism: plain, user: "{{accounts.user}}", password: "{{accounts.key}}" }, expect: 235 }
      - quit
`,
  });
  const result = resultOf(await runPostrush([sink.url, '-f', join(folder, 'mix.yaml'), '-w', '2']));
  expect(result.unexpected).toEqual([]);
  expect(result.steps.auth?.replied).toBe(40);
  expect(sink.stats().authenticated).toBe(40);
});
