/**
 * A client that holds sessions, so that a server's memory can be read while all of them are open: each has said EHLO
 * and waits. Those of a load tester come and go, and are never all there at the same moment.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What was there at the moment that mattered. */
export interface HeldSessions {
  readonly open: number;
  /** Why there are no more; '' when all are open. */
  readonly problem: string;
}

/** Sessions that are about to be held; the others wait for their turn. */
const OPENING_AT_ONCE = 200;
/** Sessions that are not there by then do not count. smtp-sink takes about 15 s for 10,000. */
const OPENING_MS = 120_000;
/** Sessions that the server has not ended so long after QUIT are cut. */
const LEAVING_MS = 10_000;

const LAST_LINE_OF_250 = /^250 .*\r\n$/m;

/**
 * Opens so many sessions on a port of loopback, calls `look` when all are open, and ends them. Takes a descriptor for
 * each; Node raises its own limit as far as it may (`ulimit -Hn`).
 */
export async function whileHolding<T>(port: number, sessions: number, look: (held: HeldSessions) => T): Promise<T> {
  const sockets: Socket[] = [];
  const held = new Set<Socket>();
  let problem = '';
  const open = async (): Promise<void> => {
    while (sockets.length < sessions && problem === '') {
      const socket = connect({ host: '127.0.0.1', port });
      sockets.push(socket);
      await greet(socket);
      held.add(socket);
      socket.on('close', () => held.delete(socket));
    }
  };
  const opening = Array.from({ length: OPENING_AT_ONCE }, () =>
    open().catch((error: unknown) => {
      problem ||= (error as Error).message;
    }),
  );
  await withinMs(OPENING_MS, Promise.all(opening));
  if (problem === '' && held.size < sessions) problem = `no more came within ${OPENING_MS / 1000} s`;
  try {
    return look({ open: held.size, problem });
  } finally {
    // Lets those that are still opening go no further.
    problem ||= 'over';
    await leave(sockets, held);
  }
}

/** Up to the reply to EHLO; rejects when it is another one than 250, or the connection ends. */
function greet(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = '';
    socket.on('error', reject);
    socket.on('close', () => {
      reject(new Error(`the server ended a session: ${received.trim()}`));
    });
    socket.on('data', (octets) => {
      if (received === '') socket.write('EHLO holder.example.com\r\n');
      received += octets.toString('latin1');
      if (LAST_LINE_OF_250.test(received)) resolve();
    });
  });
}

async function leave(sockets: readonly Socket[], held: ReadonlySet<Socket>): Promise<void> {
  const ends = Array.from(held, (socket) => once(socket, 'close'));
  for (const socket of sockets) {
    if (held.has(socket)) socket.end('QUIT\r\n');
    else socket.destroy();
  }
  await withinMs(LEAVING_MS, Promise.all(ends));
  for (const socket of held) socket.destroy();
}

/** Waits no longer than that. */
async function withinMs(ms: number, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  await Promise.race([work, sleep(ms, null, { signal: timer.signal }).catch(() => null)]);
  timer.abort();
}
