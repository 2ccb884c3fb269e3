/** The tests of the fault matrix for one kind of session; each kind has a file, so that they can share the cores. */
import { expect, test } from 'vitest';
import { cellsOf, deadlineStep, isHeavy, type Security } from './fault-matrix.js';
import { faultsOf, sentences } from './fault-matrix-run.js';

/** For a machine that is busy with other things. */
const TIMEOUT = { timeout: 60_000 };

/** Declares them all. Light ones run side by side; of the heavy ones only those that wait most of their time. */
export function declareMatrix(security: Security): void {
  const cells = cellsOf(security);
  const light = cells.filter((cell) => !isHeavy(cell));
  const busy = cells.filter((cell) => isHeavy(cell) && deadlineStep(cell) === null);
  const waiting = cells.filter((cell) => isHeavy(cell) && deadlineStep(cell) !== null);

  test.concurrent.for(sentences(light))('%s', TIMEOUT, async ([, cell]) => {
    expect((await faultsOf(cell)).join('\n')).toBe('');
  });
  test.for(sentences(busy))('%s', TIMEOUT, async ([, cell]) => {
    expect((await faultsOf(cell)).join('\n')).toBe('');
  });
  test.concurrent.for(sentences(waiting))('%s', TIMEOUT, async ([, cell]) => {
    expect((await faultsOf(cell)).join('\n')).toBe('');
  });
}
