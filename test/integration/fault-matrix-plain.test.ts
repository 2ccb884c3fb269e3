/** The fault matrix, see test/support/fault-matrix.ts: sessions in clear. */
import { declareMatrix } from '../support/fault-matrix-tests.js';

declareMatrix('plain');
