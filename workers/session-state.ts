/**
 * The states of a session, and who a session talks to.
 *
 * The table is the specification; where code and table differ, the table is right.
 *
 *   state       event                          next        note
 *   idle        begin                          connecting  connect() is called
 *   connecting  connected                      dialogue    (securing first, when TLS is implicit)
 *   securing    TLS ready                      dialogue    what was learnt in clear is forgotten
 *   dialogue    reply                          dialogue    decided by (step, class of the code)
 *   dialogue    220 to STARTTLS                securing
 *   dialogue    QUIT written                   dialogue    nothing more is sent; outstanding replies still come
 *   dialogue    421                            dialogue    the same; every unsettled recipient is deferred
 *   dialogue    last reply after QUIT or 421   dialogue    the server closes first; after CLOSE_WAIT_US we do
 *   dialogue    connection lost after that     closing     the session is complete (failed, after a 421)
 *   any         connection lost                closing     outstanding commands fail once each, messages fail
 *   any         deadline, not understood       closing     the same; the connection is dropped
 *   any         cut                            closing     outstanding commands stay in flight, messages are cut
 *   closing     closed                         idle        the session is over: its client decides what follows
 */
import type { Ending } from '../src/metrics/outcome.js';
import type { RetryEntry } from './lane-retries.js';
import type { ArrivalClocks } from './recorder.js';
import type { TlsDescription } from '../src/messages/coordinator-worker.js';

/** States of a session, see the table above. */
export const SessionState = { idle: 0, connecting: 1, securing: 2, dialogue: 3, closing: 4 } as const;

/** How long the server has to close the connection after its last reply, so that TIME_WAIT is not ours. */
export const CLOSE_WAIT_US = 2_000_000;

/** What a session needs of its connection. The connection calls back through {@link ConnectionListener}. */
export interface Connection {
  /** Which of the concurrent sessions of the run this is. */
  readonly place: number;
  /** Number of the session under way; no other of the run, or of its lane where there are several, has it. */
  readonly session: number;
  /** How many sessions its place had before it. */
  readonly visit: number;
  /**
   * Its turn in shares: one further with every session of a place and from place to place, so that a share holds among
   * the sessions that are open together as well as among those that follow each other.
   */
  readonly turn: number;
  /** Whether every octet written so far was taken by the kernel. */
  readonly isDrained: boolean;
  /** Whether the octets travel inside TLS. */
  readonly isSecure: boolean;
  /** Whether this session is one of those that use STARTTLS, where the script has it. */
  readonly wantsTls: boolean;
  open(): void;
  startTls(): void;
  /**
   * Writes octets that the connection may hold on to until it is drained.
   *
   * @param isShared - they never change, so that they need not be copied even where others are
   */
  write(bytes: Buffer, isShared?: boolean): void;
  /** Puts the writes between the two calls into one. */
  cork(): void;
  uncork(): void;
  /** Calls `onDrained` once every octet written so far is taken. */
  notifyDrained(): void;
  /** Closes at once, as the plan has it or as `how` of `DropHow` says. `onClosed` follows. */
  drop(how: number): void;
}

/** What a connection tells its session. All times are µs since time zero. */
export interface ConnectionListener {
  onConnected(nowUs: number): void;
  onTlsReady(tls: TlsDescription | null, nowUs: number): void;
  /** `buffer[0..length)` is valid until the call returns. */
  onData(buffer: Uint8Array, length: number, nowUs: number): void;
  onDrained(nowUs: number): void;
  /** The first sign of the end, once; `kind` is an index into the error kinds. */
  onConnectionLost(kind: number, sample: string, nowUs: number): void;
  /** The file descriptor is free; the connection may be opened again. */
  onClosed(nowUs: number): void;
}

/** Whom a session works for: the client it is a connection of. */
export interface SessionOwner {
  /** Whether `takeMessage` would give one. */
  hasMessage(nowUs: number): boolean;
  /** Global number of the next message, which is from now on attempted. */
  takeMessage(nowUs: number): number;
  /** What the message taken last was before, if it is tried again. */
  readonly retried: RetryEntry | null;
  /** What is different where clients arrive by plan; null: they do not. */
  readonly planned: PlannedOwner | null;
  /** The server answered the connection with a 220. */
  onGreeted(nowUs: number): void;
  /** The connect() succeeded or failed. */
  onConnectSettled(): void;
  /** The script ends the whole run by what it was answered. */
  onStopAsked(): void;
  /** The connection is closed. `servedCount`: messages of this session that the server did not stand in the way of. */
  onSessionEnded(ending: Ending, servedCount: number, nowUs: number): void;
}

/** What a session needs to know of its arrival. */
export interface PlannedOwner {
  /** When the message taken last began, as far as phases are concerned; -1: when it was taken. */
  readonly phaseUs: number;
  /** The clocks of the arrival whose first message was taken last; null: it was not the first. */
  readonly clocks: ArrivalClocks | null;
  /** More messages may come for the session: it waits for them when it has none, instead of QUIT. */
  readonly isKeptOpen: boolean;
  /** It waits now, and goes on when told to. */
  readonly onIdle: (nowUs: number) => void;
}

/** Someone who wants to read along. Null in a load: these calls build strings. */
export interface SessionObserver {
  onGreeting(code: number, text: string): void;
  onKeyword(text: string): void;
  onTls(tls: TlsDescription): void;
  /** AUTH with this mechanism came to its end, well or not. */
  onAuth(mechanism: string): void;
  /** The first thing that ended the script early. `code` 0: no reply, see `kind`. */
  onRefused(step: number, code: number, kind: number, text: string): void;
}
