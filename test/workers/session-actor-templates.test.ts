/** Sessions that say what templates make of numbers, rows and captured values. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FeederPlan } from '../../src/data/feeder.js';
import { readRanges } from '../../src/data/generated-range.js';
import type { ScriptStep } from '../../src/plan/script-steps.js';
import { withCorpora } from '../../src/scenario/build-corpora.js';
import type { CorpusRequest } from '../../src/scenario/build-corpora.js';
import { firstLane } from '../../src/plan/lane-plan.js';
import type { LanePlan } from '../../src/plan/lane-plan.js';
import { resolveRun } from '../../src/plan/resolve-plan.js';
import type { LoadTestOptions } from '../../src/plan/options.js';
import { EngineSession } from '../support/engine-session.js';
import { fuzzParameters } from '../support/property-time.js';
import { ScriptedServer, serve } from '../support/scripted-server.js';
import type { AnswerBook } from '../support/scripted-server.js';
import { csvFeeder } from '../support/template-data.js';
import { expecting, numbered, rcpts, repeat, word, words } from '../support/script-tree.js';

const PEOPLE = csvFeeder(
  'people',
  'name,mail,key\nAda,ada@example.test,k1\nBob,bob@example.test,k2\nEve,eve@example.test,k3\n',
);
const USERS: FeederPlan = { name: 'users', order: 'in-order', exponent: 1, rows: rangeOf('user{01..50}') };

function rangeOf(pattern: string): FeederPlan['rows'] {
  const reading = readRanges({ value: pattern });
  if (!('range' in reading)) throw new Error('no range');
  return reading.range;
}

/** The lane of options with feeders, its messages made. */
async function laneOf(
  options: Partial<LoadTestOptions>,
  steps: readonly ScriptStep[] | null = null,
  request: CorpusRequest | null = null,
): Promise<LanePlan> {
  const own = { pipelining: 'off', ...options, ...(steps === null ? {} : { steps }) } as const;
  const plan = resolveRun(
    {
      options: { target: '127.0.0.1:25' },
      scenarios: [{ name: 'default', weight: 1, options: own }],
      feeders: [PEOPLE, USERS],
    },
    1,
  );
  if ('issues' in plan) throw new Error(plan.issues.map(({ message }) => message).join('; '));
  const made = await withCorpora(plan, [request]);
  if ('issues' in made) throw new Error(made.issues.map(({ message }) => message).join('; '));
  return firstLane(made);
}

/** Plays a lane against a server to its end. */
function play(lane: LanePlan, messages: number, book: AnswerBook = {}, session = 0): ScriptedServer {
  const engine = new EngineSession({}, { lane, messages, feeders: [PEOPLE, USERS] });
  engine.connection.session = session;
  engine.connection.visit = session;
  const server = new ScriptedServer({
    keywords: ['PIPELINING', 'CHUNKING', 'SIZE', '8BITMIME', 'AUTH PLAIN'],
    ...book,
  });
  engine.begin().connected();
  serve(engine, server, 1e9);
  engine.lost().closed();
  return server;
}

const lines = (server: ScriptedServer, verb: string): string[] => server.heard.filter((line) => line.startsWith(verb));

describe('an envelope', () => {
  test('has the values of its message, the same as its headers', async () => {
    const lane = await laneOf({
      from: '{{random.name}}.{{seq 3}}@example.test',
      to: '{{people.mail}}',
      messagesPerSession: 3,
    });
    const server = play(lane, 3);
    expect(lines(server, 'RCPT')).toEqual([
      'RCPT TO:<ada@example.test>',
      'RCPT TO:<bob@example.test>',
      'RCPT TO:<eve@example.test>',
    ]);
    const senders = lines(server, 'MAIL').map((line) => /<(.*)>/.exec(line)?.[1] ?? '');
    expect(senders).toEqual(
      [1, 2, 3].map((seq): unknown => expect.stringMatching(`^[a-z]+\\.[a-z]+\\.00${String(seq)}@example\\.test$`)),
    );
    for (const [index, content] of server.contents.entries()) {
      expect(content).toContain(`From: <${senders[index]!}>\r\n`);
      expect(content).toContain(`To: <${['ada', 'bob', 'eve'][index]!}@example.test>\r\n`);
    }
  });

  test('gives every recipient a row of its own', async () => {
    const lane = await laneOf({ to: '{{users.value}}@example.test', recipients: 3, messagesPerSession: 2 });
    expect(lines(play(lane, 2), 'RCPT')).toEqual(
      ['01', '02', '03', '04', '05', '06'].map((number) => `RCPT TO:<user${number}@example.test>`),
    );
  });

  test('may mix numbers with values, in parameters too', async () => {
    const steps = [
      ...words('ehlo'),
      { ...word('mail'), from: 'a%d@example.test', parameters: 'X={{seq 2}}.%d' } as ScriptStep,
      word('rcpt'),
      word('data'),
    ];
    expect(lines(play(await laneOf({}, steps), 1), 'MAIL')).toEqual(['MAIL FROM:<a1@example.test> X=01.1']);
  });

  test('declares the size of the very message that follows', async () => {
    const request: CorpusRequest = {
      parts: [
        {
          weight: 1,
          source: { kind: 'text', size: { shape: 'uniform', minBytes: 600, maxBytes: 9_000 }, isUnicode: false },
        },
        { weight: 1, source: { kind: 'gtube' } },
      ],
      headers: [{ name: 'Subject', value: 'offer {{seq}} for {{people.name}}' }],
      dkim: null,
    };
    const usual = { declareSize: true, messagesPerSession: 'all' } as const;
    const server = play(await laneOf(usual, null, request), 40);
    const sizes = lines(server, 'MAIL').map((line) => Number(/SIZE=(\d+)/.exec(line)?.[1]));
    expect(server.contents.map((content) => content.replaceAll(/^\.\./gm, '.').length - '.\r\n'.length)).toEqual(sizes);
    expect(new Set(sizes).size).toBeGreaterThan(20);

    const writes = chunkedWrites(await laneOf({ ...usual, bdat: '1KiB' }, null, request), 40);
    const declared = writes.flatMap((write) => /SIZE=(\d+)/.exec(write)?.[1] ?? []).map(Number);
    expect(chunkSums(writes)).toEqual(declared);
    expect(declared).toEqual(sizes);
  });
});

/** What a lane writes, each write answered once: no group, chunks with their octets. */
function chunkedWrites(lane: LanePlan, messages: number): string[] {
  const engine = new EngineSession({}, { lane, messages, feeders: [PEOPLE, USERS] });
  engine.opened('CHUNKING', 'SIZE', '8BITMIME');
  const all: string[] = [];
  for (let writes = engine.take(); !all.at(-1)?.startsWith('QUIT'); writes = engine.take()) {
    all.push(...writes);
    engine.says('250 2.0.0 ok');
  }
  engine.lost().closed();
  return all;
}

/** Octets of each message: of its chunks, which are as long as they say. */
function chunkSums(writes: readonly string[]): number[] {
  const sums: number[] = [];
  let sum = 0;
  for (const write of writes) {
    const [line, bytes, last] = /^BDAT (\d+)( LAST)?\r\n/.exec(write) ?? [];
    if (line === undefined) continue;
    expect(write.length - line.length).toBe(Number(bytes));
    sum += Number(bytes);
    if (last === undefined) continue;
    sums.push(sum);
    sum = 0;
  }
  return sums;
}

describe('commands', () => {
  test('say what templates make of the session, each with another value', async () => {
    const steps = [
      { ...word('ehlo'), name: 'c{{session}}.example.test' } as ScriptStep,
      repeat(3, 3, { ...word('vrfy:x'), argument: '{{users.value}}' } as ScriptStep),
      { ...word('noop'), argument: 'w{{worker}}' } as ScriptStep,
    ];
    expect(play(await laneOf({}, steps), 0, {}, 4).heard).toEqual([
      'EHLO c5.example.test',
      'VRFY user05',
      'VRFY user06',
      'VRFY user07',
      'NOOP w1',
      'QUIT',
    ]);
  });

  test('say what was captured before, and nothing while there is nothing', async () => {
    const said = (argument: string): ScriptStep => ({ ...word('noop'), argument }) as ScriptStep;
    const steps = [
      ...words('ehlo'),
      said('[{{queue}}]'),
      word('mail'),
      word('rcpt'),
      expecting(word('data'), '250', { name: 'queue', pattern: 'as (\\w+)' }),
      said('[{{queue}}]'),
    ];
    const book: AnswerBook = { answer: (kind) => (kind === 'content' ? '250 2.0.0 queued as 4F2C' : undefined) };
    expect(lines(play(await laneOf({}, steps), 1, book), 'NOOP')).toEqual(['NOOP []', 'NOOP [4F2C]']);
  });

  test('AUTH of a step has an account of its own', async () => {
    const steps = [
      ...words('ehlo'),
      {
        kind: 'auth',
        mechanism: 'plain',
        user: '{{people.name}}',
        password: '{{people.key}}',
        expect: null,
        captures: [],
      } as ScriptStep,
    ];
    const lane = await laneOf({}, steps);
    const accounts = [0, 1].map((session) => {
      const [line = ''] = lines(play(lane, 0, {}, session), 'AUTH');
      return Buffer.from(line.split(' ')[2] ?? '', 'base64').toString();
    });
    expect(accounts).toEqual(['\0Ada\0k1', '\0Bob\0k2']);
  });

  test('out of order have the values of the session', async () => {
    const steps = [
      ...words('ehlo'),
      expecting(rcpts('{{users.value}}@example.test'), '503'),
      expecting(numbered(2), '503'),
    ];
    const book: AnswerBook = { answer: (kind) => (kind === 'rcpt' ? '503 5.5.1 MAIL first' : undefined) };
    expect(lines(play(await laneOf({}, steps), 0, book), 'RCPT')[0]).toBe('RCPT TO:<user01@example.test>');
  });
});

describe('what a server says', () => {
  test('never becomes a command of its own, however it is captured', async () => {
    const steps = [
      ...words('ehlo'),
      expecting(word('noop'), '', { name: 'said', pattern: '.*' }),
      { ...word('vrfy:x'), argument: '{{said}}' } as ScriptStep,
      { ...word('mail'), parameters: 'X={{said}}' } as ScriptStep,
      word('rcpt'),
      word('data'),
    ];
    const lane = await laneOf({}, steps);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
        const text = Buffer.from(octets)
          .toString('latin1')
          .replaceAll(/[\r\n]/g, '\r');
        const book: AnswerBook = { answer: (_kind, line) => (line === 'NOOP' ? `250 ${text}` : undefined) };
        const { heard } = play(lane, 1, book);
        const known = /^(?:EHLO|NOOP|VRFY|MAIL|RCPT|DATA|QUIT|RSET)(?: |$)/;
        expect(heard.filter((line) => !known.test(line) && !line.startsWith('content'))).toEqual([]);
        expect(heard.filter((line) => line.startsWith('VRFY')).length).toBeLessThanOrEqual(1);
        for (const line of heard) expect(line).not.toMatch(/[\r\n\0]/);
      }),
      fuzzParameters(1_000),
    );
  });
});
