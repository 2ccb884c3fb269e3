/** What the searches for limits have in common: a name, an end, a time, and how a finding is written down. */
import { monotonicUs } from '../src/clock.js';
import type { CheckReply, LimitFinding, LimitName } from '../src/messages/check-record.js';
import { LIMIT_SEARCH_MS } from '../src/plan/check-plan.js';
import { plain } from './check-draft.js';
import { isLoss, type ProbeLoss, type ProbeReply } from './probe-session.js';
import { isPositive, quote } from './prober.js';

/** Looks for one limit, upwards. */
export class LimitSearch {
  readonly name: LimitName;
  readonly cap: number;
  /** How many went well so far. */
  passed = 0;
  readonly #endUs = monotonicUs() + LIMIT_SEARCH_MS * 1e3;

  constructor(name: LimitName, cap: number) {
    this.name = name;
    this.cap = cap;
  }

  get isOver(): boolean {
    return this.passed >= this.cap || this.#leftMs() <= 0;
  }

  /** A deadline that does not go beyond the end of the search. */
  within(timeoutMs: number): number {
    return Math.max(1, Math.min(timeoutMs, this.#leftMs()));
  }

  /** Nothing was refused. */
  none(why = ''): LimitFinding {
    const isEarly = why === '' && this.passed < this.cap;
    return this.#finding('none', null, null, isEarly ? 'then the time for it was over' : why);
  }

  unknown(why: string): LimitFinding {
    return this.#finding('unknown', null, null, why);
  }

  /**
   * The next one was refused, or the connection was lost over it.
   *
   * @param command - what the first one began with: when that is refused, it says nothing of a limit
   */
  refused(answer: ProbeReply | ProbeLoss, command: string): LimitFinding {
    if (isLoss(answer)) {
      if (answer.reason === 'localLimit') return this.none('this machine has no more files or ports');
      return this.#finding('found', answer.farewell, answer.reason, '');
    }
    if (this.passed === 0 && answer.code !== 421) return this.unknown(`${command} was refused: '${quote(answer)}'`);
    return this.#finding('found', plain(answer), null, '');
  }

  /** Repeats something until it goes wrong or the search is over. */
  async repeat(command: string, once: (index: number) => Promise<ProbeReply | ProbeLoss>): Promise<LimitFinding> {
    while (!this.isOver) {
      const answer = await once(this.passed + 1);
      if (isLoss(answer) || !isPositive(answer)) return this.refused(answer, command);
      this.passed++;
    }
    return this.none();
  }

  #leftMs(): number {
    return Math.ceil((this.#endUs - monotonicUs()) / 1e3);
  }

  #finding(
    outcome: LimitFinding['outcome'],
    reply: CheckReply | null,
    loss: LimitFinding['loss'],
    why: string,
  ): LimitFinding {
    return { name: this.name, outcome, passed: this.passed, cap: this.cap, reply, loss, why };
  }
}
