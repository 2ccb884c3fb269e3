import { describe, expect, test } from 'vitest';
import { SecondSeries } from '../../src/sink/second-series.js';
import { SinkCounters } from '../../src/sink/sink-counters.js';

describe('a series of seconds', () => {
  test('holds what came in each, the unfinished one last', () => {
    const counters = new SinkCounters();
    const series = new SecondSeries(() => counters);
    counters.messages = 3;
    series.tick(1);
    counters.messages = 10;
    counters.open = 2;
    expect(series.rows(1.5)).toMatchObject([
      { startSec: 0, sec: 1, messages: 3, open: 0 },
      { startSec: 1, sec: 0.5, messages: 7, open: 2 },
    ]);
  });

  test('stays bounded, leaves no gap, and adds up to the counters', () => {
    const counters = new SinkCounters();
    const series = new SecondSeries(() => counters);
    for (let second = 1; second <= 20_000; second++) {
      counters.messages += second % 7;
      counters.faults++;
      series.tick(second);
    }
    const rows = series.rows(20_000.5);
    expect(rows.length).toBeLessThanOrEqual(3602);
    expect(rows.reduce((sum, row) => sum + row.messages, 0)).toBe(counters.messages);
    expect(rows.reduce((sum, row) => sum + row.faults, 0)).toBe(20_000);
    let endSec = 0;
    for (const row of rows) {
      expect(row.startSec).toBeCloseTo(endSec, 6);
      endSec += row.sec;
    }
    expect(endSec).toBeCloseTo(20_000.5, 6);
  });
});
