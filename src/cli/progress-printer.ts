/** Tells on stderr how a run is getting on. */
import { renderProgressLine } from '../report/progress.js';
import type { RunProgress } from '../report/progress.js';
import type { Output } from './output.js';
import type { ProgressMode } from './run-flags.js';

/** How to tell it. */
export interface ProgressStyle {
  readonly mode: ProgressMode;
  /** One line is written over again and again; otherwise lines follow each other, less often. */
  readonly isRewriting: boolean;
  readonly color: boolean;
}

/** Between two lines in a log, s. Later in a run there is less to tell. */
const LINE_EVERY_SEC = 5;
const LATE_AFTER_SEC = 300;
const LATE_LINE_EVERY_SEC = 30;

const CLEAR_LINE = '\r\x1b[2K';

/** The progress of one run. */
export class ProgressPrinter {
  readonly #output: Output;
  readonly #style: ProgressStyle;
  #isLineOpen = false;
  #lastPhase = '';
  #lastLineSec = 0;

  constructor(output: Output, style: ProgressStyle) {
    this.#output = output;
    this.#style = style;
  }

  /** Tells the newest state, if it is time for it. */
  show(progress: RunProgress): void {
    const { mode, isRewriting, color } = this.#style;
    if (mode === 'none') return;
    if (mode === 'json') {
      this.#output.tell(`${JSON.stringify(progress)}\n`);
    } else if (isRewriting) {
      // A line as wide as the terminal would wrap, and then there would be two.
      const line = renderProgressLine(progress, { color, width: this.#output.columns - 1 });
      this.#output.tell(`${CLEAR_LINE}${line}`);
      this.#isLineOpen = true;
    } else if (this.#isLineDue(progress)) {
      this.#output.tell(`${renderProgressLine(progress, { color, width: this.#output.columns })}\n`);
    }
  }

  /** Tells something else, on a line of its own. */
  note(text: string): void {
    this.clear();
    this.#output.tell(`${text}\n`);
  }

  /** Leaves the line free for what comes next. */
  clear(): void {
    if (this.#isLineOpen) this.#output.tell(CLEAR_LINE);
    this.#isLineOpen = false;
  }

  #isLineDue({ phase, elapsedSec }: RunProgress): boolean {
    // What has only just begun has nothing to tell.
    if (phase === 'preflight') return false;
    const everySec = elapsedSec > LATE_AFTER_SEC ? LATE_LINE_EVERY_SEC : LINE_EVERY_SEC;
    if (phase === this.#lastPhase && elapsedSec - this.#lastLineSec < everySec) return false;
    this.#lastPhase = phase;
    this.#lastLineSec = elapsedSec;
    return true;
  }
}
