/** What a ledger makes of events. */
import { describe, expect, test } from 'vitest';
import { LoadLedger, peakOf } from '../../src/coordinator/load-ledger.js';
import { planOf } from '../support/engine-plan.js';

describe('what is in use on the machine', () => {
  test('is known at first and at most, each by itself', () => {
    const ledger = new LoadLedger(planOf());
    expect([ledger.firstUse, ledger.peakUse]).toEqual([null, null]);
    for (const [openFiles, timeWait] of [
      [40, 900],
      [90, 100],
      [60, 950],
    ] as const) {
      ledger.apply({ type: 'machine', use: { openFiles, timeWait } });
    }
    expect(ledger.firstUse).toEqual({ openFiles: 40, timeWait: 900 });
    expect(ledger.peakUse).toEqual({ openFiles: 90, timeWait: 950 });
  });

  test('is not less known because it was not known once', () => {
    const known = { openFiles: 3, timeWait: null };
    expect(peakOf(known, { openFiles: null, timeWait: 5 })).toEqual({ openFiles: 3, timeWait: 5 });
    expect(peakOf(null, known)).toEqual(known);
  });
});

test('a warm-up that ends by itself moves the measured time', () => {
  const ledger = new LoadLedger(planOf({ warmup: 'auto', duration: '10s' }));
  const state = { isSteady: true, rateChange: 0.01, latencyChange: null };
  ledger.apply({ type: 'warmedUp', atUs: 7e6, state });
  expect(ledger.metrics.window).toMatchObject({ warmupEndUs: 7e6, endUs: 17e6 });
  expect(ledger.warmedUp).toEqual({ state });
});
