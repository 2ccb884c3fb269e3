/** However much happens, and whatever a server says: no record goes beyond 200 KB in a journal. */
import { describe, expect, test } from 'vitest';
import { LatencyKey } from '../../src/metrics/interval-record.js';
import { LoadWindow } from '../../src/metrics/load-window.js';
import { MinuteRecords } from '../../src/metrics/minute-records.js';
import { ERROR_KIND_NAMES } from '../../src/metrics/outcome.js';
import { Census, PhaseBook } from '../../src/metrics/phase-book.js';
import { STEP_COUNT, Step } from '../../src/protocol/steps.js';
import { SeededRandom } from '../../src/seeded-random.js';
import { journalLine } from '../../src/run-store/journal-line.js';
import { intervalRecord, laneRecord } from '../support/engine-records.js';

const KB = 1024;
const TIMED = [
  Step.connect,
  Step.greeting,
  Step.ehlo,
  Step.mail,
  Step.rcpt,
  Step.data,
  Step.transfer,
  Step.endOfData,
  Step.quit,
  LatencyKey.message,
  LatencyKey.session,
  LatencyKey.service,
  LatencyKey.response,
];
const SAMPLE = { text: () => 'Ok: queued as 4XyZ1abCdE for <somebody@example.com>' };
const random = new SeededRandom(7, 0);

/** About log-normal around half a millisecond: the sum of twelve uniform values is about normal. */
function someUs(): number {
  let sum = -6;
  for (let turn = 0; turn < 12; turn++) sum += random.next();
  return Math.exp(6.2 + 1.2 * sum);
}

/** Everything that a hostile server can invent, in one phase. */
function hostileBook(): PhaseBook {
  const book = new PhaseBook();
  const text = { text: () => '\u0001"\u00e4'.repeat(53) };
  for (let step = 0; step < STEP_COUNT; step++) {
    for (let code = 200; code < 600; code++) {
      for (const interim of [false, true])
        book.replies.count(step, code, 2_001_000 + code, interim, 1e9 + code / 3, text);
      book.unexpected.count(step, code, 2_001_000 + code, '2yz', text);
    }
    for (let kind = 0; kind < ERROR_KIND_NAMES.length; kind++) book.countError(step, kind, text.text());
  }
  return book;
}

describe('a record', () => {
  test('of a second, after all that a hostile server can say in warm-up and measured time', () => {
    const counts = hostileBook().toCounts(new Census());
    // The first texts are there, the last ones have no room.
    expect(counts.replies[0]?.sample).not.toBe('');
    const lane = { ...laneRecord(), phases: [counts, counts] as const };
    const event = { type: 'interval', record: { ...intervalRecord(0, 0), lanes: [lane] } };
    expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(180 * KB);
    // The rest is for its histograms.
    expect(journalLine(event).length).toBeLessThan(100 * KB);
  });

  test('of a second of 5,000 messages in sixteen lanes, every step of which is timed', () => {
    const lanes = Array.from({ length: 16 }, () => {
      const book = new PhaseBook(16);
      for (const key of TIMED) for (let turn = 0; turn < 5_000 / 16; turn++) book.latencies.record(key, someUs());
      for (let step = 0; step < 13; step++)
        book.replies.count(step, 250, 2_001_000, false, 1e9 * random.next(), SAMPLE);
      const counts = book.toCounts(new Census());
      return { ...laneRecord({ latencies: book.latencies.drain() }), phases: [counts, counts] as const };
    });
    const event = { type: 'interval', record: { ...intervalRecord(0, 0), lanes } };
    expect(journalLine(event).length).toBeLessThan(200 * KB);
  });

  test('of a minute of 250 messages a second, every step of which is timed', () => {
    const minutes = new MinuteRecords(new LoadWindow(0));
    const book = new PhaseBook();
    let longest = 0;
    for (let index = 0; index < 60; index++) {
      for (const key of TIMED) for (let turn = 0; turn < 250; turn++) book.latencies.record(key, someUs());
      const lane = laneRecord({ latencies: book.latencies.drain() });
      const record = { ...intervalRecord(0, index), lanes: [lane] };
      longest = Math.max(longest, JSON.stringify({ type: 'interval', record }).length);
      expect(minutes.add(record)).toBeNull();
    }
    expect(longest).toBeLessThan(16 * KB);
    expect(JSON.stringify({ type: 'minute', ...minutes.close(0) }).length).toBeLessThan(200 * KB);
  });
});
