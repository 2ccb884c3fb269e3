/**
 * The Coordinator actor: hands each worker its share, agrees on time zero, merges what they say, passes on stop and cut,
 * and decides what the loss of a worker or of the target means for the run.
 */
import { monotonicUs } from '../clock.js';
import { PostrushError } from '../errors.js';
import type {
  CoordinatorMessage,
  GeneratorResult,
  GeneratorTask,
  PinnedAddress,
  PreflightResult,
  PreflightTask,
  WorkerMessage,
  WorkerShare,
} from '../messages/coordinator-worker.js';
import type { MachineUse, RunEnd, RunEvent } from '../messages/run-event.js';
import { INTERVAL_RECORD_VERSION } from '../metrics/interval-record.js';
import type { RunMetrics } from '../metrics/run-metrics.js';
import type { LanePlan } from '../plan/lane-plan.js';
import type { LoadPlan } from '../plan/load-plan.js';
import { peakOf, type LoadLedger } from './load-ledger.js';
import { warmupEnd } from './warmup-watch.js';
import { WORKER_URL, WorkerPool, type RunningTask } from './worker-pool.js';

/** Between the decision to start and time zero: enough for the message to reach every worker. */
const START_LEAD_US = 20_000;
const WATCH_MS = 250;
/** To count what is in use takes time that grows with it: once a second. */
const LOOK_EVERY = 4;
/** A worker speaks every second; one that is silent for so long hangs. */
const SILENT_WORKER_US = 30_000_000;
/** What a worker says of its greetings may be an interval old, and on its way for half of one. */
const NEWS_AGE_US = 1_750_000;
/** How long a worker that was told to cut may take to say its last word. */
const LAST_WORD_MS = 5_000;

/** What a run wants from outside. */
export interface LoadHooks {
  /** Stop and drain. */
  readonly stop?: AbortSignal | undefined;
  /** End everything now. */
  readonly cut?: AbortSignal | undefined;
  /** End the load as a signal would, because of what it has come to. */
  readonly abort?: AbortSignal | undefined;
  /** Called with everything that happens, once it is in the books. */
  readonly onEvent?: ((event: RunEvent, metrics: RunMetrics) => void) | undefined;
  /** Called whenever the merged metrics have grown. */
  readonly onMetrics?: ((metrics: RunMetrics, nowUs: number) => void) | undefined;
  /** Looks at what is in use on this machine. */
  readonly look?: (() => MachineUse) | undefined;
  /** Another worker module; for tests of what happens when a worker dies. */
  readonly generatorUrl?: URL | undefined;
  readonly workerHeapMb?: number | undefined;
}

/** Runs the threads of one run: first the pre-flight, then the load. */
export class Coordinator {
  readonly #hooks: LoadHooks;
  readonly #pool: WorkerPool;
  readonly #data: Pick<LoadPlan, 'feeders' | 'functions'>;

  constructor({ workers, feeders, functions }: LoadPlan, hooks: LoadHooks) {
    this.#hooks = hooks;
    this.#data = { feeders, functions };
    this.#pool = new WorkerPool(hooks.generatorUrl ?? WORKER_URL, workers, hooks.workerHeapMb);
  }

  /** One polite session; see `PreflightResult`. */
  async preflight(lane: LanePlan, address: PinnedAddress): Promise<PreflightResult> {
    const task = this.#pool.start<PreflightResult>({
      kind: 'preflight',
      lane,
      ...this.#data,
      address,
    } satisfies PreflightTask);
    const stop = (): void => {
      task.abort();
    };
    this.#hooks.stop?.addEventListener('abort', stop, { once: true });
    try {
      return await task.result;
    } catch (error) {
      if (this.#hooks.stop?.aborted !== true) throw error;
      throw new PostrushError('E_STOPPED', 'stopped before the load began', { cause: error });
    } finally {
      this.#hooks.stop?.removeEventListener('abort', stop);
      task.port.close();
    }
  }

  /**
   * Puts the load of `plan` on its targets at `addresses` and resolves when every worker has ended, whatever became of it:
   * that is in `ledger`.
   */
  async load(
    plan: LoadPlan,
    addresses: readonly PinnedAddress[],
    shares: readonly WorkerShare[],
    ledger: LoadLedger,
  ): Promise<void> {
    const run = new LoadRun(plan, this.#hooks, ledger);
    await run.carryOut(
      shares.map((share) =>
        this.#pool.start<GeneratorResult>({ kind: 'load', plan, share, addresses } satisfies Omit<
          GeneratorTask,
          'port'
        >),
      ),
    );
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** One load over all workers. */
class LoadRun {
  readonly #plan: LoadPlan;
  readonly #hooks: LoadHooks;
  readonly #ledger: LoadLedger;
  #tasks: readonly RunningTask<GeneratorResult>[] = [];
  #ready = 0;
  #zeroUs = -1;
  #lastWord: NodeJS.Timeout | null = null;
  #looks = 0;
  /** What a hook has thrown; the run ends with it. Null: nothing. */
  #failure: { readonly error: unknown } | null = null;
  /** When each worker was last heard, µs since time zero; Infinity once it has ended. */
  readonly #heardAtUs: number[] = [];

  constructor(plan: LoadPlan, hooks: LoadHooks, ledger: LoadLedger) {
    this.#plan = plan;
    this.#hooks = hooks;
    this.#ledger = ledger;
  }

  async carryOut(tasks: readonly RunningTask<GeneratorResult>[]): Promise<void> {
    this.#tasks = tasks;
    const onStop = (): void => {
      this.#stop('signal');
    };
    const onCut = (): void => {
      this.#cut();
    };
    const watch = setInterval(() => {
      this.#watchMachine();
      this.#watchTarget();
      this.#watchWorkers();
    }, WATCH_MS);
    this.#hooks.stop?.addEventListener('abort', onStop, { once: true });
    this.#hooks.cut?.addEventListener('abort', onCut, { once: true });
    const onAbort = (): void => {
      this.#stop('abort');
    };
    this.#hooks.abort?.addEventListener('abort', onAbort, { once: true });
    if (this.#hooks.stop?.aborted === true) onStop();
    if (this.#hooks.cut?.aborted === true) onCut();
    try {
      await Promise.all(tasks.map((task, workerId) => this.#follow(task, workerId)));
    } finally {
      clearInterval(watch);
      if (this.#lastWord !== null) clearTimeout(this.#lastWord);
      this.#hooks.stop?.removeEventListener('abort', onStop);
      this.#hooks.cut?.removeEventListener('abort', onCut);
      this.#hooks.abort?.removeEventListener('abort', onAbort);
    }
    if (this.#failure !== null) throw this.#failure.error;
    const [first] = this.#ledger.lost;
    if (this.#zeroUs < 0 && first !== undefined) {
      throw new PostrushError(
        'E_WORKER_CRASH',
        `worker ${String(first.workerId)} ended before the load began: ${first.reason}`,
      );
    }
  }

  /** Listens to one worker until it has ended, in whatever way. */
  async #follow(task: RunningTask<GeneratorResult>, workerId: number): Promise<void> {
    task.port.on('message', (message: WorkerMessage) => {
      this.#onMessage(message);
    });
    try {
      const result = await task.result;
      // Messages travel on another road than the result: what is still on its way must be heard first.
      await this.#hearAll(workerId, result);
      this.#enter({ type: 'workerDone', result });
    } catch (error) {
      this.#onLost(workerId, error instanceof Error ? error.message : String(error));
    } finally {
      this.#heardAtUs[workerId] = Infinity;
      task.port.close();
    }
  }

  async #hearAll(workerId: number, result: GeneratorResult): Promise<void> {
    for (let turn = 0; turn < 100; turn++) {
      if ((this.#ledger.metrics.workers[workerId]?.intervals ?? 0) >= result.intervals) return;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  #onMessage(message: WorkerMessage): void {
    if (message.type === 'ready') {
      this.#ready++;
      if (this.#ready === this.#tasks.length && this.#ledger.lost.length === 0) this.#start();
      return;
    }
    if (message.type === 'stopRun') {
      this.#stop('stopRun');
      return;
    }
    if (message.record.version !== INTERVAL_RECORD_VERSION) {
      throw new PostrushError(
        'E_WORKER_CRASH',
        `a worker speaks version ${String(message.record.version)} of the interval record`,
      );
    }
    this.#heardAtUs[message.record.workerId] = this.#nowUs();
    this.#enter({ type: 'interval', record: message.record });
    this.#watchWarmup();
    this.#inform(() => this.#hooks.onMetrics?.(this.#ledger.metrics, this.#nowUs()));
  }

  /** Puts down what has happened, and tells of it. */
  #enter(event: RunEvent): void {
    this.#ledger.apply(event);
    this.#inform(() => this.#hooks.onEvent?.(event, this.#ledger.metrics));
  }

  /** Calls a hook. One that throws ends the run, and not the program that the run is part of. */
  #inform(hook: () => void): void {
    if (this.#failure !== null) return;
    try {
      hook();
    } catch (error) {
      this.#failure = { error };
      for (const task of this.#tasks) task.abort();
    }
  }

  #start(): void {
    // What is in use before the load is what it is told apart from.
    const use = this.#hooks.look?.();
    this.#zeroUs = monotonicUs() + START_LEAD_US;
    const startedAtMs = Date.now() + START_LEAD_US / 1e3;
    this.#enter({
      type: 'started',
      startedAt: new Date(startedAtMs).toISOString(),
      startupSec: (startedAtMs - performance.timeOrigin) / 1e3,
    });
    if (use !== undefined) this.#enter({ type: 'machine', use });
    this.#tell({ type: 'start', zeroUs: this.#zeroUs });
  }

  /** Enters what is in use on this machine whenever it is more than ever. */
  #watchMachine(): void {
    this.#looks++;
    const isDue = this.#zeroUs >= 0 && this.#looks % LOOK_EVERY === 0;
    const use = isDue ? this.#hooks.look?.() : undefined;
    if (use === undefined) return;
    const peak = peakOf(this.#ledger.peakUse, use);
    const isMore =
      peak.openFiles !== this.#ledger.peakUse?.openFiles || peak.timeWait !== this.#ledger.peakUse.timeWait;
    if (isMore) this.#enter({ type: 'machine', use });
  }

  /** Begins the measured time when the load is steady, or when the plan lets the warm-up last no longer. */
  #watchWarmup(): void {
    const { warmedUp, stoppedAtUs, metrics } = this.#ledger;
    if (!this.#plan.isWarmupAuto || warmedUp !== null || stoppedAtUs !== Infinity) return;
    const end = warmupEnd(this.#plan, metrics, this.#nowUs());
    if (end === null) return;
    const { atUs, state, isLast } = end;
    this.#enter({ type: 'warmedUp', atUs, state });
    if (!isLast) this.#tell({ type: 'measure', atUs });
  }

  #stop(why: RunEnd): void {
    if (this.#ledger.stoppedAtUs !== Infinity) return;
    this.#enter({ type: 'stopped', atUs: this.#nowUs(), why });
    this.#tell({ type: 'stop' });
    this.#awaitLastWord(this.#plan.drainMs + LAST_WORD_MS);
  }

  #cut(): void {
    this.#stop('secondSignal');
    this.#enter({ type: 'cut' });
    this.#tell({ type: 'cut' });
    this.#awaitLastWord(LAST_WORD_MS);
  }

  /** A worker that does not end by itself is ended, and counts as lost. */
  #awaitLastWord(ms: number): void {
    if (this.#lastWord !== null) clearTimeout(this.#lastWord);
    this.#lastWord = setTimeout(() => {
      for (const task of this.#tasks) task.abort();
    }, ms);
  }

  #onLost(workerId: number, reason: string): void {
    this.#enter({ type: 'workerLost', workerId, reason });
    if (this.#zeroUs < 0) for (const task of this.#tasks) task.abort();
    else this.#stop('abort');
  }

  /** A worker that has said nothing for too long will say nothing more: its thread is ended, and it counts as lost. */
  #watchWorkers(): void {
    if (this.#zeroUs < 0) return;
    this.#tasks.forEach((task, workerId) => {
      if (this.#nowUs() - (this.#heardAtUs[workerId] ?? 0) > SILENT_WORKER_US) task.abort();
    });
  }

  /** Ends the run when no session has got a greeting for too long. */
  #watchTarget(): void {
    if (this.#zeroUs < 0 || this.#ledger.stoppedAtUs !== Infinity || this.#nowUs() > this.#ledger.metrics.window.endUs)
      return;
    const silentUs = this.#nowUs() - Math.max(0, this.#ledger.metrics.lastGreetedUs);
    if (silentUs > this.#plan.giveUpMs * 1e3 + NEWS_AGE_US) this.#stop('targetLost');
  }

  #nowUs(): number {
    return this.#zeroUs < 0 ? 0 : monotonicUs() - this.#zeroUs;
  }

  #tell(message: CoordinatorMessage): void {
    for (const task of this.#tasks) task.port.postMessage(message);
  }
}
