/** Deadlines, lost connections, content on its way and the run's end: what a session does when it does not go on. */
import { describe, expect, test } from 'vitest';
import { Step } from '../../src/protocol/steps.js';
import { Outbox } from '../../workers/outbox.js';
import { EngineSession } from '../support/engine-session.js';
import { ScriptedServer, serve } from '../support/scripted-server.js';

const TIMEOUTS = [
  'connect=1s',
  'tls=2s',
  'greeting=3s',
  'ehlo=4s',
  'starttls=5s',
  'auth=6s',
  'mail=7s',
  'rcpt=8s',
  'data=9s',
  'transfer=10s',
  'endOfData=11s',
  'rset=12s',
  'quit=13s',
];
const OPTIONS = { timeouts: TIMEOUTS, recipients: 2, messagesPerSession: 'all' } as const;
const SECURE = { ...OPTIONS, tls: 'required', auth: 'plain', user: 'tester', password: 'x' } as const;

const begun = (): EngineSession => new EngineSession(OPTIONS, { messages: 3 }).begin();
const secure = (): EngineSession => new EngineSession(SECURE, { messages: 3 });
const inside = (): EngineSession => secure().opened('STARTTLS').says('220 go').tlsReady();
const atMail = (): EngineSession => new EngineSession(OPTIONS, { messages: 3 }).opened();
const atData = (): EngineSession => atMail().says('250 ok').says('250 ok').says('250 ok');
const atRset = (): EngineSession => atMail().says('250 ok').says('550 no').says('550 no');
const atQuit = (): EngineSession => atMail().says('451 enough');

/** Blocked content: a message whose last octet the kernel does not take. */
function atTransfer(options: Record<string, unknown> = {}, ...keywords: string[]): EngineSession {
  const session = new EngineSession({ ...OPTIONS, ...options }, { messages: 3 }).opened(...keywords);
  const accepted = new Array<string>(session.lane.recipients + 1).fill('250 ok');
  if (keywords.includes('PIPELINING')) session.says(...accepted);
  else for (const reply of accepted) session.says(reply);
  session.take();
  session.connection.isBlocked = true;
  return session.says('354 go');
}

/** Where a session can stand: the step that is under way, how to get there, its deadline, what became of the message. */
const PLACES: readonly [string, () => EngineSession, number, Record<string, number>][] = [
  ['connect', begun, 1, { failed: 1 }],
  ['greeting', () => begun().connected(), 3, { failed: 1 }],
  ['ehlo', () => begun().connected().says('220 mx'), 4, { failed: 1 }],
  ['starttls', () => secure().opened('STARTTLS'), 5, { failed: 1 }],
  ['tls', () => secure().opened('STARTTLS').says('220 go'), 2, { failed: 1 }],
  ['auth', () => inside().says('250-mx', '250 AUTH PLAIN'), 6, { failed: 1 }],
  ['mail', atMail, 7, { failed: 1 }],
  ['rcpt', () => atMail().says('250 ok'), 8, { failed: 1 }],
  ['data', atData, 9, { failed: 1 }],
  ['transfer', () => atTransfer(), 10, { failed: 1 }],
  ['endOfData', () => atData().says('354 go'), 11, { failed: 1 }],
  ['rset', atRset, 12, { rejected: 1, failed: 1 }],
  ['quit', atQuit, 13, { deferred: 1 }],
];

describe.each(PLACES)('at %s', (step, place, timeoutSec, messages) => {
  test('the deadline counts from the event before, and fails the step, the message and the session', () => {
    const session = place();
    expect(session.inFlight).toEqual({ [step]: 1 });
    expect(session.deadlineInUs).toBe(timeoutSec * 1e6);
    session.passesDeadline('before');
    expect(session.connection.isDropped).toBe(false);
    session.passesDeadline('behind');
    expect(session.connection.isDropped).toBe(true);
    expect(session.closed().summary).toMatchObject({
      messages,
      errors: [`${step} timeout x1`],
      endings: ['failed'],
    });
    expect(session.inFlight).toEqual({});
  });

  test.each(['refused', 'unreachable', 'reset', 'closed', 'limit'] as const)(
    'a lost connection (%s) fails the step once with that kind',
    (kind) => {
      const session = place().lost(kind).lost('closed').closed();
      expect(session.summary).toMatchObject({ messages, errors: [`${step} ${kind} x1`], endings: ['failed'] });
    },
  );

  test("the run's end leaves the step in flight and cuts the message", () => {
    const session = place().cut();
    expect(session.connection.isDropped).toBe(true);
    const { failed, ...others } = messages;
    session.cut().lost().closed();
    expect(session.summary).toMatchObject({
      messages: failed === undefined ? others : { ...others, cut: failed },
      errors: [],
      endings: ['cut'],
    });
    expect(session.inFlight).toEqual({ [step]: 1 });
  });

  test('a deadline after the end changes nothing', () => {
    const session = place().lost();
    const before = session.summary;
    session.passes(100_000_000);
    expect(session.summary).toEqual(before);
    session.closed().passes(100_000_000);
    expect(session.endings).toHaveLength(1);
  });
});

describe('a connect', () => {
  test.each([
    ['that fails', (session: EngineSession) => session.lost('refused')],
    ['that succeeds', (session: EngineSession) => session.connected()],
    ['that takes too long', (session: EngineSession) => session.passesDeadline('behind')],
    ['that is cut', (session: EngineSession) => session.cut()],
  ])('%s is settled once', (_, happens) => {
    const session = begun();
    expect(session.connectsSettled).toBe(0);
    happens(session);
    if (!session.connection.isDropped) session.lost();
    session.closed();
    expect(session.connectsSettled).toBe(1);
  });

  test('that comes after its deadline changes nothing', () => {
    const session = begun().passesDeadline('behind').connected().closed();
    expect(session.sent).toEqual({ connect: 1 });
    expect(session.errors).toEqual(['connect timeout x1']);
  });
});

describe('a pipelined group', () => {
  const group = (): EngineSession => new EngineSession(OPTIONS).opened('PIPELINING');

  test('has the deadline of its oldest command, counted from the reply before', () => {
    const session = group();
    expect(session.deadlineInUs).toBe(7_000_000);
    session.passes(6_000_000).says('250 ok');
    expect(session.deadlineInUs).toBe(8_000_000);
    session.passes(7_000_000).says('250 ok', '250 ok');
    expect(session.deadlineInUs).toBe(9_000_000);
    session.passesDeadline('behind').closed();
    expect(session.summary).toMatchObject({
      messages: { failed: 1 },
      recipients: { failed: 2 },
      errors: ['data timeout x1'],
    });
  });

  test('fails as a whole, one failure per command', () => {
    expect(group().says('250 ok').lost('reset').closed().summary).toMatchObject({
      messages: { failed: 1 },
      recipients: { failed: 2 },
      errors: ['data reset x1', 'rcpt reset x2'],
    });
  });

  test('keeps the recipients that were refused before the loss', () => {
    expect(group().says('250 ok', '550 never').lost().closed().summary).toMatchObject({
      messages: { failed: 1 },
      recipients: { rejected: 1, failed: 1 },
    });
  });

  test('stays in flight as a whole when it is cut', () => {
    const session = group().says('250 ok', '450 later').cut();
    expect(session.inFlight).toEqual({ rcpt: 1, data: 1 });
    expect(session.closed().summary).toMatchObject({
      messages: { cut: 1 },
      recipients: { deferred: 1, cut: 1 },
      errors: [],
      endings: ['cut'],
    });
    expect(session.inFlight).toEqual({ rcpt: 1, data: 1 });
  });
});

describe('content that the kernel does not take at once', () => {
  test('is a transfer until it is taken; only then the server is at it', () => {
    const session = atTransfer();
    session.latencies();
    expect(session.inFlight).toEqual({ transfer: 1 });
    expect(session.connection.isDrainAwaited).toBe(true);
    session.passes(5_000_000).drained();
    expect(session.inFlight).toEqual({ endOfData: 1 });
    expect(session.deadlineInUs).toBe(11_000_000);
    expect(session.latencyOf('transfer')).toBe(5_001_000);
    session.passes(2_000_000).says('250 queued');
    expect(session.latencyOf('endOfData')).toBe(2_001_000);
    expect(session.messages).toEqual({ accepted: 1 });
  });

  test('is left alone by what is written next', () => {
    // `drained` throws when octets that the socket still holds were overwritten.
    const session = atTransfer({ pipelining: 'across', size: '100KiB' }, 'PIPELINING').drained();
    session.says('250 queued', '250 ok', '250 ok', '250 ok');
    session.connection.isBlocked = true;
    session.says('354 go').drained();
    const writes = session.take();
    expect(writes.map((write) => /<0*(\d*)\.1@postrush/.exec(write)?.[1])).toEqual(['', '1']);
  });

  test.each(['1KiB', '100KiB'])('is left alone by what other sessions write (%s)', (size) => {
    const outbox = new Outbox();
    const session = new EngineSession({ ...OPTIONS, size }, { outbox }).opened('PIPELINING').says('250', '250', '250');
    session.connection.isBlocked = true;
    session.says('354 go');
    new EngineSession({ ...OPTIONS, size }, { outbox }).opened('PIPELINING');
    expect(session.drained().says('250 queued', '221 bye').messages).toEqual({ accepted: 1 });
  });

  test('that was taken before anybody said so counts as taken at the reply', () => {
    const session = atTransfer();
    session.connection.drain();
    session.says('250 queued');
    expect(session.summary).toMatchObject({ messages: { accepted: 1 }, errors: [] });
    expect(session.sent).toMatchObject({ transfer: 1, endOfData: 1 });
    session.drained();
    expect(session.sent).toMatchObject({ transfer: 1, endOfData: 1 });
  });

  test.each([
    // Nobody can have taken what was not sent.
    ['250 queued', 'failed'],
    ['451 later', 'deferred'],
    ['552 too big', 'rejected'],
    ['421 leaving', 'deferred'],
  ])('and is answered early with %s: the message is %s, and the connection is of no further use', (reply, outcome) => {
    const session = atTransfer({ recipients: 1 });
    session.latencies();
    session.passes(2_000_000).says(reply);
    expect(session.connection.isDropped).toBe(true);
    expect(session.latencyOf('endOfData')).toBe(2_001_000);
    expect(session.closed().summary).toMatchObject({
      messages: { [outcome]: 1 },
      recipients: { [outcome]: 1 },
      errors: ['transfer earlyReply x1'],
      endings: ['failed'],
    });
    expect(session.replies).toContain(`endOfData ${reply.slice(0, 3)} x1`);
    expect(session.endings[0]?.accepted).toBe(0);
  });

  test('and is answered early, across: what follows it fails with the same kind', () => {
    const session = atTransfer({ pipelining: 'across' }, 'PIPELINING').says('552 too big').closed();
    expect(session.summary).toMatchObject({
      messages: { rejected: 1, failed: 1 },
      errors: ['data earlyReply x1', 'mail earlyReply x1', 'rcpt earlyReply x2', 'transfer earlyReply x1'],
    });
  });

  test.each(['150 wait', '354 more'])('and is answered with %s ends as a failed transfer', (reply) => {
    const session = atTransfer().says(reply).closed();
    expect(session.summary).toMatchObject({ messages: { failed: 1 }, errors: ['transfer unexpectedCode x1'] });
  });

  test('and is lost leaves QUIT behind it failed too', () => {
    const session = atTransfer({ messagesPerSession: 1 }, 'PIPELINING');
    session.messagesLeft = 0;
    session.lost('reset').closed();
    expect(session.summary).toMatchObject({ messages: { failed: 1 } });
    expect(session.errors[0]).toMatch(/reset/);
    expect(session.sent).not.toHaveProperty('endOfData');
  });

  test('is cut as a transfer', () => {
    const session = atTransfer({ pipelining: 'across' }, 'PIPELINING').cut().closed();
    expect(session.inFlight).toEqual({ transfer: 1, mail: 1, rcpt: 2, data: 1 });
    expect(session.messages).toEqual({ cut: 2 });
    expect(session.recipients).toEqual({ cut: 4 });
  });

  test('of a lone dot there is none: its reply is never early', () => {
    const session = new EngineSession(OPTIONS, { messages: 3 }).opened('PIPELINING').says('250 ok', '550 a', '550 b');
    session.connection.isBlocked = true;
    session.says('354 go').says('554 no recipients');
    expect(session.summary).toMatchObject({ messages: { rejected: 1 }, errors: [] });
    expect(session.sent).not.toHaveProperty('transfer');
  });
});

describe("the run's end", () => {
  test('finds a session that only waits for the close complete', () => {
    const session = atQuit().says('221 bye').cut();
    expect(session.connection.isDropped).toBe(true);
    expect(session.closed().summary).toMatchObject({ messages: { deferred: 1 }, errors: [], endings: ['completed'] });
  });

  test('finds a session after 421 failed, not cut', () => {
    expect(atMail().says('421 leaving').cut().closed().summary).toMatchObject({
      messages: { deferred: 1 },
      endings: ['failed'],
    });
  });

  test('does nothing to a session that has not begun or is closing', () => {
    const session = new EngineSession(OPTIONS).cut();
    expect(session.sent).toEqual({});
    session.begin().connected().lost().cut().closed();
    expect(session.summary).toMatchObject({ messages: { failed: 1 }, endings: ['failed'] });
  });
});

describe('the phase in which something counts', () => {
  test('is that in which it began, for every count of the same thing', () => {
    const session = new EngineSession({ ...OPTIONS, recipients: 1 }, { messages: 3, warmupEndUs: 5_500 });
    // EHLO goes out at 2,000 µs, MAIL at 3,000, RCPT at 4,000, DATA at 5,000, the content at 6,000.
    session.begin().connected().says('220 mx').says('250 mx').says('250 ok').says('250 ok').says('354 go');
    session.says('250 queued').says('250 ok').says('550 no').lost().closed();
    const warmup = session.counts(0);
    const main = session.counts(1);
    const steps = [Step.mail, Step.rcpt, Step.data, Step.transfer, Step.endOfData];
    expect(steps.map((step) => warmup.sent[step])).toEqual([1, 1, 1, 0, 0]);
    expect(steps.map((step) => main.sent[step])).toEqual([1, 1, 0, 1, 1]);
    // The first message was taken in the warm-up and stays there; the session too.
    expect([warmup.messagesAttempted, main.messagesAttempted]).toEqual([1, 2]);
    expect([warmup.messages[0], main.messages[0]]).toEqual([1, 0]);
    expect([warmup.sessions.started, main.sessions.started]).toEqual([1, 0]);
    expect(warmup.sessions.ended).toEqual([0, 1, 0]);
  });

  test('holds for what is under way as well', () => {
    const session = new EngineSession({ ...OPTIONS, pipelining: 'across' }, { messages: 3, warmupEndUs: 4_500 });
    session.opened('PIPELINING').says('250 ok', '250 ok', '250 ok');
    session.connection.isBlocked = true;
    session.passes(1_000).says('354 go');
    const [warmup, main] = [session.counts(0), session.counts(1)];
    expect([warmup.messagesInFlight, main.messagesInFlight]).toEqual([1, 1]);
    expect([warmup.recipientsInFlight, main.recipientsInFlight]).toEqual([2, 2]);
    expect([warmup.sessions.open, main.sessions.open]).toEqual([1, 0]);
    session.lost().closed();
    expect([session.counts(0).messages[3], session.counts(1).messages[3]]).toEqual([1, 1]);
  });
});

describe('a lost connection at every octet of a whole session', () => {
  test.each([
    ['off', 7],
    ['auto', 7],
    ['across', 1],
  ])('leaves the books balanced (%s)', (pipelining, stride) => {
    const keywords = pipelining === 'off' ? [] : ['PIPELINING'];
    const options = { ...OPTIONS, pipelining };
    const answer = (word: string, _: string, nth: number): string | undefined =>
      word === 'rcpt' && nth === 1 ? '550 5.1.1 no' : word === 'content' && nth === 1 ? '451 later' : undefined;
    const whole = new EngineSession(options, { messages: 2 }).begin().connected();
    const octets = serve(whole, new ScriptedServer({ keywords, answer }), Infinity);
    expect(whole.lost().closed().summary).toMatchObject({
      messages: { accepted: 1, deferred: 1 },
      recipients: { accepted: 1, deferred: 2, rejected: 1 },
      errors: [],
      endings: ['completed'],
    });
    expect(octets).toBeGreaterThan(200);
    for (let cut = 0; cut < octets; cut += stride) {
      const session = new EngineSession(options, { messages: 2 }).begin().connected();
      serve(session, new ScriptedServer({ keywords, answer }), cut);
      session.lost('reset').closed();
      const { messages, messagesAttempted } = session.counts();
      expect(session.endings).toHaveLength(1);
      expect(messages.reduce((sum, count) => sum + count, 0)).toBe(messagesAttempted);
      expect(session.inFlight).toEqual({});
      session.destroy();
    }
  });
});
