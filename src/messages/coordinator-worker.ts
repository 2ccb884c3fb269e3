/** Everything that coordinator and generator say to each other. Plain records; no shared memory. */
import type { IntervalRecord } from '../metrics/interval-record.js';
import type { LanePlan } from '../plan/lane-plan.js';
import type { LoadPlan } from '../plan/load-plan.js';

/** The exact share of the plan that one generator carries out. */
export interface WorkerShare {
  readonly workerId: number;
  readonly workerCount: number;
  readonly sessions: number;
  /** Sessions of the workers before it: where it begins in the table that divides clients among lanes. */
  readonly firstStart: number;
  /** Messages of this worker after the warm-up; null: no bound. */
  readonly messages: number | null;
  /** Sessions without messages of this worker after the warm-up; null: no bound. */
  readonly connections: number | null;
}

/** The address that a target's name was pinned to. */
export interface PinnedAddress {
  /** An IP address, or the path of a unix socket. */
  readonly address: string;
  /** Null: a unix socket. */
  readonly family: 4 | 6 | null;
}

/** What a worker thread is asked to do. `port` is transferred beside it. */
export interface GeneratorTask<Port = unknown> {
  readonly kind: 'load';
  readonly plan: LoadPlan;
  readonly share: WorkerShare;
  /** By target. */
  readonly addresses: readonly PinnedAddress[];
  readonly port: Port;
}

/** One polite session before the load, never sending MAIL. */
export interface PreflightTask {
  readonly kind: 'preflight';
  readonly lane: LanePlan;
  /** Rows for its templates. */
  readonly feeders: LoadPlan['feeders'];
  readonly functions: LoadPlan['functions'];
  readonly address: PinnedAddress;
}

/** What a TLS session agreed on. */
export interface TlsDescription {
  readonly protocol: string;
  readonly cipher: string;
  readonly subject: string | null;
  readonly issuer: string | null;
  readonly validTo: string | null;
}

/** What the pre-flight session learnt, or why it failed. */
export interface PreflightResult {
  readonly ok: boolean;
  /** A connection was established: what went wrong after that is not a matter of the address. */
  readonly isConnected: boolean;
  /** What went wrong, one sentence without the target's name; empty when ok. */
  readonly problem: string;
  /** What to try; empty when ok. */
  readonly advice: string;
  readonly connections: number;
  readonly commands: number;
  readonly greeting: string | null;
  /** EHLO keywords with parameters before TLS, and after it (null without TLS). */
  readonly keywords: readonly string[];
  readonly keywordsAfterTls: readonly string[] | null;
  readonly tls: TlsDescription | null;
  /** The SASL mechanism that was used; null: none was. */
  readonly authMechanism: string | null;
}

/** How a generator's task ended. */
export interface GeneratorResult {
  readonly workerId: number;
  /** Interval records sent, so that a lost one is noticed. */
  readonly intervals: number;
  /** Messages of its share that it never began; 0 when the share has no bound. */
  readonly messagesLeft: number;
  /** Per lane, phase and latency key, how many values the generator recorded over the whole run: must equal the sum of its intervals. */
  readonly latencyCounts: readonly (readonly [readonly number[], readonly number[]])[];
}

/** Coordinator to generator. */
export type CoordinatorMessage =
  /** Begin: time zero on the machine's shared monotonic clock, µs. */
  | { readonly type: 'start'; readonly zeroUs: number }
  /** The warm-up ends by itself: the measured time begins at `atUs` since time zero. Without it, where the plan says. */
  | { readonly type: 'measure'; readonly atUs: number }
  /** Start nothing more, finish what is under way until the drain deadline. */
  | { readonly type: 'stop' }
  /** End everything now. */
  | { readonly type: 'cut' };

/** Generator to coordinator. */
export type WorkerMessage =
  /** Ready to start. */
  | { readonly type: 'ready'; readonly workerId: number }
  | { readonly type: 'interval'; readonly record: IntervalRecord }
  /** A script was answered in a way that is to end the run: all workers are told to stop. */
  | { readonly type: 'stopRun' };
