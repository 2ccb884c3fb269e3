/** What is written down, in which phase, in which interval, and what counts for the window. */
import { closedInterval } from '../support/engine-records.js';
import { LoadWindow } from '../../src/metrics/load-window.js';
import { describe, expect, test } from 'vitest';
import { LATENCY_COUNT, LatencyKey, type LaneRecord } from '../../src/metrics/interval-record.js';
import { Ending, ErrorKind, OUTCOME_COUNT, Outcome } from '../../src/metrics/outcome.js';
import { Census } from '../../src/metrics/phase-book.js';
import { isBalanced } from '../../src/metrics/record-books.js';
import { Step } from '../../src/protocol/steps.js';
import { OpenSessions, Recorder } from '../../workers/recorder.js';
import type { MessageEnd } from '../../workers/recorder.js';

const WARMUP_END_US = 1_000_000;
const WINDOW_END_US = 11_000_000;
const TEXT = { text: () => 'sample' };

const recorder = (): Recorder => new Recorder(new LoadWindow(WARMUP_END_US, WINDOW_END_US));

function intervalOf(from: Recorder, censuses: [Census, Census] = [new Census(), new Census()]): LaneRecord {
  return closedInterval(from, censuses);
}

function ended(outcome: Outcome, takenAtUs: number, beganAtUs: number, recipients = 1): MessageEnd {
  const counts = new Array<number>(OUTCOME_COUNT).fill(0);
  counts[outcome] = recipients;
  return { outcome, takenAtUs, beganAtUs, firstBeganAtUs: null, arrival: null, recipients: counts };
}

describe('what began in the warm-up', () => {
  test('stays there, however late it ends', () => {
    const book = recorder();
    book.sent(Step.mail, 999_999);
    book.replied(Step.mail, 999_999, 5_000_000);
    book.reply(Step.mail, 999_999, 5_000_000, 250, 0, false, TEXT);
    book.sent(Step.rcpt, 999_999);
    book.failed(Step.rcpt, 999_999, ErrorKind.closed, 'gone');
    book.sent(Step.data, 999_999);
    book.cutOff(Step.data, 999_999);
    book.messageTaken(2, 999_999);
    book.messageSettled(ended(Outcome.accepted, 999_999, 1_500_000, 2), 5_000_000);
    book.sessionStarted(999_999);
    book.sessionEnded(Ending.failed, 999_999, 5_000_000);
    book.clientStarted(999_999);
    book.clientEnded(Ending.failed, 999_999);
    const { phases, latencies } = intervalOf(book);
    const [warmup, main] = phases;
    expect(isBalanced(warmup)).toBe(true);
    expect(warmup).toMatchObject({ messagesAttempted: 1, recipientsAttempted: 2, messages: [1, 0, 0, 0, 0, 0] });
    expect(warmup.recipients).toEqual([2, 0, 0, 0, 0, 0]);
    expect(warmup.sessions).toEqual({ started: 1, ended: [0, 1, 0], open: 0 });
    expect(warmup.clients).toEqual({ started: 1, ended: [0, 1, 0], open: 0 });
    expect(warmup.inFlight[Step.data]).toBe(1);
    expect(warmup.replies).toHaveLength(1);
    expect(warmup.errors).toEqual([{ step: Step.rcpt, kind: ErrorKind.closed, count: 1, sample: 'gone' }]);
    expect(latencies[0].map(({ key, sumUs }) => [key, sumUs])).toEqual([
      [Step.mail, 4_000_001],
      [LatencyKey.message, 3_500_000],
      [LatencyKey.session, 4_000_001],
    ]);
    expect(latencies[1]).toEqual([]);
    expect(main).toMatchObject({ messagesAttempted: 0, replies: [], errors: [] });
    expect(main.sent.every((count) => count === 0)).toBe(true);
  });

  test('ends with the very microsecond in which the measured phase begins', () => {
    const book = recorder();
    book.sent(Step.mail, WARMUP_END_US - 0.001);
    book.sent(Step.mail, WARMUP_END_US);
    expect(intervalOf(book).phases.map(({ sent }) => sent[Step.mail])).toEqual([1, 1]);
  });

  test('says nothing of octets, which belong to the moment', () => {
    const book = recorder();
    book.bytesSent(10, 0);
    book.bytesReceived(7, 0);
    book.bytesSent(20, WARMUP_END_US);
    book.bytesReceived(30, WARMUP_END_US);
    const octets = intervalOf(book).phases.map(({ bytesSent, bytesReceived }) => [bytesSent, bytesReceived]);
    expect(octets).toEqual([
      [10, 7],
      [20, 30],
    ]);
  });
});

describe('latencies', () => {
  test.each<[keyof typeof Outcome, number | null]>([
    ['accepted', LatencyKey.message],
    ['deferred', LatencyKey.refused],
    ['rejected', LatencyKey.refused],
    ['failed', LatencyKey.unfinished],
    ['cut', LatencyKey.unfinished],
    ['abandoned', null],
  ])('of %s messages stand apart', (outcome, key) => {
    const book = recorder();
    book.messageSettled(ended(Outcome[outcome], 2_000_000, 2_500_000), 2_750_000);
    const [record, ...others] = intervalOf(book).latencies[1];
    expect(record === undefined ? null : [record.key, record.sumUs]).toEqual(key === null ? null : [key, 250_000]);
    expect(others).toEqual([]);
  });

  test('of sessions that were cut are none', () => {
    const book = recorder();
    for (const ending of Object.values(Ending)) book.sessionEnded(ending, 2_000_000, 3_000_000);
    expect(intervalOf(book).latencies[1]).toMatchObject([{ key: LatencyKey.session, count: 2 }]);
  });

  test('belong to the interval in which they completed, and are counted over the whole run', () => {
    const book = recorder();
    book.replied(Step.mail, 2_000_000, 2_000_100);
    book.replied(Step.mail, 500_000, 2_000_100);
    expect(intervalOf(book).latencies.map((records) => records.map(({ count }) => count))).toEqual([[1], [1]]);
    book.replied(Step.mail, 2_500_000, 2_500_200);
    const second = intervalOf(book);
    expect(second.latencies[0]).toEqual([]);
    expect(second.latencies[1]).toMatchObject([{ key: Step.mail, count: 1, minUs: 200, maxUs: 200, sumUs: 200 }]);
    const counts = book.latencyCounts();
    expect(counts.map((each) => each.length)).toEqual([LATENCY_COUNT, LATENCY_COUNT]);
    expect(counts.map((each) => each[Step.mail])).toEqual([1, 2]);
  });
});

describe('counters', () => {
  test('are cumulative, and a record keeps those of its own moment', () => {
    const book = recorder();
    book.sent(Step.mail, 2_000_000);
    book.reply(Step.mail, 2_000_000, 2_100_000, 250, 2_001_000, false, TEXT);
    book.replied(Step.mail, 2_000_000, 2_100_000);
    const first = intervalOf(book);
    const copy = structuredClone(first);
    book.sent(Step.mail, 3_000_000);
    book.reply(Step.mail, 3_000_000, 3_100_000, 250, 2_001_000, false, { text: () => 'another' });
    book.replied(Step.mail, 3_000_000, 3_100_000);
    expect(first).toEqual(copy);
    expect(intervalOf(book).phases[1].replies).toEqual([
      {
        step: Step.mail,
        code: 250,
        enhanced: 2_001_000,
        interim: false,
        count: 2,
        sample: 'sample',
        firstSeenUs: 2_100_000,
        lastSeenUs: 3_100_000,
      },
    ]);
  });

  test('keep the sample of the first error of its kind and step', () => {
    const book = recorder();
    for (const sample of ['first', 'second']) book.failed(Step.mail, 2_000_000, ErrorKind.timeout, sample);
    book.failed(Step.mail, 2_000_000, ErrorKind.closed, 'third');
    book.failed(Step.rcpt, 2_000_000, ErrorKind.timeout, 'fourth');
    expect(intervalOf(book).phases[1].errors).toEqual([
      { step: Step.mail, kind: ErrorKind.timeout, count: 2, sample: 'first' },
      { step: Step.mail, kind: ErrorKind.closed, count: 1, sample: 'third' },
      { step: Step.rcpt, kind: ErrorKind.timeout, count: 1, sample: 'fourth' },
    ]);
  });

  test('of what came unasked stand outside the equation of the steps', () => {
    const book = recorder();
    book.unasked(2_000_000, ErrorKind.unaskedReply, '250 hello');
    const [, main] = intervalOf(book).phases;
    expect(main.errors).toEqual([{ step: Step.session, kind: ErrorKind.unaskedReply, count: 1, sample: '250 hello' }]);
    expect(main.failed[Step.session]).toBe(0);
    expect(isBalanced(main)).toBe(true);
  });

  test('stand beside what a census found under way', () => {
    const book = recorder();
    book.messageTaken(3, 2_000_000);
    book.sent(Step.mail, 2_000_000);
    book.sent(Step.quit, 2_000_000);
    book.cutOff(Step.quit, 2_000_000);
    book.sessionStarted(2_000_000);
    book.clientStarted(2_000_000);
    const census = new Census();
    Object.assign(census, { messages: 1, recipients: 3, clients: 1, sessions: 1 });
    census.steps[Step.mail] = 1;
    const [, main] = intervalOf(book, [new Census(), census]).phases;
    expect(main).toMatchObject({ messagesInFlight: 1, recipientsInFlight: 3 });
    expect([main.inFlight[Step.mail], main.inFlight[Step.quit]]).toEqual([1, 1]);
    expect(isBalanced(main)).toBe(true);
    expect(isBalanced(intervalOf(book).phases[1])).toBe(false);
  });
});

describe('the window', () => {
  const windowOf = (book: Recorder): LaneRecord['window'] => intervalOf(book).window;

  test.each([
    [WARMUP_END_US - 1, 0],
    [WARMUP_END_US, 1],
    [WINDOW_END_US - 1, 1],
    [WINDOW_END_US, 0],
  ])('holds what was done at %i µs: %i', (us, inside) => {
    const book = recorder();
    book.messageTaken(2, us);
    // Whatever its phase: it is settled inside.
    book.messageSettled(ended(Outcome.accepted, 0, 0, 2), us);
    book.bytesSent(100, us);
    expect(windowOf(book)).toMatchObject({
      attempted: inside,
      accepted: inside,
      recipientsAccepted: 2 * inside,
      bytesSent: 100 * inside,
    });
  });

  test('counts accepted messages with their accepted recipients only', () => {
    const book = recorder();
    const whole = ended(Outcome.accepted, 2_000_000, 2_000_000, 2);
    book.messageSettled({ ...whole, recipients: whole.recipients.with(Outcome.rejected, 5) }, 3_000_000);
    for (const outcome of [Outcome.deferred, Outcome.rejected, Outcome.failed, Outcome.cut]) {
      book.messageSettled(ended(outcome, 2_000_000, 2_000_000), 4_000_000);
    }
    expect(windowOf(book)).toMatchObject({ accepted: 1, recipientsAccepted: 2, lastSettledUs: 4_000_000 });
  });

  test('counts sessions that completed inside it', () => {
    const book = recorder();
    for (const [ending, us] of [
      [Ending.completed, WARMUP_END_US - 1],
      [Ending.completed, WARMUP_END_US],
      [Ending.failed, WARMUP_END_US],
      [Ending.cut, WARMUP_END_US],
      [Ending.completed, WINDOW_END_US],
    ] as const) {
      book.sessionStarted(0);
      book.sessionEnded(ending, 0, us);
    }
    expect(windowOf(book).sessionsCompleted).toBe(1);
  });

  test('ends where the run was stopped, the moment of the stop included', () => {
    const book = recorder();
    book.messageTaken(1, 3_000_000);
    book.stopped(5_000_000);
    // A later stop does not open it again.
    book.stopped(9_000_000);
    book.messageTaken(1, 5_000_000);
    book.messageTaken(1, 5_000_001);
    expect(windowOf(book).attempted).toBe(2);
  });

  test('tells when the last message of the measured time was settled', () => {
    const book = recorder();
    book.messageSettled(ended(Outcome.failed, 0, 0), WARMUP_END_US - 1);
    expect(windowOf(book).lastSettledUs).toBe(-1);
    book.messageSettled(ended(Outcome.failed, 0, 0), 12_000_000);
    expect(windowOf(book).lastSettledUs).toBe(12_000_000);
  });
});

test('TLS handshakes are counted by what they agreed on, in the phase in which they began', () => {
  const recorder = new Recorder(new LoadWindow(1000));
  const agreement = { protocol: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', group: 'X25519', resumed: false };
  recorder.handshake(999, agreement);
  recorder.handshake(1000, { ...agreement });
  recorder.handshake(2000, { ...agreement, resumed: true });
  recorder.handshake(3000, { ...agreement, resumed: true });
  const rowsOf = (beganAtUs: number): unknown => recorder.phaseOf(beganAtUs).tls.rows();
  expect(rowsOf(0)).toEqual([{ ...agreement, count: 1 }]);
  expect(rowsOf(1000)).toEqual([
    { ...agreement, resumed: true, count: 2 },
    { ...agreement, count: 1 },
  ]);
});

test('sessions that are open, and the most that ever were, are told in every interval', () => {
  const book = recorder();
  for (const startedAtUs of [0, 1, 2, 2_000_000]) book.sessionStarted(startedAtUs);
  for (const startedAtUs of [0, 1, 2_000_000]) book.sessionEnded(Ending.failed, startedAtUs, 3_000_000);
  book.sessionStarted(4_000_000);
  expect(intervalOf(book)).toMatchObject({ openSessions: 2, peakOpenSessions: 4 });
});

test('sessions that are open at once are counted over all lanes as well', () => {
  const all = new OpenSessions();
  const [one, other] = [new Recorder(new LoadWindow(0), all), new Recorder(new LoadWindow(0), all)] as const;
  one.sessionStarted(1);
  other.sessionStarted(2);
  one.sessionEnded(Ending.completed, 1, 3);
  other.sessionStarted(4);
  other.sessionStarted(5);
  expect([intervalOf(one).peakOpenSessions, intervalOf(other).peakOpenSessions, all.peak]).toEqual([1, 3, 3]);
});
