/** When the measured time of a load is. It may be moved once, when the warm-up ends by itself. */

/** Times are µs since time zero. */
export class LoadWindow {
  /** Where the measured time begins. */
  warmupEndUs: number;
  /** Where it ends by the plan; Infinity: something else than time ends it. */
  endUs: number;

  constructor(warmupEndUs: number, endUs = Infinity) {
    this.warmupEndUs = warmupEndUs;
    this.endUs = endUs;
  }

  /** The measured time begins at `us`, and is as long as before. */
  moveTo(us: number): void {
    this.endUs += us - this.warmupEndUs;
    this.warmupEndUs = us;
  }

  /** Whether a moment, or what happened around it, lies in the measured time. */
  holds(us: number): boolean {
    return us >= this.warmupEndUs && us < this.endUs;
  }
}

/** The measured time as a plan has it, in ms there. */
export function plannedWindow({
  warmupMs,
  durationMs,
}: {
  readonly warmupMs: number;
  readonly durationMs: number | null;
}): LoadWindow {
  const warmupEndUs = warmupMs * 1e3;
  return new LoadWindow(warmupEndUs, durationMs === null ? Infinity : warmupEndUs + durationMs * 1e3);
}
