/** Figures of several rounds as one figure and its spread. */

/** The middle one of the values, or the mean of the two in the middle. NaN when there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? NaN) + upper) / 2 : upper;
}

/** `1.02 … 1.07`: smallest and largest. */
export function spread(values: readonly number[], digits: number): string {
  return `${Math.min(...values).toFixed(digits)} … ${Math.max(...values).toFixed(digits)}`;
}

/** Runs `work` so many times after one warm-up and gives ns per unit of work: the median round and the best. */
export function nsPerUnit(rounds: number, units: number, work: () => void): { median: number; best: number } {
  const figures: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const startedNs = process.hrtime.bigint();
    work();
    // Round 0 warms up and is thrown away.
    if (round > 0) figures.push(Number(process.hrtime.bigint() - startedNs) / units);
  }
  return { median: median(figures), best: Math.min(...figures) };
}
