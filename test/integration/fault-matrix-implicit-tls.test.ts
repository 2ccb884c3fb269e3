/** The fault matrix, see test/support/fault-matrix.ts: sessions inside TLS from the first octet. */
import { declareMatrix } from '../support/fault-matrix-tests.js';

declareMatrix('implicit');
