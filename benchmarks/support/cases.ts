/** What the comparisons with smtp-source and smtp-sink measure, and the bounds that they are held to. */
import type { PipeliningMode } from '../../src/plan/load-plan.js';

/** One way to send messages. */
export interface Load {
  /** Connections are kept; otherwise each carries one message. */
  readonly isKept: boolean;
  /** How postrush groups its commands. smtp-source always works in lock-step. */
  readonly pipelining: PipeliningMode;
}

/** A load, and what our program may need for it. */
export interface LoadCase extends Load {
  readonly name: string;
  readonly title: string;
  /** Messages of a full run. */
  readonly messages: number;
  /** CPU per message of our program may be so many times that of the one of Postfix. */
  readonly bound: number;
}

/** Messages of the run whose CPU is taken off: start-up, the connections, the report. */
export const START_UP_MESSAGES = 20;

/** Sessions of every {@link LoadCase}. */
export const SESSIONS = 20;

/** Octets of a message. */
export const MESSAGE_BYTES = 1024;

/** Start-up of postrush, from the start of the program to the start of the load, may take so many seconds. */
export const START_UP_BOUND_SEC = 0.6;

/** All cases of the client, in the order of the table. */
export const LOAD_CASES: readonly LoadCase[] = [
  {
    name: 'kept-lock-step',
    title: 'kept, lock-step',
    messages: 100_000,
    isKept: true,
    pipelining: 'off',
    bound: 1.15,
  },
  { name: 'kept-auto', title: 'kept, pipelined', messages: 100_000, isKept: true, pipelining: 'auto', bound: 0.75 },
  { name: 'kept-across', title: 'kept, across', messages: 100_000, isKept: true, pipelining: 'across', bound: 0.55 },
  {
    name: 'single-lock-step',
    title: 'one per connection, lock-step',
    messages: 40_000,
    isKept: false,
    pipelining: 'off',
    bound: 1.15,
  },
  {
    name: 'single-auto',
    title: 'one per connection, pipelined',
    messages: 40_000,
    isKept: false,
    pipelining: 'auto',
    bound: 0.9,
  },
];

/** Peak memory of the client with many open sessions, less that of few. */
export const MEMORY_CASE = { name: 'memory', sessions: 5000, fewSessions: 10, durationSec: 8, boundKb: 12 } as const;

/** All cases of the sink, in the order of the table. smtp-source cannot pipeline: there the client is postrush. */
export const SINK_CASES: readonly LoadCase[] = [
  { name: 'kept-lock-step', title: 'kept, lock-step', messages: 100_000, isKept: true, pipelining: 'off', bound: 1.3 },
  {
    name: 'single-lock-step',
    title: 'one per connection, lock-step',
    messages: 40_000,
    isKept: false,
    pipelining: 'off',
    bound: 1.3,
  },
  { name: 'kept-auto', title: 'kept, pipelined', messages: 100_000, isKept: true, pipelining: 'auto', bound: 1.3 },
];

/** Peak memory of the sink with many open sessions, less that with few. */
export const SINK_MEMORY_CASE = { name: 'memory', sessions: 10_000, fewSessions: 10, boundKb: 12 } as const;
