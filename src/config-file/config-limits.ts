/** Limits of configuration files, apart from what reads them, so that nothing is loaded for a look at a limit. */

/** What is written by hand is a hundred times smaller; data has files of its own. */
export const MAX_CONFIG_BYTES = 256 * 1024;
