/** The fault matrix, see test/support/fault-matrix.ts: sessions in clear. */
import { expect, test } from 'vitest';
import { cellsOf, isHeavy } from '../support/fault-matrix.js';
import { faultsOf, sentences } from '../support/fault-matrix-run.js';

const CELLS = cellsOf('plain');
/** For a machine that is busy with other things. */
const TIMEOUT = { timeout: 60_000 };

test.concurrent.for(sentences(CELLS.filter((cell) => !isHeavy(cell))))('%s', TIMEOUT, async ([, cell]) => {
  expect((await faultsOf(cell)).join('\n')).toBe('');
});

test.for(sentences(CELLS.filter(isHeavy)))('%s', TIMEOUT, async ([, cell]) => {
  expect((await faultsOf(cell)).join('\n')).toBe('');
});
