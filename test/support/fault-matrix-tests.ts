/** The tests of the fault matrix for one kind of session; each kind has a file, so that they can share the cores. */
import { expect, test, vi } from 'vitest';
import { cellsOf, isHeavy, isWaiting, type Cell, type Security } from './fault-matrix.js';
import { faultsOf, sentences } from './fault-matrix-run.js';

/** For a machine that is busy with other things. */
const TIMEOUT = { timeout: 60_000 };

/** Declares them all. Of the heavy ones only those run side by side that wait most of their time. */
export function declareMatrix(security: Security): void {
  // About half of those that run side by side only wait.
  vi.setConfig({ maxConcurrency: 64 });
  const cells = cellsOf(security);
  const busy = cells.filter((cell) => isHeavy(cell) && !isWaiting(cell));
  const others = cells.filter((cell) => !busy.includes(cell));
  const light = others.filter((cell) => !isWaiting(cell));
  const waiting = others.filter(isWaiting);

  test.for(sentences(busy))('%s', TIMEOUT, async ([, cell]) => {
    expect((await faultsOf(cell)).join('\n')).toBe('');
  });
  test.concurrent.for(sentences(mixed(light, waiting)))('%s', TIMEOUT, async ([, cell]) => {
    expect((await faultsOf(cell)).join('\n')).toBe('');
  });
}

/** Both lists evenly among each other, so that some work while others wait. */
function mixed(light: readonly Cell[], waiting: readonly Cell[]): Cell[] {
  const placed = [light, waiting].flatMap((cells) =>
    cells.map((cell, index) => ({ cell, place: (index + 0.5) / cells.length })),
  );
  return placed.sort((a, b) => a.place - b.place).map(({ cell }) => cell);
}
