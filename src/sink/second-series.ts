/** What a sink saw, second by second. Knows no timer: somebody calls it about once a second. */

/** One stretch of time. */
export interface SinkSecond {
  /** Since the sink's start. */
  readonly startSec: number;
  /** How long it was; 1, more in long runs. */
  readonly sec: number;
  readonly connections: number;
  readonly messages: number;
  readonly recipients: number;
  readonly bytesReceived: number;
  readonly faults: number;
  /** Connections open at its end. */
  readonly open: number;
}

/** What rows are made of: counts that only grow, and what is open. */
export type SeriesFigures = Omit<SinkSecond, 'startSec' | 'sec'>;

/** Rows kept; when they are used up, two and two become one and each stands for twice as long. */
const ROWS_MAX = 3600;
const DELTAS = ['connections', 'messages', 'recipients', 'bytesReceived', 'faults'] as const;

/** The rows of one sink; they add up to its counters. */
export class SecondSeries {
  readonly #figures: () => SeriesFigures;
  #rows: SinkSecond[] = [];
  #secPerRow = 1;
  #before = { connections: 0, messages: 0, recipients: 0, bytesReceived: 0, faults: 0, atSec: 0 };

  /** @param figures - as they are now */
  constructor(figures: () => SeriesFigures) {
    this.#figures = figures;
  }

  /** A second has passed. @param nowSec - since the sink's start */
  tick(nowSec: number): void {
    if (nowSec - this.#before.atSec < this.#secPerRow - 0.5) return;
    this.#rows.push(this.#since(nowSec));
    const { connections, messages, recipients, bytesReceived, faults } = this.#figures();
    this.#before = { connections, messages, recipients, bytesReceived, faults, atSec: nowSec };
    if (this.#rows.length > ROWS_MAX) this.#halve();
  }

  /** All rows, the unfinished one last. */
  rows(nowSec: number): SinkSecond[] {
    return [...this.#rows, this.#since(nowSec)];
  }

  #since(nowSec: number): SinkSecond {
    const now = this.#figures();
    const before = this.#before;
    return {
      startSec: before.atSec,
      sec: nowSec - before.atSec,
      connections: now.connections - before.connections,
      messages: now.messages - before.messages,
      recipients: now.recipients - before.recipients,
      bytesReceived: now.bytesReceived - before.bytesReceived,
      faults: now.faults - before.faults,
      open: now.open,
    };
  }

  #halve(): void {
    const halved: SinkSecond[] = [];
    for (let index = 0; index < this.#rows.length; index += 2) {
      const [first, second] = this.#rows.slice(index, index + 2);
      if (first !== undefined) halved.push(second === undefined ? first : together(first, second));
    }
    this.#rows = halved;
    this.#secPerRow *= 2;
  }
}

function together(first: SinkSecond, second: SinkSecond): SinkSecond {
  const sums = Object.fromEntries(DELTAS.map((key) => [key, first[key] + second[key]]));
  return { ...first, ...sums, sec: first.sec + second.sec, open: second.open };
}
