/** Exact shares of a numbered sequence. Pure arithmetic. */

/**
 * Whether number `index` of a sequence belongs to a share of it. The share is spread evenly (Bresenham's line): of any
 * first n numbers it has `floor(n · percent / 100)`.
 *
 * @param index - from 0
 * @param percent - whole, 0 to 100
 */
export function isInShare(index: number, percent: number): boolean {
  // The sum of remainders stays small and exact, whatever the index.
  const before = (index % 100) * percent;
  return Math.floor((before + percent) / 100) > Math.floor(before / 100);
}
