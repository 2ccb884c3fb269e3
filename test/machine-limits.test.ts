/** What this machine says of its limits, in the words of several kernels. */
import { openSync, closeSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cpuLimit, openFiles, timeWaitSockets } from '../src/machine-limits.js';

/** A machine that has these files. */
const machine =
  (files: Readonly<Record<string, string>>) =>
  (path: string, otherwise: string): string =>
    files[path] ?? otherwise;

describe('the limit of a control group', () => {
  test.each<[string, Record<string, string>, number | null]>([
    ['of version 2', { '/sys/fs/cgroup/cpu.max': '150000 100000\n' }, 1.5],
    ['of version 2 without a limit', { '/sys/fs/cgroup/cpu.max': 'max 100000\n' }, null],
    [
      'of version 1',
      { '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '50000\n', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n' },
      0.5,
    ],
    [
      'of version 1 without a limit',
      { '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n' },
      null,
    ],
    ['where there is none', {}, null],
  ])('%s is read', (_, files, limit) => {
    expect(cpuLimit(machine(files))).toBe(limit);
  });
});

test('connections in TIME_WAIT are counted, where the kernel tells', () => {
  const text = 'sockets: used 61\nTCP: inuse 35 orphan 0 tw 3265 alloc 35 mem 120\nUDP: inuse 0 mem 0\n';
  expect(timeWaitSockets(machine({ '/proc/net/sockstat': text }))).toBe(3265);
  expect(timeWaitSockets(machine({}))).toBeNull();
});

test.runIf(process.platform === 'linux')('open files are counted', () => {
  const before = openFiles();
  const opened = Array.from({ length: 5 }, () => openSync('/dev/null', 'r'));
  expect((openFiles() ?? 0) - (before ?? 0)).toBe(5);
  for (const file of opened) closeSync(file);
});
