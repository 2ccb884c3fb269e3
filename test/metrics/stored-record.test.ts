/** Records of earlier versions, told again. */
import { expect, test } from 'vitest';
import { INTERVAL_RECORD_VERSION, storedRecord } from '../../src/metrics/interval-record.js';
import { healthRecord, intervalRecord } from '../support/engine-records.js';

test('a record of this version is told as it is', () => {
  const record = intervalRecord(0, 3, { version: INTERVAL_RECORD_VERSION, health: healthRecord({ sendStalls: 4 }) });
  expect(storedRecord(JSON.parse(JSON.stringify(record)))).toEqual(record);
});

test('a record of version 7 knew nothing of stalls', () => {
  const { sendStalls: _count, sendStalledUs: _us, ...health } = healthRecord({ busy: 0.5 });
  const stored = { ...intervalRecord(0, 3), version: 7, health };
  expect(storedRecord(stored)).toEqual(
    intervalRecord(0, 3, { version: INTERVAL_RECORD_VERSION, health: healthRecord({ busy: 0.5 }) }),
  );
});

test.each([
  [{ ...intervalRecord(0, 3), version: 6 }],
  [{ version: INTERVAL_RECORD_VERSION + 1 }],
  [{}],
  [null],
  ['x'],
  [undefined],
])('what is no record of a known version is not told (%j)', (stored) => {
  expect(storedRecord(stored)).toBeNull();
});
