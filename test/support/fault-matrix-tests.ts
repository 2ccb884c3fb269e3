/** The tests of the fault matrix for one kind of session; each kind has a file, so that they can share the cores. */
import { expect, test, vi } from 'vitest';
import { cellsOf, isHeavy, isWaiting, type Cell, type Security } from './fault-matrix.js';
import { faultsOf, sentences } from './fault-matrix-run.js';

/** For a machine that is busy with other things. */
const TIMEOUT = { timeout: 120_000 };
/** Side by side in all, and of them those that work: more would only be slower, each for itself, up to their deadlines. */
const AT_ONCE = 64;
const AT_WORK = 16;

/** Declares them all. Of the heavy ones only those run side by side that wait most of their time. */
export function declareMatrix(security: Security): void {
  vi.setConfig({ maxConcurrency: AT_ONCE });
  const gate = new Gate(AT_WORK);
  const cells = cellsOf(security);
  const busy = cells.filter((cell) => isHeavy(cell) && !isWaiting(cell));
  const others = cells.filter((cell) => !busy.includes(cell));
  const light = others.filter((cell) => !isWaiting(cell));
  const waiting = others.filter(isWaiting);

  test.for(sentences(busy))('%s', TIMEOUT, async ([, cell]) => {
    expect((await faultsOf(cell)).join('\n')).toBe('');
  });
  test.concurrent.for(sentences(mixed(light, waiting)))('%s', TIMEOUT, async ([, cell]) => {
    const faults = isWaiting(cell) ? await faultsOf(cell) : await gate.pass(() => faultsOf(cell));
    expect(faults.join('\n')).toBe('');
  });
}

/** Lets so many through at once; the others wait for their turn. */
class Gate {
  #free: number;
  readonly #queue: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}

/** Both lists evenly among each other, so that some work while others wait. */
function mixed(light: readonly Cell[], waiting: readonly Cell[]): Cell[] {
  const placed = [light, waiting].flatMap((cells) =>
    cells.map((cell, index) => ({ cell, place: (index + 0.5) / cells.length })),
  );
  return placed.sort((a, b) => a.place - b.place).map(({ cell }) => cell);
}
