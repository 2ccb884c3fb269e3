import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderProgressLine, type RunProgress } from '../../src/report/progress.js';

const PROGRESS: RunProgress = {
  phase: 'measured',
  elapsedSec: 4.02,
  plannedSec: 10,
  intervalSec: 1,
  attempted: 7_830,
  accepted: 7_804,
  deferred: 0,
  rejected: 0,
  failed: 0,
  acceptedPerSec: 1_951.2,
  sessions: null,
  openSessions: 50,
  p99Us: 12_340,
  generatorBusy: 0.61,
  plannedMessages: null,
};
const plain = (progress: Partial<RunProgress>, width = 80) =>
  renderProgressLine({ ...PROGRESS, ...progress }, { color: false, width });

test('a healthy run shows rate, count, latency and the load on the generator', () => {
  expect(plain({})).toBe('measured  4/10 s  1,951/s  accepted 7,804  p99 12.3ms  50 open  busy 61.0%');
});

test('what goes wrong comes first', () => {
  expect(plain({ failed: 3, rejected: 2, deferred: 1, p99Us: null }, 120)).toBe(
    'measured  4/10 s  1,951/s  accepted 7,804  failed 3  rejected 2  deferred 1  p99 -  50 open  busy 61.0%',
  );
});

test('a run of so many messages shows how many there are', () => {
  expect(plain({ plannedSec: null, plannedMessages: 20_000 })).toContain('4 s  1,951/s  accepted 7,804/20,000');
});

test('there is nothing to count before the load starts', () => {
  expect(plain({ phase: 'preflight', plannedSec: null })).toBe('pre-flight  4 s');
});

test('a generator near its limit is coloured', () => {
  const busy = { ...PROGRESS, generatorBusy: 0.93 };
  expect(renderProgressLine(busy, { color: true, width: 80 })).toContain('\x1b[33mbusy 93.0%\x1b[39m');
});

test('the line never exceeds the terminal', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 120 }), fc.maxSafeNat(), fc.boolean(), (width, accepted, color) => {
      const line = renderProgressLine({ ...PROGRESS, accepted, failed: accepted }, { color, width });
      expect(stripVTControlCharacters(line).length).toBeLessThanOrEqual(width);
    }),
  );
});

test('a run without mail tells its sessions', () => {
  const sessions = { completed: 1_444, failed: 0, completedPerSec: 481.2, planned: null };
  expect(plain({ sessions })).toBe('measured  4/10 s  481.2 sessions/s  completed 1,444  50 open  busy 61.0%');
  expect(plain({ sessions: { ...sessions, failed: 7, planned: 2_000 } })).toContain(
    'completed 1,444/2,000  failed 7  50 open',
  );
});
