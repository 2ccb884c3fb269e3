/** What this machine lets a process have of files and local ports. Knows nothing of loads. */
import { readFileSync, readdirSync, statSync } from 'node:fs';

/** Descriptors that Node, its threads and the built-in sink need beside the sessions. */
const SPARE_DESCRIPTORS = 64;

/** About how many open files so many sessions at once need; with the built-in sink both ends of each are in this process. */
export function filesNeeded(sessions: number, withSink: boolean): number {
  return sessions * (withSink ? 2 : 1) + SPARE_DESCRIPTORS;
}

/** How many files this process may have open; null where the platform does not tell. */
export function fileLimit(): number | null {
  const line = /^Max open files\s+(\d+)/m.exec(readOr('/proc/self/limits', ''));
  return line?.[1] === undefined ? null : Number(line[1]);
}

/** How many local ports connections to one address from one address can have; null where the platform does not tell. */
export function portLimit(): number | null {
  const [first, last] = readOr('/proc/sys/net/ipv4/ip_local_port_range', '').trim().split(/\s+/).map(Number);
  return first === undefined || last === undefined || Number.isNaN(first + last) ? null : last - first + 1;
}

/**
 * How many cores a control group lets this process use, such as 1.5; null: as many as there are, or not known.
 *
 * The kernel's documentation: cgroup-v2.rst (cpu.max), sched-bwc.rst (cpu.cfs_quota_us).
 */
export function cpuLimit(read = readOr): number | null {
  const [quota = NaN, period = NaN] = read('/sys/fs/cgroup/cpu.max', '').trim().split(/\s+/).map(Number);
  if (quota > 0 && period > 0) return quota / period;
  const quotaUs = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us', ''));
  const periodUs = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_period_us', ''));
  return quotaUs > 0 && periodUs > 0 ? quotaUs / periodUs : null;
}

/** How many files this process has open; null where the platform does not tell. */
export function openFiles(): number | null {
  try {
    // Since Linux 6.2 the size says how many there are; before, it is 0.
    const { size } = statSync('/proc/self/fd');
    return size > 0 ? size : readdirSync('/proc/self/fd').length;
  } catch {
    return null;
  }
}

/**
 * How many closed connections of this machine, whoever had them, still hold their ports (TIME_WAIT, RFC 9293, 3.3.2);
 * null where the platform does not tell.
 */
export function timeWaitSockets(read = readOr): number | null {
  const [, count] = /^TCP:.* tw (\d+)/m.exec(read('/proc/net/sockstat', '')) ?? [];
  return count === undefined ? null : Number(count);
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Not Linux: a limit that is hit is then counted during the run.
    return otherwise;
  }
}
