/** The schemas that `schema` prints. Apart from their making, so that the command line starts without it. */

/** Names of the schemas. */
export const SCHEMA_NAMES: readonly string[] = ['result', 'sink', 'check', 'calibration', 'scenario'];
