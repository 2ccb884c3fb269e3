/** What the comparison with smtp-source measures, and the bounds that it is held to. */
import type { PipeliningMode } from '../../src/plan/load-plan.js';

/** One way to send messages, by postrush and by smtp-source. */
export interface LoadCase {
  readonly name: string;
  readonly title: string;
  /** Messages of a full run. */
  readonly messages: number;
  /** Connections are kept; otherwise each carries one message. */
  readonly isKept: boolean;
  /** How postrush groups its commands. smtp-source always works in lock-step. */
  readonly pipelining: PipeliningMode;
  /** CPU per message of postrush may be so many times that of smtp-source. */
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

/** All cases, in the order of the table. */
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

/** Peak memory of many open sessions, less that of few. */
export const MEMORY_CASE = { name: 'memory', sessions: 5000, fewSessions: 10, durationSec: 8, boundKb: 12 } as const;
