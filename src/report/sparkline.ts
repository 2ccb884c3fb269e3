/** A row of numbers as a row of blocks. */

const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
/** Nothing at all is not a low block: an outage must be seen. */
const NOTHING = '·';

/** One block per value, in eighths of the largest; values are at least 0. */
export function sparkline(values: readonly number[]): string {
  const largest = Math.max(0, ...values);
  return values
    .map((value) => {
      if (value <= 0) return NOTHING;
      return BLOCKS[Math.min(BLOCKS.length - 1, Math.ceil((value / largest) * BLOCKS.length) - 1)] ?? BLOCKS[0];
    })
    .join('');
}
