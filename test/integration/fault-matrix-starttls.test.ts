/** The fault matrix, see test/support/fault-matrix.ts: sessions that begin in clear and go on inside TLS. */
import { declareMatrix } from '../support/fault-matrix-tests.js';

declareMatrix('starttls');
