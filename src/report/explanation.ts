/** What a plan would do, before anything is sent: the facts of it. Types only. */
import type { DialogueRecord, SessionCost } from '../messages/dialogue-record.js';
import type { RedactedPlan } from '../plan/redact-plan.js';

/** A plan, explained. */
export interface Explanation {
  readonly plan: RedactedPlan;
  /** The target is the built-in sink. */
  readonly isBuiltInSink: boolean;
  /** Arrivals over the time of the run; null: closed load. */
  readonly rates: PlannedRates | null;
  readonly scenarios: readonly ExplainedScenario[];
  /** For servers of different speed, the fastest first. */
  readonly estimates: readonly Estimate[];
  readonly needs: Needs;
}

/** How many arrivals are planned, over time. */
export interface PlannedRates {
  /** Mean of each of as many equal parts of the time, per second. */
  readonly perSec: readonly number[];
  readonly peakPerSec: number;
}

/** One scenario of it. */
export interface ExplainedScenario {
  /** Its part of the clients, 0 to 1. */
  readonly share: number;
  /** Of the first clients, as many as there are sessions at once, so many have it. */
  readonly firstClients: number;
  /** What a session takes, on average. */
  readonly session: SessionCost;
  readonly dialogue: DialogueRecord;
}

/** What would come of it if every reply took so long and nothing else any time. */
export interface Estimate {
  readonly replyMs: number;
  readonly sessionsPerSec: number;
  /** Sessions at once that the highest rate of a plan of arrivals needs, whatever their cap is; null: closed load. */
  readonly peakSessions: number | null;
  readonly messagesPerSec: number;
  /** Both ways. */
  readonly octetsPerSec: number;
  /** How long the run would last, its warm-up included. */
  readonly lastsSec: number;
  /** Messages until then. */
  readonly messages: number;
  /** Octets until then. */
  readonly octets: number;
  /** Local ports in use, those in TIME_WAIT among them; null: a unix socket needs none. */
  readonly ports: number | null;
}

/** What the machine has to have. */
export interface Needs {
  readonly files: number;
  /** Null: not known. */
  readonly fileLimit: number | null;
  /** For each pair of addresses; null: not known. */
  readonly portLimit: number | null;
  /** Pairs of an address here and one there. */
  readonly addressPairs: number;
}
