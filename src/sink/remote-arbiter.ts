/** Has another process decide what is counted over all processes of a sink; decides the rest by itself, at once. */
import type { Answer, Arbiter } from './arbiter.js';
import { FaultTable } from './fault-table.js';
import type { SessionCounts, Strike } from './fault-table.js';
import type { PolicyRefusal } from './policies.js';
import { Policies } from './policies.js';
import type { Decision, Question } from './process-messages.js';
import type { FaultEvent, FaultRow, SinkSettings } from './sink-options.js';

/** A question without its number. */
type Unnumbered = Question extends infer Each ? (Each extends Question ? Omit<Each, 'id'> : never) : never;

/** The arbiter of one process among several. */
export class RemoteArbiter implements Arbiter {
  readonly #settings: SinkSettings;
  readonly #send: (questions: readonly Question[]) => void;
  /** For what needs no count. */
  readonly #faults: FaultTable;
  readonly #policies: Policies;
  readonly #countedEvents: ReadonlySet<FaultEvent>;
  readonly #waiting = new Map<number, (answer: Decision['answer']) => void>();
  #questions: Question[] = [];
  #lastId = 0;

  /**
   * @param nowMs - ms since the start of this process's part
   * @param send - takes questions to the process that decides
   */
  constructor(settings: SinkSettings, nowMs: () => number, send: (questions: readonly Question[]) => void) {
    this.#settings = settings;
    this.#send = send;
    this.#faults = new FaultTable(settings.faults, settings.seed, nowMs);
    this.#policies = new Policies({ ...settings, greylistMs: 0 }, nowMs);
    this.#countedEvents = new Set(settings.faults.filter(isCounted).map(({ on }) => on));
  }

  enter(address: string): Answer<PolicyRefusal | null> {
    const { maxConnections, maxConnectionsPerAddress, connectionsPerSec } = this.#settings;
    if (maxConnections === 0 && maxConnectionsPerAddress === 0 && connectionsPerSec === 0) return null;
    return this.#ask<PolicyRefusal>({ about: 'enter', address });
  }

  leave(address: string): void {
    const { maxConnections, maxConnectionsPerAddress } = this.#settings;
    if (maxConnections > 0 || maxConnectionsPerAddress > 0) this.#queue({ id: 0, about: 'leave', address });
  }

  mail(): Answer<PolicyRefusal | null> {
    return this.#settings.messagesPerSec === 0 ? null : this.#ask<PolicyRefusal>({ about: 'mail' });
  }

  rcpt(address: string, reversePath: string, forwardPath: string): Answer<PolicyRefusal | null> {
    const refusal = this.#policies.rcptRefusal(address, reversePath, forwardPath);
    if (refusal !== null || this.#settings.greylistMs === 0) return refusal;
    return this.#ask<PolicyRefusal>({ about: 'rcpt', address, reversePath, forwardPath });
  }

  auth(user: string, isProved: boolean): Answer<PolicyRefusal | null> {
    return this.#settings.authLockOut === null ? null : this.#ask<PolicyRefusal>({ about: 'auth', user, isProved });
  }

  strike(event: FaultEvent, line: string, inSession: SessionCounts): Answer<Strike | null> {
    if (!this.#countedEvents.has(event)) return this.#faults.match(event, line, inSession);
    return this.#ask<Strike>({ about: 'strike', event, line, inSession });
  }

  /** Answers have come. */
  onDecisions(decisions: readonly Decision[]): void {
    for (const { id, answer } of decisions) {
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    }
  }

  #ask<T extends PolicyRefusal | Strike>(question: Unnumbered): Promise<T | null> {
    const id = ++this.#lastId;
    this.#queue({ id, ...question });
    // Each question has its own kind of answer.
    return new Promise((resolve) => this.#waiting.set(id, (answer) => resolve(answer as T | null)));
  }

  /** Questions of one turn of the event loop go together. */
  #queue(question: Question): void {
    if (this.#questions.push(question) > 1) return;
    setImmediate(() => {
      const questions = this.#questions;
      this.#questions = [];
      this.#send(questions);
    });
  }
}

/** Whether a row strikes by what happened before, to whichever process, or by chance. A session's own count is known where it is. */
function isCounted(row: FaultRow): boolean {
  const { nth, everyNth, after, perSession = false, probability, ratePerSec, fromSec, untilSec, delayMs } = row;
  const occasions = [...(perSession ? [] : [nth, everyNth, after]), probability, ratePerSec, fromSec, untilSec];
  return occasions.some((each) => each !== undefined) || typeof delayMs === 'object';
}
