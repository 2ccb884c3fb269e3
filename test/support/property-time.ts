/** How long property tests look, and from which seed: POSTRUSH_FUZZ_SEC and POSTRUSH_FUZZ_SEED, see CONTRIBUTING.md. */

const seconds = process.env['POSTRUSH_FUZZ_SEC'];

/** The seed of this run; a failure names it. */
export const FUZZ_SEED = Number(process.env['POSTRUSH_FUZZ_SEED'] ?? Date.now() % 2 ** 31);

/** How long one property is looked at, ms, where nobody asks for more. */
export function fuzzMs(usualMs: number): number {
  return seconds === undefined ? usualMs : Number(seconds) * 1_000;
}

/** As many runs as the time allows, however slow the machine. */
export function fuzzParameters(usualMs: number): {
  seed: number;
  numRuns: number;
  interruptAfterTimeLimit: number;
  markInterruptAsFailure: boolean;
} {
  return {
    seed: FUZZ_SEED,
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: fuzzMs(usualMs),
    markInterruptAsFailure: false,
  };
}
