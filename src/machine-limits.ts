/** What this machine lets a process have of files and local ports. Knows nothing of loads. */
import { readFileSync } from 'node:fs';

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

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Not Linux: a limit that is hit is then counted during the run.
    return otherwise;
  }
}
