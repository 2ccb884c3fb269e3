/** Sessions scripted as trees of steps: rounds, ways, silences, what is expected, what is out of order. */
import { describe, expect, test } from 'vitest';
import { DropHow } from '../../src/scenario/compiled-script.js';
import type { ScriptStep } from '../../src/plan/script-steps.js';
import type { EngineOptions } from '../support/engine-plan.js';
import { EngineSession } from '../support/engine-session.js';
import { ScriptedServer, serve } from '../support/scripted-server.js';
import type { AnswerBook } from '../support/scripted-server.js';
import { bdat, choose, expecting, numbered, rcpts, repeat, wait, word, words } from '../support/script-tree.js';

const LOCK_STEP: EngineOptions = { pipelining: 'off', size: '1KiB' };

interface Outcome {
  readonly heard: readonly string[];
  readonly session: EngineSession;
}

/** Plays a script against a server to its end. `session`: its number. */
function play(steps: readonly ScriptStep[], book: AnswerBook = {}, options = LOCK_STEP, messages = 100): Outcome {
  const session = new EngineSession(options, { steps, messages });
  const server = new ScriptedServer({ keywords: ['PIPELINING', 'CHUNKING'], ...book });
  session.begin().connected();
  for (let turn = 0; turn < 200 && !session.connection.isDropped; turn++) {
    serve(session, server, 1e9);
    if (session.connection.isDropped) break;
    if (server.heard.at(-1) === 'QUIT') session.lost();
    else session.passes(1_000_000);
  }
  session.closed();
  return { heard: server.heard, session };
}

/** Commands without what stands behind them. */
const verbs = (heard: readonly string[]): string => heard.map((line) => line.split(' ')[0]).join(' ');

describe('rounds', () => {
  test('are as many as are asked for, within each other too', () => {
    const steps = [...words('ehlo'), repeat(3, 3, word('noop'), repeat(2, 2, word('help')))];
    const { heard, session } = play(steps, {}, LOCK_STEP, 0);
    expect(verbs(heard)).toBe('EHLO NOOP HELP HELP NOOP HELP HELP NOOP HELP HELP QUIT');
    expect(session.endings).toEqual([{ ending: 'completed', accepted: 0 }]);
  });

  test('of messages end when there is no further message, and the script goes on behind them', () => {
    const steps = [...words('ehlo'), repeat(2, 2, repeat(5, 5, ...words('mail rcpt data'))), word('noop')];
    const { heard, session } = play(steps, {}, LOCK_STEP, 3);
    expect(verbs(heard).replaceAll('MAIL RCPT DATA content', 'message')).toBe('EHLO message message message NOOP QUIT');
    expect(session.messages).toEqual({ accepted: 3 });
  });

  test('may be none at all, and are drawn from their range', () => {
    const counts = new Set<number>();
    for (let number = 0; number < 60; number++) {
      const session = new EngineSession(LOCK_STEP, { messages: 0, steps: [repeat(0, 3, word('noop'))] });
      session.connection.session = number;
      const server = new ScriptedServer();
      session.begin().connected();
      serve(session, server, 1e9);
      counts.add(server.heard.filter((line) => line === 'NOOP').length);
      session.destroy();
    }
    expect([...counts].sort()).toEqual([0, 1, 2, 3]);
  });

  test('in which nothing is said do not stop the worker, whatever their number', () => {
    const session = new EngineSession(LOCK_STEP, { messages: 0, steps: [repeat(1e9, 1e9, choose([1]))] });
    session.begin().connected().says('220 mx');
    for (let second = 0; second < 5; second++) session.passes(1_000_000);
    expect(session.take()).toEqual([]);
    session.session.end(session.nowUs);
    expect(session.take()).toEqual(['QUIT\r\n']);
  });

  test('are over when the run is, but for those of a message under way', () => {
    const session = new EngineSession(LOCK_STEP, {
      steps: [...words('ehlo mail'), repeat(2, 2, numbered(1)), word('data'), repeat(9, 9, word('noop'))],
    });
    session.begin().connected().says('220 mx').says('250 mx');
    session.session.end(session.nowUs);
    session.says('250 ok').says('250 ok').says('250 ok').says('354 go').says('250 queued').says('250 ok');
    expect(session.connection.writes.join('').match(/^(RCPT|NOOP|QUIT)/gm)).toEqual(['RCPT', 'RCPT', 'NOOP', 'QUIT']);
  });
});

describe('ways', () => {
  const way = (seed: number, number: number): string => {
    const steps = [choose([3, word('noop')], [1, word('help')], [0, word('rset')])];
    const session = new EngineSession({ ...LOCK_STEP, seed }, { messages: 0, steps });
    session.connection.session = number;
    session.begin().connected().says('220 mx');
    session.destroy();
    return session.take().join('');
  };

  test('are taken by weight, and follow from the seed and the number of the session alone', () => {
    const ways = Array.from({ length: 800 }, (_, number) => way(1, number));
    expect(ways.filter((each) => each === 'NOOP\r\n').length / 800).toBeCloseTo(0.75, 1);
    expect(ways).not.toContain('RSET\r\n');
    expect(Array.from({ length: 50 }, (_, number) => way(1, 49 - number)).reverse()).toEqual(ways.slice(0, 50));
    expect(Array.from({ length: 50 }, (_, number) => way(2, number))).not.toEqual(ways.slice(0, 50));
  });

  test('within a message follow from the number of the message, whatever session it is in', () => {
    const steps = [...words('ehlo mail'), choose([1, rcpts('a@example.test')], [1, numbered(2)]), word('data')];
    const recipients = (session: number, taken: number): string => {
      const play = new EngineSession(LOCK_STEP, { steps, messages: 1 });
      play.connection.session = session;
      play.takenCount = taken;
      const server = new ScriptedServer();
      play.begin().connected();
      serve(play, server, 1e9);
      play.destroy();
      return server.heard.filter((line) => line.startsWith('RCPT')).join();
    };
    const all = Array.from({ length: 20 }, (_, taken) => recipients(taken, taken));
    expect(new Set(all.map((each) => each.includes('a@'))).size).toBe(2);
    expect(Array.from({ length: 20 }, (_, taken) => recipients(99 - taken, taken))).toEqual(all);
  });

  test('of messages count the recipients that each has', () => {
    const steps = [
      ...words('ehlo'),
      repeat(
        40,
        40,
        word('mail'),
        choose([1, numbered(1)], [1, numbered(3)]),
        choose([1, numbered(1)], [1]),
        word('data'),
      ),
    ];
    const { heard, session } = play(steps, {}, LOCK_STEP, 40);
    const sent = heard.filter((line) => line.startsWith('RCPT')).length;
    expect(sent).toBeGreaterThan(40);
    expect(session.recipients).toEqual({ accepted: sent });
    expect(session.messages).toEqual({ accepted: 40 });
  });

  test('to nobody end their message', () => {
    const steps = [...words('ehlo'), repeat(2, 2, word('mail'), choose([0, numbered(1)], [1]), word('data'))];
    const { heard, session } = play(steps, {}, LOCK_STEP, 2);
    expect(verbs(heard)).toBe('EHLO MAIL RSET MAIL QUIT');
    expect(session.messages).toEqual({ abandoned: 2 });
  });

  test('whose recipients are all refused are refused, however many there might have been', () => {
    const steps = [...words('ehlo mail'), numbered(1), choose([1, numbered(2)], [0]), word('data'), word('noop')];
    const { heard, session } = play(steps, { answer: (verb) => (verb === 'rcpt' ? '550 no' : undefined) });
    expect(verbs(heard)).toBe('EHLO MAIL RCPT RCPT RCPT NOOP QUIT');
    expect(session.summary).toMatchObject({ messages: { rejected: 1 }, recipients: { rejected: 3 } });
  });
});

describe('silences', () => {
  test('last as long as they are asked to', () => {
    const session = new EngineSession(LOCK_STEP, { messages: 0, steps: [wait(500), wait(250)] });
    session.begin().connected().says('220 mx').passes(480_000);
    expect(session.take()).toEqual([]);
    session.passes(100_000).passes(150_000);
    expect(session.take()).toEqual([]);
    session.passes(150_000);
    expect(session.take()).toEqual(['QUIT\r\n']);
  });

  test.each([
    [{ shape: 'uniform', minMs: 100, maxMs: 300 } as const, 200],
    [{ shape: 'exponential', meanMs: 200 } as const, 200],
    [{ shape: 'logNormal', medianMs: 200, sigma: 0.1 } as const, 200],
  ])('of %j are about %d ms', (delay, meanMs) => {
    let sum = 0;
    for (let number = 0; number < 300; number++) {
      const session = new EngineSession(LOCK_STEP, { messages: 0, steps: [wait(delay)] });
      session.connection.session = number;
      session.begin().connected().says('220 mx');
      sum += session.deadlineInUs / 1e3;
      session.destroy();
    }
    expect(sum / 300).toBeGreaterThan(meanMs * 0.8);
    expect(sum / 300).toBeLessThan(meanMs * 1.2);
  });
});

test.each([
  ['fin', DropHow.fin],
  ['rst', DropHow.rst],
  [null, DropHow.asPlanned],
] as const)('a drop by %s asks for that', (how, asked) => {
  const { session } = play([...words('ehlo'), { kind: 'drop', how }]);
  expect([session.connection.droppedHow, session.endings[0]?.ending]).toEqual([asked, 'completed']);
});

test('content goes by DATA and by BDAT in one session', () => {
  const steps = [...words('ehlo mail rcpt data mail rcpt'), bdat(), ...words('mail rcpt'), bdat(600), word('noop')];
  const session = new EngineSession(LOCK_STEP, { steps, messages: 3 });
  session.begin().connected().says('220 mx').says('250-mx\r\n250 CHUNKING');
  session.says('250 ok').says('250 ok').says('354 go').says('250 queued');
  session.says('250 ok').says('250 ok').says('250 queued');
  session.says('250 ok').says('250 ok').says('250 more').says('250 queued').says('250 ok').says('221 bye');
  session.lost().closed();
  expect(session.connection.sent.match(/MAIL|DATA|BDAT.*|^\.$|NOOP|QUIT/gm)).toEqual([
    ...['MAIL', 'DATA', '.', 'MAIL', 'BDAT 1024 LAST', 'MAIL', 'BDAT 600', 'BDAT 424 LAST', 'NOOP', 'QUIT'],
  ]);
  expect(session.summary).toMatchObject({ messages: { accepted: 3 }, endings: ['completed'] });
});

test('steps have words of their own: names, addresses, parameters, accounts', () => {
  const steps: ScriptStep[] = [
    { kind: 'ehlo', name: 'one.test', expect: null, captures: [] },
    { kind: 'helo', name: 'two.test', expect: null, captures: [] },
    { kind: 'lhlo', name: null, expect: null, captures: [] },
    { kind: 'auth', mechanism: 'plain', user: 'anna', password: 'p', expect: null, captures: [] },
    { kind: 'mail', from: '', parameters: 'SIZE=7 BODY=8BITMIME', expect: null, captures: [] },
    {
      ...(rcpts('a@example.test', 'b@example.test') as Extract<ScriptStep, { kind: 'rcpt' }>),
      parameters: 'NOTIFY=NEVER',
    },
    word('data'),
    { kind: 'raw', text: 'XTRA  "one"', expect: null, captures: [] },
  ];
  const session = new EngineSession(LOCK_STEP, { steps });
  session
    .begin()
    .connected()
    .says('220 mx')
    .says('250 mx')
    .says('250 mx')
    .says('250-mx\r\n250 AUTH PLAIN')
    .says('235 in');
  session.says('250 ok').says('250 ok').says('250 ok').says('354 go').says('250 queued').says('500 what');
  const lines = session.connection.sent.split('\r\n');
  expect(lines.slice(0, 8)).toEqual([
    'EHLO one.test',
    'HELO two.test',
    'LHLO postrush.test',
    `AUTH PLAIN ${Buffer.from('\0anna\0p').toString('base64')}`,
    'MAIL FROM:<> SIZE=7 BODY=8BITMIME',
    'RCPT TO:<a@example.test> NOTIFY=NEVER',
    'RCPT TO:<b@example.test> NOTIFY=NEVER',
    'DATA',
  ]);
  expect(lines.slice(-3)).toEqual(['XTRA  "one"', 'QUIT', '']);
  expect(session.recipients).toEqual({ accepted: 2 });
});

describe('what is expected', () => {
  const unexpected = (session: EngineSession): string[] =>
    session
      .counts()
      .unexpected.map(
        ({ code, enhanced, expected, count, sample }) => `${code} ${enhanced} (${expected}) x${count} ${sample}`,
      );

  test.each([
    ['250', true],
    ['2yz', true],
    ['500 251 250', true],
    ['', true],
    ['251', false],
    ['5yz', false],
    [{ codes: ['250'], enhanced: '2.1.5' }, true],
    [{ enhanced: '2.x.x' }, true],
    [{ enhanced: '2.1.x' }, true],
    [{ enhanced: '2.1.6' }, false],
    [{ enhanced: '5.x.x' }, false],
    [{ pattern: '^2.1.5 second' }, true],
    [{ pattern: 'fine$' }, true],
    [{ pattern: 'third' }, false],
    [{ codes: ['250'], pattern: 'third' }, false],
  ] as const)('of a reply: %j holds: %s', (expected, holds) => {
    const given = typeof expected === 'string' ? expected : { ...expected };
    const book: AnswerBook = {
      answer: (verb) => (verb === 'rset' ? ['250-2.1.5 fine', '250 2.1.5 second line'] : undefined),
    };
    const { session } = play([...words('ehlo'), expecting(word('rset'), given)], book);
    expect(unexpected(session)).toHaveLength(holds ? 0 : 1);
    expect(session.endings[0]?.ending).toBe('completed');
  });

  test('is counted by what came and what was expected, and changes no outcome', () => {
    const steps = [
      ...words('ehlo'),
      repeat(2, 2, word('mail'), expecting(numbered(2), '550 551'), expecting(word('data'), '450')),
    ];
    for (const pipelining of ['off', 'auto']) {
      const { session } = play(steps, {}, { ...LOCK_STEP, pipelining });
      expect(session.summary).toMatchObject({ messages: { accepted: 2 }, recipients: { accepted: 4 } });
      expect(unexpected(session)).toEqual([
        '250 2001005 (550 551) x4 2.1.5 recipient ok',
        '250 2000000 (450) x2 2.0.0 queued',
      ]);
      session.destroy();
    }
  });

  test('is asked of DATA when that ends the message', () => {
    const steps = [...words('ehlo mail rcpt'), expecting(word('data'), '250')];
    const { session } = play(steps, { answer: (verb) => (verb === 'data' ? '451 no' : undefined) });
    expect(unexpected(session)).toEqual(['451 0 (250) x1 no']);
    expect(session.messages).toEqual({ deferred: 1 });
  });

  test.each([
    ['count', 'EHLO MAIL RCPT RCPT DATA content NOOP QUIT', { accepted: 1 }],
    ['reset', 'EHLO MAIL RCPT RSET NOOP QUIT', { abandoned: 1 }],
    ['quit', 'EHLO MAIL RCPT QUIT', { abandoned: 1 }],
    ['drop', 'EHLO MAIL RCPT', { abandoned: 1 }],
    ['stopRun', 'EHLO MAIL RCPT RCPT DATA content NOOP QUIT', { accepted: 1 }],
  ] as const)('and not met leads to %s', (otherwise, heard, messages) => {
    const rcpt = expecting(numbered(2), { codes: ['252'], otherwise });
    const { heard: all, session } = play([...words('ehlo mail'), rcpt, word('data'), word('noop')]);
    expect([verbs(all), session.messages, session.endings[0]?.ending]).toEqual([heard, messages, 'completed']);
    expect(session.stopsAsked).toBe(otherwise === 'stopRun' ? 2 : 0);
  });

  test.each([
    ['reset', 'EHLO RSET NOOP QUIT'],
    ['quit', 'EHLO QUIT'],
    ['drop', 'EHLO'],
  ] as const)('before any message leads to %s as well', (otherwise, heard) => {
    const { heard: all, session } = play([expecting(word('ehlo'), { codes: ['5yz'], otherwise }), word('noop')]);
    expect([verbs(all), session.endings[0]?.ending]).toEqual([heard, 'completed']);
  });

  test('of a refusal lets the session go on, where otherwise it would be over', () => {
    const steps = [
      { ...expecting({ kind: 'connect', awaitsGreeting: true, expect: null, captures: [] }, '554') },
      expecting(word('ehlo'), '502'),
      expecting(word('mail'), '450'),
      word('noop'),
    ];
    const book: AnswerBook = {
      answer: (verb) => ({ greeting: '554 no', ehlo: '502 no', mail: '450 later' })[verb as string],
    };
    const { heard, session } = play(steps, book);
    expect(verbs(heard)).toBe('EHLO MAIL NOOP QUIT');
    expect([session.endings[0]?.ending, unexpected(session), session.messages]).toEqual([
      'completed',
      [],
      { deferred: 1 },
    ]);
  });

  test('of AUTH is that it be refused', () => {
    const steps = [...words('ehlo auth noop')].map((step) => (step.kind === 'auth' ? expecting(step, '535') : step));
    const options = { ...LOCK_STEP, auth: 'plain', user: 'u', password: 'p' };
    const book: AnswerBook = { keywords: ['AUTH PLAIN'], answer: (verb) => (verb === 'auth' ? '535 no' : undefined) };
    const { heard, session } = play(steps, book, options, 0);
    expect([verbs(heard), session.endings[0]?.ending]).toEqual(['EHLO AUTH NOOP QUIT', 'completed']);
  });

  test('of a line of one’s own may be a 3yz', () => {
    const raw = { kind: 'raw', text: 'AUTH LOGIN', expect: null, captures: [] } as const;
    const session = new EngineSession(LOCK_STEP, { messages: 0, steps: [expecting(raw, '334'), word('noop')] });
    session.begin().connected().says('220 mx').says('334 VXNlcg==').says('250 ok').says('221 bye').lost().closed();
    expect(session.summary).toMatchObject({ errors: [], endings: ['completed'] });
    const other = new EngineSession(LOCK_STEP, { messages: 0, steps: [raw] });
    other.begin().connected().says('220 mx').says('334 VXNlcg==').closed();
    expect(other.errors).toEqual(['raw unexpectedCode x1']);
  });
});

describe('what is out of order', () => {
  test('is said where something is expected of it, and belongs to no message', () => {
    const steps = [
      ...words('ehlo'),
      expecting(rcpts('x@example.test'), '503'),
      expecting(word('data'), '503'),
      expecting(bdat(), '503'),
      word('mail'),
      expecting(word('mail'), '503'),
      expecting(word('data'), '503'),
      word('rcpt'),
      word('data'),
    ];
    const wrong = new Set(['RCPT TO:<x@example.test>', 'BDAT 0 LAST']);
    let commands = 0;
    const book: AnswerBook = {
      answer: (verb, line, nth) => {
        commands++;
        if (wrong.has(line) || (verb === 'data' && nth < 2) || (verb === 'mail' && nth === 1)) return '503 5.5.1 order';
        return undefined;
      },
    };
    const { heard, session } = play(steps, book);
    expect(verbs(heard)).toBe('EHLO RCPT DATA BDAT MAIL MAIL DATA RCPT DATA content QUIT');
    expect(session.summary).toMatchObject({
      messages: { accepted: 1 },
      recipients: { accepted: 1 },
      endings: ['completed'],
    });
    expect(commands).toBeGreaterThan(9);
  });

  test('gets a lone dot where the server takes it all the same', () => {
    const { heard, session } = play([...words('ehlo'), expecting(word('data'), '503')], {}, LOCK_STEP, 0);
    expect(heard.slice(1)).toEqual(['DATA', 'content 3', 'QUIT']);
    expect(session.counts().unexpected).toMatchObject([{ code: 250, expected: '503', count: 1 }]);
  });

  test('is not said in vain: what belonged to a refused message is left out', () => {
    const steps = [...words('ehlo mail rcpt noop'), expecting(word('data'), '250'), word('noop')];
    const { heard } = play(steps, { answer: (verb) => (verb === 'rcpt' ? '550 no' : undefined) });
    expect(verbs(heard)).toBe('EHLO MAIL RCPT NOOP NOOP QUIT');
  });

  test('is said behind a refusal that was expected', () => {
    const steps = [...words('ehlo mail'), expecting(numbered(2), '550'), expecting(word('data'), '554')];
    for (const pipelining of ['off', 'auto']) {
      const book: AnswerBook = {
        answer: (verb) => ({ rcpt: '550 no', data: '554 no valid recipients' })[verb as string],
      };
      const { heard, session } = play(steps, book, { ...LOCK_STEP, pipelining });
      expect(verbs(heard)).toBe('EHLO MAIL RCPT RCPT DATA QUIT');
      expect(session.counts().unexpected).toEqual([]);
      expect(session.messages).toEqual({ rejected: 1 });
      session.destroy();
    }
  });
});

test('a message that a session was opened for and never began is abandoned', () => {
  const { session } = play([...words('ehlo'), choose([1, word('noop')], [0, ...words('mail rcpt data')])]);
  expect(session.summary).toMatchObject({ messages: { abandoned: 1 }, endings: ['completed'] });
});
