/** How large messages are: always the same, or drawn from a distribution. */

/** Octets of a message as SIZE declares them, or a distribution of them. */
export type SizeDistribution =
  | number
  /** Any size between both, all alike. */
  | { readonly shape: 'uniform'; readonly minBytes: number; readonly maxBytes: number }
  /**
   * Half of all below the median; `sigma` is the standard deviation of the logarithm: 0.5 is mild, 1.5 wild. What is
   * beyond a limit gets that limit.
   */
  | {
      readonly shape: 'logNormal';
      readonly medianBytes: number;
      readonly sigma: number;
      readonly minBytes?: number;
      readonly maxBytes: number;
    }
  /** Some sizes, each with its share of the sum of all weights. */
  | { readonly shape: 'table'; readonly rows: readonly WeightedSize[] };

/** A size with its weight. */
export interface WeightedSize {
  readonly bytes: number;
  readonly weight: number;
}

/**
 * What is wrong with a distribution; null: nothing.
 *
 * @param leastBytes - what headers need
 * @param mostBytes - what may be held in memory
 */
export function sizeProblem(size: SizeDistribution, leastBytes: number, mostBytes: number): string | null {
  const bounds = boundsOf(size);
  if (bounds.length === 0 || !bounds.every((bytes) => Number.isSafeInteger(bytes) && bytes > 0)) {
    return 'has to be whole numbers of octets above 0';
  }
  if (Math.max(...bounds) > mostBytes) return `takes at most ${mostBytes} octets`;
  if (Math.min(...bounds) < leastBytes) return `takes at least ${leastBytes} octets, which the headers alone need`;
  if (typeof size === 'number') return null;
  switch (size.shape) {
    case 'uniform':
      return size.minBytes > size.maxBytes ? 'needs a minBytes that is not above maxBytes' : null;
    case 'logNormal':
      if (!(size.sigma > 0 && Number.isFinite(size.sigma))) return 'needs a sigma above 0';
      return (size.minBytes ?? 0) > size.maxBytes ? 'needs a minBytes that is not above maxBytes' : null;
    case 'table':
      return weightsProblem(size.rows.map(({ weight }) => weight));
  }
}

/** What is wrong with weights; null: nothing. */
export function weightsProblem(weights: readonly number[]): string | null {
  if (!weights.every((weight) => weight >= 0 && Number.isFinite(weight))) return 'takes weights of 0 or more';
  return weights.reduce((sum, weight) => sum + weight, 0) > 0 ? null : 'has weights that sum to nothing';
}

/**
 * Sizes that stand for the distribution: for a continuous one its quantiles in the middle of `count` equal parts, so that
 * a few hundred have its shape better than as many random ones would.
 *
 * @param leastBytes - smaller ones of `logNormal` become this
 */
export function sizesOf(size: SizeDistribution, count: number, leastBytes: number): readonly WeightedSize[] {
  if (typeof size === 'number') return [{ bytes: size, weight: 1 }];
  if (size.shape === 'table') return size.rows.filter(({ weight }) => weight > 0);
  const sizeAt = (share: number): number => {
    if (size.shape === 'uniform') return size.minBytes + Math.floor(share * (size.maxBytes - size.minBytes + 1));
    const bytes = Math.round(size.medianBytes * Math.exp(size.sigma * normalQuantile(share)));
    return Math.min(Math.max(bytes, size.minBytes ?? 0, leastBytes), size.maxBytes);
  };
  return Array.from({ length: count }, (_, index) => ({ bytes: sizeAt((index + 0.5) / count), weight: 1 }));
}

/** The sizes that a distribution names; what lies between them is fine if they are. */
function boundsOf(size: SizeDistribution): number[] {
  if (typeof size === 'number') return [size];
  switch (size.shape) {
    case 'uniform':
      return [size.minBytes, size.maxBytes];
    case 'logNormal':
      return [size.medianBytes, size.maxBytes, ...(size.minBytes === undefined ? [] : [size.minBytes])];
    case 'table':
      return size.rows.map(({ bytes }) => bytes);
  }
}

/** Where the standard normal distribution has this share below (Acklam 2003; relative error below 1.2e-9). */
function normalQuantile(share: number): number {
  const tail = Math.min(share, 1 - share);
  if (tail < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(tail));
    const value =
      polynomial(
        [
          -7.784894002430293e-3, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
          2.938163982698783,
        ],
        q,
      ) / polynomial([7.784695709041462e-3, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1], q);
    return share < 0.5 ? value : -value;
  }
  const q = share - 0.5;
  const r = q * q;
  return (
    (q *
      polynomial(
        [
          -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
          2.506628277459239,
        ],
        r,
      )) /
    polynomial([-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1], r)
  );
}

/** Coefficients from the highest power on. */
function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}
