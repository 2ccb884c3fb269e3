/** Records that are put together bit by bit, and sent whole. */
import { describe, expect, test } from 'vitest';
import type { IntervalRecord } from '../../src/metrics/interval-record.js';
import { LatencySet } from '../../src/metrics/latency-histograms.js';
import { IntervalPost } from '../../workers/interval-post.js';
import { intervalRecord, laneRecord } from '../support/engine-records.js';

/** A record of so many histograms, each with its key as the only value. */
function closed(post: IntervalPost, index: number, histograms: number): void {
  const set = new LatencySet();
  for (let key = 0; key < histograms; key++) set.record(key, 100 + key);
  const drain = set.beginDrain();
  const lane = { ...laneRecord(), latencies: [[], drain.records] as const };
  post.begin({ ...intervalRecord(0, index), lanes: [lane] }, [drain]);
}

function open(): { post: IntervalPost; sent: IntervalRecord[] } {
  const sent: IntervalRecord[] = [];
  return { post: new IntervalPost((record) => sent.push(record)), sent };
}

const told = (sent: readonly IntervalRecord[]): number[][] =>
  sent.map(({ index, lanes }) => [index, ...lanes.flatMap(({ latencies }) => latencies[1].map(({ sumUs }) => sumUs))]);

describe('a record', () => {
  test('is sent some ticks later, with all its histograms', () => {
    const { post, sent } = open();
    closed(post, 4, 5);
    post.tick();
    post.tick();
    expect(sent).toEqual([]);
    post.tick();
    expect(told(sent)).toEqual([[4, 100, 101, 102, 103, 104]]);
    post.tick();
    expect(sent).toHaveLength(1);
  });

  test('is sent at once when the next one comes, or nothing comes any more', () => {
    const { post, sent } = open();
    closed(post, 0, 2);
    closed(post, 1, 1);
    expect(told(sent)).toEqual([[0, 100, 101]]);
    post.flush();
    post.flush();
    expect(told(sent)).toEqual([
      [0, 100, 101],
      [1, 100],
    ]);
  });

  test('without histograms is sent with the next tick', () => {
    const { post, sent } = open();
    closed(post, 7, 0);
    post.tick();
    expect(told(sent)).toEqual([[7]]);
  });

  test('of many lanes is through within half a second of ticks', () => {
    const { post, sent } = open();
    const sets = Array.from({ length: 40 }, () => new LatencySet());
    for (const set of sets) for (let key = 0; key < 10; key++) set.record(key, 5);
    post.begin(
      intervalRecord(0, 0),
      sets.map((set) => set.beginDrain()),
    );
    let ticks = 0;
    for (; sent.length === 0; ticks++) post.tick();
    expect(ticks).toBeLessThanOrEqual(51);
    expect(ticks).toBeGreaterThan(40);
  });
});

test('what is recorded while a second is drained belongs to the next one', () => {
  const set = new LatencySet();
  for (const us of [10, 20]) set.record(3, us);
  const first = set.beginDrain();
  set.record(3, 30);
  set.record(4, 40);
  while (first.left > 0) first.next();
  expect(first.records.map(({ key, count, sumUs }) => [key, count, sumUs])).toEqual([[3, 2, 30]]);
  expect(set.drain().map(({ key, count, sumUs }) => [key, count, sumUs])).toEqual([
    [3, 1, 30],
    [4, 1, 40],
  ]);
  set.record(3, 50);
  expect(set.drain().map(({ sumUs }) => sumUs)).toEqual([50]);
});
