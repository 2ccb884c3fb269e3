/**
 * Writes down what happens in one lane of a generator: every command, reply, failure, message, session and client, each in the
 * phase in which it began. Knows no sockets and no script.
 */
import { ArrivalCount } from '../src/metrics/arrival-counts.js';
import { LATENCY_COUNT, LatencyKey, type LaneRecord } from '../src/metrics/interval-record.js';
import type { LatencyDrain } from '../src/metrics/latency-histograms.js';
import type { LoadWindow } from '../src/metrics/load-window.js';
import { Ending, Outcome } from '../src/metrics/outcome.js';
import { PhaseBook, type Census } from '../src/metrics/phase-book.js';
import type { ReplyText } from '../src/metrics/reply-counts.js';
import type { TlsAgreement } from '../src/metrics/tls-counts.js';
import type { Arrival } from '../src/plan/arrival-share.js';
import { Step } from '../src/protocol/steps.js';

/** How a message ended and who settled its recipients. */
export interface MessageEnd {
  readonly outcome: Outcome;
  readonly takenAtUs: number;
  /** Write of MAIL; for a message that never got so far, when it was taken from the plan. */
  readonly beganAtUs: number;
  /** The same of its first try, where messages may have several; null: they have one. */
  readonly firstBeganAtUs: number | null;
  /** Recipients by `Outcome`. */
  readonly recipients: readonly number[];
  /** The clocks of its arrival, if it is the first message of one; null: it is not. */
  readonly arrival: ArrivalClocks | null;
}

/** When an arrival was to begin, and when it began to be served; µs since time zero. */
export interface ArrivalClocks {
  readonly intendedUs: number;
  readonly servedFromUs: number;
}

/** Sessions that are open in a generator, over all its lanes. */
export class OpenSessions {
  peak = 0;
  #count = 0;

  opened(): void {
    this.#count++;
    if (this.#count > this.peak) this.peak = this.#count;
  }

  closed(): void {
    this.#count--;
  }
}

/** The recorder of one lane. All times are µs since time zero. */
export class Recorder {
  readonly #phases: readonly [PhaseBook, PhaseBook];
  readonly #window: LoadWindow;
  /** Per phase and key, how many values were recorded over the whole run. */
  readonly #latencyCounts = [new Float64Array(LATENCY_COUNT), new Float64Array(LATENCY_COUNT)] as const;
  #windowAttempted = 0;
  #windowAccepted = 0;
  #windowRecipients = 0;
  #windowSessions = 0;
  #windowBytes = 0;
  #lastSettledUs = -1;
  #lastAnsweredUs = -1;
  readonly #allOpen: OpenSessions;
  #openSessions = 0;
  #peakOpenSessions = 0;
  /** Set when the run is stopped before its window would end by itself. */
  #stoppedAtUs = Infinity;

  /**
   * @param window - what it shares with all others of its worker
   * @param allOpen - what it shares with the recorders of other lanes
   * @param lanes - how many they are
   */
  constructor(window: LoadWindow, allOpen = new OpenSessions(), lanes = 1) {
    this.#phases = [new PhaseBook(lanes), new PhaseBook(lanes)];
    this.#allOpen = allOpen;
    this.#window = window;
  }

  /** The book of what began at `beganAtUs`. */
  phaseOf(beganAtUs: number): PhaseBook {
    return beganAtUs < this.#window.warmupEndUs ? this.#phases[0] : this.#phases[1];
  }

  /** When a server that had greeted us last answered a command; -1: never. What ends a session says nothing. */
  get lastAnsweredUs(): number {
    return this.#lastAnsweredUs;
  }

  /** A command (or dialogue) of `step` was begun. */
  sent(step: number, nowUs: number): void {
    const book = this.phaseOf(nowUs);
    book.sent[step] = (book.sent[step] as number) + 1;
  }

  /** A command of `step` was written in one group with others. */
  pipelined(step: number, nowUs: number): void {
    const book = this.phaseOf(nowUs);
    book.pipelined[step] = (book.pipelined[step] as number) + 1;
  }

  /** A step succeeded or was ended by its last reply. */
  replied(step: number, sentAtUs: number, nowUs: number): void {
    const book = this.phaseOf(sentAtUs);
    book.replied[step] = (book.replied[step] as number) + 1;
    if (step >= Step.ehlo && step !== Step.transfer && step !== Step.quit) this.#lastAnsweredUs = nowUs;
    this.#latency(sentAtUs, step, nowUs - sentAtUs);
  }

  /** A reply to a step begun at `sentAtUs`; `interim` when it did not end it. */
  reply(
    step: number,
    sentAtUs: number,
    nowUs: number,
    code: number,
    enhanced: number,
    interim: boolean,
    text: ReplyText,
  ): void {
    this.phaseOf(sentAtUs).replies.count(step, code, enhanced, interim, nowUs, text);
  }

  /** A step begun at `sentAtUs` failed. */
  failed(step: number, sentAtUs: number, kind: number, sample: string): void {
    const book = this.phaseOf(sentAtUs);
    book.failed[step] = (book.failed[step] as number) + 1;
    book.countError(step, kind, sample);
  }

  /** The reply at hand to a step begun at `sentAtUs` is not what the script expects; it is counted as usual beside. */
  unexpected(
    step: number,
    sentAtUs: number,
    expected: string,
    reply: ReplyText & { readonly code: number; readonly enhanced: number },
  ): void {
    this.phaseOf(sentAtUs).unexpected.count(step, reply.code, reply.enhanced, expected, reply);
  }

  /** Something came that answers no command of ours; it is outside the equation of the steps. */
  unasked(nowUs: number, kind: number, sample: string): void {
    this.phaseOf(nowUs).countError(Step.session, kind, sample);
  }

  /** A step begun at `sentAtUs` was under way when the run's end cut its session. */
  cutOff(step: number, sentAtUs: number): void {
    const book = this.phaseOf(sentAtUs);
    book.cutOff[step] = (book.cutOff[step] as number) + 1;
  }

  /** A TLS handshake begun at `beganAtUs` succeeded. */
  handshake(beganAtUs: number, agreement: TlsAgreement): void {
    this.phaseOf(beganAtUs).tls.count(agreement);
  }

  bytesSent(count: number, nowUs: number): void {
    this.phaseOf(nowUs).bytesSent += count;
    if (this.#isInWindow(nowUs)) this.#windowBytes += count;
  }

  bytesReceived(count: number, nowUs: number): void {
    this.phaseOf(nowUs).bytesReceived += count;
  }

  /** Something happened to an arrival that was to begin at `intendedUs`; see `ArrivalCount`. */
  arrival(count: number, intendedUs: number, by = 1): void {
    const { arrivals } = this.phaseOf(intendedUs);
    arrivals[count] = (arrivals[count] as number) + by;
  }

  /**
   * An arrival is started.
   *
   * @param freeUs - when a session was free for it, from its intended start on: what is later than that is our own lateness
   */
  arrivalStarted(intendedUs: number, freeUs: number, nowUs: number): void {
    this.arrival(ArrivalCount.offered, intendedUs);
    this.arrival(ArrivalCount.started, intendedUs);
    if (freeUs > intendedUs) this.#latency(intendedUs, LatencyKey.wait, freeUs - intendedUs);
    this.#latency(intendedUs, LatencyKey.lag, Math.max(1, nowUs - freeUs));
  }

  /** An arrival is not started at all. */
  arrivalDropped(
    { intendedUs, sureMessages }: Pick<Arrival, 'intendedUs' | 'sureMessages'>,
    cause: number,
    messageCause: number,
  ): void {
    this.arrival(ArrivalCount.offered, intendedUs);
    this.arrival(cause, intendedUs);
    this.arrival(ArrivalCount.messagesOffered, intendedUs, sureMessages);
    this.arrival(messageCause, intendedUs, sureMessages);
  }

  /** A message was taken from the plan. `phaseUs`: when it began, as far as phases are concerned. */
  messageTaken(recipients: number, nowUs: number, phaseUs = nowUs): void {
    const book = this.phaseOf(phaseUs);
    book.messagesAttempted++;
    book.recipientsAttempted += recipients;
    if (this.#isInWindow(nowUs)) this.#windowAttempted++;
  }

  /** A message that was taken at `takenAtUs` got one recipient more than was said then. */
  recipientAdded(takenAtUs: number): void {
    this.phaseOf(takenAtUs).recipientsAttempted++;
  }

  /** A message got its outcome. */
  messageSettled(end: MessageEnd, nowUs: number): void {
    const book = this.phaseOf(end.takenAtUs);
    book.messages[end.outcome] = (book.messages[end.outcome] as number) + 1;
    for (let outcome = 0; outcome < end.recipients.length; outcome++) {
      book.recipients[outcome] = (book.recipients[outcome] as number) + (end.recipients[outcome] as number);
    }
    if (end.outcome !== Outcome.abandoned) {
      this.#latency(end.takenAtUs, latencyKeyOf(end.outcome), nowUs - end.beganAtUs);
    }
    if (end.arrival !== null && end.outcome === Outcome.accepted) {
      this.#latency(end.takenAtUs, LatencyKey.service, nowUs - end.arrival.servedFromUs);
      this.#latency(end.takenAtUs, LatencyKey.response, nowUs - end.arrival.intendedUs);
    }
    if (end.firstBeganAtUs !== null && end.outcome === Outcome.accepted) {
      this.#latency(end.takenAtUs, LatencyKey.timeToSuccess, nowUs - end.firstBeganAtUs);
    }
    if (nowUs >= this.#window.warmupEndUs) this.#lastSettledUs = Math.max(this.#lastSettledUs, nowUs);
    if (this.#isInWindow(nowUs) && end.outcome === Outcome.accepted) {
      this.#windowAccepted++;
      this.#windowRecipients += end.recipients[Outcome.accepted] as number;
    }
  }

  /** Something happened to a message, taken at `takenAtUs`, that is tried more than once; see `RetryCount`. */
  retry(count: number, takenAtUs: number): void {
    const { retries } = this.phaseOf(takenAtUs);
    retries[count] = (retries[count] as number) + 1;
  }

  sessionStarted(nowUs: number): void {
    this.phaseOf(nowUs).sessions.started++;
    this.#allOpen.opened();
    this.#openSessions++;
    if (this.#openSessions > this.#peakOpenSessions) this.#peakOpenSessions = this.#openSessions;
  }

  /** A session's connection is closed; `startedAtUs` is its connect(). */
  sessionEnded(ending: Ending, startedAtUs: number, nowUs: number): void {
    const { ended } = this.phaseOf(startedAtUs).sessions;
    this.#allOpen.closed();
    this.#openSessions--;
    ended[ending] = (ended[ending] as number) + 1;
    if (ending === Ending.completed && this.#isInWindow(nowUs)) this.#windowSessions++;
    if (ending !== Ending.cut) this.#latency(startedAtUs, LatencyKey.session, nowUs - startedAtUs);
  }

  clientStarted(nowUs: number): void {
    this.phaseOf(nowUs).clients.started++;
  }

  clientEnded(ending: Ending, startedAtUs: number): void {
    const { ended } = this.phaseOf(startedAtUs).clients;
    ended[ending] = (ended[ending] as number) + 1;
  }

  /** The run was stopped: the window ends here at the latest. */
  stopped(nowUs: number): void {
    this.#stoppedAtUs = Math.min(this.#stoppedAtUs, nowUs);
  }

  /**
   * Closes an interval: cumulative counters, and the histograms of the interval alone.
   *
   * @param drains - gets those that the record's latencies come out of; they are there once these are over
   */
  interval(censuses: readonly [Census, Census], drains: LatencyDrain[]): LaneRecord {
    const [warmup, main] = this.#phases;
    const latencies = [warmup.latencies.beginDrain(), main.latencies.beginDrain()] as const;
    drains.push(...latencies);
    return {
      phases: [warmup.toCounts(censuses[0]), main.toCounts(censuses[1])],
      latencies: [latencies[0].records, latencies[1].records],
      window: {
        attempted: this.#windowAttempted,
        accepted: this.#windowAccepted,
        recipientsAccepted: this.#windowRecipients,
        sessionsCompleted: this.#windowSessions,
        bytesSent: this.#windowBytes,
        lastSettledUs: this.#lastSettledUs,
      },
      openSessions: this.#openSessions,
      peakOpenSessions: this.#peakOpenSessions,
    };
  }

  /** How many values were recorded over the whole run, per phase and latency key. */
  latencyCounts(): [number[], number[]] {
    return [Array.from(this.#latencyCounts[0]), Array.from(this.#latencyCounts[1])];
  }

  #isInWindow(nowUs: number): boolean {
    return this.#window.holds(nowUs) && nowUs <= this.#stoppedAtUs;
  }

  #latency(beganAtUs: number, key: number, us: number): void {
    const phase = beganAtUs < this.#window.warmupEndUs ? 0 : 1;
    const counts = this.#latencyCounts[phase];
    counts[key] = (counts[key] as number) + 1;
    this.#phases[phase].latencies.record(key, us);
  }
}

function latencyKeyOf(outcome: Outcome): number {
  if (outcome === Outcome.accepted) return LatencyKey.message;
  return outcome === Outcome.deferred || outcome === Outcome.rejected ? LatencyKey.refused : LatencyKey.unfinished;
}
