/** Writing to stdout and stderr: a reader who has gone is no error, a full disk is one. */
import { PostrushError } from '../errors.js';
import { fileProblem } from '../file-problem.js';

/** What is needed of `process.stdout` and `process.stderr`. */
export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string, done: (error?: Error | null) => void): boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** Columns of what is no terminal. */
const DEFAULT_COLUMNS = 80;

/** One output, for the whole life of the program. */
export class Output {
  readonly #stream: OutputStream;
  readonly #name: string;

  /**
   * @param stream - stdout or stderr
   * @param name - what to call it when it fails
   */
  constructor(stream: OutputStream, name: string) {
    this.#stream = stream;
    this.#name = name;
    // Every failure comes to the callback of its write as well. Without a listener it would end the process.
    stream.on('error', () => undefined);
  }

  /** Whether a person watches. */
  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  get columns(): number {
    // A terminal that does not know its size says 0.
    const columns = this.#stream.columns ?? 0;
    return columns > 0 ? columns : DEFAULT_COLUMNS;
  }

  /**
   * Writes, and waits until the text is out of our hands.
   *
   * @throws PostrushError `E_REPORT_WRITE`, unless it is only that nobody reads any more
   */
  async write(text: string): Promise<void> {
    const failure = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
      this.#stream.write(text, (error) => resolve(error ?? null));
    });
    if (failure === null || failure.code === 'EPIPE' || failure.code === 'ERR_STREAM_DESTROYED') return;
    throw new PostrushError('E_REPORT_WRITE', `${this.#name} could not be written to: ${fileProblem(failure)}`, {
      cause: failure,
    });
  }

  /** Writes what nobody will miss: progress and notes. */
  tell(text: string): void {
    this.#stream.write(text, () => undefined);
  }
}
