/** Worker threads, each with one long task and a port. The only module that knows piscina, and where worker files are. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';

/** Source and build keep the same relative paths, so the extension of this file is that of the workers. */
const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
/** Entry of the generator's threads. */
export const WORKER_URL = new URL(`../../workers/run-task${EXTENSION}`, import.meta.url);
/** Entry of the built-in sink's thread. */
export const SINK_URL = new URL(`../../workers/sink-worker${EXTENSION}`, import.meta.url);

/** Heap of one worker; reaching it ends that worker, not the run. */
const WORKER_HEAP_MB = 4096;

/** A task that runs in a thread of its own. */
export interface RunningTask<Result> {
  /** Rejects when the thread throws, exits or runs out of memory. */
  readonly result: Promise<Result>;
  readonly port: MessagePort;
  /** Ends the thread at once; what it has not sent is lost. */
  abort(): void;
}

/** A pool with as many threads as tasks will run at once. */
export class WorkerPool {
  readonly #pool: Piscina;

  constructor(file: URL, threads: number, heapMb: number = WORKER_HEAP_MB) {
    this.#pool = new Piscina({
      filename: file.href,
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: 1,
      idleTimeout: Infinity,
      recordTiming: false,
      // With the default a thread freezes as soon as its task returns, with whatever it had still to send.
      atomics: 'disabled',
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
      // Piscina tries require() first. Ending a thread while Node 20 loads an ES module that way aborts the whole
      // process; import(), which it then falls back to, does not. Options of this process are not passed on: a thread
      // refuses to start with most of them (`node --trace-gc`), and those that hold for the process hold in it as well.
      execArgv: ['--no-experimental-require-module'],
    });
  }

  /** Starts a task; it gets the other end of `port` under that name. */
  start<Result>(task: object): RunningTask<Result> {
    const { port1, port2 } = new MessageChannel();
    const controller = new AbortController();
    const result = this.#pool.run(
      { ...task, port: port2 },
      { transferList: [port2], signal: controller.signal },
    ) as Promise<Result>;
    return {
      result,
      port: port1,
      abort: () => {
        controller.abort();
      },
    };
  }

  /** Ends all threads. */
  async destroy(): Promise<void> {
    await this.#pool.destroy();
  }
}
