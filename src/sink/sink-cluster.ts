/**
 * One sink of several processes (node:cluster): they listen at the same addresses, and connections go to them in turn.
 * This process serves nobody; it decides what is counted over all of them, and adds up what they saw.
 */
import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { assertNever } from '../assert.js';
import { PostrushError } from '../errors.js';
import { LocalArbiter } from './arbiter.js';
import type { Strike } from './fault-table.js';
import { mergeStats } from './merge-stats.js';
import type { MergedStats } from './merge-stats.js';
import { openArchive } from './message-archive.js';
import type { PolicyRefusal } from './policies.js';
import type { PartNotice, PartRequest, Question } from './process-messages.js';
import { SecondSeries } from './second-series.js';
import type { SinkStats } from './sink-counters.js';
import { resolveSinkOptions } from './sink-options.js';
import type { SinkOptions } from './sink-options.js';

/** Beside this file, with its extension. */
const ENTRY = new URL(`./sink-process${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url);
const SECOND_MS = 1000;

/** Several processes that are one sink. */
export interface SinkCluster {
  /** All addresses as targets, in the order of `listen`. */
  readonly urls: readonly string[];
  /** Rejects when a process has died. `peakOpen` is as seen every 20 ms. */
  stats(): Promise<SinkStats>;
  /** Rejects when a process dies that was not told to end; never resolves. */
  readonly lost: Promise<never>;
  /** Ends all connections and processes; what a process that had died saw last is counted. May be called again. */
  close(): Promise<SinkStats>;
}

/**
 * Starts the processes; resolves when all of them listen.
 *
 * @param processes - how many; 2 or more
 * @throws PostrushError `E_CONFIG` when an option is unusable or an address cannot be listened on
 */
export async function startSinkCluster(options: SinkOptions, processes: number): Promise<SinkCluster> {
  const settings = resolveSinkOptions(options);
  const { save } = settings;
  const archive = save === null ? null : openArchive(save.folder, save.messages);
  const startedMs = performance.now();
  const elapsedMs = (): number => performance.now() - startedMs;
  const arbiter = new LocalArbiter(settings, elapsedMs);
  cluster.setupPrimary({ exec: fileURLToPath(ENTRY), args: [], serialization: 'advanced' });
  const parts: Part[] = [];
  const whole = new Whole(parts);
  try {
    for (let index = 0; index < processes; index++) {
      const part = new Part(arbiter, () => whole.onOpen());
      parts.push(part);
      // One after the other: the first finds out what is wrong with an address, and which port is free.
      await part.start({ type: 'start', options, archive });
    }
  } catch (error) {
    await Promise.all(parts.map((part) => part.close()));
    throw error;
  }

  const stats = async (): Promise<SinkStats> => {
    await Promise.all(parts.map((part) => part.refresh()));
    return whole.stats(elapsedMs() / 1000);
  };
  const ticker = setInterval(() => {
    // A process that has died is told of by `lost`.
    void Promise.all(parts.map((part) => part.refresh())).then(
      () => whole.tick(elapsedMs() / 1000),
      () => undefined,
    );
  }, SECOND_MS);
  let closed: Promise<SinkStats> | null = null;
  return {
    urls: parts[0]?.urls ?? [],
    stats,
    lost: Promise.race(parts.map((part) => part.lost)),
    close: () => {
      clearInterval(ticker);
      closed ??= Promise.all(parts.map((part) => part.close())).then(() => whole.stats(elapsedMs() / 1000));
      return closed;
    },
  };
}

/** What the processes have seen together. */
class Whole {
  readonly #parts: readonly Part[];
  #seen: MergedStats = mergeStats([]);
  #peakOpen = 0;
  readonly #series: SecondSeries;

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
    this.#series = new SecondSeries(() => {
      const { connections, messages, recipients, bytes, faults, open } = this.#seen;
      return { connections, messages, recipients, bytesReceived: bytes.received, faults, open };
    });
  }

  /** The number of open connections of one process has changed. */
  onOpen(): void {
    const open = this.#parts.reduce((sum, part) => sum + part.open, 0);
    this.#peakOpen = Math.max(this.#peakOpen, open);
  }

  tick(nowSec: number): void {
    this.#merge();
    this.#series.tick(nowSec);
  }

  stats(nowSec: number): SinkStats {
    this.#merge();
    // What came and went between two looks was open in its own process at least.
    const peaks = this.#parts.map((part) => part.seen?.peakOpen ?? 0);
    return {
      ...this.#seen,
      peakOpen: Math.max(this.#peakOpen, ...peaks),
      seconds: this.#series.rows(nowSec),
    };
  }

  #merge(): void {
    this.#seen = mergeStats(this.#parts.flatMap(({ seen }) => seen ?? []));
  }
}

/** One process, as this one sees it. */
class Part {
  /** Statistics as last told. */
  seen: SinkStats | null = null;
  open = 0;
  urls: readonly string[] = [];
  readonly lost: Promise<never>;
  readonly #worker: Worker = cluster.fork();
  readonly #arbiter: LocalArbiter;
  readonly #onOpen: () => void;
  readonly #exited: Promise<void>;
  #isClosing = false;
  #onReady: () => void = () => undefined;
  /** Settles `start`. */
  #started: (problem: PostrushError | null) => void = () => undefined;
  /** Settle `refresh`. */
  #refreshed: (() => void)[] = [];

  constructor(arbiter: LocalArbiter, onOpen: () => void) {
    this.#arbiter = arbiter;
    this.#onOpen = onOpen;
    this.#exited = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    this.lost = new Promise((_, reject) => {
      void this.#exited.then(() => {
        const loss = new PostrushError('E_WORKER_CRASH', 'a process of the sink has died; see what it saw until then');
        this.#started(loss);
        if (!this.#isClosing) reject(loss);
      });
    });
    this.lost.catch(() => undefined);
    this.#worker.on('message', (notice: PartNotice) => this.#hear(notice));
    // Its end is noticed by 'exit'.
    this.#worker.on('error', () => undefined);
  }

  /** Resolves when it listens. */
  start(request: PartRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#started = (problem) => (problem === null ? resolve() : reject(problem));
      this.#onReady = () => this.#say(request);
    });
  }

  /** Has it tell what it saw. Resolves too when it has died. */
  async refresh(): Promise<void> {
    if (this.#isClosing) return;
    const refreshed = new Promise<void>((resolve) => this.#refreshed.push(resolve));
    this.#say({ type: 'stats' });
    await Promise.race([refreshed, this.#exited]);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#say({ type: 'close' });
    await this.#exited;
  }

  #say(request: PartRequest): void {
    if (this.#worker.isConnected()) this.#worker.send(request);
  }

  #hear(notice: PartNotice): void {
    switch (notice.type) {
      case 'ready':
        this.#onReady();
        break;
      case 'listening':
        this.urls = notice.urls;
        this.#started(null);
        break;
      case 'failed':
        this.#isClosing = true;
        this.#started(new PostrushError('E_CONFIG', notice.message));
        break;
      case 'questions':
        this.#decide(notice.questions);
        break;
      case 'open':
        this.open = notice.open;
        this.#onOpen();
        break;
      case 'stats':
      case 'closed':
        this.seen = notice.stats;
        for (const refreshed of this.#refreshed.splice(0)) refreshed();
        break;
      default:
        assertNever(notice);
    }
  }

  #decide(questions: readonly Question[]): void {
    const decisions = questions.map((question) => ({ id: question.id, answer: decide(question, this.#arbiter) }));
    const awaited = decisions.filter(({ id }) => id !== 0);
    if (awaited.length > 0) this.#say({ type: 'decisions', decisions: awaited });
  }
}

function decide(question: Question, arbiter: LocalArbiter): PolicyRefusal | Strike | null {
  switch (question.about) {
    case 'enter':
      return arbiter.enter(question.address);
    case 'leave':
      arbiter.leave(question.address);
      return null;
    case 'mail':
      return arbiter.mail();
    case 'rcpt':
      return arbiter.rcpt(question.address, question.reversePath, question.forwardPath);
    case 'auth':
      return arbiter.auth(question.user, question.isProved);
    case 'strike':
      return arbiter.strike(question.event, question.line, question.inSession);
    default:
      return assertNever(question);
  }
}
