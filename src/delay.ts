/** How long something waits: always the same, or drawn from a distribution. Pure but for its random numbers. */

/** Where random values come from. */
export interface RandomSource {
  /** The next value, from 0 (included) to 1. */
  next(): number;
}

/** Milliseconds, or a distribution of them. Samples above `maxMs` become `maxMs`. */
export type Delay =
  | number
  /** Any value between both, all alike. */
  | { readonly shape: 'uniform'; readonly minMs: number; readonly maxMs: number }
  /** The time to the next of independent events. */
  | { readonly shape: 'exponential'; readonly meanMs: number; readonly maxMs?: number }
  /** Half of all below the median; `sigma` is the standard deviation of the logarithm: 0.5 is mild, 1.5 wild. */
  | { readonly shape: 'logNormal'; readonly medianMs: number; readonly sigma: number; readonly maxMs?: number }
  /** Heavy-tailed: P(x > t) = (minMs / t)^alpha. Below an `alpha` of 2 the variance, below 1 the mean has no bound. */
  | { readonly shape: 'pareto'; readonly minMs: number; readonly alpha: number; readonly maxMs?: number };

/** The names of the distributions. */
const SHAPES: Readonly<Record<string, readonly string[]>> = {
  uniform: ['minMs', 'maxMs'],
  exponential: ['meanMs'],
  logNormal: ['medianMs', 'sigma'],
  pareto: ['minMs', 'alpha'],
};
/** Node's timers hold 31 bits of ms; more would fire at once. */
const LONGEST_MS = 0x7fffffff;
/** What a sample has at least: 0 means 'none' or 'for ever' to those who wait. */
const SHORTEST_MS = 0.01;

/** One sentence on why a delay is unusable, or null. */
export function delayProblem(delay: Delay): string | null {
  if (typeof delay === 'number') return isDuration(delay) ? null : 'must be milliseconds, 0 or more';
  const fields = SHAPES[delay.shape];
  if (fields === undefined) return `knows the shapes ${Object.keys(SHAPES).join(', ')}`;
  const values = new Map<string, unknown>(Object.entries(delay));
  for (const name of fields) {
    const value = values.get(name);
    const isPositive = typeof value === 'number' && Number.isFinite(value) && (value > 0 || name === 'minMs');
    if (!isPositive || value < 0) return `of the shape ${delay.shape} needs \`${name}\`, a number above 0`;
  }
  if (delay.shape === 'pareto' && delay.minMs === 0) return 'of the shape pareto needs `minMs`, a number above 0';
  if (delay.shape === 'uniform' && delay.minMs > delay.maxMs) return 'needs a `minMs` that is not above `maxMs`';
  if (delay.maxMs !== undefined && !isDuration(delay.maxMs)) return 'needs a `maxMs` in milliseconds, 0 or more';
  return null;
}

/** Node's timers hold 31 bits of ms; more would fire at once. */
export function isDuration(ms: number): boolean {
  return Number.isFinite(ms) && ms >= 0 && ms <= LONGEST_MS;
}

/** One delay, ms. */
export function drawDelayMs(delay: Delay, random: RandomSource): number {
  if (typeof delay === 'number') return delay;
  const longestMs = delay.maxMs ?? LONGEST_MS;
  return Math.min(Math.max(drawUnbounded(delay, random), SHORTEST_MS), longestMs);
}

function drawUnbounded(delay: Exclude<Delay, number>, random: RandomSource): number {
  // From 0 (excluded) to 1: its logarithm is finite.
  const share = 1 - random.next();
  switch (delay.shape) {
    case 'uniform':
      return delay.minMs + (1 - share) * (delay.maxMs - delay.minMs);
    case 'exponential':
      return -Math.log(share) * delay.meanMs;
    case 'logNormal': {
      // Box and Muller (1958).
      const normal = Math.sqrt(-2 * Math.log(share)) * Math.cos(2 * Math.PI * random.next());
      return delay.medianMs * Math.exp(delay.sigma * normal);
    }
    case 'pareto':
      return delay.minMs / share ** (1 / delay.alpha);
  }
}
